"""The people behind units, so that a ledger of people can be asked about groups of units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.programme.ledger import Bools, Ledger
from training.programme.programme import Programme
from training.programme.returns_panel import Ints, Panel


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Whom the units of a panel are of.

    Parameters
    ----------
    unit : int64 array, shape (n_people,)
        Row in the panel of each person. A unit of which nobody is known has one person here, who stands for
        whoever it has.
    is_known : bool array, shape (n_people,)
        False for those who stand for others.
    ledger : Ledger
        Of these people.
    """

    unit: Ints
    is_known: Bools
    ledger: Ledger

    def of(self, units: Bools) -> Bools:
        """People of some units, given as bools of shape (n_units,); shape (n_people,)."""
        whose: Bools = units[self.unit]
        return whose

    def tell(self, *groups: Bools) -> bool:
        """Whether figures about all of some groups of units may be told."""
        return self.ledger.tell(*(self.of(group) for group in groups))

    def count(self, units: Bools) -> float:
        """How many people some units are of; NaN where somebody is not known."""
        whose = self.of(units)
        return float(whose.sum()) if self.is_known[whose].all() else np.nan


def people_of(panel: Panel, programme: Programme) -> People:
    """Find the people of each unit: those of a team who were hired by now, or the learner alone."""
    learners = programme.learners
    if panel.kind == "team":
        hired = ~(learners["hired_at"] > pd.Timestamp(programme.now))
        names = learners["team_id"].where(hired)
    else:
        names = learners["learner_id"]
    found = pd.Index(panel.units).get_indexer(pd.Index(names))
    known = found[found >= 0].astype(np.int64)
    empty = np.setdiff1d(np.arange(len(panel.units), dtype=np.int64), known)
    unit = np.concatenate([known, empty])
    return People(
        unit=unit,
        is_known=np.arange(len(unit)) < len(known),
        ledger=Ledger(np.ones(len(unit), np.bool_)),
    )
