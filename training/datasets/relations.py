"""Rules between rows and tables: keys, events, references, variants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recommender.domain.dataset_format import TABLES, Kind, Reference, Table
from training.datasets.dataset import Finding
from training.datasets.problems import Problem
from training.datasets.readers import MEMBER_JOINT

Frames = Mapping[str, pd.DataFrame]
"""Tables by name, the index of each counting rows from 1."""


def check_key(table: Table, frame: pd.DataFrame) -> list[Problem]:
    """Return the rows whose key an earlier row has already.

    Parameters
    ----------
    table : Table
        The declared table; without a key nothing is checked.
    frame : DataFrame
        Normalised cells.
    """
    if not table.key:
        return []
    key = list(table.key)
    needed = [name for name in key if table.column(name).required]
    whole = frame.loc[frame[needed].notna().all(axis=1), key]
    again = whole[whole.duplicated()]
    if again.empty:
        return []
    first = whole.reset_index(names="row").groupby(key, dropna=False)["row"].transform("first").to_numpy()
    first_of = dict(zip(whole.index, first, strict=True))
    return [
        Problem(
            table.name,
            row,
            _names(key),
            _one(values),
            f"is the key of row {first_of[row]} already",
            "keep one of the two rows",
        )
        for row, values in zip(again.index, again.to_numpy().tolist(), strict=True)
    ]


def without_repeats(table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem], list[Finding]]:
    """Keep one of several rows with the same ``event_id`` and the same content.

    Parameters
    ----------
    table : Table
        The declared table; only tables of events are looked at.
    frame : DataFrame
        Normalised cells, ``event_id`` missing where none was given.

    Returns
    -------
    tuple
        The rows that stay, the rows with an id that means something else already, and how many repeats
        were left out.
    """
    if not table.is_events:
        return frame, [], []
    repeated = frame[frame["event_id"].duplicated(keep=False) & frame["event_id"].notna()]
    if repeated.empty:
        return frame, [], []
    first_row = repeated.index.to_series().groupby(repeated["event_id"]).transform("first")
    firsts = repeated.loc[first_row.to_numpy()].set_axis(repeated.index)
    same = ((repeated == firsts) | (repeated.isna() & firsts.isna())).all(axis=1)
    drop = repeated.index[same.to_numpy() & (first_row.to_numpy() != repeated.index.to_numpy())]
    problems = [
        Problem(
            table.name,
            row,
            "event_id",
            repeated.at[row, "event_id"],
            f"is row {first_row[row]} already, with other content",
            "give every event an id of its own",
        )
        for row in repeated.index[~same.to_numpy()]
    ]
    text = "rows with the event_id and content of an earlier row were left out"
    findings = [Finding("info", table.name, text, len(drop))] if len(drop) else []
    return frame.drop(index=drop), problems, findings


def check_shared_event_ids(frames: Frames) -> list[Problem]:
    """Return the events whose id an event of another table has already.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.
    """
    problems: list[Problem] = []
    seen = pd.Series(dtype="str")
    for name, frame in frames.items():
        if not TABLES[name].is_events:
            continue
        given = frame["event_id"].dropna()
        for row, event_id in given[given.isin(seen.index)].items():
            fault = f"is an event of {seen[event_id]} already"
            remedy = "give every event an id of its own, over all tables"
            problems.append(Problem(name, int(str(row)), "event_id", event_id, fault, remedy))
        fresh = given[~given.isin(seen.index)].unique()
        seen = pd.concat([seen, pd.Series(name, index=fresh, dtype="str")])
    return problems


def check_references(table: Table, frames: Frames) -> list[Problem]:
    """Return the ids that lead to no row of a table that is there.

    Parameters
    ----------
    table : Table
        The table whose references are followed.
    frames : mapping of str to DataFrame
        All tables.
    """
    frame = frames[table.name]
    problems: list[Problem] = []
    for reference in table.references:
        if reference.table in frames:
            problems.extend(_dangling(table, reference, frame, frames[reference.table]))
    return problems


def check_variants(frames: Frames) -> list[Problem]:
    """Return the modules that are a variant of themselves.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.
    """
    if "modules" not in frames:
        return []
    modules = frames["modules"]
    own = modules[modules["variant_of"] == modules["module_id"]]
    fault, remedy = "is the module itself", "name another module or leave the cell empty"
    return [
        Problem("modules", int(str(row)), "variant_of", value, fault, remedy)
        for row, value in own["variant_of"].items()
    ]


def _dangling(table: Table, reference: Reference, frame: pd.DataFrame, target: pd.DataFrame) -> list[Problem]:
    cells = frame[reference.column]
    if reference.where:
        cells = cells[frame[reference.where[0]] == reference.where[1]]
    known = set(target[TABLES[reference.table].key[0]].dropna())
    codes, distinct = pd.factorize(cells)
    is_list = table.column(reference.column).kind is Kind.LIST
    lost = [_first_unknown(cell, known, is_list) for cell in distinct]
    rows = np.flatnonzero(np.array([value is not None for value in lost] + [False])[codes])
    fault = f"is not in table {reference.table}"
    remedy = f"add it to {reference.table} or mend the id"
    return [
        Problem(table.name, int(cells.index[at]), reference.column, lost[codes[at]], fault, remedy)
        for at in rows.tolist()
    ]


def _first_unknown(cell: str, known: set[str], is_list: bool) -> str | None:
    members = cell.split(MEMBER_JOINT) if is_list else [cell]
    return next((member for member in members if member not in known), None)


def _names(columns: list[str]) -> str:
    return " + ".join(columns)


def _one(values: list[object]) -> object:
    given = tuple(value for value in values if not pd.isna(value))  # type: ignore[call-overload]
    return given[0] if len(given) == 1 else given
