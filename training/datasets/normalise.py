"""What is filled in once every row is sound: ids, defaults, derived tables, the order of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import pandas as pd

from recommender.domain.dataset_format import TABLES, WHOLE_KINDS, Kind, Reference, Table
from training.datasets.dataset import Finding
from training.datasets.event_ids import event_ids
from training.datasets.readers import MEMBER_JOINT, missing_column

_DERIVED = ("learners", "modules", "items", "skills", "roles")
# what a derived row must hold beside its id is the id itself
_NAMED_BY = {"modules": "title", "skills": "name", "roles": "title"}


def with_derived_tables(frames: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Add the tables of learners, modules, items, skills and roles that are absent but referred to.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables that are there.

    Returns
    -------
    tuple
        The tables, in the order of the format, and one finding per derived table. Ids come in the order in
        which they are first met; a derived item has the module its attempts name first.
    """
    found = dict(frames)
    findings = []
    for name in _DERIVED:
        ids = [] if name in frames else list(dict.fromkeys(_ids_that_lead_to(name, frames)))
        if not ids:
            continue
        found[name] = _derived(TABLES[name], ids, frames)
        text = f"no table {name}: derived from the ids in other tables"
        findings.append(Finding("info", name, text, len(ids)))
    return {name: found[name] for name in TABLES if name in found}, findings


def with_defaults(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Fill the cells whose emptiness has a meaning, and give every event an id.

    Parameters
    ----------
    table : Table
        The declared table.
    frame : DataFrame
        Sound rows, the index counting rows of the file from 1.

    Returns
    -------
    DataFrame
        Generated ids are ``TABLE-000000001`` and so on by row of the file, so they keep row order.
    """
    filled = {
        column.name: frame[column.name].fillna(column.default)
        for column in table.columns
        if column.default is not None
    }
    # every declared count is required, so none is missing by now
    counts = [column.name for column in table.columns if column.kind in WHOLE_KINDS]
    filled |= {name: frame[name].astype("int64") for name in counts}
    if table.is_events:
        filled["event_id"] = event_ids(table, frame)
    return frame.assign(**filled)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort events by (`occurred_at`, `event_id`); those without a time come first, in row order.

    Parameters
    ----------
    frame : DataFrame
        Events, in row order.
    """
    times = frame["occurred_at"]
    if times.isna().all():
        return frame
    untimed = frame[times.isna()]
    timed = frame[times.notna()].sort_values(["occurred_at", "event_id"], kind="stable")
    return pd.concat([untimed, timed]) if len(untimed) else timed


def all_timed(frames: Mapping[str, pd.DataFrame]) -> tuple[bool, list[Finding]]:
    """Return whether every attempt and completion has a time, and a finding where only some have.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.
    """
    events = {name: frames[name]["occurred_at"] for name in ("attempts", "completions") if name in frames}
    missing = {name: int(times.isna().sum()) for name, times in events.items()}
    n_events = sum(len(times) for times in events.values())
    n_missing = sum(missing.values())
    if n_missing in (0, n_events):
        return n_events > 0 and n_missing == 0, []
    text = "some events have no time: those come first, in row order; what needs clock time is off"
    return False, [Finding("warning", name, text, count) for name, count in missing.items() if count]


def _ids_that_lead_to(target: str, frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    for name, frame in frames.items():
        for reference in TABLES[name].references:
            if reference.table == target:
                yield from _ids(TABLES[name], frame, reference)


def _ids(table: Table, frame: pd.DataFrame, reference: Reference) -> Iterator[str]:
    cells = frame[reference.column]
    if reference.where:
        cells = cells[frame[reference.where[0]] == reference.where[1]]
    distinct = cells.dropna().unique()
    if table.column(reference.column).kind is Kind.LIST:
        return chain.from_iterable(cell.split(MEMBER_JOINT) for cell in distinct)
    return iter(distinct)


def _derived(table: Table, ids: list[str], frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    index = pd.RangeIndex(1, len(ids) + 1)
    columns = {column.name: missing_column(column.kind, index) for column in table.columns}
    own = pd.Series(ids, index=index, dtype="str")
    columns[table.key[0]] = own
    if table.name in _NAMED_BY:
        columns[_NAMED_BY[table.name]] = own
    if table.name == "items":
        pairs = frames["attempts"][["item_id", "module_id"]].dropna().drop_duplicates("item_id")
        columns["module_id"] = own.map(pairs.set_index("item_id")["module_id"]).astype("str")
    return pd.DataFrame(columns, index=index)
