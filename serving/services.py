"""What the calls of one running app share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from serving.background import Writers
from serving.model import ModelHolder
from serving.people_tables import MentorTables
from serving.recommendation_log import RecommendationLog
from serving.security.key_ring import KeyRing
from serving.security.limits import Limits
from serving.settings import Settings
from serving.stopping import Stopping
from serving.store.database import Database
from serving.team_reports import TeamReports

if TYPE_CHECKING:
    from serving.xapi.consistency import Consistency

Clock: TypeAlias = Callable[[], datetime]
"""Tells the present time, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Services:
    """Made when the app starts, closed when it stops."""

    settings: Settings
    database: Database
    models: ModelHolder
    clock: Clock
    keys: KeyRing
    consistency: Consistency
    recommendations: RecommendationLog
    mentors: MentorTables
    teams: TeamReports
    # One batch at a time: single calls share the machine with one at most.
    batches: asyncio.Semaphore
    writers: Writers
    limits: Limits
    stopping: Stopping


def utc_now() -> datetime:
    """Return the time by this machine's clock."""
    return datetime.now(UTC)
