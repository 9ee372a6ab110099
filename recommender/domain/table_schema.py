"""What a declared table is: kinds of cells, columns, references, keys. `dataset_format` declares with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What the cells of a column hold."""

    ID = "id"
    TEXT = "text"
    LIST = "list"
    CHOICE = "choice"
    FLAG = "flag"
    TIME = "time"
    FRACTION = "fraction"
    RATING = "rating"
    NUMBER = "number"
    POSITIVE = "positive number"
    REAL = "real number"
    COUNT = "count"
    ORDINAL = "ordinal"


NUMERIC_BOUNDS: Mapping[Kind, tuple[float, float]] = MappingProxyType(
    {
        Kind.FRACTION: (0.0, 1.0),
        Kind.RATING: (1.0, 5.0),
        Kind.NUMBER: (0.0, float("inf")),
        Kind.POSITIVE: (0.0, float("inf")),
        Kind.REAL: (float("-inf"), float("inf")),
        Kind.COUNT: (0.0, float("inf")),
        Kind.ORDINAL: (1.0, float("inf")),
    }
)
"""Least and greatest value of each numeric kind, both allowed when finite (`Kind.POSITIVE` is above 0)."""

WHOLE_KINDS = frozenset({Kind.COUNT, Kind.ORDINAL})
"""Numeric kinds that hold whole numbers only."""

LARGEST_WHOLE = 2**53 - 1
"""Greatest whole number of those kinds: up to here a float64 tells each from the next."""

EXPECTED: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ID: "an id, as text",
        Kind.TEXT: "text",
        Kind.LIST: "a list of texts (a|b|c in CSV, a list of strings in Parquet)",
        Kind.CHOICE: "one of the listed words",
        Kind.FLAG: "true or false",
        Kind.TIME: "an ISO 8601 time such as 2025-03-01T09:30:00Z",
        Kind.FRACTION: "a number from 0 to 1",
        Kind.RATING: "a number from 1 to 5",
        Kind.NUMBER: "a number, 0 or more",
        Kind.POSITIVE: "a number above 0",
        Kind.REAL: "a number",
        Kind.COUNT: "a whole number, 0 or more",
        Kind.ORDINAL: "a whole number, 1 or more",
    }
)
"""What a reader is told to write into a cell of each kind."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        As in the header row.
    kind : Kind
        What its cells hold.
    required : bool
        Whether the column, and every cell of it, must be there.
    members : tuple of str
        The words a `Kind.CHOICE` column may hold, else empty.
    default : str, optional
        What an empty cell means, where it means something.
    """

    name: str
    kind: Kind
    required: bool = False
    members: tuple[str, ...] = ()
    default: str | None = None

    @property
    def expected(self) -> str:
        """What a cell should hold, in words.

        Examples
        --------
        >>> Column("segment", Kind.CHOICE, members=("user", "leader")).expected
        'one of user, leader'
        """
        return f"one of {', '.join(self.members)}" if self.members else EXPECTED[self.kind]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose ids must be found in another table, where that table is present.

    Parameters
    ----------
    column : str
        The column that holds the id, or the list of ids.
    table : str
        The table that must hold it, in the column that leads its key.
    where : tuple of (str, str), optional
        Only rows whose first-named column holds the second are meant.
    """

    column: str
    table: str
    where: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: one file ``NAME.csv`` or ``NAME.parquet``.

    Parameters
    ----------
    name : str
        File name without its ending.
    columns : tuple of Column
        In the order in which they are written.
    key : tuple of str
        Columns that together name a row; no two rows share them. Empty for tables of events.
    references : tuple of Reference
        Ids that lead to other tables.
    open_prefix : str
        Further columns whose name starts so are text columns of the format too; empty for none.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    open_prefix: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def is_events(self) -> bool:
        """Whether its rows are events, with an ``event_id``."""
        return any(column.name == "event_id" for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`.

        Parameters
        ----------
        name : str
            A declared column, or one that starts with `open_prefix`.

        Raises
        ------
        KeyError
            When the table has no such column.

        Examples
        --------
        >>> Table("learners", (), open_prefix="group_").column("group_region").kind
        <Kind.TEXT: 'text'>
        """
        for column in self.columns:
            if column.name == name:
                return column
        if self.open_prefix and name.startswith(self.open_prefix):
            return Column(name, Kind.TEXT)
        raise KeyError(name)

    def has(self, name: str) -> bool:
        """Whether `name` is a column of the table, by name or by `open_prefix`."""
        try:
            self.column(name)
        except KeyError:
            return False
        return True
