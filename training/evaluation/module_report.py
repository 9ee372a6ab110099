"""What `benchmark modules` writes: metrics with intervals of every model, on the same targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from recommender.embeddings.view import Interactions
from training.evaluation.bootstrap import bootstrap_means, interval
from training.evaluation.metrics import TARGET_METRICS, TOP_K, Floats, Ints, module_metrics, target_values

ENGINE: Final = "engine"
"""Name of what would be shipped; every other model is compared with it."""
Intervals: TypeAlias = dict[str, tuple[float, float]]


@dataclass(slots=True)
class Outcomes:
    """Where one model put the targets, collected target by target."""

    learner: list[int] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    top: list[Ints] = field(default_factory=list)
    seconds: float = 0.0
    fit_seconds: float | None = None

    def add_fit(self, seconds: float | None) -> None:
        """Add the time of one fit; None is one that was not measured."""
        if seconds is not None:
            self.fit_seconds = (self.fit_seconds or 0.0) + seconds

    def add(self, learner: int, group: str, rank: int, top: Ints | None = None, seconds: float = 0.0) -> None:
        """Add one target: its rank (from 1), the top ten, and the seconds it took to score and rank.

        A model that gives ranks only has no top ten, for any target, and takes no time.
        """
        self.learner.append(learner)
        self.group.append(group)
        self.rank.append(rank)
        if top is not None:
            self.top.append(np.pad(top, (0, TOP_K - len(top)), constant_values=-1))
        self.seconds += seconds


@dataclass(frozen=True, slots=True, eq=False)
class ModuleResult:
    """One model under one protocol.

    Parameters
    ----------
    metrics : mapping
        ``hr@5``, ``hr@10``, ``ndcg@10``, ``recall@10``, ``mrr``, ``coverage@10``, in [0, 1]; coverage is
        None for a model that gave ranks and no list.
    ci95 : mapping of metric to (low, high)
        Bootstrap over learners. Coverage has none: a count of distinct modules shrinks under resampling.
    difference_ci95 : mapping of metric to (low, high)
        Of this model minus the engine, on the same learners; empty for the engine itself.
    groups : mapping of group to mapping
        ``n``, ``hr@10``, ``ndcg@10``.
    recommended : int array, shape (n_modules,)
        How often each module was in a top ten; all 0 without lists.
    fit_seconds : float or None
        Summed over cuts; None when not measured.
    recommend_us_per_learner : float or None
        Microseconds to score the catalogue and pick ten, for one learner; None without lists.
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
        ``learners`` and ``targets`` tested, ``modules`` of the catalogue, ``interactions`` of the data.
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
    protocol: str, interactions: Interactions, outcomes: Mapping[str, Outcomes], rng: np.random.Generator
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
    """
    first = next(iter(outcomes.values()))
    columns = np.hstack([target_values(outcome.rank) for outcome in outcomes.values()])
    means = bootstrap_means(columns, np.array(first.learner), rng)
    by_model = dict(zip(outcomes, np.hsplit(means, len(outcomes)), strict=True))
    engine = by_model.get(ENGINE)
    models = {
        name: _result(outcome, by_model[name], None if name == ENGINE else engine, interactions.n_modules)
        for name, outcome in outcomes.items()
    }
    n = _counts(interactions, first.learner, len(first.rank))
    return ModuleReport(protocol, n, models, _popularity(interactions))


def _result(outcome: Outcomes, means: Floats, engine: Floats | None, n_modules: int) -> ModuleResult:
    tops = np.array(outcome.top, np.int64).reshape(-1, TOP_K)
    metrics = module_metrics(outcome.rank, tops, n_modules)
    return ModuleResult(
        metrics=metrics if outcome.top else metrics | {"coverage@10": None},
        ci95=_named(means),
        difference_ci95={} if engine is None else _named(means - engine),
        groups=_groups(outcome),
        recommended=np.bincount(tops[tops >= 0], minlength=n_modules).astype(np.int64),
        fit_seconds=outcome.fit_seconds,
        recommend_us_per_learner=1e6 * outcome.seconds / len(outcome.rank) if outcome.top else None,
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
