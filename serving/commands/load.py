"""``load``: bring a dataset's history into the store and make its learners' states."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from recommender.domain.simulation import nobody_real
from serving.audit import command_entry
from serving.commands.states import make_states
from serving.evidence import RowRules
from serving.history_import import ImportReport, import_history
from serving.model import ModelHolder, ServedModel
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store.migrate import open_database


def load(settings: Settings, directory: Path, console: Console, *, clock: Clock = utc_now) -> ImportReport:
    """Load a dataset's learners and events; nothing at all when a row breaks a rule.

    Parameters
    ----------
    console : Console
        Where counts and progress are written.
    """
    database = open_database(settings.database_url)
    try:
        models = ModelHolder(settings.pointer, clock, database, warm=False)
        models.refresh()
        started = time.perf_counter()
        audit = command_entry(clock, "load", f"dataset {directory.resolve().name}")
        report = import_history(
            database,
            directory,
            _rules(settings, models.current, clock),
            audit,
            home_pages=settings.home_pages,
        )
        console.print(_table(report, time.perf_counter() - started))
        if report.simulated_by is not None:
            # what a file says of itself is no markup
            console.print(nobody_real(report.simulated_by), markup=False, highlight=False)
        if report.unused:
            console.print(f"columns that are not kept: {', '.join(report.unused)}")
        make_states(database, models, console, clock)
    finally:
        database.close()
    return report


def _rules(settings: Settings, model: ServedModel | None, clock: Clock) -> RowRules:
    return RowRules(
        received_at=clock(),
        future_tolerance_seconds=settings.future_tolerance_seconds,
        catalog=None if model is None else model.engine.catalog,
        trained=None if model is None else model.engine.bundle.difficulty,
        without_time_is_now=False,
    )


def _table(report: ImportReport, seconds: float) -> Table:
    table = Table(title=f"Loaded in {seconds:.1f} s")
    table.add_column("table")
    table.add_column("rows stored", justify="right")
    table.add_row("learners", f"{report.profiles:,}")
    if report.aliases:
        table.add_row("aliases", f"{report.aliases:,}")
    if report.merged:
        table.add_row("learners made by statements, who are these now", f"{report.merged:,}")
    if report.answers:
        table.add_row("recommendations, with all their modules", f"{report.answers:,}")
    for name, stored in report.stored.items():
        table.add_row(name, f"{stored:,}")
    table.add_row("duplicates, left as they are", f"{report.duplicates:,}")
    return table
