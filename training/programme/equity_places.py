"""Which shares of the places of lists may be told of a group.

A share of places times people times `K` is a whole number of places. Where one person has a place of some
kind and nobody else does, the share gives that person away, however large the group is; so does a share of
all places but one. So the places of a group's lists are cut into kinds: those that are told of and a rest,
which anybody can work out as what is left. Each of them is in the lists of nobody or of at least five
people. Then the same holds of any of them put together, hence of the places that are not of a kind, and of
groups put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.pathways.withhold import tellable
from training.programme.equity_offers import K, Offers
from training.programme.ledger import Bools

Key: TypeAlias = tuple[str, ...]
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
    for name, group in groups.items():
        filled = offered.filled[group]
        tells_filled = _may_tell(filled) and _may_tell(K - filled)
        if tells_filled:
            told[FILLED].append(name)
        # Where it is not told how many places are filled, the empty ones are of the rest.
        places = filled if tells_filled else np.full(len(filled), float(K))
        for family in families(offered):
            counts = np.array([its[group] for its in family.values()]).reshape(len(family), len(filled))
            for key, is_told in zip(family, kinds_told(counts, places).tolist(), strict=True):
                if is_told:
                    told[key].append(name)
    return {key: tuple(names) if len(names) > 1 else () for key, names in told.items()}


def kinds_told(counts: NDArray[np.float64], places: NDArray[np.float64]) -> Bools:
    """Choose the kinds whose number of places may be told, beside the number of all places.

    Parameters
    ----------
    counts : float64 array, shape (n_kinds, n_people)
        Places of each kind in each person's list.
    places : float64 array, shape (n_people,)
        Places of each list; what is of no kind is of the rest.

    Returns
    -------
    bool array, shape (n_kinds,)

    Examples
    --------
    One of nine people has a place of the last kind. It would follow from the others, so that the smaller of
    these goes too.

    >>> counts = np.array([[6.0] * 9, [4.0] * 6 + [0.0] * 3, [0.0] * 8 + [1.0]])
    >>> kinds_told(counts, counts.sum(axis=0)).tolist()
    [True, False, False]
    """
    people = (counts > 0).sum(axis=1)
    told = tellable(people)
    for kind in np.argsort(people, kind="stable").tolist():
        if _may_tell(places - counts[told].sum(axis=0)):
            break
        # What nobody has hides nobody.
        told[kind] &= people[kind] == 0
    return told


def _may_tell(places: NDArray[Any]) -> bool:
    """Whether nobody or enough people have such places."""
    return bool(tellable(np.array([(places > 0).sum()])).all())
