"""Answers by which learning is measured: everybody's at the start, and again months later.

Only a learner's first answer to an item counts, so that nothing is gained by having seen it. Nothing here
looks at scores to choose whom or what to measure: who is chosen for a low score does better next time without
having learned anything (Campbell and Kenny 1999, "A Primer on Regression Artifacts").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from training.programme.ledger import Bools
from training.programme.programme import Programme

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MONTHS: Final = (6, 12, 24)
"""Months after the first answer at which people are measured again."""
AROUND: Final = 1.5
"""Months by which an answer may be earlier or later than that."""
DAYS: Final = 30.4375
"""Days of a month."""
FEWEST_ANSWERS: Final = 5
MOST_ANSWERS: Final = 20
"""First answers of a time at which somebody is measured: no fewer, and no more of them are looked at."""
FEWEST_PEOPLE: Final = 20
"""People below whom nothing is estimated."""
_RARELY: Final = 0.1


def time_after(months: int) -> int:
    """Return the time of a sitting some months after the first answer.

    >>> time_after(12)
    2

    Raises
    ------
    ValueError
        Nobody is measured after so many months.
    """
    if months not in MONTHS:
        raise ValueError(f"months are {months}; people are measured after {MONTHS}: give one of these")
    return MONTHS.index(months) + 1


@dataclass(frozen=True, slots=True)
class Sittings:
    """Who answered which items at which time; a sitting is one learner at one time.

    Time 0 is the first month; time t is around ``MONTHS[t - 1]`` after the first answer.

    Parameters
    ----------
    measured_by : {"checks", "answers"}
        Whether only items of no module count (skill checks, tests), or all, for there are too few checks.
    learner : int array, shape (n_sittings,)
        Row of the learner in `Programme.learners`.
    time : int array, shape (n_sittings,)
        From 0 to ``len(MONTHS)``; a learner has at most one sitting of each.
    asked, passed : sparse arrays, shape (n_sittings, n_items)
        1 where an item was asked; 1 where it was passed at first try.
    due : bool array, shape (1 + len(MONTHS), n_learners)
        Whether each time was over for the learner by `Programme.now`.
    """

    measured_by: Literal["checks", "answers"]
    learner: Ints
    time: Ints
    asked: csr_array
    passed: csr_array
    due: Bools

    def rows(self, time: int, among: Bools) -> Ints:
        """Sittings of some learners at a time."""
        return np.flatnonzero((self.time == time) & among[self.learner])

    def at(self, time: int) -> Bools:
        """Learners who have a sitting at a time and for whom that time is over; shape (n_learners,)."""
        found = np.zeros(self.due.shape[1], np.bool_)
        found[self.learner[self.time == time]] = True
        found &= self.due[time]
        return found

    def measured(self, time: int) -> Bools:
        """Learners with a sitting at the start and at a time that is over; shape (n_learners,)."""
        twice: Bools = self.at(0) & self.at(time)
        return twice

    def eligible(self, time: int) -> Bools:
        """Learners with a sitting at the start who could be measured at a time; shape (n_learners,)."""
        eligible: Bools = self.at(0) & self.due[time]
        return eligible

    def is_linked(self, time: int) -> bool:
        """Whether the start and a time can be compared, for many people were measured, by the same items.

        At both times at least half of the answers of those measured twice are to items that are asked at
        both: at neither fewer than a tenth of the answers to them.
        """
        twice = self.measured(time)
        if twice.sum() < FEWEST_PEOPLE:
            return False
        asked = np.array([self.asked[self.rows(t, twice)].sum(axis=0) for t in (0, time)])
        of_both = asked.min(axis=0) >= _RARELY * asked.sum(axis=0)
        return bool((asked[:, of_both].sum(axis=1) >= asked.sum(axis=1) / 2).all())


def sittings(programme: Programme) -> Sittings | None:
    """Find the answers by which people are measured; None where attempts have no times."""
    attempts = timed_attempts(programme)
    if attempts is None:
        return None
    start = _first(attempts, programme)
    windows = [(0.0, 1.0), *((month - AROUND, month + AROUND) for month in MONTHS)]
    rows = attempts[attempts["is_first"]]
    month = (rows["occurred_at"].to_numpy() - start[rows["learner"]]) / np.timedelta64(1, "s") / 86_400 / DAYS
    time = np.select([(month >= low) & (month < high) for low, high in windows], range(len(windows)), -1)
    rows = rows.assign(time=time)[time >= 0]
    # A time is over when nobody can answer in it any more.
    over = start + np.array([[np.timedelta64(round(high * DAYS * 86_400), "s")] for _, high in windows])
    due = over <= np.datetime64(pd.Timestamp(programme.now).tz_convert(None))
    checks = _tabulated(rows[rows["module_id"].isna()], "checks", due)
    if any(checks.measured(t).sum() >= FEWEST_PEOPLE for t in range(1, len(windows))):
        return checks
    return _tabulated(rows, "answers", due)


def timed_attempts(programme: Programme) -> pd.DataFrame | None:
    """Return attempts up to `now` in order of time, with `learner` (row) and `is_first`; None without times.

    Of people who are hired by then. `is_first` says whether it is the learner's first answer to the item of
    all, up to `now`.
    """
    attempts = programme.table("attempts")
    if attempts is None or not programme.dataset.has_clock:
        return None
    attempts = attempts.assign(
        learner=programme.position(attempts["learner_id"]),
        is_first=~attempts.duplicated(["learner_id", "item_id"]),
        occurred_at=attempts["occurred_at"].dt.tz_convert(None),
    )
    attempts = attempts[programme.is_here[attempts["learner"]]]
    return attempts.sort_values("occurred_at", kind="stable", ignore_index=True)


def first_answers(programme: Programme) -> NDArray[np.datetime64] | None:
    """Return the time of each learner's first answer, NaT where there is none; None without times."""
    attempts = timed_attempts(programme)
    return None if attempts is None else _first(attempts, programme)


