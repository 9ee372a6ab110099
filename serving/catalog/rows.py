"""Rows of the catalogue as plain values: what names them, and how they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from recommender.domain.dataset_format import TABLES
from serving.store.catalog import StoredRow

Row: TypeAlias = Mapping[str, Any]
"""Cells by column, as JSON has them; empty ones are left out."""

PUT_TABLES: Final = ("skills", "modules", "prerequisites", "roles", "role_skills", "items")
"""Tables whose rows can be put."""
REMOVED: Final = "removed"
"""Member of a row that says that there shall be none of this key."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class PutRow:
    """A row that was put.

    Parameters
    ----------
    row : Row or None
        None where the row was taken out.
    revision : int
        The change of the catalogue that it came with.
    """

    row: Row | None
    revision: int


Overlaid: TypeAlias = Mapping[str, Mapping[str, PutRow]]
"""Rows that were put, by table and key."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """All rows that were put up to a change of the catalogue."""

    revision: int
    rows: Overlaid

    @classmethod
    def of(cls, stored: Iterable[StoredRow], revision: int) -> Overlay:
        """Read stored rows; their order does not matter."""
        rows: dict[str, dict[str, PutRow]] = {table: {} for table in PUT_TABLES}
        for its in sorted(stored, key=lambda its: (its.table_name, its.row_key)):
            rows[its.table_name][its.row_key] = PutRow(read_payload(its.payload), its.revision)
        return cls(revision, rows)


def key_of(table: str, row: Row) -> str:
    r"""Return what names a row: its key columns, one a line; ids hold no line break.

    >>> key_of("prerequisites", {"module_id": "m", "prerequisite_skill_id": "s"})
    'm\n\ns'
    """
    return "\n".join(row.get(column) or "" for column in TABLES[table].key)


def payload_of(table: str, row: Row, *, removed: bool) -> str:
    """One spelling for all ways to put the same: sorted, without empty cells and defaults."""
    if removed:
        kept = {column: row[column] for column in TABLES[table].key if row.get(column)}
        return _CANONICAL.encode(kept | {REMOVED: True})
    defaults = {column.name: column.default for column in TABLES[table].columns}
    return _CANONICAL.encode(
        {name: _plain(cell) for name, cell in row.items() if cell not in (None, [], defaults[name])}
    )


def read_payload(payload: str) -> Row | None:
    """Return the row that is stored, None for one that was taken out."""
    row: dict[str, Any] = json.loads(payload)
    return None if REMOVED in row else row


def _plain(cell: Any) -> Any:
    if isinstance(cell, list):
        return list(dict.fromkeys(cell))
    # Plus zero: -0.0 becomes 0.0, which it equals.
    return cell + 0.0 if isinstance(cell, float) else cell
