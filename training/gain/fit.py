"""Estimating what modules teach, from attempts and completions to a `GainModel`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.ranking.gain import MOST_GAIN, GainModel
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModelConfig
from training.gain.before import read_before
from training.gain.config import GainConfig
from training.gain.drift import Expected, expect
from training.gain.estimate import Design, Estimate, chance, design_of, fit_rates, log_loss
from training.gain.outcomes import Studies, find_outcomes
from training.gain.report import GainReport

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BINS = np.array([0.0, 0.2, 0.35, 0.5, 0.65, 0.8])


@dataclass(frozen=True, slots=True, eq=False)
class GainFit:
    """A model of gains, what it rests on, and where nothing could be estimated why."""

    model: GainModel
    report: GainReport | None
    why_not: str = ""

    def sentence(self) -> str:
        """Say what modules are taken to teach, and by what."""
        if self.report is not None:
            return self.report.sentence()
        return (
            f"Every module is taken to add {self.model.declared:.0%} of what is missing, as declared: "
            f"{self.why_not}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report, or why there is none, for the manifest."""
        return self.report.to_json() if self.report is not None else {"why_not": self.why_not}


def fit_gain(
    attempts: AttemptColumns | None,
    studies: Studies,
    catalog: Catalog,
    declared: float,
    config: GainConfig,
    skills: SkillModelConfig,
    seed: int,
) -> GainFit:
    """Estimate the rate of every taught skill; as declared where data do not allow it.

    Parameters
    ----------
    attempts : AttemptColumns or None
    studies : Studies
    catalog : Catalog
    declared : float
        The declared rate, in (0, 1].
    config : GainConfig
    skills : SkillModelConfig
        Of the read-out of mastery.
    seed : int
        Of learner folds, and of the learners drawn where there are too many.
    """
    as_declared = GainModel.of_declaration(catalog, declared)
    if attempts is None or not len(attempts) or not len(studies):
        return GainFit(as_declared, None, "there are no attempts and completions with times")
    rng = np.random.default_rng(seed)
    attempts = _some_learners(attempts, config.max_attempts, rng)
    outcomes = find_outcomes(attempts, studies, catalog, config)
    learner, passed = attempts.learner[outcomes.row], attempts.passed[outcomes.row]
    n_controls = int((~outcomes.treated).sum())
    fold = rng.permutation(attempts.n_learners) % config.n_folds
    if n_controls < config.min_controls or n_controls == len(outcomes):
        return GainFit(
            as_declared,
            None,
            f"{len(outcomes) - n_controls:,} answers come after modules that teach their skill and "
            f"{n_controls:,} after others only, of which {config.min_controls:,} are needed",
        )
    before = read_before(attempts, outcomes, catalog, skills, fold)
    expected = expect(before, outcomes, passed, learner, attempts.at[outcomes.row], catalog.n_skills)
    treated = outcomes.treated
    drift = float((passed - expit(before.mastery_logit + before.item_logit))[~treated].mean())
    after, taught, who = expected.take(treated), outcomes.taught[treated], learner[treated]
    estimate = _estimate(after, taught, who, catalog, declared, config)
    rate = np.clip(_share(estimate.h), 0.0, MOST_GAIN)
    told = np.array(
        [len(np.unique(who[rows])) for rows in np.split(taught.tocsc().indices, taught.tocsc().indptr[1:-1])],
        np.int64,
    )
    held = fold[who] == 0
    report = GainReport(
        overall=float(np.clip(_share(estimate.overall), 0.0, MOST_GAIN)),
        overall_error=float(np.exp(-estimate.overall) * estimate.overall_error),
        by_level=_by_level(rate, catalog),
        n_modules=int(_own(taught, who, catalog, config).sum()),
        n_learners=len(np.unique(who)),
        n_answers=len(who),
        n_controls=n_controls,
        n_negative=int((estimate.h < 0.0).sum()),
        drift=drift,
        log_loss=_judge(after, taught, who, held, catalog, declared, config),
        by_mastery=_by_mastery(after, taught, estimate.h, catalog),
    )
    error = np.exp(-np.maximum(estimate.h, 0.0)) * estimate.error
    return GainFit(GainModel(rate, error, told, declared), report)


