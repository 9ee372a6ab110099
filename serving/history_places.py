"""Where in a dataset something is, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

from serving.problems import Fault, short_value


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a table, counted from 1 without the header."""

    table: str
    row: int

    def sentence(self, fault: Fault) -> str:
        """One sentence with table, row, column, value and remedy."""
        column = fault.field.split("[")[0]
        value = short_value(fault.value)
        got = "" if value is None else f", got {value!r}"
        where = f", column {column}" if column else ""
        return f"table {self.table}, row {self.row}{where}: {fault.message}{got}; {fault.remedy}"


def number_id(table: str, row: int) -> str:
    """Id of an event whose file has none: it keeps the order of the rows among events of one time.

    >>> number_id("attempts", 7)
    'attempts-000000007'
    """
    return f"{table}-{row:09d}"