def _first(attempts: pd.DataFrame, programme: Programme) -> NDArray[np.datetime64]:
    first = attempts.groupby("learner")["occurred_at"].min()
    return first.reindex(range(len(programme.learners))).to_numpy("datetime64[us]")


def _tabulated(rows: pd.DataFrame, measured_by: Literal["checks", "answers"], due: Bools) -> Sittings:
    by = ["learner", "time"]
    rows = _long_enough(rows[rows.groupby(by).cumcount() < MOST_ANSWERS], by)
    # Items are compared by who answers both: those that nobody answers beside the others are left out.
    asked = _crossed(rows, by, np.ones(len(rows)))
    if asked.shape[0]:
        n, part = connected_components(asked.T @ asked, directed=False)
        if n > 1:
            main = np.bincount(part, np.asarray(asked.sum(axis=0))).argmax()
            rows = _long_enough(rows[part[pd.factorize(rows["item_id"], sort=True)[0]] == main], by)
            asked = _crossed(rows, by, np.ones(len(rows)))
    heads = rows.drop_duplicates(by).sort_values(by)
    return Sittings(
        measured_by=measured_by,
        learner=heads["learner"].to_numpy(np.int64),
        time=heads["time"].to_numpy(np.int64),
        asked=asked,
        passed=_crossed(rows, by, rows["passed"].to_numpy(np.float64)),
        due=due,
    )


def _long_enough(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return rows[rows.groupby(by)["item_id"].transform("size") >= FEWEST_ANSWERS]


def _crossed(rows: pd.DataFrame, by: list[str], values: Floats) -> csr_array:
    """Values by sitting, in order of learner and time, and item, in order of id."""
    sitting = rows.groupby(by).ngroup().to_numpy(np.int64)
    item, ids = pd.factorize(rows["item_id"], sort=True)
    shape = (int(sitting.max(initial=-1)) + 1, len(ids))
    return csr_array((values, (sitting, item)), shape=shape)
