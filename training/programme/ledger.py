"""What one report may say of whom, such that no fewer than five people can be told apart in it.

Two numbers of a report can be subtracted: the mean of twelve people and that of ten of them give away two. So
a report keeps a ledger of every group that a figure of it is about. The groups cut the people into parts: two
people are in one part when every group told of so far holds both or neither. A group is told only if each
part that there would be after it is of nobody or of at least five people.

That is enough, in whatever way figures are put together: union, difference and overlap of groups consist of
whole parts, and a sum over groups, each weighed as one likes, weighs all people of one part alike. It is the
safety rule of tabular data with a threshold (Hundepool et al. 2012, "Statistical Disclosure Control", chapter
4), asked of all tables of a report at once and not of one. It says nothing of what two reports tell together.

A mean of values that are nearly all the same known one, such as no gap, gives away those who differ: so they
are a group that is told of too. Whoever tells a mean has to see that they are not few.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.domain.disclosure import LEAST

Bools = NDArray[np.bool_]
Name = TypeVar("Name")
DIGITS: Final = 9
"""Values that are equal when rounded to so many digits are the same."""


def may_tell(values: NDArray[np.float64]) -> bool:
    """Whether a mean of some people's values gives away no few of them.

    Values that five or more people share, such as 0 for nothing lost, may be known to who reads the mean: it
    is then that of all others. So those whose value fewer than five share are nobody or at least five; then
    so are those who differ from the value that is shared most. Values that differ by rounding are the same.

    >>> may_tell(np.zeros(9)), may_tell(np.array([0.0] * 8 + [0.4])), may_tell(np.arange(9.0))
    (True, False, True)
    """
    n_alone = int(is_alone(values).sum())
    return n_alone == 0 or n_alone >= LEAST


def is_alone(values: NDArray[np.float64]) -> Bools:
    """Whether fewer than five people share each person's value; values that differ by rounding are the same.

    >>> is_alone(np.array([0.2, 0.0, 0.0, 0.0, 0.0, 0.0])).tolist()
    [True, False, False, False, False, False]
    """
    _, of, n_sharing = np.unique(np.round(values, DIGITS), return_inverse=True, return_counts=True)
    return np.asarray((n_sharing < LEAST)[of], np.bool_)


class Ledger:
    """The groups of people that one report tells of.

    Parameters
    ----------
    among : bool array, shape (n_people,)
        The people whom the report is about. Of the others, and how many they are, it says nothing.

    Attributes
    ----------
    n_withheld : int
        Groups that were not told of.

    Examples
    --------
    Of twelve people ten can be told of together, but not beside all twelve:

    >>> ledger, ten = Ledger(np.ones(12, np.bool_)), np.arange(12) < 10
    >>> ledger.tell(np.ones(12, np.bool_)), ledger.tell(ten)
    (True, False)
    >>> Ledger(np.arange(12) < 10).tell(ten)
    True
    """

    def __init__(self, among: Bools) -> None:
        self._among = np.asarray(among, np.bool_)
        # The part of each person.
        self._part = np.zeros(int(self._among.sum()), np.int64)
        self.n_withheld = 0

    def tell(self, *groups: Bools) -> bool:
        """Whether figures about all of some groups may be told; if so, they are taken as told.

        Parameters
        ----------
        *groups : bool arrays, shape (n_people,)
            Told together or not at all.

        Raises
        ------
        ValueError
            A group is of another shape, or holds somebody whom the report is not about.
        """
        part = self._part
        for group in groups:
            part = self._cut(part, group)
        told = bool((np.bincount(part) >= LEAST).all()) if len(part) else not groups
        if told:
            self._part = part
        else:
            self.n_withheld += len(groups)
        return told

    def split(self, groups: Mapping[Name, Bools]) -> dict[Name, Bools]:
        """Those of some groups that may be told, in their order; the largest are asked for first."""
        by_size = sorted(groups, key=lambda name: int(groups[name].sum()), reverse=True)
        told = {name for name in by_size if groups[name].any() and self.tell(groups[name])}
        return {name: group for name, group in groups.items() if name in told}

    def share(self, group: Bools, has: Bools) -> float | None:
        """Share of a group that has something; None where that may not be told.

        Those who have it and those who have not are at least five each, or nobody.
        """
        if not group.any() or not self.tell(group, group & has):
            return None
        return float(has[group].mean())

    def _cut(self, part: NDArray[np.int64], group: Bools) -> NDArray[np.int64]:
        if group.shape != self._among.shape or group.dtype != np.bool_:
            raise ValueError(
                f"a group is of shape {group.shape} and kind {group.dtype}; give bools of shape "
                f"{self._among.shape}"
            )
        if (group & ~self._among).any():
            raise ValueError("a group holds people whom the report is not about; take them out of it")
        finer = 2 * part + group[self._among]
        # Numbered anew, so that numbers do not grow with how many groups were told of.
        is_there = np.bincount(finer) > 0
        return (np.cumsum(is_there) - 1)[finer]
