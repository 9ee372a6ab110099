"""Whether a log can tell anything of a policy: what it would show must have had a chance to be shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.errors import InputError
from training.evaluation.off_policy.estimators import weights_of
from training.evaluation.off_policy.intervals import Estimate, mean_by_learner
from training.evaluation.off_policy.log import Floats, Log
from training.evaluation.off_policy.target import Target, totals

LEAST_EFFECTIVE: Final = 50.0
"""Effective learners below which no estimate is given."""
MOST_UNSUPPORTED: Final = 0.05
"""Share of what a policy shows that may lie where the log holds no chance of it."""
SURE: Final = 0.999
"""Confidence with which weights must differ from what they add up to before a log is refused for it."""
USUAL_EXPLORATION: Final = 0.1
"""Exploration that remedies are worked out for."""


class OverlapError(InputError):
    """A log cannot tell what a policy would have earned; the message has the figures and the remedy."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How well a log covers a policy.

    Parameters
    ----------
    effective : float
        Effective sample size in learners: ``(sum w)^2 / sum w^2`` over their summed weights (Kish 1965,
        "Survey sampling", section 11.7).
    max_weight : float
        Largest weight of a shown module.
    unsupported : float
        Share of what the policy shows, in [0, 1], that was not shown where nothing was left to chance, or
        that no answer of the log shows at all.
    weight : Estimate
        Mean weight over the modules that the policy shows, 1 where propensities are right and cover the
        policy; the interval is at `SURE`.
    n_answers, n_learners : int
    """

    effective: float
    max_weight: float
    unsupported: float
    weight: Estimate
    n_answers: int
    n_learners: int


def overlap_of(log: Log, target: Target) -> Overlap:
    """Measure how well a log covers a policy."""
    weights = weights_of(log, target)
    per_answer, mass = totals(log.answer, weights, len(log)), target.mass()
    _, learner = np.unique(log.learner, return_inverse=True)
    summed = totals(learner, per_answer, int(learner.max()) + 1)
    size, weight = max(float(mass.mean()), 1e-12), float(per_answer.mean())
    ratio = weight / size
    return Overlap(
        effective=kish(summed),
        max_weight=float(weights.max(initial=0.0)),
        unsupported=_unsupported(log, target),
        weight=mean_by_learner(ratio + (per_answer - ratio * mass) / size, log.learner, SURE),
        n_answers=len(log),
        n_learners=len(summed),
    )


def kish(weights: Floats) -> float:
    """Effective sample size of weights, 0 without any.

    >>> kish(np.array([1.0, 1.0, 1.0, 0.0]))
    3.0
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def require_exploration(log: Log) -> None:
    """Refuse a log in which nothing was left to chance.

    Raises
    ------
    OverlapError
    """
    if not log.explored.any():
        size = len(log.module) / len(log)
        needed = math.ceil(LEAST_EFFECTIVE * _spread(1.0, len(log.module_ids), size))
        raise OverlapError(
            f"all {len(log):,} answers of the log have propensity 1, so nothing else had a chance; "
            f"train with ranking.exploration above 0, such as {USUAL_EXPLORATION:g}, and log about "
            f"{needed:,} answers for a policy that shows one other module in each"
        )


def require_overlap(log: Log, target: Target, overlap: Overlap) -> None:
    """Refuse a policy that the log does not cover.

    Raises
    ------
    OverlapError
        Too much of what it shows has no support, the weights do not add up, or too few learners carry them.
    """
    figures = (
        f"{overlap.unsupported:.1%} of what it shows without support, effective sample size "
        f"{overlap.effective:,.1f} of {overlap.n_learners:,} learners"
    )
    more = _more_needed(log, target, overlap)
    remedy = f"log about {more:,} more answers with ranking.exploration at {USUAL_EXPLORATION:g} or above"
    why = None
    if overlap.unsupported > MOST_UNSUPPORTED:
        why = f"more than {MOST_UNSUPPORTED:.0%} was never left to chance"
    elif not math.isnan(overlap.weight.low) and not overlap.weight.holds(1.0):
        why = (
            f"its weights are {overlap.weight.value:.2f} on average where they should be 1, so propensities "
            "are wrong, or it shows what the logged rules never allowed"
        )
        remedy = f"check the propensities, and that both models know the same catalogue, or {remedy}"
    elif overlap.effective < LEAST_EFFECTIVE:
        why = f"at least {LEAST_EFFECTIVE:g} learners are needed"
    if why is not None:
        raise OverlapError(f"policy {target.name} cannot be judged by this log: {figures}; {why}; {remedy}")


def _unsupported(log: Log, target: Target) -> float:
    total = float(target.share.sum())
    if total == 0.0:
        return 0.0
    ever = np.zeros(len(log.module_ids), np.bool_)
    ever[log.module] = True
    lost = ~ever[target.module] | ~(target.is_shown(log) | log.explored[target.answer])
    return float(target.share[lost].sum()) / total


def _more_needed(log: Log, target: Target, overlap: Overlap) -> int:
    """Answers to log until the effective size is enough, as if each were to another learner.

    As many as the log would have needed at the rate it went, or as exploration lets expect if that is more.
    """
    size = max(float(target.mass().mean()), 1e-12)
    strange = float(target.share[~target.is_shown(log)].sum()) / len(log)
    spread = _spread(strange, len(np.unique(target.module)), size)
    lacking = max(1.0 - overlap.effective / LEAST_EFFECTIVE, 0.1)
    at_this_rate = lacking * LEAST_EFFECTIVE * len(log) / max(overlap.effective, 1.0)
    return math.ceil(max(LEAST_EFFECTIVE * spread * lacking, at_this_rate))


def _spread(strange: float, others: int, size: float) -> float:
    """Return ``1 + strange others / (p size^2)``: an answer's squared weight over its mean weight squared.

    Of an answer of `size` modules `strange` are not among those shown, and each is drawn with probability
    ``p / others`` at an exploration of `p`; those shown have weight 1.
    """
    return 1.0 + strange * others / (USUAL_EXPLORATION * size**2)
