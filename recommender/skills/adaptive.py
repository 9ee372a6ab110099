"""Adaptive testing: the most informative item to give now, and whether enough is known to stop.

Every item is weighed by what its answer is expected to take from the variance of mastery, a probability,
summed over the skills asked for (see `recommender.skills.item_information`): where nearly everything or
nothing is mastered, a logit more or less hardly matters. Skills take turns by what is least known of them,
weighed (content balancing, Kingsbury and Zara 1989, "Procedures for selecting items for computerized adaptive
tests"), and chance decides among the best few items so that not everybody meets the same ones (their
randomesque procedure; limits on the rate of exposure after Revuelta and Ponsoda 1998, the restricted method).
A test stops by precision, by length, or when no item would tell enough (Choi, Grady and Dodd 2011, "A new
stopping rule for computerized adaptive testing").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.errors import InputError
from recommender.skills.adaptive_config import AdaptiveConfig
from recommender.skills.item_information import ItemPool, check_numbers, mastery_moments

Bools: TypeAlias = NDArray[np.bool_]
Positions: TypeAlias = NDArray[np.intp]
StopReason: TypeAlias = Literal["", "precise", "max_items", "exhausted"]


@dataclass(frozen=True, slots=True)
class NextItem:
    """The item to give now.

    It is there with `stop` too where one could still tell something, for who wants to go on.

    Parameters
    ----------
    item : int
        Position in the pool, -1 when no item would tell anything.
    skill : int
        Position of the skill that it is given for, -1 without an item.
    probability : float
        Of passing it at the mastery as estimated, NaN without an item.
    expected_information : float
        Expected fall of the variance of mastery, a probability, weighted and summed over the skills asked
        for; at least 0.
    stop : bool
        Whether the test should end before this item.
    stop_reason : {"", "precise", "max_items", "exhausted"}
        Every skill is known well enough; the test is as long as it may be; no item would tell enough. Empty
        when it goes on.
    """

    item: int
    skill: int
    probability: float
    expected_information: float
    stop: bool
    stop_reason: StopReason


class ItemSelector:
    """Picks items; remembers nothing.

    Parameters
    ----------
    config : AdaptiveConfig, optional

    Examples
    --------
    >>> from recommender.domain.catalog import Ragged
    >>> pool = ItemPool(np.array([0.0, 3.0]), np.array([0.0]), Ragged.of([[0], [0]]))
    >>> nothing, both = np.zeros(2, np.bool_), np.ones(2, np.bool_)
    >>> m, se, weight = np.zeros(1), np.ones(1), np.ones(1)
    >>> rng = np.random.default_rng(0)
    >>> ItemSelector().next(pool, m, se, weight, met=nothing, allowed=both, n_given=0, rng=rng).item
    0
    """

    def __init__(self, config: AdaptiveConfig | None = None) -> None:
        self.config = config or AdaptiveConfig()

    def next(
        self,
        pool: ItemPool,
        mastery_logit: Floats,
        error: Floats,
        weight: Floats,
        *,
        met: Bools,
        allowed: Bools,
        n_given: int,
        rng: np.random.Generator,
        exposure_rate: Floats | None = None,
    ) -> NextItem:
        """Pick the next item for one learner; the same for the same arguments and state of `rng`.

        Parameters
        ----------
        pool : ItemPool
        mastery_logit, error : float64 arrays, shape (n_skills,)
            Mastery now and its standard error, logits.
        weight : float64 array, shape (n_skills,)
            What the variance of each skill's mastery counts: 0 for a skill that is not asked for.
        met : bool array, shape (n_items,)
            Items met lately: none is given while another useful one is there.
        allowed : bool array, shape (n_items,)
            Items that may be given at all. Leave out what was already answered in this test.
        n_given : int
            Items given in this test so far.
        rng : numpy.random.Generator
        exposure_rate : float64 array, shape (n_items,), optional
            Share of tests that each item was part of, [0, 1].

        Raises
        ------
        InputError
            Shapes do not fit the pool, or a number is not finite or negative where it may not be.
        """
        _check(pool, mastery_logit, error, weight, met, allowed, exposure_rate)
        asked = weight > 0
        spread, slope = mastery_moments(mastery_logit, error, self.config.n_nodes)
        unsure = asked & (spread > self.config.target_error)
        precise = bool(asked.any()) and not unsure.any()
        open_skills = asked if precise else unsure
        items = np.flatnonzero(allowed & (pool.of_skills(open_skills) > 0))
        of_mastery = weight * slope * slope
        gain = pool.variance_reduction(items, mastery_logit, error, of_mastery, self.config.n_nodes)
        variance = weight * spread * spread
        there = pool.of_skills(variance)[items]
        # What moves along a line cannot move by more than there is.
        gain = np.minimum(gain, there)
        useful = (gain > 0) & (gain >= self.config.min_share * there)
        items, gain = items[useful], gain[useful]
        reason = self._stop_reason(n_given, precise, len(items) == 0)
        if len(items) == 0:
            return NextItem(-1, -1, float("nan"), 0.0, True, reason)
        kept = _rather(~met[items])
        need = np.where(_assessed(pool, items[kept], open_skills), variance, 0.0)
        lead = (need > 0) & (need >= self.config.balance * need.max())
        kept = kept[pool.of_skills(lead)[items[kept]] > 0]
        if exposure_rate is not None:
            kept = kept[_rather(exposure_rate[items[kept]] <= self.config.max_exposure_rate)]
        chosen = kept[self._one_of_the_best(gain[kept], rng)]
        item = int(items[chosen])
        skills = pool.item_skills[item]
        return NextItem(
            item=item,
            skill=int(skills[np.argmax(np.where(lead, need, -1.0)[skills])]),
            probability=float(pool.probability(mastery_logit)[item]),
            expected_information=float(gain[chosen]),
            stop=reason != "",
            stop_reason=reason,
        )

    def _stop_reason(self, n_given: int, precise: bool, nothing_left: bool) -> StopReason:
        if precise and (nothing_left or n_given >= self.config.min_items):
            return "precise"
        if n_given >= self.config.max_items:
            return "max_items"
        return "exhausted" if nothing_left else ""

    def _one_of_the_best(self, gain: Floats, rng: np.random.Generator) -> int:
        """Position in `gain` of one of its `n_best` largest within `tolerance`; equal ones by chance."""
        near = np.flatnonzero(gain >= (1.0 - self.config.tolerance) * gain.max())
        best_first = np.lexsort((rng.random(len(near)), -gain[near]))
        best = near[best_first[: self.config.n_best]]
        return int(best[rng.integers(len(best))])


def _rather(wished: Bools) -> Positions:
    """Positions of what is wished for, or all where none is."""
    return np.flatnonzero(wished) if wished.any() else np.arange(len(wished))


def _assessed(pool: ItemPool, items: Positions, skills: Bools) -> Bools:
    """Skills among `skills` (n_skills,) that at least one of `items` assesses."""
    chosen = np.zeros(len(pool), np.bool_)
    chosen[items] = True
    found = np.zeros(len(skills), np.bool_)
    found[pool.item_skills.values[np.repeat(chosen, pool.n_skills)]] = True
    return found & skills


def _check(
    pool: ItemPool, m: Floats, error: Floats, weight: Floats, met: Bools, allowed: Bools, rate: Floats | None
) -> None:
    n_skills = len(pool.typical)
    check_numbers("mastery_logit", m, n_skills)
    check_numbers("error", error, n_skills, least=0.0)
    check_numbers("weight", weight, n_skills, least=0.0)
    if rate is not None:
        check_numbers("exposure_rate", rate, len(pool), least=0.0)
    for name, mask in (("met", met), ("allowed", allowed)):
        if mask.shape != (len(pool),) or mask.dtype != np.bool_:
            raise InputError(
                f"{name} is {mask.dtype} of shape {mask.shape}, expected bool of shape ({len(pool)},); "
                "give one truth value for each item"
            )
