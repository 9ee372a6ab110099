"""Connections and transactions."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from recommender.errors import ConfigurationError
from serving.store import dialect
from serving.store.faults import StoreUnavailableError, fault_of, faults_told, may_succeed_again
from serving.store.group_commit import GroupCommit
from serving.store.point_reads import PointReads
from serving.store.tables import metadata

# Databases limit how many parameters one statement may have; 500 is below every limit.
CHUNK = 500
_TRIES = 8
_STREAMED_ROWS = 20_000

Result = TypeVar("Result")
Value = TypeVar("Value")


class Database:
    """A database and its two kinds of transaction.

    Parameters
    ----------
    url : str
        A SQLAlchemy address, such as ``sqlite:///serving.db`` or ``postgresql://user@host/name``.

    Raises
    ------
    ConfigurationError
        If the address cannot be understood, or names a database without persistence.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = create_engine(
                url,
                pool_size=20,
                max_overflow=30,
                pool_timeout=dialect.BUSY_TIMEOUT_MS / 1000,
                # The one used last has what is asked for often in its cache.
                pool_use_lifo=True,
                # A connection that broke meanwhile is noticed before it is used.
                pool_pre_ping=dialect.is_remote(url),
                connect_args=dialect.connect_args(url),
                # What goes wrong is logged, and parameters are personal.
                hide_parameters=True,
            )
        except (ArgumentError, NoSuchModuleError, TypeError):
            raise ConfigurationError(
                "setting SERVING_DATABASE_URL is not a database address this service knows; "
                "use one such as sqlite:///serving.db"
            ) from None
        except ImportError as error:
            raise ConfigurationError(
                f"setting SERVING_DATABASE_URL needs the driver {error.name}, which is not installed; "
                "install it, or use an address such as sqlite:///serving.db"
            ) from None
        if dialect.is_sqlite(self.engine) and self.engine.url.database in (None, "", ":memory:"):
            raise ConfigurationError(
                "setting SERVING_DATABASE_URL names a database in memory, which forgets everything; "
                "name a file, such as sqlite:///serving.db"
            )
        dialect.prepare(self.engine)
        # Where one writer is all there can be, queueing here is fairer than retrying on a busy file.
        self._one_writer = threading.Lock() if dialect.is_sqlite(self.engine) else None
        self._points = PointReads(dialect.reading_engine(self.engine))
        self._group = self._one_writer and GroupCommit(self._begin, self._one_writer)

    @property
    def is_local(self) -> bool:
        """Whether reading a row takes less time than handing the work to another thread."""
        return dialect.is_sqlite(self.engine)

    def first(self, statement: Select[Any], **values: object) -> tuple[Any, ...] | None:
        """Read one row quickly, see `PointReads.first`."""
        return self._points.first(statement, **values)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that changes nothing; each of its statements sees what is committed by then.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be read now.
        """
        with faults_told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a transaction like `read` whose statements all see the same moment, however many there are.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be read now.
        """
        with faults_told(), self.engine.connect() as connection:
            one = connection.execution_options(**dialect.one_moment(self.engine))
            with one.begin():
                yield one

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end, or not at all.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be written now.
        """
        with ExitStack() as stack:
            if self._one_writer is not None:
                if not self._one_writer.acquire(timeout=dialect.BUSY_TIMEOUT_MS / 1000):
                    raise StoreUnavailableError("busy")
                stack.callback(self._one_writer.release)
            yield stack.enter_context(self._begin())

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` in a transaction and return what it returns, once that is durable.

        Where writers come one at a time, those that wait share one commit; where they come together, one that
        collided with another is done again. So `work` may be called more than once, and changes nothing but
        the database.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be written now.
        """
        if self._group is not None:
            return self._group.run(work)
        for left in reversed(range(_TRIES)):
            try:
                with self._begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not left or not may_succeed_again(error):
                    raise
            except StoreUnavailableError as error:
                if not left or not error.collided:
                    raise
            # Apart, so that the same two do not meet again.
            time.sleep(random.uniform(0.0, 0.02))
        raise AssertionError

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with faults_told(), self.engine.connect() as connection:
            writing = connection.execution_options(**{dialect.WRITE_OPTION: True})
            with writing.begin():
                yield writing

    def nobody_writes(self, table: Table) -> bool:
        """Whether no transaction that writes to a table is under way; if in doubt, False.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be reached.
        """
        with ExitStack() as stack:
            if self._one_writer is not None:
                if not self._one_writer.acquire(blocking=False):
                    return False
                stack.callback(self._one_writer.release)
            stack.enter_context(faults_told())
            return dialect.nobody_writes(self.engine, table)

    def rewrite(self) -> list[str]:
        """Write all tables anew, so that nothing of what was deleted is left, see `dialect.rewrite`.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be written now.
        """
        try:
            return dialect.rewrite(self.engine, [table.name for table in metadata.sorted_tables])
        except self.engine.dialect.loaded_dbapi.Error as error:
            fault = fault_of(error)
            if fault is None:
                raise
            raise StoreUnavailableError(fault, str(error)) from None

    def ping(self) -> None:
        """Ask the database for an answer; raises `StoreUnavailableError` when there is none."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self._points.close()
        self.engine.dispose()


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Cut a sequence into pieces small enough for one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def streamed(
    connection: Connection, statement: Select[Any], at_once: int = _STREAMED_ROWS
) -> Iterator[Sequence[Row[Any]]]:
    """Rows of a statement some at a time, so that memory does not grow with their number.

    Where there is a server it holds the cursor: nothing is read before it is asked for.
    """
    yield from connection.execute(statement, execution_options={"yield_per": at_once}).partitions()
