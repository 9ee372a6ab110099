"""The catalogue of a bundle with the rows that were put laid over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from recommender.domain.catalog import Tables
from serving.catalog.rows import Overlaid, Overlay, PutRow, Row
from serving.catalog.rules import Faults, Known, faults_of
from serving.catalog.tables import merged


@dataclass(frozen=True, slots=True)
class UnusedRow:
    """A row that was put and has no place in the catalogue of the bundle that serves."""

    table: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """Tables of the catalogue that results, and what of the rows could not be used."""

    tables: Tables
    unused: tuple[UnusedRow, ...]


def applied(tables: Tables, overlay: Overlay) -> Applied:
    """Lay rows over the tables of a catalogue.

    Rows that name what is not there, or close a circle, are left out, and with them what names them; so the
    result is always a sound catalogue. It depends on the rows alone, not on their order.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        The catalogue as it was trained; what is not overlaid stays the same object.
    """
    used = {table: dict(rows) for table, rows in overlay.rows.items()}
    unused = [
        UnusedRow(*place, found[0].message)
        for faults in _left_out(Known(tables), used)
        for place, found in faults.items()
    ]
    result = dict(tables)
    # Items last: those without skills have those of their module.
    for table in sorted(used, key=lambda table: table == "items"):
        if used[table]:
            rows = {key: its.row for key, its in used[table].items()}
            if table == "items":
                rows = _with_module_skills(rows, result.get("modules"))
            result[table] = merged(table, tables.get(table), rows)
    return Applied(result, tuple(unused))


def first_faults(tables: Tables, put: Overlaid, revision: int) -> Faults:
    """Return what is wrong with the rows of one revision, laid over a catalogue with all others.

    Rows of earlier revisions that have no place are left out first, as `applied` leaves them out.
    """
    for faults in _left_out(Known(tables), {table: dict(rows) for table, rows in put.items()}):
        found = {place: f for place, f in faults.items() if put[place[0]][place[1]].revision == revision}
        if found:
            return found
    return {}


def _left_out(known: Known, used: dict[str, dict[str, PutRow]]) -> Iterator[Faults]:
    """Leave out rows with faults until there are none, in place; yields the faults of each round."""
    while faults := faults_of(known, used):
        for table, key in faults:
            del used[table][key]
        yield faults


def _with_module_skills(rows: dict[str, Row | None], modules: pa.Table | None) -> dict[str, Row | None]:
    bare = {
        row["module_id"] for row in rows.values() if row and "module_id" in row and "skill_ids" not in row
    }
    if not bare or modules is None or "skill_ids" not in modules.column_names:
        return rows
    names, skills = modules.column("module_id").to_pylist(), modules.column("skill_ids").to_pylist()
    of_module = {name: its for name, its in zip(names, skills, strict=True) if name in bare and its}
    return {
        key: dict(row) | {"skill_ids": of_module[row["module_id"]]}
        if row and "skill_ids" not in row and row.get("module_id") in of_module
        else row
        for key, row in rows.items()
    }
