"""Everything that depends on which database it is. Only `backup`, which copies files, names one besides."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import NullPool

from serving.store.faults import StoreUnavailableError

# How long a writer waits for another one.
BUSY_TIMEOUT_MS = 5_000
WRITE_OPTION = "store_write"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit that was answered survives a power cut: evidence is the truth.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # What is deleted is overwritten in the file, as soon as the log beside it is put there.
    "PRAGMA secure_delete=ON",
    # Pages of the log until it is put into the file, 16 MB of them: states of the same learners are written
    # again and again, and putting them there waits for the disk twice.
    "PRAGMA wal_autocheckpoint=4000",
)
# KiB: inner pages of the indexes of some million events stay in memory. Every thread that reads single rows
# has a connection of its own, for which less has to do.
_CACHE, _READING_CACHE = 65_536, 8_192
# Nothing waits for ever: seconds until there is a connection; of the server, milliseconds for a statement,
# for a lock, and for a transaction whose client went away.
_CONNECT_SECONDS = 5
_REWRITE_LOCK_MS = 60_000
_SERVER_OPTIONS = (
    "-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=120000"
)


def is_sqlite(engine: Engine) -> bool:
    """Whether one writer at a time is all the database allows."""
    return engine.dialect.name == "sqlite"


def is_remote(url: str | URL) -> bool:
    """Whether the database is another process, to which connections can break."""
    return make_url(url).get_backend_name() == "postgresql"


def connect_args(url: str | URL) -> dict[str, Any]:
    """Arguments of the driver's ``connect``."""
    if not is_remote(url):
        return {}
    given = make_url(url).query
    options = f"{_SERVER_OPTIONS} {given.get('options', '')}".strip()
    return {"connect_timeout": _CONNECT_SECONDS} | dict(given) | {"options": options}


def prepare(engine: Engine, *, reads_rows: bool = False) -> None:
    """Install what the database needs on each connection and transaction.

    Parameters
    ----------
    reads_rows : bool
        Whether the engine is for single reads of a file that is there: where it is not, that is a fault from
        the first connection on.
    """
    if is_sqlite(engine):
        _SameFile(engine, reads_rows).watch()
        event.listen(engine, "connect", partial(_set_pragmas, _READING_CACHE if reads_rows else _CACHE))
        event.listen(engine, "begin", _begin)


FileId: TypeAlias = tuple[int, int] | None


def file_of(engine: Engine) -> FileId:
    """Which file an SQLite database is, None where it is not there."""
    try:
        found = os.stat(str(engine.url.database))  # noqa: PTH116  (on every read: a Path takes longer than that)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def reading_engine(engine: Engine) -> Engine:
    """Return an engine of the same database for single reads, each a transaction of its own.

    A file is opened by each thread that reads, see `PointReads`; of a server the pool that is there will do.
    """
    if not is_sqlite(engine):
        return engine
    reading = create_engine(engine.url, poolclass=NullPool, hide_parameters=True)
    prepare(reading, reads_rows=True)
    return reading


class _SameFile:
    """Keeps connections to the file that is there under this name.

    An open file goes on working after it was removed or another took its name: what is written to it would be
    lost, and nobody would notice before the next start.
    """

    def __init__(self, engine: Engine, was_there: bool) -> None:
        self._engine = engine
        self._was_there = was_there

    def watch(self) -> None:
        event.listen(self._engine, "do_connect", self._before)
        event.listen(self._engine, "connect", self._after)
        event.listen(self._engine, "checkout", self._again)

    def _before(self, *_: object) -> None:
        # The driver would make an empty file.
        if self._was_there and file_of(self._engine) is None:
            raise StoreUnavailableError("gone")

    def _after(self, _connection: object, record: Any) -> None:
        self._was_there = True
        record.info["file"] = file_of(self._engine)

    def _again(self, _connection: object, record: Any, _proxy: object) -> None:
        now = file_of(self._engine)
        if now is None:
            raise StoreUnavailableError("gone")
        if now != record.info["file"]:
            lost = DisconnectionError()
            lost.invalidate_pool = True
            raise lost


