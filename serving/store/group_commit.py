"""Several writers, one commit: for a database that lets one write at a time and flushes at each commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from serving import meter
from serving.store import dialect
from serving.store.faults import StoreUnavailableError, is_unusable

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Connection], Any]
    done: bool = False
    result: Any = None
    error: BaseException | None = None


class GroupCommit:
    """Runs what waits for its turn in one transaction, each in a savepoint of its own.

    Whoever gets the turn does the work of all who wait, so a commit is flushed to disk once for all of them.
    The work of one that fails is undone alone; where the store itself fails, that of all. Nobody is answered
    before the commit is on disk.

    Parameters
    ----------
    begin : callable
        Opens a transaction that commits at the end.
    turn : lock
        Held by whoever writes.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]], turn: threading.Lock) -> None:
        self._begin = begin
        self._turn = turn
        self._mutex = threading.Lock()
        self._waiting: list[_Job] = []

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` in a transaction and return what it returns, once that is durable.

        Raises
        ------
        StoreUnavailableError
            The turn did not come in time, or the store cannot be written.
        """
        job, since = _Job(work), time.perf_counter()
        with self._mutex:
            self._waiting.append(job)
        if not self._turn.acquire(timeout=dialect.BUSY_TIMEOUT_MS / 1000):
            with self._mutex:
                if job in self._waiting:
                    self._waiting.remove(job)
                    raise StoreUnavailableError("busy")
            # Somebody is at it this moment: the outcome is theirs to tell.
            self._turn.acquire()
        meter.current().write_waited(time.perf_counter() - since)
        try:
            if not job.done:
                self._do_all()
        finally:
            self._turn.release()
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def _do_all(self) -> None:
        with self._mutex:
            jobs, self._waiting = self._waiting, []
        try:
            with self._begin() as connection:
                for job in jobs:
                    _do(job, connection, alone=len(jobs) == 1)
        except BaseException as error:
            # The transaction is undone, and with it what had gone well.
            for job in jobs:
                job.error = job.error or error
        for job in jobs:
            job.done = True


def _do(job: _Job, connection: Connection, *, alone: bool) -> None:
    # As statements: what SQLAlchemy does around a savepoint takes longer than the savepoint.
    if not alone:
        connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:
        if alone or is_unusable(error) or _was_undone(connection):
            raise
        connection.exec_driver_sql("ROLLBACK TO job")
        job.error = error
    if _was_undone(connection):
        raise StoreUnavailableError("gone", "the database undid a transaction")
    if not alone:
        connection.exec_driver_sql("RELEASE job")


def _was_undone(connection: Connection) -> bool:
    """Whether the database has undone the whole transaction by itself, as SQLite does when the disk is full.

    SQLAlchemy does not notice: what came next would be committed by itself, without what came before.
    """
    driver: Any = connection.connection.driver_connection
    return not driver.in_transaction
