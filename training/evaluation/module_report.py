"""What `benchmark modules` writes: metrics with intervals of every model, on the same targets."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from scipy import sparse

from recommender.embeddings.histories import Interactions
from training.evaluation.bootstrap import bootstrap_means, interval
from training.evaluation.list_metrics import LIST_METRICS, coverage, exposure_gini, intra_list_diversity
from training.evaluation.metrics import (
    TARGET_METRICS,
    TOP_K,
    Floats,
    Ints,
    module_metrics,
    target_values,
    target_weights,
)
from training.evaluation.module_outcomes import Outcomes

ENGINE: Final = "engine"
"""Name of what would be shipped; every other model is compared with it."""
Intervals: TypeAlias = dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class ModuleResult:
    """One model under one protocol.

    Parameters
    ----------
    metrics : mapping
        ``hr@5``, ``hr@10``, ``ndcg@10``, ``mrr`` are means over targets, ``recall@10`` over lists: they
        differ only where a list has several targets. ``coverage@10``, ``intra_list_diversity@10`` and
        ``exposure_gini@10`` are of what was shown, so None for a model that gave ranks and no list;
        diversity is None as well where no module has a skill or a tag. All in [0, 1].
    ci95 : mapping of metric to (low, high)
        Bootstrap over learners. What is shown has none: a count of distinct modules shrinks under resampling.
    difference_ci95 : mapping of metric to (low, high)
        Of this model minus the engine, on the same learners; empty for the engine itself.
    groups : mapping of group to mapping
        ``n``, ``hr@10``, ``ndcg@10``.
    recommended : int array, shape (n_modules,)
        How often each module was in a top ten; all 0 without lists.
    fit_seconds : float or None
        Summed over splits; None when not measured.
    recommend_us_per_learner : float or None
        Microseconds to score the catalogue and pick ten, median over lists; None without lists.
    """

    metrics: Mapping[str, float | None]
    ci95: Intervals
    difference_ci95: Intervals
    groups: Mapping[str, Mapping[str, float]]
    recommended: Ints
    fit_seconds: float | None
    recommend_us_per_learner: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the entry of one model in ``benchmark modules``."""
        ci95: dict[str, Any] = {name: list(bounds) for name, bounds in self.ci95.items()}
        if self.difference_ci95:
            ci95["difference_to_engine"] = {name: list(ends) for name, ends in self.difference_ci95.items()}
        return dict(self.metrics) | {
            "ci95": ci95,
            "groups": {name: dict(values) for name, values in self.groups.items()},
            "fit_seconds": self.fit_seconds,
            "recommend_us_per_learner": self.recommend_us_per_learner,
        }


@dataclass(frozen=True, slots=True, eq=False)
class ModuleReport:
    """Every model under one protocol.

    Parameters
    ----------
    protocol : str
    n : mapping
        ``learners`` and ``targets`` tested, ``modules`` of the catalogue, ``interactions`` of the data; with
        rules ``ineligible_targets``, which no model could hit; and what a protocol had to leave out of
        training, such as ``later_starts`` of ``holdout``.
    models : mapping of name to ModuleResult
    popularity : int array, shape (n_modules,)
        First starts of each module in the data.
    unavailable : str or None
        Why the data does not allow the protocol; then there are no models.
    """

    protocol: str
    n: Mapping[str, int]
    models: Mapping[str, ModuleResult]
    popularity: Ints
    unavailable: str | None = None

    def as_json(self, dataset: str) -> dict[str, Any]:
        """Return what ``benchmark modules`` writes; ``unavailable`` is there only when it applies."""
        models = {name: result.as_json() for name, result in self.models.items()}
        report = {"dataset": dataset, "protocol": self.protocol, "n": dict(self.n), "models": models}
        return report | ({"unavailable": self.unavailable} if self.unavailable else {})


