"""Whether groups of one column give few people away beside those of another column.

Regions lie in countries: where a region of three people is not told of, its country less its other regions
are these three. So what is told by one column is laid beside what was told by each column before it.

Sums of groups of two columns, each taken as often as one likes, are differences between the ends of lines in
a network: groups are its places, one more place is for who is in no group told of, and each person is a line
from their group of one column to that of the other. Such a sum is of all who are lines between some places
and the others (a cut). These are never one to four people where it takes five lines or more to cut any part
of the network in two. How many it takes is how many ways lead from one place to another that share no line
(Ford and Fulkerson 1956, "Maximal flow through a network").

Beyond two columns at a time this says nothing; three could give away what no two of them do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, maximum_flow

from recommender.domain.disclosure import LEAST
from training.programme.ledger import Bools

Key: TypeAlias = tuple[str, ...]
Groups: TypeAlias = dict[str, Bools]
_Codes: TypeAlias = NDArray[np.int64]


class Links:
    """Groups of people that several columns tell of, by what is told of them."""

    def __init__(self) -> None:
        self._told: dict[Key, list[_Codes]] = {}

    def choose(self, key: Key, groups: Mapping[str, Bools], counted: Sequence[Bools]) -> Groups:
        """Choose groups of a column that may be told of beside those of columns before it, in their order.

        Parameters
        ----------
        key : tuple of str
            What is told of them.
        groups : mapping of str to bool array, shape (n_people,)
            Disjoint; the largest are chosen first.
        counted : sequence of bool arrays, shape (n_people,)
            Of whom few must not be found: everybody, or who has another value than the one that is known.
        """
        if self._is_safe(key, groups, counted):
            return dict(groups)
        kept: Groups = {}
        for name in sorted(groups, key=lambda name: -int(groups[name].sum())):
            if self._is_safe(key, kept | {name: groups[name]}, counted):
                kept[name] = groups[name]
        return {name: group for name, group in groups.items() if name in kept}

    def tell(self, key: Key, groups: Mapping[str, Bools]) -> None:
        """Take groups of one column as told."""
        if groups:
            self._told.setdefault(key, []).append(_codes(groups))

    def _is_safe(self, key: Key, groups: Mapping[str, Bools], counted: Sequence[Bools]) -> bool:
        if not groups:
            return True
        own = _codes(groups)
        return not any(
            few_follow(own[people], before[people])
            for before in self._told.get(key, [])
            for people in counted
        )


def few_follow(one: _Codes, other: _Codes) -> bool:
    """Whether sums over groups of two columns, added and taken away, leave one to four people.

    Parameters
    ----------
    one, other : int64 arrays, shape (n_people,)
        Number of each person's group in either column; 0 for who is in none.

    Examples
    --------
    Of twelve people of one country five live in one region and four in another, which are told of:

    >>> country, region = np.ones(12, np.int64), np.repeat([1, 2, 0], (5, 4, 3))
    >>> few_follow(country, region), few_follow(country, np.repeat([1, 0], (5, 7)))
    (True, False)
    """
    # Groups of no column are one place.
    ends = one, np.where(other > 0, other + one.max(initial=0), 0)
    n = 1 + int(max(end.max(initial=0) for end in ends))
    lines: Any = csr_array((np.ones(len(one), np.int32), ends), shape=(n, n))
    lines = _without_loops(lines + lines.T)
    # What five lines hold together is never cut.
    while (held := connected_components(lines >= LEAST, directed=False))[0] < lines.shape[0]:
        into = csr_array((np.ones(len(held[1]), np.int32), (np.arange(len(held[1])), held[1])))
        lines = _without_loops(into.T @ lines @ into)
    _, part = connected_components(lines, directed=False)
    return any(_falls_apart(lines, np.flatnonzero(part == at)) for at in np.unique(part))


def _falls_apart(lines: Any, places: NDArray[np.int64]) -> bool:
    """Whether fewer than five lines hold some places together."""
    first, *rest = places.tolist()
    return any(maximum_flow(lines, first, place).flow_value < LEAST for place in rest)


def _without_loops(lines: Any) -> Any:
    """Leave out lines from a place to itself, of which nothing can be found out."""
    lines = csr_array(lines, dtype=np.int32).tolil()
    lines.setdiag(0)
    return csr_array(lines)


def _codes(groups: Mapping[str, Bools]) -> _Codes:
    """Return the number of each person's group, from 1; 0 for who is in none."""
    codes = np.zeros(len(next(iter(groups.values()))), np.int64)
    for number, group in enumerate(groups.values(), 1):
        codes[group] = number
    return codes
