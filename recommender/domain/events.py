"""Events: immutable facts with a time.

The event log is the truth and a learner's state is a fold over it, in the order of (`occurred_at`,
`event_id`). An event without a time comes before every event with one; among those the id decides, so ids
made from row numbers keep row order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Literal, TypeAlias

CompletionStatus: TypeAlias = Literal["started", "completed", "abandoned"]
FeedbackKind: TypeAlias = Literal["shown", "accepted", "dismissed", "too_easy", "too_hard"]
EventKey: TypeAlias = tuple[float, str]


class Status(IntEnum):
    """Codes of a completion's status in arrays; 0 means that the module was never touched."""

    NONE = 0
    STARTED = 1
    COMPLETED = 2
    ABANDONED = 3


STATUS_CODES: dict[str, Status] = {
    "started": Status.STARTED,
    "completed": Status.COMPLETED,
    "abandoned": Status.ABANDONED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A learner answered an item.

    Parameters
    ----------
    score : float
        Share of the marks, in [0, 1].
    passed : bool
        Whether that counts as a yes where a yes or no is needed.
    skill_ids : tuple of str
        Skills the item assesses; empty means those the catalogue knows for the item or its module.
    """

    event_id: str
    learner_id: str
    item_id: str
    score: float
    passed: bool
    skill_ids: tuple[str, ...] = ()
    module_id: str | None = None
    occurred_at: datetime | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A learner started, finished or left a module; finishing is evidence of what it teaches, no proof."""

    event_id: str
    learner_id: str
    module_id: str
    status: CompletionStatus = "completed"
    progress: float | None = None
    score: float | None = None
    rating: float | None = None
    occurred_at: datetime | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAssessment:
    """A learner's own estimate of a skill, as a fraction: weak evidence."""

    event_id: str
    learner_id: str
    skill_id: str
    level: float
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialEarned:
    """A learner earned a credential."""

    event_id: str
    learner_id: str
    credential_id: str
    occurred_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a learner did with a recommendation.

    Parameters
    ----------
    kind : {"shown", "accepted", "dismissed", "too_easy", "too_hard"}
        The last two move the band of difficulty, the last three count against the module for a while.
    module_id : str, optional
        Which module of the answer; without one the answer as a whole is meant.
    recommendation_id : str, optional
        The answer.
    """

    event_id: str
    learner_id: str
    kind: FeedbackKind
    module_id: str | None = None
    recommendation_id: str | None = None
    occurred_at: datetime | None = None


Event: TypeAlias = Attempt | Completion | SelfAssessment | CredentialEarned | Feedback

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_seconds(at: datetime | None) -> float:
    """Seconds since 1970 in UTC of an aware time; NaN for none.

    >>> to_seconds(datetime(1970, 1, 2, tzinfo=UTC))
    86400.0
    """
    return math.nan if at is None else (at - _EPOCH).total_seconds()


def from_seconds(seconds: float) -> datetime | None:
    """Inverse of `to_seconds`."""
    return None if math.isnan(seconds) else _EPOCH + timedelta(seconds=seconds)


def event_key(event: Event) -> EventKey:
    """Order of an event in its learner's history: time (minus infinity without one), then id."""
    seconds = to_seconds(event.occurred_at)
    return (-math.inf if math.isnan(seconds) else seconds, event.event_id)
