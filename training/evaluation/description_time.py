"""When it happens: gaps and sessions, the week and the day, and how long learners stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from training.evaluation.description_events import CLOCK_WORDS, DAY_SECONDS, Events
from training.evaluation.description_values import (
    Floats,
    Ints,
    Value,
    noted,
    nothing,
    quantiles_or,
    ratio,
    shown,
)

SESSION_MINUTES: Final = 30
"""A gap of at least so many minutes ends a session."""
WORKING_HOURS: Final = range(8, 18)
"""Hours of Monday to Friday, UTC, that are called working hours."""

_ONE_EVENT = "no learner has two events"
_ONE_DAY = "no learner is active on two days"
_ONE_SESSION = "no learner has two sessions"


@dataclass(frozen=True, slots=True)
class Sessions:
    """How a learner's consecutive events are spaced.

    A session is a run of one learner's events, each less than 30 minutes after the one before: the usual
    rule, rounded up from the 25.5 minutes of Catledge and Pitkow (1995), "Characterizing browsing strategies
    in the World-Wide Web". An attempt and the completion that it brings are two events.

    Parameters
    ----------
    gap_median_minutes, gap_p90_minutes : Value
        Quantiles over gaps between consecutive events of one learner. Whole days where times are days.
    short_gaps : Value
        Share of gaps under 30 minutes, in [0, 1]. This and what rests on sessions needs times of day.
    events_per_session_median, events_per_session_mean : Value
        Over sessions, at least 1.
    days_between_sessions : Value
        Median over consecutive sessions of one learner of the days from the last event of one to the first of
        the next.
    days_between_active_days_median, days_between_active_days_p90 : Value
        Quantiles over consecutive days (UTC) with an event of one learner of the days between them, at least
        1. Defined also where times are days.
    """

    gap_median_minutes: Value = field(metadata=shown("gap between events, median", "minutes"))
    gap_p90_minutes: Value = field(metadata=shown("gap between events, 90th percentile", "minutes"))
    short_gaps: Value = field(metadata=shown("gaps under 30 min", "share"))
    events_per_session_median: Value = field(metadata=shown("events per session, median", "count"))
    events_per_session_mean: Value = field(metadata=shown("events per session, mean", "count"))
    days_between_sessions: Value = field(metadata=shown("between sessions, median", "days"))
    days_between_active_days_median: Value = field(
        metadata=shown("between days with an event, median", "days")
    )
    days_between_active_days_p90: Value = field(
        metadata=shown("between days with an event, 90th percentile", "days")
    )


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Shares of events by day of the week and time of day, all UTC, in [0, 1].

    Parameters
    ----------
    monday, tuesday, wednesday, thursday, friday, saturday, sunday : Value
        Sum to 1.
    night, morning, afternoon, evening : Value
        From 0, 6, 12 and 18 hours, six hours each; sum to 1. These and `working_hours` need times of day.
    working_hours : Value
        Monday to Friday from 8 to before 18 hours. Of a dataset whose times name no zone, the hours are as
        written.
    """

    monday: Value = field(metadata=shown("Monday", "share"))
    tuesday: Value = field(metadata=shown("Tuesday", "share"))
    wednesday: Value = field(metadata=shown("Wednesday", "share"))
    thursday: Value = field(metadata=shown("Thursday", "share"))
    friday: Value = field(metadata=shown("Friday", "share"))
    saturday: Value = field(metadata=shown("Saturday", "share"))
    sunday: Value = field(metadata=shown("Sunday", "share"))
    night: Value = field(metadata=shown("0 to 6 h UTC", "share"))
    morning: Value = field(metadata=shown("6 to 12 h UTC", "share"))
    afternoon: Value = field(metadata=shown("12 to 18 h UTC", "share"))
    evening: Value = field(metadata=shown("18 to 24 h UTC", "share"))
    working_hours: Value = field(metadata=shown("Monday to Friday, 8 to 18 h UTC", "share"))


