"""What loading a dataset gives: its tables, what was found on the way, and its fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing that did not stop the dataset from loading.

    Parameters
    ----------
    level : {"info", "warning"}
        Whether somebody should look at it.
    table : str
        The table it is about; empty for the whole dataset.
    text : str
        What was found and what was made of it, in one sentence.
    count : int
        How many rows, columns or files are meant.
    """

    level: Literal["info", "warning"]
    table: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """A validated, normalised dataset.

    Every declared column is there in every table, in declared order (missing where the file had none),
    then the ``group_*`` columns. Ids and texts are ``str``, times ``datetime64[us, UTC]``, fractions and
    other numbers ``float64``, counts ``int64``, flags ``boolean``; list columns hold lists of ``str``, empty
    where nothing was given. Equal lists may be one object: do not change them in place.

    Parameters
    ----------
    name : str
        Name of the directory.
    path : Path
        The directory it was read from.
    tables : mapping of str to DataFrame
        The tables that were there, and `learners`, `items`, `modules`, `skills` and `roles` derived from the
        ids in other tables where they were not. Events are in order of (`occurred_at`, `event_id`), those
        without a time first and in row order; ``attempts`` and ``completions`` always have an
        ``event_id``, ``attempts`` a ``passed`` (bool), ``skill_ids`` and ``module_id`` looked up in the
        item and its module where the row had none. Items without skills have those that an attempt named
        first, else their module's.
    findings : tuple of Finding
        What was found, in the order of the tables.
    fingerprint : str
        SHA-256 of the normalised content: the same from CSV and Parquet and for any order of columns.
    has_clock : bool
        Whether every attempt and completion says when it happened. Without it row order is time order per
        learner, and what needs clock time does not apply, also to events that do say.
    simulated : bool
        Whether no real person's learning is in it: some file says so in its metadata (`SIMULATION_KEY`), or
        every learner's id begins with `SIMULATED_ID_PREFIX`.
    """

    name: str
    path: Path
    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    fingerprint: str
    has_clock: bool
    simulated: bool
