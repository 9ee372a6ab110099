"""Groups of people by when they began, by segment and by role."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.programme.ledger import Bools
from training.programme.people import groups_by
from training.programme.programme import Programme

Kind: TypeAlias = Literal["cohort", "segment", "role"]
KINDS: Final[tuple[Kind, ...]] = ("cohort", "segment", "role")
_SEASONS: Final = ("winter", "spring", "summer", "autumn")


def partition(programme: Programme, kind: Kind, began: NDArray[np.datetime64]) -> dict[str, Bools]:
    """Cut people into groups by name; empty where nothing is known to cut them by.

    Parameters
    ----------
    programme : Programme
    kind : {"cohort", "segment", "role"}
        By season of the first answer, by segment, or by the role that they have. Those of whom it is not
        known are in no group.
    began : datetime64 array, shape (n_learners,)
        Time of the first answer; NaT where there is none.

    Returns
    -------
    dict of str to bool array, shape (n_learners,)
        Cohorts in order of time, others as of `groups_by`.
    """
    if kind == "cohort":
        return _cohorts(began)
    return groups_by(programme, kind)


def _cohorts(began: NDArray[np.datetime64]) -> dict[str, Bools]:
    # December begins a winter, which is numbered by the year that it ends in.
    month = began.astype("datetime64[M]").astype(np.int64) + 1
    season = np.where(np.isnat(began), -1, month // 3)
    return {cohort_name(int(one)): season == one for one in np.unique(season[season >= 0])}


def cohort_name(season: int) -> str:
    """Return the name of a season, counted from the winter of 1969/70.

    >>> cohort_name(4 * 54 + 1), cohort_name(4 * 54)
    ('spring 2024', 'winter 2023/24')
    """
    year, nth = 1970 + season // 4, season % 4
    return f"{_SEASONS[nth]} {year - 1}/{year % 100:02}" if nth == 0 else f"{_SEASONS[nth]} {year}"
