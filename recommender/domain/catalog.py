"""The catalogue: modules, skills, items, prerequisites and roles as arrays in one fixed order.

Everything that scores modules works on positions in this catalogue, so that a recommendation is array
arithmetic. The tables it is made from are those of the dataset format and travel in the bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recommender.domain.dataset_format import SEGMENTS
from recommender.errors import DatasetError

Tables: TypeAlias = Mapping[str, pa.Table]
Ints: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float64]

CATALOG_TABLES = (
    "modules",
    "skills",
    "items",
    "prerequisites",
    "roles",
    "role_skills",
    "role_transitions",
    "credentials",
)


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Rows of different lengths, back to back: row `i` is ``values[start[i]:start[i + 1]]``.

    >>> r = Ragged.of([[1, 2], [], [0]])
    >>> r[0].tolist(), len(r), r.row_of_value().tolist()
    ([1, 2], 3, [0, 0, 2])
    """

    start: NDArray[np.int64]
    values: Ints

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Ragged:
        """From a list of lists."""
        lengths = np.fromiter((len(r) for r in rows), np.int64, len(rows))
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        values = np.fromiter((v for r in rows for v in r), np.int32, int(start[-1]))
        return cls(start, values)

    @classmethod
    def stacked(cls, *parts: Ragged) -> Ragged:
        """Rows of several, behind each other.

        >>> Ragged.stacked(Ragged.of([[1, 2]]), Ragged.of([[], [3]]))[2].tolist()
        [3]
        """
        lengths = np.concatenate([np.diff(part.start) for part in parts])
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return cls(start, np.concatenate([part.values for part in parts]).astype(np.int32))

    def taken(self, which: NDArray[np.int64]) -> Ragged:
        """Rows in another order, perhaps one several times.

        >>> Ragged.of([[1, 2], [3]]).taken(np.array([1, 0, 1])).values.tolist()
        [3, 1, 2, 3]
        """
        lengths = np.diff(self.start)[which]
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        entries = np.arange(start[-1]) + np.repeat(self.start[which] - start[:-1], lengths)
        return Ragged(start, self.values[entries])

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, row: int) -> Ints:
        return self.values[self.start[row] : self.start[row + 1]]

    def row_of_value(self) -> Ints:
        """Row each value belongs to, shape (n_values,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))


@dataclass(frozen=True, slots=True, eq=False)
class Prerequisites:
    """One entry per rule; exactly one of `needed_module` and `needed_skill` is not -1.

    `required_mastery` is a probability, NaN for module rules; `hard` rules are never violated.
    """

    module: Ints
    needed_module: Ints
    needed_skill: Ints
    required_mastery: Floats
    hard: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """Role profiles: entry `j` of `profile` row `i` is a skill that role `i` requires."""

    ids: tuple[str, ...]
    index: Mapping[str, int]
    titles: tuple[str, ...]
    segment: Ints
    priority: Floats
    profile: Ragged
    required_mastery: Floats
    importance: Floats


TRANSITION_KINDS: Final = ("upskill", "reskill")


@dataclass(frozen=True, slots=True, eq=False)
class RoleTransitions:
    """Which role leads to which: row `i` of `to` holds the roles that role `i` leads to.

    `kind` has a position in `TRANSITION_KINDS` for each value of `to`, -1 where it is not told.
    """

    to: Ragged
    kind: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """The catalogue as arrays over modules (n_modules,), skills (n_skills,) and items (n_items,).

    Times are seconds since 1970 in UTC, unknown numbers NaN, unknown positions -1, unknown texts "".
    `difficulty` and `item_difficulty` are fractions as declared; `half_life_days` NaN means that a skill is
    not known to fade;
    `variant_group` is equal for modules that are the same content at different difficulty.
    """

    tables: Tables
    module_ids: tuple[str, ...]
    module_index: Mapping[str, int]
    titles: tuple[str, ...]
    formats: NDArray[np.str_]
    levels: NDArray[np.str_]
    languages: NDArray[np.str_]
    difficulty: Floats
    duration_minutes: Floats
    published_at: Floats
    retired_at: Floats
    variant_group: Ints
    module_skills: Ragged
    skill_ids: tuple[str, ...]
    skill_index: Mapping[str, int]
    skill_names: tuple[str, ...]
    half_life_days: Floats
    item_ids: tuple[str, ...]
    item_index: Mapping[str, int]
    item_skills: Ragged
    item_module: Ints
    item_difficulty: Floats
    prerequisites: Prerequisites
    roles: Roles
    transitions: RoleTransitions

    @property
    def n_modules(self) -> int:
        """Number of modules."""
        return len(self.module_ids)

    @property
    def n_skills(self) -> int:
        """Number of skills."""
        return len(self.skill_ids)

    @classmethod
    def from_tables(cls, tables: Tables) -> Catalog:
        """Build the arrays from validated catalogue tables; a table that is absent has no rows.

        Parameters
        ----------
        tables : mapping of str to pyarrow.Table
            Any of `CATALOG_TABLES`; others are left out.

        Raises
        ------
        DatasetError
            Two rows have one id or a row has none, or an id that is named is in no row.
        """
        kept = {name: tables[name] for name in CATALOG_TABLES if name in tables}
        modules, skills, items, prerequisites, role_table, role_skills, transitions, _ = (
            _Columns(name, kept.get(name)) for name in CATALOG_TABLES
        )
        module_ids, skill_ids, item_ids = (
            modules.keys("module_id"),
            skills.keys("skill_id"),
            items.keys("item_id"),
        )
        module_index, skill_index = _positions(module_ids), _positions(skill_ids)
        roles = _roles(role_table, role_skills, skill_index)
        return cls(
            tables=kept,
            module_ids=module_ids,
            module_index=module_index,
            titles=modules.texts("title"),
            formats=modules.text("format"),
            levels=modules.text("level"),
            languages=modules.text("language"),
            difficulty=modules.numbers("difficulty"),
            duration_minutes=modules.numbers("duration_minutes"),
            published_at=modules.times("published_at"),
            retired_at=modules.times("retired_at"),
            variant_group=_variant_groups(modules.positions("variant_of", module_index)),
            module_skills=modules.lists("skill_ids", skill_index),
            skill_ids=skill_ids,
            skill_index=skill_index,
            skill_names=skills.texts("name"),
            half_life_days=skills.numbers("half_life_days"),
            item_ids=item_ids,
            item_index=_positions(item_ids),
            item_skills=items.lists("skill_ids", skill_index),
            item_module=items.positions("module_id", module_index),
            item_difficulty=items.numbers("difficulty"),
            prerequisites=_prerequisites(prerequisites, module_index, skill_index),
            roles=roles,
            transitions=_transitions(transitions, roles.index),
        )

    def describe(self) -> dict[str, int]:
        """Sizes, for logs and manifests."""
        sizes = {f.name: getattr(self, f.name) for f in fields(self) if f.name.endswith("_ids")}
        return {f"n_{name.removesuffix('_ids')}s": len(ids) for name, ids in sizes.items()} | {
            "n_roles": len(self.roles.ids),
            "n_prerequisites": len(self.prerequisites.module),
        }


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of a table that may be absent, as the arrays the catalogue wants."""

    name: str
    table: pa.Table | None

    def _values(self, name: str) -> list[Any]:
        if self.table is None:
            return []
        if name not in self.table.column_names:
            return [None] * self.table.num_rows
        values: list[Any] = self.table.column(name).to_pylist()
        return values

    def keys(self, name: str) -> tuple[str, ...]:
        ids = self.texts(name)
        met = set[str]()
        for row, value in enumerate(ids):
            if not value:
                raise DatasetError(f"{self._place(name, row)}: there is no id; give the row one")
            if value in met:
                raise DatasetError(
                    f"{self._place(name, row)}: {value!r} is there already; keep one row of it"
                )
            met.add(value)
        return ids

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple("" if v is None else str(v) for v in self._values(name))

    def text(self, name: str) -> NDArray[np.str_]:
        return np.array(self.texts(name), dtype=np.str_)

    def numbers(self, name: str, default: float = np.nan) -> Floats:
        return np.array([default if v is None else v for v in self._values(name)], dtype=np.float64)

    def times(self, name: str) -> Floats:
        if self.table is None or name not in self.table.column_names:
            return self.numbers(name)
        stamps = pc.cast(self.table.column(name), pa.timestamp("us", "UTC"))
        micros = pc.cast(stamps, pa.int64()).to_pylist()
        return np.array([np.nan if v is None else v / 1e6 for v in micros], dtype=np.float64)

    def codes(self, name: str, index: Mapping[str, int]) -> Ints:
        """Position of each value, -1 for others."""
        return np.array([index.get(v, -1) for v in self._values(name)], dtype=np.int32)

    def positions(self, name: str, index: Mapping[str, int], *, needed: bool = False) -> Ints:
        """Position of each id, -1 where there is none unless it is needed."""
        values = self._values(name)
        found = self.codes(name, index)
        for row in np.flatnonzero(found < 0).tolist():
            if values[row] is not None or needed:
                raise self._dangling(name, row, values[row])
        return found

    def lists(self, name: str, index: Mapping[str, int]) -> Ragged:
        rows = self._values(name)
        for row, ids in enumerate(rows):
            for value in ids or ():
                if value not in index:
                    raise self._dangling(name, row, value)
        return Ragged.of([[index[v] for v in ids or ()] for ids in rows])

    def _place(self, name: str, row: int) -> str:
        return f"table {self.name}, row {row + 1}, {name}"

    def _dangling(self, name: str, row: int, value: str | None) -> DatasetError:
        return DatasetError(
            f"{self._place(name, row)}: {value!r} is not in the catalogue; "
            "add what it names, or leave out what names it as well"
        )


