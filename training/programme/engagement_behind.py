"""Who falls behind: people with something left to learn who stopped, fail much, or get nearer too slowly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from training.programme.engagement_figures import Share
from training.programme.engagement_skills import Floats, first_seen, last_seen, seconds
from training.programme.ledger import Bools, Ledger
from training.programme.people import Asked, groups_by
from training.programme.programme import Programme

IDLE_DAYS: Final = 60
"""Days without activity from which somebody counts as stopped."""
FAILING_DAYS: Final = 90
"""Days back that answers are looked at."""
FEWEST_ANSWERS: Final = 10
"""Answers in them that it takes to judge somebody."""
MOST_FAILED: Final = 0.5
"""Share of failures above which somebody counts as failing much."""
PACE_DAYS: Final = 182
"""Days back that the pace is measured over."""
WITHIN_DAYS: Final = 364
"""Days from now within which everything asked for should be there at that pace."""

Sign: TypeAlias = Literal["idle", "failing", "slow"]
SIGNS: Final[tuple[Sign, ...]] = ("idle", "failing", "slow")


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """Who has something left to learn, and who of them shows which sign; bool arrays of shape (n_learners,).

    Parameters
    ----------
    people : bool array
        Below what their role requires in some skill, and hired by now.
    has : mapping of Sign to bool array
        Each person has one sign at most, the first of `SIGNS`.
    """

    people: Bools
    has: Mapping[Sign, Bools]

    @classmethod
    def of(cls, programme: Programme) -> Signs:
        """Look for them.

        Idle
            No answer and no module started, finished or left for `IDLE_DAYS`, or never; who was hired since
            and did nothing yet is not meant.
        Failing
            Of `FEWEST_ANSWERS` answers or more within `FAILING_DAYS`, more than `MOST_FAILED` failed.
        Slow
            Was there `PACE_DAYS` ago, and what the role asks for is not there within `WITHIN_DAYS` if it goes
            on as it went since: what is missing fell by less than `PACE_DAYS` / `WITHIN_DAYS` of what is
            missing now.
        """
        asked = Asked.of(programme)
        missing = asked.missing(programme.standing().used)
        hired = seconds(programme.learners["hired_at"])
        now = programme.now.timestamp()
        people = (missing > 0.0) & programme.is_here
        last = last_seen(programme)
        since = now - timedelta(days=IDLE_DAYS).total_seconds()
        idle = (last < since) & ~(np.isneginf(last) & (hired > since))
        signs = {"idle": idle, "failing": _fails(programme), "slow": _is_slow(programme, asked, missing)}
        has: dict[Sign, Bools] = {}
        left = people
        for sign in SIGNS:
            has[sign] = left & signs[sign]
            left = left & ~signs[sign]
        return cls(np.asarray(people, np.bool_), has)


def _fails(programme: Programme) -> Bools:
    n = len(programme.learners)
    rows = programme.table("attempts")
    if rows is None:
        return np.zeros(n, np.bool_)
    rows = rows[rows["occurred_at"] >= pd.Timestamp(programme.now - timedelta(days=FAILING_DAYS))]
    learner = programme.position(rows["learner_id"])
    answers = np.bincount(learner, minlength=n)
    failed = np.bincount(learner, ~rows["passed"].to_numpy(np.bool_), minlength=n)
    return np.asarray((answers >= FEWEST_ANSWERS) & (failed > MOST_FAILED * answers), np.bool_)


def _is_slow(programme: Programme, asked: Asked, missing: Floats) -> Bools:
    then: datetime = programme.now - timedelta(days=PACE_DAYS)
    fell = asked.missing(programme.standing(then).used) - missing
    was_there = first_seen(programme) <= then.timestamp()
    return np.asarray(was_there & (fell < missing * (PACE_DAYS / WITHIN_DAYS)), np.bool_)


@dataclass(frozen=True, slots=True)
class Group:
    """People of a group with something left to learn, and how many of them show signs.

    Parameters
    ----------
    name : str
    n : int
    signs : mapping of Sign to Share
        Those that may be told.
    """

    name: str
    n: int
    signs: Mapping[Sign, Share]


@dataclass(frozen=True, slots=True)
class Behind:
    """Everybody with something left to learn, and by segment and present role; nobody is in two of these."""

    everybody: Group
    segments: tuple[Group, ...]
    roles: tuple[Group, ...]


def behind(programme: Programme, signs: Signs, ledger: Ledger) -> Behind | None:
    """Count signs, as far as they may be told; None where not even people with something left may be.

    Everybody comes first, then segments, then roles, and the most frequent sign first: with each group told
    of there are more and smaller parts.
    """
    people = signs.people
    if not ledger.tell(people):
        return None
    groups = (
        {"everybody": people},
        {name: group & people for name, group in groups_by(programme, "segment").items()},
        {name: group & people for name, group in groups_by(programme, "role").items()},
    )
    everybody, by_segment, by_role = (_told(signs, its, ledger) for its in groups)
    return Behind(everybody[0], by_segment, by_role)


def _told(signs: Signs, groups: Mapping[str, Bools], ledger: Ledger) -> tuple[Group, ...]:
    """Ask for the size of each group, then for signs in each; the largest first."""
    groups = ledger.split(groups)
    by_size = sorted(groups, key=lambda name: -int(groups[name].sum()))
    found: dict[str, dict[Sign, Share]] = {name: {} for name in groups}
    for sign in sorted(SIGNS, key=lambda sign: -int(signs.has[sign].sum())):
        for name in by_size:
            share = Share.told(ledger, groups[name], signs.has[sign])
            if share is not None:
                found[name][sign] = share
    return _groups(groups, found)


def _groups(groups: Mapping[str, Bools], found: Mapping[str, Mapping[Sign, Share]]) -> tuple[Group, ...]:
    return tuple(
        Group(name, int(group.sum()), {sign: found[name][sign] for sign in SIGNS if sign in found[name]})
        for name, group in groups.items()
    )