def unavailable_report(protocol: str, reason: str, interactions: Interactions) -> ModuleReport:
    """Report that a protocol cannot be run on this data, and why."""
    return ModuleReport(protocol, _counts(interactions, [], 0), {}, _popularity(interactions), reason)


def write_report(
    protocol: str,
    interactions: Interactions,
    outcomes: Mapping[str, Outcomes],
    rng: np.random.Generator,
    content: sparse.csr_array | None = None,
    more: Mapping[str, int] | None = None,
) -> ModuleReport:
    """Turn the outcomes of all models on the same targets into metrics with intervals.

    Parameters
    ----------
    protocol : str
    interactions : Interactions
        The whole data, for counts.
    outcomes : mapping of name to Outcomes
        At least one; the same targets in the same order for each.
    rng : numpy Generator
        Draws the bootstrap, the same resamples for every model.
    content : sparse array, shape (n_modules, n_features), optional
        From `module_content`; None leaves diversity undefined.
    more : mapping of str to int, optional
        Counts to stand beside those of every report.
    """
    first = next(iter(outcomes.values()))
    columns = np.hstack([target_values(outcome.rank) for outcome in outcomes.values()])
    weights = np.tile(target_weights(first.share), len(outcomes))
    means = bootstrap_means(columns, np.array(first.learner), rng, weights=weights)
    by_model = dict(zip(outcomes, np.hsplit(means, len(outcomes)), strict=True))
    engine = by_model.get(ENGINE)
    models = {
        name: _result(
            outcome, by_model[name], None if name == ENGINE else engine, interactions.n_modules, content
        )
        for name, outcome in outcomes.items()
    }
    n = _counts(interactions, first.learner, len(first.rank)) | dict(more or {})
    return ModuleReport(protocol, n, models, _popularity(interactions))


def _result(
    outcome: Outcomes,
    means: Floats,
    engine: Floats | None,
    n_modules: int,
    content: sparse.csr_array | None,
) -> ModuleResult:
    tops = np.array(outcome.top, np.int64).reshape(-1, TOP_K)
    recommended = np.bincount(tops[tops >= 0], minlength=n_modules).astype(np.int64)
    shown: dict[str, float | None] = dict.fromkeys(LIST_METRICS)
    if outcome.top:
        diversity = None if content is None else intra_list_diversity(tops, content)
        values = (coverage(tops, n_modules), diversity, exposure_gini(recommended))
        shown = dict(zip(LIST_METRICS, values, strict=True))
    return ModuleResult(
        metrics=module_metrics(outcome.rank, outcome.share) | shown,
        ci95=_named(means),
        difference_ci95={} if engine is None else _named(means - engine),
        groups=_groups(outcome),
        recommended=recommended,
        fit_seconds=outcome.fit_seconds,
        recommend_us_per_learner=1e6 * statistics.median(outcome.seconds) if outcome.top else None,
    )


def _named(means: Floats) -> Intervals:
    bounds = [(float(low), float(high)) for low, high in interval(means)]
    return dict(zip(TARGET_METRICS, bounds, strict=True))


def _groups(outcome: Outcomes) -> dict[str, dict[str, float]]:
    groups = np.array(outcome.group)
    values = target_values(outcome.rank)
    hr, ndcg = TARGET_METRICS.index("hr@10"), TARGET_METRICS.index("ndcg@10")
    found = {}
    for name in sorted(set(outcome.group)):
        mean = values[groups == name].mean(axis=0)
        n = int(np.count_nonzero(groups == name))
        found[name] = {"n": n, "hr@10": float(mean[hr]), "ndcg@10": float(mean[ndcg])}
    return found


def _counts(interactions: Interactions, learners: list[int], n_targets: int) -> dict[str, int]:
    return {
        "learners": len(set(learners)),
        "targets": n_targets,
        "modules": interactions.n_modules,
        "interactions": len(interactions.modules),
    }


def _popularity(interactions: Interactions) -> Ints:
    return np.bincount(interactions.modules, minlength=interactions.n_modules).astype(np.int64)
