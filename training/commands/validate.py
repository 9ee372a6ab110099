"""``validate``: check a dataset and print what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from recommender.domain.simulation import LABEL, labelled
from recommender.errors import ConfigurationError
from training.commands.outputs import check_writable
from training.datasets import Dataset, load_dataset
from training.datasets.dataset import Finding


def run(data: Path, *, lenient: bool, rejects: Path | None, json_file: Path | None) -> None:
    """Load the dataset in `data` and print its tables and findings.

    Parameters
    ----------
    data : Path
        Directory of the dataset.
    lenient : bool
        Whether to go on without the rows that break a rule.
    rejects : Path, optional
        Where those rows are written.
    json_file : Path, optional
        Where the same is written for machines.

    Raises
    ------
    DatasetError
        When the dataset breaks its format.
    ConfigurationError
        When `rejects` is given without `lenient` or `json_file` could not be written; nothing was read.
    """
    if rejects is not None and not lenient:
        raise ConfigurationError(f"--rejects {rejects} is only for --lenient; add --lenient or leave it out")
    check_writable(json_file, "--json")
    dataset = load_dataset(data, lenient=lenient, rejects=rejects)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(as_json(dataset), indent=2) + "\n", encoding="utf-8")
    # what a dataset holds is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    console.print(_tables(dataset))
    if dataset.findings:
        console.print(_findings(dataset.findings))
    label = f" ({LABEL.lower()})" if dataset.simulated else ""
    console.print(f"valid{label}: fingerprint {dataset.fingerprint[:12]}, {_clock(dataset)}", soft_wrap=True)


def _clock(dataset: Dataset) -> str:
    if dataset.has_clock:
        return "every attempt and completion has a time"
    events = [dataset.tables[name] for name in ("attempts", "completions") if name in dataset.tables]
    if any(frame["occurred_at"].notna().any() for frame in events):
        return "some events have no time: those come first, in row order; what needs clock time is off"
    return "row order is time order"


def as_json(dataset: Dataset) -> dict[str, Any]:
    """Return what was found as plain values.

    Parameters
    ----------
    dataset : Dataset
        A loaded dataset.
    """
    return {
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "has_clock": dataset.has_clock,
        "simulated": dataset.simulated,
        "tables": {
            name: {"rows": len(frame), "columns": _filled(frame)} for name, frame in dataset.tables.items()
        },
        "findings": [
            {"level": found.level, "table": found.table, "text": found.text, "count": found.count}
            for found in dataset.findings
        ],
    }


def _filled(frame: pd.DataFrame) -> list[str]:
    """Return the columns that hold anything: every declared one is there."""
    return [
        str(name)
        for name, column in frame.items()
        if (column.map(len).any() if column.dtype == object else column.notna().any())
    ]


def _tables(dataset: Dataset) -> Table:
    table = Table(title=labelled(f"dataset {dataset.name}", dataset.simulated), title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("columns with values", justify="right")
    table.add_column("notes")
    for name, frame in dataset.tables.items():
        table.add_row(name, f"{len(frame):,}", str(len(_filled(frame))), _note(name, frame))
    return table


def _note(name: str, frame: pd.DataFrame) -> str:
    if "occurred_at" not in frame.columns:
        return ""
    notes = []
    if "learner_id" in frame.columns:
        notes.append(f"{frame['learner_id'].nunique():,} learners")
    if frame["occurred_at"].notna().any():
        first, last = frame["occurred_at"].min(), frame["occurred_at"].max()
        notes.append(f"{first:%Y-%m-%d} to {last:%Y-%m-%d}")
    if name == "attempts":
        notes.append(f"{frame['passed'].mean():.0%} passed")
    return ", ".join(notes)


def _findings(findings: tuple[Finding, ...]) -> Table:
    table = Table(title="findings", title_justify="left")
    for heading in ("level", "table", "count", "what"):
        table.add_column(heading, justify="right" if heading == "count" else "left")
    for found in findings:
        table.add_row(found.level, found.table or "(all)", f"{found.count:,}", found.text)
    return table
