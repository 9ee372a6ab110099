"""``import oulad``: make a dataset of the raw Open University files and print what was made of what."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from training.datasets.oulad import Made, import_oulad


def run(raw: Path, out: Path) -> None:
    """Import the files in `raw` into `out`.

    Parameters
    ----------
    raw : Path
        Directory with the raw files.
    out : Path
        Directory to write.

    Raises
    ------
    DatasetError
        When the raw files cannot be used or `out` cannot be written.
    """
    made = import_oulad(raw, out)
    # what a dataset holds is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    console.print(_table(made))
    console.print(f"written to {out}; check it with: validate --data {out}", soft_wrap=True)


def _table(lines: tuple[Made, ...]) -> Table:
    table = Table(title="Open University Learning Analytics Dataset", title_justify="left")
    for heading in ("raw file", "rows", "table", "rows made", "how"):
        table.add_column(heading, justify="right" if heading.startswith("rows") else "left")
    for line in lines:
        table.add_row(line.source, f"{line.n_read:,}", line.table or "-", f"{line.n_made:,}", line.note)
    return table
