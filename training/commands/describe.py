"""``describe``: what datasets look like, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from training.commands.outputs import check_writable
from training.datasets import load_dataset
from training.evaluation.description import describe_dataset
from training.evaluation.description_table import (
    SideBySide,
    as_json,
    as_markdown,
    numbered_notes,
    side_by_side,
)


def run(data: Sequence[Path], *, json_file: Path | None, markdown_file: Path | None) -> None:
    """Describe the datasets in `data` and print a table with one column each.

    Parameters
    ----------
    data : sequence of Path
        Directories of the datasets, at least one.
    json_file : Path, optional
        Where the numbers are written for machines.
    markdown_file : Path, optional
        Where the table is written as Markdown.

    Raises
    ------
    DatasetError
        A dataset breaks its format, or has neither attempts nor completions. Nothing is written then.
    ConfigurationError
        A file could not be written; nothing was read.
    """
    check_writable(json_file, "--json")
    check_writable(markdown_file, "--markdown")
    # one at a time: a description is small, a dataset need not be
    descriptions = [describe_dataset(load_dataset(path)) for path in data]
    table = side_by_side(descriptions, [str(path) for path in data])
    if json_file is not None:
        found = {"datasets": [as_json(each) for each in descriptions]}
        _write(json_file, json.dumps(found, indent=2, allow_nan=False) + "\n")
    if markdown_file is not None:
        _write(markdown_file, as_markdown(table))
    # what a dataset is called is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    console.print(_for_screen(table))
    for note in numbered_notes(table):
        console.print(note, soft_wrap=True)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _for_screen(table: SideBySide) -> Table:
    screen = Table(title=table.title, title_justify="left", box=box.SIMPLE_HEAD)
    screen.add_column("")
    for heading in table.headings:
        screen.add_column(heading, justify="right", overflow="fold")
    for line in table.lines:
        screen.add_row(line.label, *line.cells, style="" if line.cells else "bold")
    return screen
