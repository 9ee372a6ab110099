"""Columns of a catalogue as arrays of positions, and which catalogues a simulation can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.errors import DatasetError
from training.datasets.dataset import Dataset

Ints: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float64]
Tables: TypeAlias = Mapping[str, pd.DataFrame]

NEEDED: Final = ("modules", "skills", "items", "roles", "role_skills")
"""Tables without which there is nothing to simulate."""
NONE: Final = -1
"""Position of what is not there."""


def check_catalog(dataset: Dataset) -> None:
    """Refuse a catalogue that no organisation can be simulated on.

    Raises
    ------
    DatasetError
        When a table is missing, or no item belongs to a module.
    """
    for name in NEEDED:
        if name not in dataset.tables or dataset.tables[name].empty:
            raise DatasetError(
                f"the catalogue {dataset.path} has no table {name}; a simulation needs {', '.join(NEEDED)}"
            )
    if dataset.tables["items"]["module_id"].isna().all():
        raise DatasetError(
            f"the catalogue {dataset.path} has no item with a module_id; say which module each belongs to"
        )


def positions(ids: pd.Series) -> dict[str, int]:
    """Return where each id stands."""
    return {value: position for position, value in enumerate(ids)}


def codes(column: pd.Series, members: Sequence[str], default: int) -> Ints:
    """Return the position of each choice among its members; `default` where nothing is chosen."""
    at = {member: code for code, member in enumerate(members)}
    return np.array([at.get(value, default) for value in column], np.int32)


def looked_up(column: pd.Series, at: Mapping[str, int]) -> Ints:
    """Return the position of each id, `NONE` where there is none."""
    return np.array([at.get(value, NONE) for value in column], np.int32)


def of_list(column: pd.Series, at: Mapping[str, int]) -> Ints:
    """Return the positions of each list of ids as rows of a matrix, see `padded`."""
    return padded([[at[value] for value in row] for row in column])


def padded(rows: Sequence[Sequence[int]]) -> Ints:
    """Return lists of positions as rows of a matrix; each ends with `NONE`, the longest too.

    Examples
    --------
    >>> padded([[3, 1], []]).tolist()
    [[3, 1, -1], [-1, -1, -1]]
    """
    matrix = np.full((len(rows), max(map(len, rows), default=0) + 1), NONE, np.int32)
    for row, values in zip(matrix, rows, strict=True):
        row[: len(values)] = values
    return matrix


def rows_of(group: Ints, n_groups: int) -> list[list[int]]:
    """Return the rows of each group, in row order; rows of no group (`NONE`) are in none."""
    rows: list[list[int]] = [[] for _ in range(n_groups)]
    for row, g in enumerate(group):
        if g != NONE:
            rows[g].append(row)
    return rows


def days(column: pd.Series, start: pd.Timestamp, default: float) -> Floats:
    """Return times as days from a start, `default` where there is none."""
    seconds = (column - start).dt.total_seconds()
    return np.asarray((seconds / 86400).fillna(default), np.float64)


def needed_modules(tables: Tables) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the modules that each module needs, and which of them it cannot do without."""
    at = positions(tables["modules"]["module_id"])
    rows: list[list[tuple[int, bool]]] = [[] for _ in at]
    for row in _prerequisites(tables):
        if isinstance(row.prerequisite_module_id, str):
            rows[at[row.module_id]].append((at[row.prerequisite_module_id], row.strength == "hard"))
    return padded([[module for module, _ in row] for row in rows]), padded(
        [[int(hard) for _, hard in row] for row in rows]
    ) == 1


def needed_skills(tables: Tables) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Return the skills that each module needs, the mastery it asks of each, and whether it insists."""
    at = positions(tables["modules"]["module_id"])
    at_skill = positions(tables["skills"]["skill_id"])
    rows: list[list[tuple[int, float, bool]]] = [[] for _ in at]
    for row in _prerequisites(tables):
        if isinstance(row.prerequisite_skill_id, str):
            need = at_skill[row.prerequisite_skill_id], row.required_mastery, row.strength == "hard"
            rows[at[row.module_id]].append(need)
    skills = padded([[skill for skill, _, _ in row] for row in rows])
    required = np.zeros(skills.shape)
    for place, row in zip(required, rows, strict=True):
        place[: len(row)] = [mastery for _, mastery, _ in row]
    return skills, required, padded([[int(hard) for _, _, hard in row] for row in rows]) == 1


def _prerequisites(tables: Tables) -> Sequence[Any]:
    return list(tables["prerequisites"].itertuples()) if "prerequisites" in tables else []