@dataclass(frozen=True, slots=True)
class Stay:
    """How long learners stay.

    Parameters
    ----------
    months_active : Value
        Median over learners of the calendar months (UTC) in which they have an event, at least 1.
    after_90_days, after_365_days : Value
        Share of learners with an event so many days after their first or later, in [0, 1]; of those whose
        first event is at least so many days before the last event of all, since nobody else could.
    """

    months_active: Value = field(metadata=shown("months with an event, median learner", "count"))
    after_90_days: Value = field(metadata=shown("still active 90 days after the first event", "share"))
    after_365_days: Value = field(metadata=shown("still active 365 days after the first event", "share"))


def sessions(events: Events) -> Sessions:
    """Describe how a learner's consecutive events are spaced."""
    if events.clock in ("none", "months"):
        return nothing(Sessions, CLOCK_WORDS[events.clock])
    minutes = (np.diff(events.at) / 60)[events.same_learner]
    note = CLOCK_WORDS["days"] if events.clock == "days" else ""
    gap = [noted(found, note) for found in quantiles_or(minutes, (0.5, 0.9), _ONE_EVENT)]
    short = ratio(float((minutes < SESSION_MINUTES).sum()), len(minutes), _ONE_EVENT)
    of_session = [Value(None, note)] * 4 if note else [short, *_per_session(events)]
    return Sessions(*gap, *of_session, *quantiles_or(_between_days(events), (0.5, 0.9), _ONE_DAY))


def rhythm(events: Events) -> Rhythm:
    """Describe on which days and at what time events happen."""
    if events.clock in ("none", "months"):
        return nothing(Rhythm, CLOCK_WORDS[events.clock])
    # 1 January 1970 was a Thursday, the fourth day of the week
    weekday = ((events.at // DAY_SECONDS).astype(np.int64) + 3) % 7
    of_day = _shares(weekday, 7)
    if events.clock == "days":
        of_hour = [Value(None, CLOCK_WORDS["days"])] * 5
        return Rhythm(*of_day, *of_hour)
    hour = (events.at % DAY_SECONDS // 3600).astype(np.int64)
    working = (weekday < 5) & (hour >= WORKING_HOURS.start) & (hour < WORKING_HOURS.stop)
    of_hour = [*_shares(hour // 6, 4), Value(float(working.mean()))]
    return Rhythm(*of_day, *of_hour)


def stay(events: Events) -> Stay:
    """Describe how long learners stay."""
    if events.clock == "none":
        return nothing(Stay, CLOCK_WORDS["none"])
    month = events.at.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    new = np.concatenate([[True], ~(events.same_learner & (month[1:] == month[:-1]))])
    first = events.at[np.concatenate([[True], ~events.same_learner])]
    last = events.at[np.concatenate([~events.same_learner, [True]])]
    note = CLOCK_WORDS["months"] if events.clock == "months" else ""
    return Stay(
        Value(float(np.median(np.bincount(events.learner[new]))), note),
        *(_still_active(first, last, days, note) for days in (90, 365)),
    )


def _per_session(events: Events) -> list[Value]:
    """Median and mean of events per session, and the median days between sessions."""
    gap = np.diff(events.at)
    ends = ~events.same_learner | (gap >= SESSION_MINUTES * 60)
    count = np.diff(np.concatenate([[0], np.flatnonzero(ends) + 1, [len(events.at)]]))
    between = gap[ends & events.same_learner] / DAY_SECONDS
    return [
        Value(float(np.median(count))),
        Value(float(count.mean())),
        *quantiles_or(between, (0.5,), _ONE_SESSION),
    ]


def _between_days(events: Events) -> Floats:
    gap = np.diff(events.at // DAY_SECONDS)
    return gap[events.same_learner & (gap > 0)]


def _still_active(first: Floats, last: Floats, days: int, note: str) -> Value:
    needed = days * DAY_SECONDS
    seen_long_enough = first <= last.max() - needed
    stayed = last[seen_long_enough] - first[seen_long_enough] >= needed
    return noted(ratio(float(stayed.sum()), len(stayed), f"its events span less than {days} days"), note)


def _shares(of: Ints, n: int) -> list[Value]:
    return [Value(float(share)) for share in np.bincount(of, minlength=n) / len(of)]
