"""A plan in time: when each module starts and ends at so many minutes a week, and reviews in between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logit

from recommender.domain.catalog import Floats
from recommender.domain.pathway import HORIZON_WEEKS, WEEKS_A_QUARTER
from recommender.pathways.arrays import Bools, Positions
from recommender.pathways.plan_kernel import PlanArrays, may_start
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
    # While it is filled: what is done by then, and the sums of gains.
    _done: Bools = field(init=False)
    _gained: Floats = field(init=False)
    # What the plan comes to later, and variants of it.
    _planned: Bools = field(init=False)
    # Of each skill: weeks from being refreshed until it falls below what is required, and the week it does.
    _lasts: Floats = field(init=False)
    _due: Floats = field(init=False)
    _busy: float = field(init=False)

    def fill(self, order: Positions, sums: Floats, last: int = -1) -> list[Slot]:
        """Return slots of a plan and its reviews as they start.

        Parameters
        ----------
        order : int64 array
        sums : float64 array, shape (len(order) + 1, n_skills)
            Gains before each module of it, and after the last.
        last : int
            Module that awards a credential, -1 for none.
        """
        n, required = len(self.finished), self.p.skills["required"][:-1]
        group = self.p.modules["group"][:-1]
        self._done, self._planned = np.zeros(n, np.bool_), np.isin(group, group[order][group[order] >= 0])
        self._planned[order] = True
        self._busy, self._lasts = 0.0, self._weeks_until_below(self.now, np.arange(len(required)))
        with np.errstate(divide="ignore"):
            known = (required > 0) & (self.now >= logit(required))
        self._due = np.where(known, self._lasts, np.inf)
        at = 0.0
        for m, gained, refreshed in zip(order.tolist(), sums, self._refreshed(order, sums), strict=False):
            self._gained = gained
            at = self._take(m, at, m == last, *refreshed)
        if not len(order):
            self._gained = sums[0]
            self._review(0.0, WEEKS_A_QUARTER, np.zeros(0, np.int64))
        return sorted(self.slots, key=lambda slot: (slot.start, bool(slot.review_of)))

    def _refreshed(self, order: Positions, sums: Floats) -> Iterator[tuple[Positions, Floats, Bools]]:
        """Yield what each module of the plan teaches, how long that lasts, and whether it suffices."""
        p, start = self.p, self.p.modules["teach"]
        n_taught = start[order + 1] - start[order]
        ends = np.cumsum(n_taught)
        rows = np.arange(n_taught.sum()) + np.repeat(start[order] - ends + n_taught, n_taught)
        skills, after = p.teaches["skill"][rows], np.repeat(np.arange(1, len(order) + 1), n_taught)
        mastery = 1.0 - p.skills["unmastered"][skills] * np.exp(-sums[after, skills])
        lasts, required = self._weeks_until_below(logit(mastery), skills), p.skills["required"][skills]
        closed = (required > 0) & (mastery >= required - _ROUNDING)
        for end, n in zip(ends.tolist(), n_taught.tolist(), strict=True):
            part = slice(end - n, end)
            yield skills[part], lasts[part], closed[part]

    def _take(
        self, m: int, start: float, last: bool, taught: Positions, lasts: Floats, closed: Bools
    ) -> float:
        """Put a module of the plan at `start`; return when it ends."""
        weeks = self.p.modules["minutes"][m] / self.weekly_minutes
        end = self._review(start, start + weeks, taught, ahead=last)
        start = end - weeks if last else start
        self.slots.append(Slot(m, start, end))
        self._done[m] = True
        self._lasts[taught] = lasts
        self._refresh(taught[closed], end)
        return end

    def _refresh(self, skills: Positions, at: float) -> None:
        self._due[skills] = at + np.maximum(self._lasts[skills], self.review_weeks)

    def _review(self, start: float, end: float, taught: Positions, ahead: bool = False) -> float:
        """Put reviews that are due before `end`, which moves by their minutes; return where it comes to.

        What is `taught` until then is not reviewed when it ends in time. With `ahead` reviews come first.
        """
        p = self.p
        while True:
            due = self._due.copy()
            due[taught[due[taught] >= end]] = np.inf
            s = int(np.argmin(due)) if len(due) else 0
            at = max(start, self._busy, float(due[s]) - 1.0) if len(due) else math.inf
            if not at < min(end, HORIZON_WEEKS):
                return end
            at = max(start, self._busy) if ahead else at
            m = self._shortest(s)
            if m < 0:
                self.unreviewed.add(s)
                self._due[s] = np.inf
                continue
            weeks = float(p.modules["minutes"][m]) / self.weekly_minutes
            reviewed = p.teaches["skill"][p.modules["teach"][m] : p.modules["teach"][m + 1]]
            reviewed = reviewed[np.isfinite(self._due[reviewed])]
            self.slots.append(Slot(m, at, at + weeks, tuple(reviewed.tolist())))
            self._busy = at + weeks
            self._refresh(reviewed, self._busy)
            end += weeks

    def _shortest(self, s: int) -> int:
        """Return the module that reviews a skill now in fewest minutes, then the first by id; -1 for none."""
        p = self.p
        found = p.by["module"][p.skills["by"][s] : p.skills["by"][s + 1]]
        found = found[self.open_to_review[found]]
        for m in found[np.lexsort((found, p.modules["minutes"][found]))].tolist():
            if self._done[m] or self.finished[m]:
                return int(m)
            if not self._planned[m] and may_start(p, m, self._done, self._gained):
                return int(m)
        return -1

    def _weeks_until_below(self, level: Floats, skills: Positions) -> Floats:
        days = days_until_below(
            level,
            np.minimum(self.lasting[skills], level),
            self.half_life_days[skills],
            self.p.skills["required"][skills],
        )
        return days / _DAYS_A_WEEK
