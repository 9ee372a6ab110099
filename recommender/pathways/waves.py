"""A plan in time: when each module starts and ends at so many minutes a week, and reviews in between."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logit

from recommender.domain.catalog import Floats
from recommender.domain.pathway import HORIZON_WEEKS, WEEKS_A_QUARTER
from recommender.pathways.arrays import Bools, Positions
from recommender.pathways.plan_kernel import PlanArrays, may_start, take
from recommender.pathways.review import days_until_below

_DAYS_A_WEEK = 7.0
# Weeks that differ by less are the same: they are sums of minutes.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Slot:
    """A module in time.

    Parameters
    ----------
    module : int
        Position in the curriculum.
    start, end : float
        Weeks from now.
    review_of : tuple of int
        Skills that would fall without it, by position; empty for what the plan holds.
    """

    module: int
    start: float
    end: float
    review_of: tuple[int, ...] = ()

    @property
    def starts_week(self) -> int:
        """Week it starts in, from 1."""
        return math.floor(self.start + _ROUNDING) + 1

    @property
    def ends_week(self) -> int:
        """Week it ends in, from 1."""
        return max(self.starts_week, math.ceil(self.end - _ROUNDING))

    @property
    def quarter(self) -> int:
        """Quarter it starts in, from 1."""
        return (self.starts_week - 1) // WEEKS_A_QUARTER + 1


@dataclass(slots=True, eq=False)
class Calendar:
    """Puts a plan on the calendar, with reviews in the week before a skill falls below what is required.

    Only skills whose mastery is known or planned, and at what the role requires, are reviewed, by the
    shortest module that teaches them: a finished one, one that the plan has come to, or one outside the plan
    that may be started by then. A review interrupts the module it falls into, which ends later by as much;
    those that would interrupt what awards the credential come before it, for the pathway ends in it. Reviews
    end with the plan; of an empty plan those of the first quarter are told, none starts behind the horizon.

    Parameters
    ----------
    p : PlanArrays
        Of the whole curriculum.
    weekly_minutes : float
    review_weeks : int
        Weeks at least before the first review of something taught, and between reviews.
    now, lasting : float64 arrays, shape (n_skills,)
        Logits of mastery that is known, NaN where it is not; what of it never fades.
    half_life_days : float64 array, shape (n_skills,)
    finished, open_to_review : bool arrays, shape (n_modules,)
        The latter neither retired nor foreign nor excluded.
    """

    p: PlanArrays
    weekly_minutes: float
    review_weeks: int
    now: Floats
    lasting: Floats
    half_life_days: Floats
    finished: Bools
    open_to_review: Bools
    slots: list[Slot] = field(default_factory=list)
    unreviewed: set[int] = field(default_factory=set)
    # While it is filled: what is done by then; of each skill the logit of mastery, and the week it falls in.
    _done: Bools = field(init=False)
    _gained: Floats = field(init=False)
    _planned: set[int] = field(init=False)
    _required: Floats = field(init=False)
    _level: Floats = field(init=False)
    _busy: float = field(init=False)
    _due: Floats = field(init=False)

    def fill(self, order: Positions, last: int = -1) -> list[Slot]:
        """Return slots of a plan and its reviews as they start; `last` awards a credential, -1 for none."""
        p, k = self.p, len(self.p.skills) - 1
        self._done, self._gained = np.zeros(len(p.modules) - 1, np.bool_), np.zeros(k)
        self._planned, self._required = set(order.tolist()), p.skills["required"][:k]
        self._level = self.now.copy()
        self._busy, self._due = 0.0, np.full(k, np.inf)
        known = np.flatnonzero((self._required > 0) & (self._level >= _floor(self._required)))
        self._due[known] = self._weeks_until_below(known)
        at = 0.0
        for m in order.tolist():
            at = self._take(m, at, m == last)
        if not len(order):
            self._review(0.0, WEEKS_A_QUARTER, np.zeros(0, np.int64))
        return sorted(self.slots, key=lambda slot: (slot.start, bool(slot.review_of)))

    def _take(self, m: int, start: float, last: bool) -> float:
        """Put a module of the plan at `start`; return when it ends."""
        p = self.p
        taught = p.teaches["skill"][p.modules["teach"][m] : p.modules["teach"][m + 1]]
        weeks = p.modules["minutes"][m] / self.weekly_minutes
        end = self._review(start, start + weeks, taught, ahead=last)
        start = end - weeks if last else start
        self.slots.append(Slot(m, start, end))
        self._done[m] = True
        take(p, m, self._gained)
        mastery = 1.0 - p.skills["unmastered"][taught] * np.exp(-self._gained[taught])
        self._level[taught] = logit(mastery)
        closed = taught[(self._required[taught] > 0) & (mastery >= self._required[taught] - _ROUNDING)]
        self._due[closed] = end + np.maximum(self._weeks_until_below(closed), self.review_weeks)
        return end

    def _review(self, start: float, end: float, taught: Positions, ahead: bool = False) -> float:
        """Put reviews that are due before `end`, which moves by their minutes; return where it comes to.

        What is `taught` until then is not reviewed when it ends in time. With `ahead` reviews come first.
        """
        while True:
            due = self._due.copy()
            due[taught[due[taught] >= end]] = np.inf
            s = int(np.argmin(due)) if len(due) else 0
            at = max(start, self._busy, due[s] - 1.0) if len(due) else math.inf
            if not at < min(end, HORIZON_WEEKS):
                return end
            at = max(start, self._busy) if ahead else at
            m = self._shortest(s)
            if m < 0:
                self.unreviewed.add(s)
                self._due[s] = np.inf
                continue
            weeks = self.p.modules["minutes"][m] / self.weekly_minutes
            reviewed = self.p.teaches["skill"][self.p.modules["teach"][m] : self.p.modules["teach"][m + 1]]
            reviewed = reviewed[np.isfinite(self._due[reviewed])]
            self.slots.append(Slot(m, at, at + weeks, tuple(reviewed.tolist())))
            self._busy = at + weeks
            self._due[reviewed] = self._busy + np.maximum(
                self._weeks_until_below(reviewed), self.review_weeks
            )
            end += weeks

    def _shortest(self, s: int) -> int:
        """Return the module that reviews a skill now in fewest minutes, then the first by id; -1 for none."""
        p, group = self.p, self.p.modules["group"]
        taken = self._done | self.finished
        variants = {int(group[m]) for m in self._planned if group[m] >= 0}
        found = [
            (float(p.modules["minutes"][m]), m)
            for m in p.by["module"][p.skills["by"][s] : p.skills["by"][s + 1]].tolist()
            if self.open_to_review[m]
            and (
                taken[m]
                or (
                    m not in self._planned
                    and int(group[m]) not in variants
                    and may_start(p, m, self._done, self._gained)
                )
            )
        ]
        return min(found)[1] if found else -1

    def _weeks_until_below(self, skills: Positions) -> Floats:
        days = days_until_below(
            self._level[skills],
            np.minimum(self.lasting[skills], self._level[skills]),
            self.half_life_days[skills],
            self._required[skills],
        )
        return days / _DAYS_A_WEEK


def _floor(required: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        floor: Floats = logit(required)
    return floor
