"""Rows that break a rule, and the sentences that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from recommender.domain.dataset_format import TABLES
from recommender.errors import DatasetError

_SHOWN_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell or row that breaks a rule.

    Parameters
    ----------
    table : str
        Name of the table.
    row : int, optional
        Row counted from 1, the header row of a CSV file not counted; None where the whole file is meant.
    column : str
        Name of the column, or of the columns that belong together.
    value : object
        What was got.
    fault : str
        What is wrong with it; continues a sentence that starts with the value.
    remedy : str
        What to do about it.
    """

    table: str
    row: int | None
    column: str
    value: object
    fault: str
    remedy: str

    @property
    def sentence(self) -> str:
        """The problem in one sentence.

        Examples
        --------
        >>> Problem("attempts", 3, "score", 1.5, "is above 1", "write a number from 0 to 1").sentence
        'attempts row 3, column score: 1.5 is above 1; write a number from 0 to 1'
        """
        row = "" if self.row is None else f" row {self.row}"
        return f"{self.table}{row}, column {self.column}: {shown(self.value)} {self.fault}; {self.remedy}"


def shown(value: object) -> str:
    """Return `value` as it is quoted in a sentence: short, on one line.

    Parameters
    ----------
    value : object
        A cell; None reads as "nothing".
    """
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 4] + "..." + text[-1]


def plain(cell: pa.Scalar) -> object:
    """Return a stored cell as a plain value; of a time that Python cannot hold, its number.

    Parameters
    ----------
    cell : pyarrow.Scalar
    """
    try:
        value: object = cell.as_py()
    except (OverflowError, ValueError):
        value = cell.value
    return value


def raise_first_table(problems: Iterable[Problem]) -> None:
    """Raise all reasons of the first table, in the order of the format, that has any.

    Parameters
    ----------
    problems : iterable of Problem
        May be empty, and then nothing is raised.

    Raises
    ------
    DatasetError
        With one sentence per problem, in row order.
    """
    per_table = by_table(problems)
    for name in TABLES:
        if name in per_table:
            # one cell, one reason: what cannot be read is not also missing
            cells = {(problem.row or 0, problem.column): problem for problem in reversed(per_table[name])}
            ordered = [cells[cell] for cell in sorted(cells)]
            raise DatasetError(*(problem.sentence for problem in ordered))


def by_table(problems: Iterable[Problem]) -> Mapping[str, list[Problem]]:
    """Return `problems` grouped by the name of their table."""
    grouped: dict[str, list[Problem]] = {}
    for problem in problems:
        grouped.setdefault(problem.table, []).append(problem)
    return grouped