def _set_pragmas(cache: int, connection: Any, _record: object) -> None:
    # None hands BEGIN to us: the driver would start transactions late and none before DDL.
    connection.isolation_level = None
    for pragma in (*_PRAGMAS, f"PRAGMA cache_size=-{cache}", f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A writer that starts as a reader can fail half-way, when another has written meanwhile.
    writes = connection.get_execution_options().get(WRITE_OPTION, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def rewrite(engine: Engine, tables: Sequence[str]) -> list[str]:
    """Write tables anew, so that no byte of what was deleted is left in them; returns what could not be done.

    Of PostgreSQL its statistics are written anew too: they hold common and outermost values of columns. Its
    write-ahead log is not, for that is the server's.
    """
    connection = engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        if is_sqlite(engine):
            driver.execute("VACUUM")
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return ["somebody still reads what was there before"] if busy else []
        # No transaction may be around it.
        driver.autocommit = True
        refused: list[str] = []
        # Without the right to do it the server does nothing, and warns.
        driver.add_notice_handler(lambda notice: refused.append(str(notice.message_primary)))
        driver.execute(f"SET statement_timeout = 0; SET lock_timeout = {_REWRITE_LOCK_MS}")
        for table in (*tables, "pg_catalog.pg_statistic"):
            what = "FULL" if table.startswith("pg_catalog") else "FULL, ANALYZE"
            driver.execute(f"VACUUM ({what}) {table}")
        return refused
    finally:
        connection.invalidate()


def without_time_limit(connection: Connection) -> None:
    """Let the statements of a transaction take as long as they take."""
    # SQLite has no limit.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def one_moment(engine: Engine) -> dict[str, Any]:
    """Options of a connection whose next transaction sees one moment in all of its statements."""
    # SQLite's transactions do so anyway.
    return {} if is_sqlite(engine) else {"isolation_level": "REPEATABLE READ"}


def keep_writers_out(connection: Connection, table: Table) -> None:
    """Wait for whoever writes to a table, and keep others from it until the transaction ends."""
    # SQLite has one writer at a time, and that is who asks.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")


def take_turn(connection: Connection, table: Table) -> None:
    """Wait for whoever has the turn to write to a table, and keep it until the transaction ends."""
    # No lock of the table itself: the server's own upkeep of it would be in the way, and writers in its.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_turn_of(table)})")


def _turn_of(table: Table) -> int:
    return zlib.crc32(table.name.encode())


def nobody_writes(engine: Engine, table: Table) -> bool:
    """Whether the turn to write to a table can be had at once; it is given back."""
    error = engine.dialect.loaded_dbapi.Error
    try:
        connection = engine.raw_connection()
    except error:
        return False
    driver: Any = connection.driver_connection
    try:
        if is_sqlite(engine):
            driver.execute("PRAGMA busy_timeout=0")
            driver.execute("BEGIN IMMEDIATE")
        else:
            asked = f"SELECT pg_try_advisory_xact_lock_shared({_turn_of(table)})"
            if not driver.execute(asked).fetchone()[0]:
                return False
        connection.rollback()
        if is_sqlite(engine):
            driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    except error:
        # Not as others need it.
        connection.invalidate()
        return False
    connection.close()
    return True


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows as fast as the database takes them; values in the order of the table's columns."""
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(str(table.insert().compile(connection)), list(rows))
        return
    error_class = connection.dialect.loaded_dbapi.Error
    statement = f"COPY {table.name} FROM STDIN"
    try:
        with connection.connection.cursor().copy(statement) as target:
            for row in rows:
                target.write_row(row)
    except error_class as error:
        # As SQLAlchemy tells it of what goes through it.
        raise DBAPIError.instance(
            statement, None, error, error_class, hide_parameters=True, dialect=connection.dialect
        ) from error
