"""Which shares of the places of lists may be told of a group.

A share of places times people times `K` is a whole number of places. Where one person has a place of some
kind and nobody else does, the share gives that person away, however large the group is; so does a share of
all places but one, and one where all but few people have seven such places. So the places of a group's lists
are cut into kinds: those that are told of and a rest, which anybody can work out as what is left. Of each of
them, and of sums of them, those who have another number of places than none, or than most, are nobody or at
least five (`training.programme.common_value`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.programme.common_value import common_value, gives_none_away, put_together
from training.programme.equity_offers import K, Offers
from training.programme.ledger import Bools

Key: TypeAlias = tuple[str, ...]
Usual: TypeAlias = Callable[[tuple[int, ...]], float | None]
FILLED: Final[Key] = ("offered",)


def families(offered: Offers) -> Iterator[dict[Key, NDArray[np.float64]]]:
    """Give places of each kind, kinds that no place has two of at a time: by difficulty, format and level."""
    if offered.n_success.any():
        yield {("easier",): offered.easier, ("on_level",): offered.on_level, ("harder",): offered.harder}
    for what in ("format", "level"):
        yield {key: its for key, its in offered.kinds.items() if key[0] == what}


def told_of_places(offered: Offers, groups: Mapping[str, Bools]) -> dict[Key, tuple[str, ...]]:
    """Return the groups that each measure of places may be told of, in their order.

    Parameters
    ----------
    offered : Offers
    groups : mapping of str to bool array, shape (n_learners,)
        Disjoint groups that may be told of, of people whose lists were made.

    Returns
    -------
    dict of tuple of str to tuple of str
        By the keys of measures; of none where there are no two that could be compared.
    """
    told: dict[Key, list[str]] = {FILLED: []}
    for family in families(offered):
        told |= {key: [] for key in family}
    usual_filled = common_value(offered.filled[offered.served])
    usual = [_Usual(np.array([*its.values()])[:, offered.served]) for its in families(offered) if its]
    for name, group in groups.items():
        filled = offered.filled[group]
        tells_filled = gives_none_away(filled, usual_filled) and gives_none_away(K - filled)
        if tells_filled:
            told[FILLED].append(name)
        # Where it is not told how many places are filled, the empty ones are of the rest.
        places = filled if tells_filled else np.full(len(filled), float(K))
        for family, common in zip(filter(None, families(offered)), usual, strict=True):
            counts = np.array([its[group] for its in family.values()])
            for key, is_told in zip(family, kinds_told(counts, places, common), strict=True):
                if is_told:
                    told[key].append(name)
    return {key: tuple(names) if len(names) > 1 else () for key, names in told.items()}


def kinds_told(
    counts: NDArray[np.float64], places: NDArray[np.float64], usual: Usual = lambda _: None
) -> list[bool]:
    """Choose the kinds whose number of places may be told, beside the number of all places.

    Parameters
    ----------
    counts : float64 array, shape (n_kinds, n_people)
        Places of each kind in each person's list.
    places : float64 array, shape (n_people,)
        Places of each list; what is of no kind is of the rest.
    usual : callable
        Of numbers of kinds: how many places of these together most people of all groups have, or None.

    Returns
    -------
    list of bool, length n_kinds

    Examples
    --------
    One of twenty people has a place of the last kind. It would follow from the others, so that the smaller of
    these goes too.

    >>> counts = np.array([[6.0] * 20, [4.0] * 12 + [0.0] * 8, [0.0] * 19 + [1.0]])
    >>> kinds_told(counts, counts.sum(axis=0))
    [True, False, False]
    """
    people = (counts > 0).sum(axis=1)
    told = [True] * len(counts)
    while (kinds := _that_give_away(counts, places, usual, np.flatnonzero(told))) is not None:
        told[min(kinds, key=lambda kind: people[kind])] = False
    return told


def _that_give_away(
    counts: NDArray[np.float64], places: NDArray[np.float64], usual: Usual, told: NDArray[np.int64]
) -> tuple[int, ...] | None:
    """Return kinds whose places together, or what is left of all places, give few people away."""
    # What nobody has hides nobody.
    some = [kind for kind in told.tolist() if counts[kind].any()]
    for chosen in put_together(len(some)):
        kinds = tuple(some[i] for i in chosen)
        both, common = counts[list(kinds)].sum(axis=0), usual(kinds)
        rest = None if common is None else K - common
        if not (gives_none_away(both, common) and gives_none_away(places - both, rest)):
            return kinds
    return None


class _Usual:
    """How many places of some kinds most people have, looked up once for all groups."""

    def __init__(self, counts: NDArray[np.float64]) -> None:
        self._counts = counts
        self._known: dict[tuple[int, ...], float | None] = {}

    def __call__(self, kinds: tuple[int, ...]) -> float | None:
        if kinds not in self._known:
            self._known[kinds] = common_value(self._counts[list(kinds)].sum(axis=0))
        return self._known[kinds]