def _positions(ids: Sequence[str]) -> dict[str, int]:
    return {value: position for position, value in enumerate(ids)}


def _variant_groups(variant_of: Ints) -> Ints:
    """Smallest position reachable over `variant_of`, so that all variants of one content share it."""
    group = np.arange(len(variant_of), dtype=np.int32)
    changed = True
    while changed:
        linked = variant_of >= 0
        low = np.minimum(group[linked], group[variant_of[linked]])
        before = group.copy()
        group[linked] = low
        np.minimum.at(group, variant_of[linked], low)
        changed = bool((group != before).any())
    return group


def _prerequisites(
    rows: _Columns, module_index: Mapping[str, int], skill_index: Mapping[str, int]
) -> Prerequisites:
    strength = rows.texts("strength")
    return Prerequisites(
        module=rows.positions("module_id", module_index, needed=True),
        needed_module=rows.positions("prerequisite_module_id", module_index),
        needed_skill=rows.positions("prerequisite_skill_id", skill_index),
        required_mastery=rows.numbers("required_mastery"),
        hard=np.array([s != "soft" for s in strength], dtype=np.bool_),
    )


def _roles(roles: _Columns, role_skills: _Columns, skill_index: Mapping[str, int]) -> Roles:
    ids = roles.keys("role_id")
    index = _positions(ids)
    role = role_skills.positions("role_id", index, needed=True)
    order, start = _by_row(role, len(ids))
    return Roles(
        ids=ids,
        index=index,
        titles=roles.texts("title"),
        segment=roles.codes("segment", _positions(SEGMENTS)),
        priority=roles.numbers("priority", default=0.5),
        profile=Ragged(start, role_skills.positions("skill_id", skill_index, needed=True)[order]),
        required_mastery=role_skills.numbers("required_mastery")[order],
        importance=role_skills.numbers("importance", default=0.5)[order],
    )


def _transitions(rows: _Columns, role_index: Mapping[str, int]) -> RoleTransitions:
    order, start = _by_row(rows.positions("from_role_id", role_index, needed=True), len(role_index))
    to = rows.positions("to_role_id", role_index, needed=True)
    kind = rows.codes("kind", _positions(TRANSITION_KINDS))
    return RoleTransitions(Ragged(start, to[order]), kind[order].astype(np.int8))


def _by_row(row: Ints, n_rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order that puts entries of one row together, and where each row starts."""
    counts = np.bincount(row, minlength=n_rows)
    return np.argsort(row, kind="stable"), np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
