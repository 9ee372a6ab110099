"""A simulated organisation as its files say it, with the truth behind it, joined as tests want it."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

MONTH = pd.Timedelta(days=7 * 52 / 12)


class Organisation:
    """Tables of a simulated directory; each is read once, when it is first wanted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = pd.read_parquet(self.path / f"{name}.parquet")
        return self._read[name]

    @cached_property
    def people(self) -> pd.DataFrame:
        """Learners and what is true of them."""
        return self["learners"].merge(self["truth/learners"], on="learner_id", validate="1:1")

    @cached_property
    def modules_in_time(self) -> pd.DataFrame:
        """Completions with the number of the start that each belongs to, by learner and module."""
        rows = self["completions"].sort_values(["learner_id", "occurred_at", "event_id"], kind="stable")
        begun = rows["status"].eq("started").astype(int)
        return rows.assign(start=begun.groupby([rows["learner_id"], rows["module_id"]]).cumsum())

    @cached_property
    def first_answers(self) -> pd.DataFrame:
        """Attempts on items of modules that are no retries, with the number of the start they belong to."""
        attempts = self["attempts"].merge(
            self["truth/attempts"][["event_id", "is_retry"]], on="event_id", validate="1:1"
        )
        attempts = attempts.merge(self["items"][["item_id", "module_id"]], on="item_id")
        attempts = attempts[attempts["module_id"].notna() & ~attempts["is_retry"]]
        starts = self.modules_in_time[self.modules_in_time["status"] == "started"]
        return pd.merge_asof(
            attempts.sort_values("occurred_at"),
            starts[["learner_id", "module_id", "occurred_at", "start"]].sort_values("occurred_at"),
            on="occurred_at",
            by=["learner_id", "module_id"],
        )

    def mastery_at(self, rows: pd.DataFrame, month: "pd.Series[int]") -> np.ndarray:
        """True mastery of each row's skill at the beginning of a month; NaN where it was not noted."""
        truth = self["truth/mastery"].set_index(["learner_id", "skill_id", "month"])["mastery"]
        wanted = pd.MultiIndex.from_arrays([rows["learner_id"], rows["skill_id"], month])
        return truth.reindex(wanted).to_numpy(np.float64)