def _estimate(
    after: Expected,
    taught: sparse.csr_matrix,
    who: Ints,
    catalog: Catalog,
    declared: float,
    config: GainConfig,
    *,
    only_overall: bool = False,
) -> Estimate:
    design = design_of(catalog, _own(taught, who, catalog, config))
    if only_overall:
        design = Design(design.parts[:, :1], design.group[:1])
    return fit_rates(after, taught, design, declared=_hazard(declared), declared_error=config.declared_error)


def _judge(
    after: Expected,
    taught: sparse.csr_matrix,
    who: Ints,
    held: NDArray[np.bool_],
    catalog: Catalog,
    declared: float,
    config: GainConfig,
) -> dict[str, float]:
    """Mean log loss on learners held out, of what the others tell."""
    if not held.any() or held.all():
        return {}
    rest = after.take(~held), taught[~held], who[~held], catalog, declared, config
    by_name = {
        "declared": np.full(taught.shape[1], _hazard(declared)),
        "overall": _estimate(*rest, only_overall=True).h,
        "estimated": _estimate(*rest).h,
    }
    its = after.take(held)
    return {
        name: float(np.average(log_loss(its, taught[held] @ h), weights=its.weight))
        for name, h in by_name.items()
    }


def _own(taught: sparse.csr_matrix, who: Ints, catalog: Catalog, config: GainConfig) -> NDArray[np.bool_]:
    """Modules with a rate of their own: those with learners enough, and not more than can be estimated."""
    module, both = catalog.module_skills.row_of_value(), taught.tocoo()
    pairs = np.unique(np.column_stack([module[both.col], who[both.row]]), axis=0)
    n = np.bincount(pairs[:, 0], minlength=catalog.n_modules)
    own: NDArray[np.bool_] = n >= config.min_learners
    own[np.argsort(-n, kind="stable")[config.max_own :]] = False
    return own


def _by_level(rate: Floats, catalog: Catalog) -> dict[str, float]:
    level = catalog.levels[catalog.module_skills.row_of_value()]
    return {str(name): float(rate[level == name].mean()) for name in np.unique(level) if name}


def _by_mastery(
    after: Expected, taught: sparse.csr_matrix, h: Floats, catalog: Catalog
) -> dict[str, list[dict[str, float]]]:
    """Rates by level and mastery before, of answers after a single module: one step from the estimate."""
    single = np.diff(taught.indptr) == 1
    its, entry = after.take(single), taught[single].indices
    hazard = h[entry]
    p, slope = chance(its, hazard)
    spread = np.maximum(p * (1.0 - p), 1e-9)
    pull, known = its.weight * (its.passed - p) * slope / spread, its.weight * slope**2 / spread
    level = catalog.levels[catalog.module_skills.row_of_value()][entry]
    of_bin = np.searchsorted(_BINS, its.mastery, side="right") - 1
    found: dict[str, list[dict[str, float]]] = {}
    for name in np.unique(level[level != ""]).tolist():
        for b, low in enumerate(_BINS.tolist()):
            rows = (level == name) & (of_bin == b)
            if known[rows].sum() > 0.0:
                fitted = float(np.average(hazard[rows], weights=known[rows]))
                step = float(pull[rows].sum() / known[rows].sum())
                numbers = {
                    "from": low,
                    "n_answers": int(rows.sum()),
                    "rate": float(_share(fitted + step)),
                    "error": float(np.exp(-fitted) / np.sqrt(known[rows].sum())),
                    "estimated": float(_share(fitted)),
                }
                found.setdefault(str(name), []).append(numbers)
    return found


def _share(h: Floats | float) -> Floats | float:
    """Share of what is missing that h adds."""
    return -np.expm1(-h)


def _hazard(share: float) -> float:
    return float(-np.log1p(-min(share, MOST_GAIN)))


def _some_learners(attempts: AttemptColumns, most: int, rng: np.random.Generator) -> AttemptColumns:
    """At most about so many attempts: all of learners drawn, at least of one."""
    if len(attempts) <= most:
        return attempts
    counts = np.bincount(attempts.learner, minlength=attempts.n_learners)
    order = rng.permutation(np.flatnonzero(counts))
    kept = np.zeros(attempts.n_learners, np.bool_)
    kept[order[np.cumsum(counts[order]) <= max(most, counts[order[0]])]] = True
    return attempts.take(kept[attempts.learner])
