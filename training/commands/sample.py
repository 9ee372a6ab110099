"""``sample``: simulate an organisation and print what was made."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from training.datasets.sample import CATALOG, SampleConfig, simulate


def run(out: Path, config: SampleConfig, catalog: Path | None = None) -> None:
    """Simulate an organisation into a directory.

    Parameters
    ----------
    out : Path
        Directory to write.
    config : SampleConfig
    catalog : Path, optional
        Directory of a catalogue; by default the one that comes with the project.

    Raises
    ------
    DatasetError
        When the catalogue cannot be used or `out` cannot be written.
    """
    # what a dataset holds is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    progress = Progress(
        TextColumn("learners"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task("", total=config.learners)
        rows = simulate(out, config, catalog or CATALOG, lambda n: progress.advance(task, n))
    console.print(_table(rows))
    console.print(f"Simulated data written to {out}; check it with: validate --data {out}", soft_wrap=True)


def _table(rows: dict[str, int]) -> Table:
    table = Table(title="Simulated data: nobody in it exists", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, n in rows.items():
        table.add_row(name, f"{n:,}")
    return table
