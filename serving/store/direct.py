"""Statements that every event needs: compiled once, then handed to the driver as they are.

SQLAlchemy takes a tenth of a millisecond to find out what a statement compiles to and to make its result,
while SQLite finds a row in a few microseconds. Transactions and faults stay with SQLAlchemy. Values are those
of the driver: texts, numbers and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Column, Connection, Dialect, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Compiled

Value = TypeVar("Value", str, bytes)

# Statements are compiled for so many values: the next of these numbers.
_SIZES = tuple(2**i for i in range(10))
# Rows that one statement inserts at most: a larger one takes a tenth of a second to compile.
_MOST_ROWS = 64
# So many have a statement of their own; others are put together of statements for a power of 2.
_FEW_ROWS = 8


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each with a value for every column."""
    _run(connection, table, None, rows)


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, overwrite: bool = True
) -> None:
    """Insert rows likewise; where the primary key exists, overwrite the row or leave it as it is.

    No two of the rows have the same key.
    """
    _run(connection, table, overwrite, rows)


def among(
    connection: Connection,
    columns: Sequence[Column[Any]],
    key: Column[Any],
    values: Sequence[Value],
    *,
    lock: bool = False,
) -> list[tuple[Any, ...]]:
    """Read the rows whose key is one of some values.

    Parameters
    ----------
    lock : bool
        Whether they are kept from other writers until the transaction ends, in the order of the key.
    """
    found: list[tuple[Any, ...]] = []
    ordered = sorted(set(values))
    for start in range(0, len(ordered), _SIZES[-1]):
        some = ordered[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(some))
        compiled: Any = _among(connection.dialect, tuple(columns), key, size, lock)
        # What is asked for twice is found once.
        asked = some + [some[-1]] * (size - len(some))
        given = {f"v{i}": value for i, value in enumerate(asked)}
        found += connection.exec_driver_sql(compiled.string, _arguments(compiled, given)).all()
    return found


def _run(
    connection: Connection, table: Table, overwrite: bool | None, rows: Sequence[Mapping[str, Any]]
) -> None:
    # Many rows a statement: SQLite's driver stops for other threads at each, and goes on when they let it.
    at = 0
    while at < len(rows):
        left = len(rows) - at
        size = left if left <= _FEW_ROWS else min(_MOST_ROWS, 2 ** (left.bit_length() - 1))
        insertion, some = _insert(connection.dialect, table, overwrite, size), rows[at : at + size]
        values = [some[row][column] for row, column, _ in insertion.places]
        given: Any = tuple(values)
        if not insertion.positional:
            given = dict(zip((name for *_, name in insertion.places), values, strict=True))
        connection.exec_driver_sql(insertion.statement, given)
        at += size


def _arguments(compiled: Any, values: Mapping[str, Any]) -> Any:
    order = compiled.positiontup
    return values if order is None else tuple([values[name] for name in order])


class _Insertion(NamedTuple):
    """A statement, and of which row and column each of its parameters is, and how that is called."""

    statement: str
    places: tuple[tuple[int, str, str], ...]
    positional: bool


@lru_cache(maxsize=256)
def _insert(dialect: Dialect, table: Table, overwrite: bool | None, n_rows: int) -> _Insertion:
    statement = (postgresql.insert if dialect.name == "postgresql" else sqlite.insert)(table)
    keys = [column.name for column in table.primary_key]
    if overwrite:
        changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    elif overwrite is not None:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    places = {f"{c.name}_{row}": (row, c.name) for row in range(n_rows) for c in table.columns}
    rows = [{c.name: bindparam(f"{c.name}_{i}", type_=c.type) for c in table.columns} for i in range(n_rows)]
    compiled: Any = statement.values(rows).compile(dialect=dialect)
    names = compiled.positiontup or list(places)
    return _Insertion(
        compiled.string, tuple((*places[name], name) for name in names), compiled.positiontup is not None
    )


@lru_cache(maxsize=256)
def _among(
    dialect: Dialect, columns: tuple[Column[Any], ...], key: Column[Any], size: int, lock: bool
) -> Compiled:
    statement = select(*columns).where(key.in_([bindparam(f"v{i}") for i in range(size)]))
    if lock:
        statement = statement.order_by(key).with_for_update()
    return statement.compile(dialect=dialect)
