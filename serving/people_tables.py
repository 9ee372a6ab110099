"""The mentors of an organisation, kept ready in memory: read from the store now and again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from recommender.people.config import PeopleConfig
from recommender.people.table import MentorTable
from serving import people_read
from serving.learner_states import rebuild
from serving.model import ModelHolder, ServedModel
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError
from serving.workshop import Workshop

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Mentors:
    """A table of mentors, the model it was read with, and when."""

    model: ServedModel
    table: MentorTable
    made_at: datetime


class MentorTables:
    """Makes the table when somebody asks, and again in the background as long as it is asked for.

    Nobody asked for it since it was made: it is dropped instead, so nothing of anybody stays in memory for
    longer than two rounds.

    Parameters
    ----------
    database : Database
    clock : callable
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._workshop = Workshop[Mentors]("the table of mentors")
        self._kept: Mentors | None = None
        self._was_asked_for = False
        self._making = threading.Lock()

    async def of(self, model: ServedModel) -> Mentors:
        """Return the table that was read with this model.

        Raises
        ------
        Problem
            It is still being made.
        StoreUnavailableError
            If the store cannot be read now.
        """
        self._was_asked_for = True
        kept = self._kept
        if kept is not None and kept.model.engine is model.engine:
            return kept
        return await self._workshop.wait(self._order(model))

    def forget(self, learner_id: str) -> None:
        """Drop what is held of somebody who was erased from the store before."""
        # What is being made may have been read before that.
        with self._making:
            if self._kept is not None:
                self._kept = replace(self._kept, table=self._kept.table.leaving_out(learner_id))

    async def keep_current(self, models: ModelHolder, every_seconds: float) -> None:
        """Make the table again for ever, off the event loop."""
        while True:
            await asyncio.sleep(every_seconds)
            model = models.current
            if self._kept is None:
                continue
            if model is None or not self._was_asked_for:
                self._kept = None
                continue
            self._was_asked_for = False
            try:
                await asyncio.wrap_future(self._order(model))
            except Exception:
                # Whatever it was, the table goes on as it is.
                _log.exception("the table of mentors could not be made again")

    def close(self) -> None:
        """Wait for what is being made."""
        self._workshop.close()

    def _order(self, model: ServedModel) -> Future[Mentors]:
        return self._workshop.order(model, partial(self._make, model))

    def _make(self, model: ServedModel) -> Mentors:
        now, goes_on = self._clock(), self._workshop.goes_on
        with suppress(StoreUnavailableError):
            rebuild(self._database, model, now=now, goes_on=goes_on)
        with self._making:
            states, profiles = people_read.mentors(self._database, model, goes_on)
            table = MentorTable.of(model.engine.bundle, states, profiles, now=now, config=PeopleConfig())
            self._kept = Mentors(model, table, now)
            return self._kept
