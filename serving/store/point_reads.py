"""One row by its key, many times a second.

What SQLAlchemy does around a statement (pool, transaction, result rows) takes ten times as long as SQLite
needs for the row. So these reads are compiled by SQLAlchemy once, and done on a connection of the driver:
where the database is a file, on one that stays with its thread, else on one of the pool.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakSet

from sqlalchemy import Engine, PoolProxiedConnection, Select

from serving.store import dialect
from serving.store.faults import StoreUnavailableError, fault_of, faults_told

Row: TypeAlias = tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    sql: str
    arguments: Callable[[dict[str, Any]], Any]


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Held:
    """A connection of one thread, None once it was closed; it goes with the thread."""

    connection: PoolProxiedConnection | None
    file: dialect.FileId
    # Nobody closes it while its thread reads: the driver would crash.
    in_use: threading.Lock = field(default_factory=threading.Lock)


class PointReads:
    """Reads single rows, each in a transaction of its own.

    Parameters
    ----------
    engine : Engine
        Of `dialect.reading_engine`: its connections are for nothing else.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        self._compiled: dict[int, _Compiled] = {}
        self._held: WeakSet[_Held] = WeakSet()
        self._mutex = threading.Lock()
        self._first = self._first_of_thread if dialect.is_sqlite(engine) else self._first_of_pool

    def first(self, statement: Select[Any], **values: object) -> Row:
        """Return the first row as the driver gives it.

        Parameters
        ----------
        statement : Select
            With parameters that `values` names; made once and kept, for its compiled form is kept by what it
            is, not by what it says.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be read now.
        """
        compiled = self._compiled.get(id(statement)) or self._compile(statement)
        arguments = compiled.arguments(values)
        try:
            return self._first(compiled.sql, arguments)
        except self._engine.dialect.loaded_dbapi.Error as error:
            fault = fault_of(error)
            if fault is None:
                raise
            raise StoreUnavailableError(fault, str(error)) from None

    def close(self) -> None:
        """Close every connection; who reads at this moment is waited for, who reads later opens another."""
        with self._mutex:
            every = list(self._held)
        for held in every:
            with held.in_use:
                _close(held)

    def _compile(self, statement: Select[Any]) -> _Compiled:
        found = statement.compile(dialect=self._engine.dialect)
        fixed, order = dict(found.params), found.positiontup
        compiled = _Compiled(
            str(found),
            (lambda values: fixed | values)
            if order is None
            else (lambda values: [values[name] if name in values else fixed[name] for name in order]),
        )
        # The statement stays, so that its id does.
        self._compiled[id(statement)] = compiled
        return compiled

    def _first_of_pool(self, sql: str, arguments: Any) -> Row:
        with faults_told():
            borrowed = self._engine.raw_connection()
        try:
            driver: Any = borrowed.driver_connection
            driver.autocommit = True
            row: Row = driver.execute(sql, arguments).fetchone()
            # As those who write need it.
            driver.autocommit = False
        except BaseException:
            borrowed.invalidate()
            raise
        borrowed.close()
        return row

    def _first_of_thread(self, sql: str, arguments: Any) -> Row:
        held: _Held | None = getattr(self._mine, "held", None)
        if held is None:
            held = self._mine.held = _Held(None, None)
            with self._mutex:
                self._held.add(held)
        with held.in_use:
            if held.connection is not None and dialect.file_of(self._engine) != held.file:
                _close(held)
            if held.connection is None:
                with faults_told():
                    held.connection = self._engine.raw_connection()
                held.file = dialect.file_of(self._engine)
            try:
                driver: Any = held.connection.driver_connection
                row: Row = driver.execute(sql, arguments).fetchone()
                return row
            except BaseException:
                _close(held)
                raise


def _close(held: _Held) -> None:
    if held.connection is not None:
        held.connection.invalidate()
        held.connection = None
