"""How long it takes until people are proficient in a skill, by group: survival curves.

Those who are not proficient yet count for as long as they were seen (product-limit estimate: Kaplan and
Meier 1958, Journal of the American Statistical Association 53; intervals: the exponential Greenwood formula,
Hosmer, Lemeshow and May 2008, "Applied Survival Analysis", chapter 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from lifelines import KaplanMeierFitter

from training.programme.growth_sittings import DAYS, FEWEST_PEOPLE, Floats, timed_attempts
from training.programme.ledger import Bools, Ledger
from training.programme.programme import Programme

PASSED: Final = 4
LAST: Final = 5
"""Somebody is proficient in a skill when, of the last `LAST` first answers to its items, `PASSED` passed."""
GRID: Final = (1, 3, 6, 9, 12, 18, 24, 36)
"""Months after the first answer that are told. Between them a curve would show single people."""
_IMPORTANCE: Final = (12, 6, 24, 3, 18, 1, 9, 36)
"""The order in which it is asked whether they may be told."""


@dataclass(frozen=True, slots=True)
class Spells:
    """How long each learner was followed until the first skill in which they were proficient.

    Parameters
    ----------
    months : float array, shape (n_learners,)
        From the first answer to proficiency, or to the last answer where it was not reached; NaN for those
        who answered nothing.
    reached : bool array, shape (n_learners,)
    """

    months: Floats
    reached: Bools


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Who is proficient some months after they began.

    Parameters
    ----------
    group : str or None
        None is everybody.
    months : int
    n_followed : int
        People of whom it is not known by then that they are proficient, and who still answered then or later.
    n_reached : int
        People who were proficient by then.
    share : float
        Estimated share of all who would be proficient by then if all had been followed.
    low, high : float
        95% interval.
    """

    group: str | None
    months: int
    n_followed: int
    n_reached: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of one partition of people.

    Parameters
    ----------
    n_learners : mapping of str or None to int
        People of each group that has a point; None is everybody.
    points : tuple of CurvePoint
        Everybody first, then groups in their order; by month.
    """

    n_learners: Mapping[str | None, int]
    points: tuple[CurvePoint, ...]


def spells(programme: Programme) -> Spells | None:
    """Find when each learner was first proficient in a skill; None where attempts have no times or no skills.

    Only first answers to an item count. Up to `now`.
    """
    attempts = timed_attempts(programme)
    if attempts is None:
        return None
    answers = attempts.loc[attempts["is_first"], ["learner", "skill_ids", "passed", "occurred_at"]]
    answers = answers.explode("skill_ids", ignore_index=True)
    answers = answers[answers["skill_ids"].notna()].reset_index(drop=True)
    if answers.empty:
        return None
    by_skill = answers.groupby(["learner", "skill_ids"], sort=False)["passed"]
    so_far = by_skill.cumsum().astype(np.int64)
    # Passes up to an answer less those up to LAST answers before it are those of the last LAST.
    before = so_far.groupby([answers["learner"], answers["skill_ids"]], sort=False).shift(LAST, fill_value=0)
    is_proficient = (so_far - before >= PASSED) & (by_skill.cumcount() >= LAST - 1)
    everybody = range(len(programme.learners))
    first = attempts.groupby("learner")["occurred_at"].min().reindex(everybody)
    last = attempts.groupby("learner")["occurred_at"].max().reindex(everybody)
    when = answers[is_proficient].groupby("learner")["occurred_at"].min().reindex(everybody)
    months = (when.fillna(last) - first).dt.total_seconds() / 86_400 / DAYS
    return Spells(np.asarray(months, np.float64), np.asarray(when.notna(), np.bool_))


def curves(found: Spells, groups: Mapping[str, Bools], ledger: Ledger) -> Curves:
    """Estimate curves of everybody and of groups, at the months that may be told.

    Parameters
    ----------
    found : Spells
    groups : mapping of str to bool array, shape (n_learners,)
        No two hold one person.
    ledger : Ledger
        Of the report. Asked for whole groups first, then month by month, each time for everybody and
        the largest groups first.
    """
    seen = ~np.isnan(found.months)
    members: dict[str | None, Bools] = {None: seen}
    members |= {name: group & seen for name, group in groups.items()}
    members = {name: group for name, group in members.items() if group.sum() >= FEWEST_PEOPLE}
    by_size = sorted(members, key=lambda name: (name is not None, -int(members[name].sum())))
    told = [name for name in by_size if ledger.tell(members[name])]
    points = [
        point
        for month in sorted(GRID, key=_IMPORTANCE.index)
        for name in told
        if (point := _point(name, month, found, members[name], ledger)) is not None
    ]
    order = list(members)
    points.sort(key=lambda point: (order.index(point.group), point.months))
    kept = {point.group for point in points}
    return Curves(
        n_learners={name: int(members[name].sum()) for name in members if name in kept},
        points=tuple(points),
    )


def _point(name: str | None, month: int, found: Spells, group: Bools, ledger: Ledger) -> CurvePoint | None:
    reached = group & found.reached & (found.months <= month)
    followed = group & (found.months >= month) & ~reached
    # What is seen of a month is who has reached it, who is followed and who left before.
    if followed.sum() < FEWEST_PEOPLE or not ledger.tell(reached, followed):
        return None
    fitter = KaplanMeierFitter(alpha=0.05).fit(found.months[group], found.reached[group])
    interval = fitter.confidence_interval_survival_function_
    high, low = 1 - interval.to_numpy()[interval.index.searchsorted(month, side="right") - 1]
    share = 1 - float(fitter.predict(month))
    # The formula has no width where nobody, or everybody, is proficient.
    low, high = (value if np.isfinite(value) else share for value in (low, high))
    return CurvePoint(name, month, int(followed.sum()), int(reached.sum()), share, float(low), float(high))
