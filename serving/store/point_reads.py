"""One row by its key, many times a second.

What SQLAlchemy does around a statement (pool, transaction, result rows) takes ten times as long as SQLite
needs for the row. So these reads are compiled by SQLAlchemy once, and done on a connection of the driver that
stays with its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection, Select

from serving.store import dialect
from serving.store.faults import StoreUnavailableError, fault_of


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    sql: str
    arguments: Callable[[dict[str, Any]], Any]


class PointReads:
    """Reads single rows, each in a transaction of its own.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        self._compiled: dict[int, _Compiled] = {}
        self._open: list[PoolProxiedConnection] = []
        self._mutex = threading.Lock()

    def first(self, statement: Select[Any], **values: object) -> tuple[Any, ...] | None:
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
        for last in (False, True):
            connection = self._connection()
            try:
                row: tuple[Any, ...] | None = connection.execute(compiled.sql, arguments).fetchone()
                return row
            except self._engine.dialect.loaded_dbapi.Error as error:
                self._drop()
                fault = fault_of(error)
                if fault is None:
                    raise
                # A connection that broke since it was last used: another one may work.
                if last or fault != "gone":
                    raise StoreUnavailableError(fault, str(error)) from None
        raise AssertionError

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._mutex:
            still, self._open = self._open, []
        for connection in still:
            connection.invalidate()
        self._mine = threading.local()

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

    def _connection(self) -> Any:
        held: PoolProxiedConnection | None = getattr(self._mine, "held", None)
        if held is not None and not dialect.still_there(self._engine, self._mine.file):
            self._drop()
            held = None
        if held is None:
            held = self._engine.raw_connection()
            dialect.commit_at_once(held)
            self._mine.held, self._mine.file = held, dialect.file_of(self._engine)
            with self._mutex:
                self._open.append(held)
        return held.driver_connection

    def _drop(self) -> None:
        held: PoolProxiedConnection = self._mine.held
        self._mine.held = None
        with self._mutex:
            if held in self._open:
                self._open.remove(held)
        held.invalidate()
