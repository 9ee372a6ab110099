"""Which means may be told, such that values of one to four people do not follow from them.

A group may be large enough and still give few away: of twelve people eleven lack nothing, and the mean gap
times twelve is what the twelfth lacks. So what is counted is whose value is not known: that many lack
nothing, and values that five or more share, may be known to who reads a mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST
from training.programme.ledger import DIGITS, Bools, is_alone, may_tell


def n_unknown(values: Floats) -> int:
    """Count the people whose value is neither 0 nor shared by five or more.

    >>> n_unknown(np.array([0.0, 0.3, 0.3, 0.3, 0.3, 0.3, 0.2]))
    1
    """
    return int((is_alone(values) & (np.round(values, DIGITS) != 0.0)).sum())


def may_tell_mean(values: Floats) -> bool:
    """Whether a mean of some people's values gives away no few of them, though 0 is known to be shared.

    As `may_tell`; and those whose value is neither 0 nor shared by five or more are nobody or at least five,
    and so are those who differ from the most common value where more share it.

    >>> may_tell_mean(np.array([0.0, 0.0, 0.0, 0.1, 0.2])), may_tell_mean(np.arange(1.0, 6.0))
    (False, True)
    """
    if not len(values):
        return True
    n_alike = int(np.unique(np.round(values, DIGITS), return_counts=True)[1].max())
    is_odd = 0 < len(values) - n_alike < min(LEAST, n_alike)
    return may_tell(values) and not 0 < n_unknown(values) < LEAST and not is_odd


class ValueLedger:
    """The groups of people of whom one report tells the mean of one value.

    Groups told of cut the people into parts, as those of `training.programme.ledger.Ledger` do. A mean is
    told only if `may_tell_mean` of each part of anybody told of. Whatever is added or taken away, what is
    left is of whole parts. Groups of one whole are told of at most as with
    `recommender.pathways.withhold.choose_told`; here groups may overlap.

    Parameters
    ----------
    values : float64 array, shape (n_people,)
        0 is the value that is known to be shared: no gap, no change.

    Examples
    --------
    >>> gaps = ValueLedger(np.array([0.0] * 11 + [0.3]))
    >>> gaps.tell(np.ones(12, np.bool_)), gaps.tell(np.arange(12) < 11)
    (False, True)
    """

    def __init__(self, values: Floats) -> None:
        self._values = values
        # The part of each person; 0 is of those in no group told of.
        self._part: NDArray[np.int64] = np.zeros(len(values), np.int64)

    def may(self, group: Bools) -> bool:
        """Whether the mean of a group may be told beside those told already."""
        safe = True
        for part in np.unique(self._part[group]).tolist():
            rows = self._part == part
            safe = safe and self._is_safe(rows & group) and (part == 0 or self._is_safe(rows & ~group))
        return safe

    def tell(self, group: Bools) -> bool:
        """Whether the mean of a group may be told; if so, it is taken as told."""
        told = self.may(group)
        if told:
            finer = np.append(2 * self._part + group, 0)
            self._part = np.unique(finer, return_inverse=True)[1][:-1]
        return told

    def _is_safe(self, rows: Bools) -> bool:
        return may_tell_mean(self._values[rows])
