"""Estimating what modules teach, from attempts and completions to a `GainModel`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.ranking.gain import MOST_GAIN, Dosage, GainModel, usual_minutes
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModelConfig
from training.gain.before import read_before
from training.gain.config import GainConfig
from training.gain.drift import Expected, expect
from training.gain.estimate import Estimate, by_time, chance, design_of, fit_rates, log_loss
from training.gain.outcomes import Studies, find_outcomes
from training.gain.report import GainReport

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BINS = np.array([0.0, 0.2, 0.35, 0.5, 0.65, 0.8])
# How several skills may share a module's time; the first counts unless another tells held-out answers better.
_SHARINGS = (1.0, 0.5, 0.0)


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
            f"A usual length of time for a skill is taken to add {_share(self.model.dosage.hazard):.0%} of "
            f"what is missing, as declared: {self.why_not}."
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
    told_by = _Answers(expected.take(treated), outcomes.taught[treated], learner[treated])
    after, taught, who = told_by
    sharing = _sharing(told_by, fold, catalog, declared, config)
    estimate = _estimate(told_by, sharing, catalog, declared, config)
    rate = np.clip(_share(estimate.h), 0.0, MOST_GAIN)
    told = np.array(
        [len(np.unique(who[rows])) for rows in np.split(taught.tocsc().indices, taught.tocsc().indptr[1:-1])],
        np.int64,
    )
    held = fold[who] == 0
    report = GainReport(
        overall=float(np.clip(_share(estimate.overall), 0.0, MOST_GAIN)),
        overall_error=float(np.exp(-estimate.overall) * estimate.overall_error),
        sharing=sharing,
        by_level=_by_level(rate, catalog) if config.by_module else {},
        n_modules=len(np.unique(catalog.module_skills.row_of_value()[np.unique(taught.indices)])),
        n_learners=len(np.unique(who)),
        n_answers=len(who),
        n_controls=n_controls,
        n_negative=int((estimate.h < 0.0).sum()),
        drift=drift,
        log_loss=_judge(told_by, held, sharing, catalog, declared, config),
        by_mastery=_by_mastery(after, taught, estimate.h, catalog),
    )
    error = np.exp(-np.maximum(estimate.h, 0.0)) * estimate.error
    dosage = Dosage(
        max(estimate.overall, 0.0), estimate.overall_error, sharing, usual_minutes(catalog, sharing)
    )
    return GainFit(GainModel(rate, error, told, dosage), report)


class _Answers(NamedTuple):
    """Answers after teaching: what is expected of them, what was taught, and whose they are."""

    expected: Expected
    taught: sparse.csr_matrix
    who: Ints

    def take(self, rows: NDArray[np.bool_]) -> _Answers:
        return _Answers(self.expected.take(rows), self.taught[rows], self.who[rows])


def _doses(catalog: Catalog, sharing: float) -> Floats:
    return Dosage(0.0, 0.0, sharing, usual_minutes(catalog, sharing)).doses(catalog)


def _sharing(answers: _Answers, fold: Ints, catalog: Catalog, declared: float, config: GainConfig) -> float:
    """Choose how skills share the time, by the answers of learners held out in turn.

    The first of `_SHARINGS` stays unless another one's log loss is lower by more than the standard error of
    the difference over learners (the rule of one standard error, Breiman et al. 1984, section 3.4.3).
    """
    losses = {sharing: np.zeros(len(answers.who)) for sharing in _SHARINGS}
    for f in np.unique(fold[answers.who]).tolist():
        held = fold[answers.who] == f
        if held.all():
            return _SHARINGS[0]
        its = answers.take(held)
        for sharing, loss in losses.items():
            h = _estimate(answers.take(~held), sharing, catalog, declared, config, only_time=True).h
            loss[held] = log_loss(its.expected, its.taught @ h)
    weight, best = answers.expected.weight, _SHARINGS[0]
    for sharing in _SHARINGS[1:]:
        gained = weight * (losses[best] - losses[sharing])
        if gained.sum() > np.sqrt((np.bincount(answers.who, gained) ** 2).sum()):
            best = sharing
    return best


def _estimate(
    answers: _Answers,
    sharing: float,
    catalog: Catalog,
    declared: float,
    config: GainConfig,
    *,
    only_time: bool = False,
) -> Estimate:
    after, taught, who = answers
    design = by_time(_doses(catalog, sharing))
    if config.by_module and not only_time:
        design = design_of(catalog, _own(taught, who, catalog, config), _doses(catalog, sharing))
    return fit_rates(after, taught, design, declared=_hazard(declared), declared_error=config.declared_error)


def _judge(
    answers: _Answers,
    held: NDArray[np.bool_],
    sharing: float,
    catalog: Catalog,
    declared: float,
    config: GainConfig,
) -> dict[str, float]:
    """Mean log loss on learners held out, of what the others tell."""
    if not held.any() or held.all():
        return {}
    rest = answers.take(~held), sharing, catalog, declared, config
    by_name = {
        "declared": _hazard(declared) * _doses(catalog, 1.0),
        "by_time": _estimate(*rest, only_time=True).h,
        "estimated": _estimate(*rest).h,
    }
    its, taught, _ = answers.take(held)
    return {
        name: float(np.average(log_loss(its, taught @ h), weights=its.weight)) for name, h in by_name.items()
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
