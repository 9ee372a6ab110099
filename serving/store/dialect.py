"""Everything that depends on which database it is. No other file names one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

# How long a writer waits for another one.
BUSY_TIMEOUT_MS = 10_000
WRITE_OPTION = "store_write"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit that was answered survives a power cut: evidence is the truth.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def is_sqlite(engine: Engine) -> bool:
    """Whether one writer at a time is all the database allows."""
    return engine.dialect.name == "sqlite"


def is_busy(error: OperationalError) -> bool:
    """Whether another writer held the database for longer than is waited."""
    # The low byte is the kind of error; what is above it tells variants of it apart.
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def prepare(engine: Engine) -> None:
    """Install what the database needs on each connection and transaction."""
    if is_sqlite(engine):
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)


def _set_pragmas(connection: Any, _record: object) -> None:
    # None hands BEGIN to us: the driver would start transactions late and none before DDL.
    connection.isolation_level = None
    for pragma in (*_PRAGMAS, f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A writer that starts as a reader can fail half-way, when another has written meanwhile.
    writes = connection.get_execution_options().get(WRITE_OPTION, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, overwrite: bool = True
) -> None:
    """Insert rows; where the primary key exists, overwrite the row or leave it as it is."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    if overwrite:
        changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, list(rows))
