"""Use of skills at work: how much in the last full quarter, and how much more than at first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from training.programme.engagement_skills import Floats, Skills
from training.programme.figures import Mean
from training.programme.ledger import Bools, Ledger, may_tell
from training.programme.programme import Programme

QUARTER: Final = timedelta(days=91)
"""How long a period is where there is only one."""

Who: TypeAlias = Literal["mastered", "finished", "neither"]
WHO: Final[tuple[Who, ...]] = ("mastered", "finished", "neither")


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """Recorded uses at work, arrays of shape (n_learners, n_skills).

    Parameters
    ----------
    first, last : float64 arrays
        Uses in the first quarter that there is a record of for the person and skill, and in the last full
        quarter; NaN where there is none. The first is NaN too where it is the last full quarter.
    start : datetime
        Of the last full quarter.
    weeks : int
        Of a quarter.
    """

    first: Floats
    last: Floats
    start: datetime
    weeks: int

    @classmethod
    def of(cls, programme: Programme, skills: Skills) -> Uses | None:
        """Read the table `adoption`; None where no quarter with a time is over."""
        rows = programme.table("adoption")
        if rows is None:
            return None
        rows = rows[rows["period_start"].notna()]
        starts = rows["period_start"].drop_duplicates().sort_values()
        length = pd.Timedelta(starts.diff().median() if len(starts) > 1 else QUARTER)
        rows = rows[rows["period_start"] <= pd.Timestamp(programme.now) - length]
        skill = pd.Index(skills.ids).get_indexer(pd.Index(rows["skill_id"]))
        rows = rows[skill >= 0]
        if rows.empty:
            return None
        start = rows["period_start"].max()
        # Several records of one person, skill and quarter, as of two tools, are summed.
        keys = ["learner_id", "skill_id", "period_start"]
        sums = rows.groupby(keys, as_index=False, sort=True)["uses"].sum()
        earliest = sums[sums["period_start"] < start].drop_duplicates(keys[:2])
        latest = sums[sums["period_start"] == start]
        first, last = (_placed(programme, skills, part) for part in (earliest, latest))
        return cls(first, last, start.to_pydatetime(), round(length / pd.Timedelta(days=7)))

    @property
    def is_recorded(self) -> Bools:
        """Whether there is a record of the last full quarter."""
        return np.asarray(~np.isnan(self.last), np.bool_)

    @property
    def is_weekly(self) -> Bools:
        """Whether there were as many uses in it as it has weeks, or more."""
        return np.asarray(self.last >= self.weeks, np.bool_)

    @property
    def has_both(self) -> Bools:
        """Whether there is a record of the first quarter and of the last full one."""
        return np.asarray(~np.isnan(self.first) & ~np.isnan(self.last), np.bool_)


def _placed(programme: Programme, skills: Skills, rows: pd.DataFrame) -> Floats:
    uses = np.full((len(programme.learners), len(skills)), np.nan)
    skill = pd.Index(skills.ids).get_indexer(pd.Index(rows["skill_id"]))
    uses[programme.position(rows["learner_id"]), skill] = rows["uses"]
    return uses


@dataclass(frozen=True, slots=True)
class Change:
    """Uses of the same people and skills at first and lately, means over people.

    Parameters
    ----------
    who : Who
        By what they did with some skill whose use is recorded: finished a module of it and master it; else
        finished one and are not known to master it; else finished none.
    first, last : float
        Uses a quarter.
    change : Mean
    """

    who: Who
    first: float
    last: float
    change: Mean


def changes(
    uses: Uses, finished: Bools, mastered: Bools | None, among: Bools, ledger: Ledger
) -> tuple[Change, ...]:
    """Compare uses of people by what they did with the skill; those that may not be told are left out.

    A person counts once, for the skills of the first of these kinds that they have any of, by the mean over
    these skills.

    Parameters
    ----------
    finished, mastered : bool arrays, shape (n_learners, n_skills)
        Without a model nobody is known to master anything.
    among : bool array, shape (n_learners,)
    """
    knows = np.zeros_like(finished) if mastered is None else mastered
    kinds: dict[Who, Bools] = {
        "mastered": finished & knows,
        "finished": finished & ~knows,
        "neither": ~finished,
    }
    left = uses.has_both & among[:, None]
    found = []
    for who in WHO:
        cells = np.asarray(kinds[who] & left, np.bool_)
        people = np.asarray(cells.any(axis=1), np.bool_)
        left = left & ~people[:, None]
        if not people.any():
            continue
        first, last = _means(uses, cells, people)
        if not all(map(may_tell, (first, last, last - first))):
            ledger.n_withheld += 1
        elif ledger.tell(people):
            found.append(_change(who, first, last))
    return tuple(found)


def _means(uses: Uses, cells: Bools, people: Bools) -> tuple[Floats, Floats]:
    """Return uses of each of some people at first and lately, means over their skills."""
    count = cells.sum(axis=1)[people]
    first, last = (np.where(cells, at, 0.0).sum(axis=1)[people] / count for at in (uses.first, uses.last))
    return first, last


def _change(who: Who, first: Floats, last: Floats) -> Change:
    return Change(who, float(first.mean()), float(last.mean()), Mean.of(last - first))
