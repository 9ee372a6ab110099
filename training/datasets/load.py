"""Load a dataset: read, check, fill in, and say what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from recommender.domain.dataset_format import TABLES, Kind, Table
from recommender.domain.simulation import notice_in
from recommender.errors import DatasetError
from training.datasets.cells import Cells, read_cells
from training.datasets.dataset import Dataset, Finding
from training.datasets.event_ids import check_made_ids, check_row_order
from training.datasets.files import find_tables, read_table
from training.datasets.fingerprint import fingerprint_of
from training.datasets.item_skills import with_item_skills, with_looked_up
from training.datasets.normalise import (
    all_timed,
    in_order,
    with_defaults,
    with_derived_tables,
)
from training.datasets.prerequisites import check_cycles, check_prerequisites
from training.datasets.problems import Problem, raise_first_table
from training.datasets.provenance import simulation_of
from training.datasets.readers import split_lists
from training.datasets.rejects import write_rejects
from training.datasets.relations import (
    check_key,
    check_references,
    check_shared_event_ids,
    check_variants,
    without_repeats,
)
from training.datasets.rules import check_cells

_Frames = dict[str, pd.DataFrame]
_Rejected = dict[str, dict[int, list[Problem]]]


def load_dataset(
    path: Path, *, lenient: bool = False, rejects: Path | None = None, pass_mark: float = 0.5
) -> Dataset:
    """Load, check and normalise the dataset in a directory.

    Parameters
    ----------
    path : Path
        Directory with one ``NAME.csv`` or ``NAME.parquet`` per table.
    lenient : bool
        Whether to go on without the rows that break a rule, and without the rows that refer to those,
        instead of stopping at the first table that has any.
    rejects : Path, optional
        Directory for the rows that were refused; needed when `lenient`.
    pass_mark : float
        Least score, in [0, 1], that passes where an attempt does not say.

    Returns
    -------
    Dataset
        Sound and complete; see there what is filled in.

    Raises
    ------
    DatasetError
        With every reason of the first table that breaks the format. Damaged files, missing columns and
        columns of a wrong type are errors also when `lenient`, as is a table without one sound row.
    """
    if lenient and rejects is None:
        raise DatasetError("lenient needs a place for the rows it refuses; give a directory for rejects")
    files, findings = find_tables(path)
    raw = {name: read_table(file) for name, file in files.items()}
    cells = {name: read_cells(TABLES[name], table) for name, table in raw.items()}
    findings = findings + [finding for read in cells.values() for finding in read.findings]
    frames, repeats, problems = _sound_so_far(cells)
    findings += repeats
    if not lenient:
        raise_first_table(problems + _relations(frames))
    elif rejects is not None:
        frames, rejected = _settle(frames, problems)
        write_rejects(rejected, raw, rejects)
        findings += _refused(rejected, rejects)
        _refuse_emptied(frames, rejects)
    notices = {name: notice_in(table.schema.metadata) for name, table in raw.items()}
    return _normalised(path, frames, findings, pass_mark, notices)


def _sound_so_far(cells: Mapping[str, Cells]) -> tuple[_Frames, list[Finding], list[Problem]]:
    frames: _Frames = {}
    findings: list[Finding] = []
    problems: list[Problem] = []
    for name, read in cells.items():
        table = TABLES[name]
        frames[name], clashes, repeats = without_repeats(table, read.frame)
        problems += [*read.problems, *check_cells(table, read.frame, read.problems), *clashes]
        findings += repeats
    return frames, findings, problems


def _relations(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    problems = [*check_shared_event_ids(frames), *check_made_ids(frames), *check_row_order(frames)]
    problems += check_variants(frames)
    problems += [*check_prerequisites(frames), *check_cycles(frames)]
    for name, frame in frames.items():
        problems += [*check_key(TABLES[name], frame), *check_references(TABLES[name], frames)]
    return problems


def _settle(frames: _Frames, problems: list[Problem]) -> tuple[_Frames, _Rejected]:
    """Take rows out until no rule is broken: a row may dangle only because another was refused."""
    rejected: _Rejected = {}
    problems = problems or _relations(frames)
    while problems:
        for problem in problems:
            if problem.row is not None:
                rejected.setdefault(problem.table, {}).setdefault(problem.row, []).append(problem)
        frames = {name: _without(frame, rejected.get(name, {})) for name, frame in frames.items()}
        problems = _relations(frames)
    return frames, rejected


def _without(frame: pd.DataFrame, rows: Iterable[int]) -> pd.DataFrame:
    return frame.drop(index=list(rows), errors="ignore")


def _refused(rejected: _Rejected, rejects: Path) -> list[Finding]:
    text = f"rows were refused and written to {rejects}/"
    return [Finding("warning", name, f"{text}{name}.csv", len(rows)) for name, rows in rejected.items()]


def _refuse_emptied(frames: Mapping[str, pd.DataFrame], rejects: Path) -> None:
    for name, frame in frames.items():
        if frame.empty:
            raise DatasetError(
                f"table {name} has no sound row left; see the reasons in {rejects / name}.csv and mend them"
            )


def _normalised(
    path: Path,
    frames: Mapping[str, pd.DataFrame],
    findings: list[Finding],
    pass_mark: float,
    notices: Mapping[str, str | None],
) -> Dataset:
    filled = {name: with_defaults(TABLES[name], frame) for name, frame in frames.items()}
    filled, derived = with_derived_tables(filled)
    if "items" in filled:
        filled["items"] = with_item_skills(filled)
    if "attempts" in filled:
        filled["attempts"] = with_looked_up(filled["attempts"], filled, pass_mark)
    for name in filled:
        frame = in_order(filled[name]) if TABLES[name].is_events else filled[name]
        filled[name] = frame.reset_index(drop=True)
    has_clock, untimed = all_timed(filled)
    simulated, label = simulation_of(notices, filled.get("learners"))
    order = ["", *TABLES]
    return Dataset(
        name=path.resolve().name,
        path=path,
        tables={name: _with_lists(TABLES[name], frame) for name, frame in filled.items()},
        findings=tuple(
            sorted(label + findings + derived + untimed, key=lambda finding: order.index(finding.table))
        ),
        fingerprint=fingerprint_of(filled),
        has_clock=has_clock,
        simulated=simulated,
    )


def _with_lists(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    lists = (column.name for column in table.columns if column.kind is Kind.LIST)
    return frame.assign(**{name: split_lists(frame[name]) for name in lists})
