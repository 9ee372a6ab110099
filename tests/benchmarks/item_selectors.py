"""The item selectors under comparison, all with one signature.

Each is told what it can use: the pool, what the shared estimator holds of the learner, and the items given.
catsim (de Rizo Meneghetti and Aquino Junior 2017) selects for one ability, so it is given the mean of the
ability estimated on the skills asked for; "told each skill" gives it every item's difficulty relative to the
estimate of the item's own skills instead, which is more than catsim does by itself. On a Rasch model its
MaxInfoSelector and UrrySelector both take the item whose difficulty is nearest, so they give the same items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recommender.domain.catalog import Floats
from recommender.skills.adaptive import ItemSelector
from recommender.skills.adaptive_config import AdaptiveConfig
from recommender.skills.item_information import ItemPool


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """A test so far: all a selector may look at. The pool holds only items of skills asked for."""

    pool: ItemPool
    mastery_logit: Floats
    error: Floats
    weight: Floats
    given: list[int]
    rng: np.random.Generator

    def left(self) -> np.ndarray:
        """Mask of items not given yet."""
        left = np.ones(len(self.pool), np.bool_)
        left[self.given] = False
        return left


Select: TypeAlias = Callable[[Position], int]


def ours(config: AdaptiveConfig) -> Select:
    """Select with `ItemSelector`, whose stopping is left to the comparison."""
    selector = ItemSelector(config)

    def select(at: Position) -> int:
        return selector.next(
            at.pool,
            at.mastery_logit,
            at.error,
            at.weight,
            met=np.zeros(len(at.pool), np.bool_),
            allowed=at.left(),
            n_given=len(at.given),
            rng=at.rng,
        ).item

    return select


def at_random(at: Position) -> int:
    """Any item that is left."""
    return int(at.rng.choice(np.flatnonzero(at.left())))


def random_by_turns(at: Position) -> int:
    """Any item of the skill of which fewest were given: what taking turns is worth without adapting."""
    given = np.zeros(len(at.pool))
    given[at.given] = 1
    rows = at.pool.item_skills.row_of_value()
    n_given = np.bincount(at.pool.item_skills.values, weights=given[rows], minlength=len(at.weight))
    count = np.where(at.weight > 0, n_given, np.inf)[at.pool.item_skills.values]
    fewest = np.full(len(at.pool), np.inf)
    np.minimum.at(fewest, rows, count)
    fewest[at.given] = np.inf
    return int(at.rng.choice(np.flatnonzero(fewest == fewest.min())))


def catsim_selectors() -> dict[str, Select]:
    """Return catsim's selectors; empty where it is not installed."""
    try:
        from catsim.item_bank import ItemBank
        from catsim.selection import MaxInfoSelector, RandomesqueSelector, UrrySelector
    except ImportError:
        return {}

    def bank(difficulty: Floats) -> object:
        ones, zeros = np.ones_like(difficulty), np.zeros_like(difficulty)
        return ItemBank(np.column_stack([ones, difficulty, zeros, ones]), validate=False)

    def one_ability(selector: object) -> Select:
        def select(at: Position) -> int:
            asked = at.weight > 0
            ability = float(np.mean((at.mastery_logit + at.pool.typical)[asked]))
            return _ask(selector, bank, at.pool.difficulty, ability, at)

        return select

    def told_each_skill(selector: object) -> Select:
        return lambda at: _ask(selector, bank, -at.pool.logit(at.mastery_logit), 0.0, at)

    return {
        "catsim MaxInfo": one_ability(MaxInfoSelector()),
        "catsim Urry": one_ability(UrrySelector()),
        "catsim Randomesque (5)": one_ability(RandomesqueSelector(5)),
        "catsim MaxInfo, told each skill": told_each_skill(MaxInfoSelector()),
    }


def _ask(
    selector: object, bank: Callable[[Floats], object], difficulty: Floats, ability: float, at: Position
) -> int:
    # catsim searches the items given in a list, once per item: a bank of those left is the same, and faster.
    left = np.flatnonzero(at.left())
    chosen = selector.select(  # type: ignore[attr-defined]
        item_bank=bank(difficulty[left]), administered_items=[], est_theta=ability, rng=at.rng
    )
    return int(left[chosen])
