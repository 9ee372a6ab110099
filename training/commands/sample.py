"""``sample``: simulate an organisation and print what was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from recommender.errors import DatasetError
from training.commands.outputs import check_writable
from training.datasets.sample import CATALOG, SampleConfig, simulate
from training.progress import bar

_LINE_EVERY: Final = 10_000


def run(out: Path, config: SampleConfig, catalog: Path | None = None, json_file: Path | None = None) -> None:
    """Simulate an organisation into a directory.

    Parameters
    ----------
    out : Path
        Directory to write.
    config : SampleConfig
    catalog : Path, optional
        Directory of a catalogue; by default the one that comes with the project.
    json_file : Path, optional
        Where the rows of each table are written for machines.

    Raises
    ------
    DatasetError
        When the catalogue cannot be used or `out` cannot be written.
    ConfigurationError
        When `json_file` cannot be written.
    """
    check_writable(json_file, "--json")
    # what a dataset holds is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    progress = bar(console)
    with progress:
        task = progress.add_task("learners", total=config.learners)

        def tell(n: int) -> None:
            progress.advance(task, n)
            done = int(progress.tasks[0].completed)
            if not console.is_terminal and (done // _LINE_EVERY != (done - n) // _LINE_EVERY):
                console.print(f"{done:,} of {config.learners:,} learners")

        try:
            rows = simulate(out, config, catalog or CATALOG, tell)
        except OSError as error:
            raise DatasetError(
                f"{out} cannot be written ({error.strerror}); make room or give another"
            ) from error
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps({"simulated": True, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    console.print(_table(rows))
    console.print(f"Simulated data written to {out}; check it with: validate --data {out}", soft_wrap=True)


def _table(rows: dict[str, int]) -> Table:
    table = Table(title="Simulated data: nobody in it exists", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, n in rows.items():
        table.add_row(name, f"{n:,}")
    return table
