"""Which means may be told, such that values of one to four people do not follow from them.

A group may be large enough and still give few away: of twelve people eleven lack nothing, and the mean gap
times twelve is what the twelfth lacks. So what is counted is who differs from a value that others share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST
from training.programme.ledger import Bools

# Values closer together than 10 to the minus this are one.
_DIGITS = 9


class ValueLedger:
    """The groups of people of whom one report tells the mean of one value.

    Groups told of cut the people into parts, as those of `training.programme.ledger.Ledger` do. A mean is
    told only if in each part of anybody told of, nobody or at least `LEAST` people differ from 0, and the
    same from the most common value where more people share it than differ. Whatever is added or taken away,
    what is left is of whole parts. Groups of one whole are told of at most as with
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
        rounded = np.round(values, _DIGITS)
        self._differs = rounded != 0.0
        self._code: NDArray[np.int64] = np.unique(rounded, return_inverse=True)[1]
        # The part of each person; 0 is of those in no group told of.
        self._part = np.zeros(len(values), np.int64)

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
        n, n_differ = int(rows.sum()), int((rows & self._differs).sum())
        if n == 0:
            return True
        n_alike = int(np.bincount(self._code[rows]).max())
        return not (0 < n_differ < LEAST or 0 < n - n_alike < min(LEAST, n_alike))


def tell_all(ledgers: Sequence[ValueLedger], group: Bools) -> bool:
    """Tell the means of several values of one group, or none of them."""
    if not all(ledger.may(group) for ledger in ledgers):
        return False
    for ledger in ledgers:
        ledger.tell(group)
    return True
