"""Exploration: now and then a place goes to a module drawn at random, for what is never shown stays unknown.

What is drawn depends on nothing but the model, the learner and the day, of somebody without a name what they
started and ask for in the learner's place. So the same question has the same answer, and an audit can draw
again. How likely each module was to be shown goes with the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is shown, and how likely that was.

    Parameters
    ----------
    modules : int array, shape (n_shown,)
        Positions, best first.
    propensity : float64 array, shape (n_shown,)
        Chance that such a question shows the module at all, at whichever place, in (0, 1]: the inclusion
        probability of Horvitz and Thompson (1952).
    place : int
        Place in `modules` that was given to chance, -1 for none.
    """

    modules: NDArray[np.intp]
    propensity: Floats
    place: int = -1


def explore(
    chosen: NDArray[np.intp],
    allowed: NDArray[np.bool_],
    *,
    probability: float,
    rarity: Floats,
    by_id: NDArray[np.intp],
    draws: Sequence[float],
) -> Shown:
    """Perhaps put one module that was not chosen among those that were.

    It comes in at any place but the first, each as likely as another, so that the best module stays on top
    and what is learned is not about the last place alone; of one place it takes that. Those behind it move
    down and the last drops out. Where nothing else is allowed, nothing is drawn.

    Parameters
    ----------
    chosen : int array, shape (k,)
        Positions of what would be shown, best first.
    allowed : bool array, shape (n_modules,)
    probability : float
        Chance to explore, in [0, 1).
    rarity : float64 array, shape (n_modules,)
        Above 0; the module is drawn in proportion to it.
    by_id : int array, shape (n_modules,)
        Positions in the order of ids, in which modules lie to be drawn from.
    draws : sequence of 3 floats
        From `draws_of`: whether to explore, where, and what.

    Examples
    --------
    >>> ask = dict(allowed=np.ones(4, bool), rarity=np.array([1, 1, 1, 3.0]), by_id=np.arange(4))
    >>> shown = explore(np.array([1, 0]), probability=0.1, draws=(0.05, 0.9, 0.5), **ask)
    >>> shown.modules.tolist(), shown.place, shown.propensity.round(3).tolist()
    ([1, 3], 1, [1.0, 0.075])
    >>> explore(np.array([1, 0]), probability=0.1, draws=(0.5, 0.9, 0.5), **ask).propensity.tolist()
    [1.0, 0.9]
    """
    from recommender.ranking.choose_kernel import explore as compiled  # it brings the compiler

    shown, propensity = np.array(chosen, np.int64), np.empty(len(chosen))
    place = compiled(shown, allowed, probability, rarity, by_id, np.array(draws, np.float64), propensity)
    return Shown(shown, propensity, place)


def draws_of(*key: str) -> tuple[float, float, float]:
    """Three numbers, each in [0, 1) and even over it, that depend on the key alone.

    They are the first 53 bits of each third of the BLAKE2b hash, 24 bytes long, of the key as compact JSON.

    >>> draws_of("bundle", "ada", "2026-01-01") == draws_of("bundle", "ada", "2026-01-01")
    True
    """
    text = json.dumps(key, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=24).digest()
    one, two, three = (
        (int.from_bytes(digest[i : i + 8], "big") >> 11) / 2.0**53 for i in range(0, len(digest), 8)
    )
    return one, two, three
