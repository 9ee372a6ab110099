"""What was recommended, written down behind the answers: they do not wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import Connection

from recommender.domain.events import to_seconds
from recommender.domain.recommendation import Recommendation
from serving import meter
from serving.background import to_its_end
from serving.security.keys import erasure_mark
from serving.store import recommendations as store
from serving.store.database import Database
from serving.store.erasure import take_back
from serving.store.faults import StoreUnavailableError
from serving.store.recommendations import LoggedRecommendation, Row

_log = structlog.get_logger(__name__)
_MOST_WAITING = 20_000
_AT_ONCE = 1_000


class RecommendationLog:
    """Buffers answers in memory and writes them in the background, many in one transaction.

    A crash loses what waits. While the store cannot be written the newest are kept, up to 20,000; what had to
    be given up is counted.

    Parameters
    ----------
    database : Database
    key_secret : str
        The service's secret, which marks of the erased are made with.
    """

    def __init__(self, database: Database, key_secret: str) -> None:
        self._database = database
        self._key_secret = key_secret
        self._waiting: deque[Row] = deque()
        self._being_written: tuple[Row, ...] = ()
        self._writing = threading.Lock()

    def add(self, recommendation_id: UUID, answer: Recommendation, *, simulated: bool) -> None:
        """Write an answer down soon; `simulated` of the model that gave it."""
        # Made a row at once: to make those of many would keep other answers waiting.
        at, bundle_id = to_seconds(answer.generated_at), answer.bundle_id or ""
        self._waiting.append(
            store.row_of(str(recommendation_id), answer.learner_id, at, bundle_id, simulated, answer.modules)
        )
        self._keep_the_newest()

    def find(self, recommendation_id: str) -> LoggedRecommendation | None:
        """Return an answer that waits here, or that any process has written; None where there is none."""
        for waiting in (*self._being_written, *tuple(self._waiting)):
            if waiting["recommendation_id"] == recommendation_id:
                return store.logged_of(waiting)
        with self._database.read() as connection:
            return store.find(connection, recommendation_id)

    def forget(self, learner_id: str) -> list[Row]:
        """Take out what waits of a learner, and return it; nothing of theirs is being written then."""
        taken = []
        with self._writing:
            for _ in range(len(self._waiting)):
                waiting = self._waiting.popleft()
                if waiting["learner_id"] != learner_id:
                    self._waiting.append(waiting)
                else:
                    taken.append(waiting)
        return taken

    def remember(self, taken: Sequence[Row]) -> None:
        """Put back what `forget` took out."""
        self._waiting.extend(taken)

    def flush(self) -> None:
        """Write what waits; what cannot be written goes on waiting."""
        with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                self._being_written = tuple(batch)
                try:
                    self._database.transact(partial(self._write, batch))
                except BaseException:
                    self._waiting.extendleft(reversed(batch))
                    self._keep_the_newest()
                    raise
                finally:
                    self._being_written = ()
                meter.current().recommendations_logged(written=len(batch))

    def close(self) -> None:
        """Write what waits; what cannot be written now is lost, and counted."""
        try:
            self.flush()
        except Exception as error:
            meter.current().recommendations_logged(lost=len(self._waiting))
            _log.error("recommendations are lost to the log", n=len(self._waiting), reason=str(error))

    def _keep_the_newest(self) -> None:
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            meter.current().recommendations_logged(lost=1)

    def _write(self, batch: list[Row], connection: Connection) -> None:
        store.append(connection, batch)
        take_back(connection, batch, partial(erasure_mark, self._key_secret))

    async def keep_writing(self, every_seconds: float) -> None:
        """Flush for ever, off the event loop."""
        while True:
            await asyncio.sleep(every_seconds)
            if self._waiting:
                try:
                    await to_its_end(self.flush)
                except StoreUnavailableError as error:
                    _log.warning("recommendations wait to be logged", n=len(self._waiting), reason=str(error))
                except Exception:
                    _log.exception("recommendations could not be logged")
