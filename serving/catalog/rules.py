"""What rows that were put must agree with: what they name is there, and nothing leads round in a circle.

The rules are those of a dataset, so that what is accepted here can be trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, TypeAlias

from recommender.domain.catalog import Tables
from recommender.domain.circles import circles
from recommender.domain.dataset_format import TABLES
from serving.catalog.rows import PUT_TABLES, Overlaid, PutRow, Row
from serving.catalog.tables import keys_of
from serving.problems import Fault

Place: TypeAlias = tuple[str, str]
"""A table and a key in it."""
Faults: TypeAlias = Mapping[Place, list[Fault]]

_LINKS: Final = (
    ("prerequisites", "module_id", "prerequisite_module_id", "take one of these prerequisites out"),
    ("skills", "skill_id", "parent_skill_id", "mend one of these parents"),
    ("modules", "module_id", "variant_of", "leave it out for the one that the others are variants of"),
)


@dataclass(frozen=True)
class Known:
    """What the catalogue of a bundle holds, as rules look at it."""

    tables: Tables

    @cached_property
    def ids(self) -> Mapping[str, frozenset[str]]:
        """Ids of each table that others name."""
        named = {reference.table for table in PUT_TABLES for reference in TABLES[table].references}
        return {table: frozenset(self._column(table, TABLES[table].key[0])) for table in named}

    def links(self, table: str, start: str, end: str) -> Iterator[tuple[str, str, str]]:
        """Rows of a table that lead from one id to another: key, from and to."""
        if table in self.tables and end in self.tables[table].column_names:
            keys = keys_of(table, self.tables[table]).to_pylist()
            for link in zip(keys, self._column(table, start), self._column(table, end), strict=True):
                if link[2] is not None:
                    yield link

    def _column(self, table: str, name: str) -> list[str]:
        values: list[str] = self.tables[table].column(name).to_pylist() if table in self.tables else []
        return values


def faults_of(known: Known, put: Overlaid) -> Faults:
    """Return what is wrong with rows that were put, laid over what is known; of circles the newest row."""
    return _dangling(known, put) or _circles(known, put)


def row_faults(table: str, row: Row, *, removed: bool) -> list[Fault]:
    """Return what is wrong with a row by itself, beside what its schema says."""
    if table == "role_skills" and "required_mastery" not in row and not removed:
        return [Fault("required_mastery", "required_mastery is missing", "add it, a number from 0 to 1")]
    if table != "prerequisites":
        return []
    module, skill = row.get("prerequisite_module_id"), row.get("prerequisite_skill_id")
    if (module is None) == (skill is None):
        message = "a prerequisite names one module or one skill, and this names " + (
            "neither" if module is None else "both"
        )
        remedy = "give prerequisite_module_id or prerequisite_skill_id, one row for each"
        return [Fault("", message, remedy)]
    if skill is not None and "required_mastery" not in row and not removed:
        message = "required_mastery is missing, which a prerequisite_skill_id needs"
        return [Fault("required_mastery", message, "add the mastery it takes, a number from 0 to 1")]
    return []


def _dangling(known: Known, put: Overlaid) -> Faults:
    ids = {table: known.ids[table] | _ids(put.get(table, {}), table) for table in known.ids}
    return {
        (table, key): faults
        for table, rows in put.items()
        for key, put_row in rows.items()
        if (faults := list(_unknown(table, put_row.row or {}, ids)))
    }


def _ids(rows: Mapping[str, PutRow], table: str) -> set[str]:
    key = TABLES[table].key[0]
    return {its.row[key] for its in rows.values() if its.row is not None}


def _unknown(table: str, row: Row, ids: Mapping[str, frozenset[str]]) -> Iterator[Fault]:
    for reference in TABLES[table].references:
        cell, among = row.get(reference.column), ids[reference.table]
        # A table that is not there cannot be put: nothing can be said of what names it.
        if cell is None or (not among and reference.table not in PUT_TABLES):
            continue
        for position, value in enumerate(cell if isinstance(cell, list) else [cell]):
            if value not in among:
                field = f"{reference.column}[{position}]" if isinstance(cell, list) else reference.column
                message = f"{field} is not one of the {reference.table} of the catalogue"
                yield Fault(field, message, _remedy(reference.table), value)


def _remedy(table: str) -> str:
    if table in PUT_TABLES:
        return f"mend it, or put it first, by /v1/{table.replace('_', '-')}"
    return "name one that the model was trained with, or leave it out"


def _circles(known: Known, put: Overlaid) -> Faults:
    found: dict[Place, list[Fault]] = {}
    for table, start, end, remedy in _LINKS:
        rows = put.get(table, {})
        links = {key: (a, b) for key, a, b in known.links(table, start, end) if key not in rows}
        links |= {
            key: (its.row[start], its.row[end]) for key, its in rows.items() if its.row and end in its.row
        }
        keys, edges = list(links), dict[str, dict[str, int]]()
        for number, (a, b) in enumerate(links.values()):
            edges.setdefault(a, {})[b] = number
        for _, way in circles(edges):
            on_it = [keys[edges[a][b]] for a, b in pairwise(way)]
            ours = [key for key in on_it if key in rows]
            # What the bundle itself holds is not for a row to mend.
            if ours:
                newest = max(ours, key=lambda key: (rows[key].revision, key))
                message = f"{end} closes the circle {' -> '.join(way)}"
                found.setdefault((table, newest), []).append(Fault(end, message, remedy, links[newest][1]))
    return found
