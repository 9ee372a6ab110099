"""What the report on demand is about, as its words need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from training.programme.demand import Demand


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What there is to say; `rows` are of `demand_tables.rows_of`."""

    demand: Demand
    rows: pd.DataFrame
    now: datetime
    has_bundle: bool
    has_skill_model: bool

    @property
    def of_postings(self) -> str:
        """Which postings count for what is asked for at present."""
        level = self.demand.level
        if level.is_recent:
            return f"the {level.n:,} postings of the twelve months up to {day(self.now)}"
        return f"all {level.n:,} postings since {day(self.first)}"

    @property
    def first(self) -> datetime:
        """Day of the first posting."""
        at: datetime = pd.Timestamp(self.demand.mentions.posted_at.min()).to_pydatetime()
        return at

    @property
    def last(self) -> datetime:
        """Day of the last posting."""
        at: datetime = pd.Timestamp(self.demand.mentions.posted_at.max()).to_pydatetime()
        return at


def day(at: datetime) -> str:
    """Write a day.

    >>> day(datetime(2026, 3, 2))
    '2 March 2026'
    """
    return f"{at.day} {at:%B %Y}"
