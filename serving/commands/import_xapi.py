"""``import xapi``: bring the statements of a file into the store, and say what became of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from recommender.errors import ConfigurationError, DatasetError
from serving.audit import AuditEntry, command_entry, record_if_possible
from serving.commands.states import make_states
from serving.model import ModelHolder
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store.audit import record
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError
from serving.store.migrate import open_database
from serving.xapi.files import Entry, StatementFile
from serving.xapi.importing import LEFT_OUT, Report, Terms, check_statements, import_statements
from serving.xapi.mapping import ABOUT, Outcome

_LINE_EVERY_SECONDS = 5.0
_SHOWN_VERBS = 30
_AUTHORITY = "import"
_WORDS = {outcome.value: about for outcome, about in ABOUT.items()} | LEFT_OUT


def import_xapi(
    settings: Settings,
    file: Path,
    console: Console,
    *,
    strict: bool = False,
    home_pages: Sequence[str] = (),
    json_file: Path | None = None,
    clock: Clock = utc_now,
) -> Report:
    """Keep the statements of a file, and make events and states of what they say.

    Parameters
    ----------
    console : Console
        Where progress and the tables are written; it takes no markup.
    strict : bool
        Whether all of the file is checked by the rules of xAPI first, and nothing is kept of a bad one.
    home_pages : sequence of str
        Of accounts whose names are learner ids, besides those of the settings.
    json_file : Path, optional
        Where the result is written for machines.

    Raises
    ------
    DatasetError
        If the file cannot be read to its end, or breaks a rule in strict mode.
    ConfigurationError
        If the result could not be written; nothing was read.
    """
    if json_file is not None and (json_file.is_dir() or not json_file.absolute().parent.is_dir()):
        raise ConfigurationError(f"--json {json_file} cannot be written; name a file in an existing folder")
    database = open_database(settings.database_url)
    try:
        models = ModelHolder(settings.pointer, clock, database, warm=False)
        models.refresh()
        terms = Terms(
            strict=strict,
            home_pages=settings.home_pages.union(home_pages),
            authority={"account": {"homePage": settings.public_url, "name": _AUTHORITY}},
            clock=clock,
            future_tolerance_seconds=settings.future_tolerance_seconds,
        )
        if strict:
            _check(database, file, terms, console)
        started = time.perf_counter()
        report = _import(database, models, file, terms, console)
        seconds = time.perf_counter() - started
        _tell(report, seconds, console)
        n_states = make_states(database, models, console, clock)
        if json_file is not None:
            told = _as_json(report, file, terms, seconds) | {"states_made": n_states}
            json_file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    finally:
        database.close()
    return report


def _check(database: Database, file: Path, terms: Terms, console: Console) -> None:
    with StatementFile(file) as source:
        n_read = check_statements(database, _watched(source, source.entries(), "checking", console), terms)
    console.print(f"{n_read:,} statements keep the rules of xAPI")


def _import(database: Database, models: ModelHolder, file: Path, terms: Terms, console: Console) -> Report:
    report = Report()
    audit = command_entry(terms.clock, "import xapi", f"file {file.name}")
    with StatementFile(file) as source:
        database.transact(lambda connection: record(connection, audit.ended("begun")))
        try:
            entries = _watched(source, source.entries(), "statements", console)
            import_statements(database, models.current, entries, terms, report)
        except (DatasetError, StoreUnavailableError):
            console.print(
                f"stopped after {report.read:,} statements, of which {report.stored:,} are new in the store; "
                "mend what is wrong and import the file again: what is there already changes nothing",
                soft_wrap=True,
            )
            _end(database, terms.clock, audit, f"stopped, {report.stored} stored")
            raise
    _end(database, terms.clock, audit, f"done, {report.stored} stored")
    return report


def _end(database: Database, clock: Clock, begun: AuditEntry, outcome: str) -> None:
    record_if_possible(database, command_entry(clock, begun.action, begun.subject).ended(outcome))


def _watched(source: StatementFile, entries: Iterable[Entry], what: str, console: Console) -> Iterator[Entry]:
    """Pass entries on, and show how far they are: a bar on a terminal, a line now and then elsewhere."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    told_at = time.monotonic()
    with bar:
        task = bar.add_task(what, total=source.size)
        for number, entry in enumerate(entries, 1):
            yield entry
            if number % 100 == 0:
                bar.update(task, completed=source.position)
                if not console.is_terminal and time.monotonic() - told_at > _LINE_EVERY_SECONDS:
                    told_at = time.monotonic()
                    console.print(
                        f"{what}: {number:,}, {source.position / max(source.size, 1):.0%} of the file"
                    )


def _tell(report: Report, seconds: float, console: Console) -> None:
    table = Table(title=f"{report.read:,} statements in {seconds:.1f} s", title_justify="left")
    table.add_column("became")
    table.add_column("statements", justify="right")
    table.add_column("because it")
    for name, n in report.outcomes.most_common():
        table.add_row("events" if name == Outcome.USED else name, f"{n:,}", _WORDS[name])
    console.print(table)
    verbs = Table(title="By verb", title_justify="left")
    verbs.add_column("verb", overflow="fold")
    verbs.add_column("became")
    verbs.add_column("statements", justify="right")
    ordered = sorted(report.verbs.items(), key=lambda one: -one[1].total())
    for verb, outcomes in ordered[:_SHOWN_VERBS]:
        for name, n in outcomes.most_common():
            verbs.add_row(verb, "events" if name == Outcome.USED else name, f"{n:,}")
    console.print(verbs)
    if len(ordered) > _SHOWN_VERBS:
        console.print(f"... and {len(ordered) - _SHOWN_VERBS} more verbs; --json writes all of them")
    for line in _notes(report):
        console.print(line, soft_wrap=True)


def _notes(report: Report) -> Iterator[str]:
    if report.understood:
        yield f"{report.understood:,} that became events were in the store before, and had said nothing"
    if report.without_id:
        yield (
            f"{report.without_id:,} came without an id and got one that follows from what they say: "
            "equal ones count as one"
        )
    if report.n_left_out:
        yield f"left out, and not in the store: {report.n_left_out:,}; the first of them:"
        yield from (f"  {line}" for line in report.left_out)


def _as_json(report: Report, file: Path, terms: Terms, seconds: float) -> dict[str, Any]:
    return {
        "file": file.name,
        "mode": "strict" if terms.strict else "lenient",
        "statements": report.read,
        "stored": report.stored,
        "outcomes": {
            name: {"statements": n, "because_it": _WORDS[name]} for name, n in report.outcomes.most_common()
        },
        "verbs": {verb: dict(outcomes.most_common()) for verb, outcomes in report.verbs.items()},
        "understood_now": report.understood,
        "without_id": report.without_id,
        "left_out": {"statements": report.n_left_out, "first": report.left_out},
        "seconds": round(seconds, 3),
        "statements_per_second": round(report.read / seconds, 1) if seconds > 0 else None,
    }
