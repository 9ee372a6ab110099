"""Ids of events: made where none is given, unique, and in the order of rows where no time gives one.

A learner's state is folded in the order of (`occurred_at`, `event_id`), training reads events without a time
in the order of rows. Both are one order only if the ids say nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recommender.domain.dataset_format import TABLES, Table
from training.datasets.problems import Problem

Frames = Mapping[str, pd.DataFrame]
"""Tables by name, the index of each counting rows of its file from 1."""


def event_ids(table: Table, frame: pd.DataFrame) -> pd.Series:
    """Return the id of every event: its own, else ``TABLE-000000001`` and so on by row of the file.

    Parameters
    ----------
    table : Table
        A declared table of events.
    frame : DataFrame
        Its rows, the index counting rows of the file from 1.
    """
    given = frame["event_id"]
    rows = frame.index.to_series().astype("str").str.zfill(9)
    return given.where(given.notna(), f"{table.name}-" + rows)


def made_id(table: str, row: int) -> str:
    """Return the id that `event_ids` makes for one row.

    Parameters
    ----------
    table : str
        Name of the table.
    row : int
        Row of the file, from 1.

    Examples
    --------
    >>> made_id("attempts", 7)
    'attempts-000000007'
    """
    return f"{table}-{row:09d}"


def check_made_ids(frames: Frames) -> list[Problem]:
    """Return the events whose given id is the one that is made for another event.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.
    """
    events = {name: frame["event_id"] for name, frame in frames.items() if TABLES[name].is_events}
    return [problem for name, ids in events.items() for problem in _taken(name, ids.dropna(), events)]


def check_row_order(frames: Frames) -> list[Problem]:
    """Return the events without a time whose ids do not ascend with the rows of their learner.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.
    """
    problems: list[Problem] = []
    for name, frame in frames.items():
        table = TABLES[name]
        if table.is_events and table.has("learner_id"):
            problems.extend(_out_of_order(table, frame[frame["occurred_at"].isna()]))
    return problems


def _taken(name: str, given: pd.Series, events: Mapping[str, pd.Series]) -> list[Problem]:
    problems: list[Problem] = []
    for other, ids in events.items():
        if not ids.isna().any():
            continue
        alike = given[given.str.fullmatch(rf"{other}-\d{{9,18}}")]
        for row, event_id in zip(alike.index, alike, strict=True):
            made_for = int(event_id.rpartition("-")[2])
            if event_id == made_id(other, made_for) and made_for in ids.index and pd.isna(ids[made_for]):
                fault = f"is the id made for {other} row {made_for}, which has none"
                remedy = "give that row an event_id too, or this one another"
                problems.append(Problem(name, int(row), "event_id", event_id, fault, remedy))
    return problems


def _out_of_order(table: Table, untimed: pd.DataFrame) -> list[Problem]:
    # ids that are made keep the order of rows by themselves
    if not untimed["event_id"].notna().any():
        return []
    ids = event_ids(table, untimed)
    codes, _ = pd.factorize(ids, sort=True)
    rank = pd.Series(codes, index=untimed.index)
    greatest = rank.groupby(untimed["learner_id"]).cummax()
    # rows without a learner have no greatest one: they are refused for that
    behind = untimed.index[(rank < greatest).to_numpy()]
    row_of = np.empty(len(untimed), dtype=np.int64)
    row_of[codes] = untimed.index
    problems = []
    for row in behind:
        before = int(row_of[int(greatest[row])])
        fault = f"sorts before {ids[before]!r} of row {before}, so event_id order contradicts row order"
        remedy = "add occurred_at or leave event_id out"
        problems.append(Problem(table.name, int(row), "event_id", ids[row], fault, remedy))
    return problems
