"""``export-events``: write the store's history as a dataset."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from serving.audit import command_entry, record_if_possible
from serving.history_export import ExportReport, export_history
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store.migrate import open_database


def export_events(settings: Settings, out: Path, console: Console, *, clock: Clock = utc_now) -> ExportReport:
    """Write profiles, events, recommendations and feedback; the whole directory or nothing.

    Parameters
    ----------
    console : Console
        Where counts and progress are written.
    """
    database = open_database(settings.database_url)
    started = time.perf_counter()
    try:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("events", total=None)
            report = export_history(
                database, out, lambda done, total: progress.update(task, completed=done, total=total)
            )
        record_if_possible(database, command_entry(clock, "export-events", f"dataset {out.resolve().name}"))
    finally:
        database.close()
    table = Table(title=f"Exported in {time.perf_counter() - started:.1f} s")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, rows in report.rows.items():
        table.add_row(name, f"{rows:,}")
    console.print(table)
    if report.unattributed:
        why = "the answer that it is about is not logged or was empty"
        console.print(f"feedback left out, since {why}: {report.unattributed:,}")
    return report
