"""``score``: recommendations for every learner of a dataset, as Parquet."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.console import Console

from recommender.domain.recommendation import Query
from recommender.domain.simulation import labelled, nobody_real
from recommender.engine import Engine
from recommender.errors import ConfigurationError
from training.commands.moments import moment_of, parsed
from training.commands.outputs import check_writable
from training.datasets import Dataset, load_dataset
from training.progress import bar
from training.scoring.events import Read, Unknown, read_events
from training.scoring.output import (
    FORMAT_VERSION,
    MANIFEST,
    ROWS,
    check_free,
    result_directory,
    write_manifest,
    write_rows,
)
from training.scoring.workers import Job, WorkerError, score_blocks

DEFAULT_K = Query().k
MOST_K = 100
BLOCK = 2_000
"""Learners scored at a time."""
_LINE_EVERY = 50_000
_KINDS = {
    "modules": (
        "completions and attempts",
        "the completions are in no history, the attempts count by the skills that they and their items name",
    ),
    "items": ("attempts", "they count by their skills and by what is known of all items"),
    "skills": (
        "attempts and self-assessments",
        "they count for the learner's ability and for no skill of the catalogue",
    ),
    "roles": ("learners", "they count as of no role, and aim at their own where it is known"),
    "recommendations": ("rows of feedback", "they are left out, for nothing says whose they are"),
}
"""Rows that may name an id that the catalogue lacks, or the recommendations; and what becomes of them."""


@dataclass(slots=True)
class Counts:
    """What the rows say together."""

    learners: int = 0
    without_module: int = 0
    cold_start: int = 0

    def add(self, table: pa.Table) -> None:
        """Count the learners of one block."""
        first = pc.or_kleene(pc.is_null(table["rank"]), pc.equal(table["rank"], 1))
        self.learners += pc.sum(pc.fill_null(first, True)).as_py() or 0
        self.without_module += table["rank"].null_count
        self.cold_start += table.filter(pc.fill_null(first, True))["fallback"].drop_null().length()


def run(
    bundle: Path,
    data: Path,
    out: Path,
    *,
    k: int = DEFAULT_K,
    now: str | None = None,
    jobs: int | None = None,
    block: int = BLOCK,
    json_file: Path | None = None,
) -> dict[str, Any]:
    """Recommend to every learner of a dataset.

    Parameters
    ----------
    bundle : Path
        The bundle's directory, or the pointer file that names it.
    data : Path
        Directory of the dataset.
    out : Path
        Directory for the result; it must not exist, or be empty.
    k : int
        Modules per learner at most, 1 to 100.
    now : str, optional
        Moment of the recommendations, ISO 8601, without a zone UTC; by default that of the last event.
    jobs : int, optional
        Processes; by default as many as there are cores to use.
    block : int
        Learners that a process scores at a time.
    json_file : Path, optional
        Where the manifest is written too.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    InputError
        The dataset or an option is wrong, or `out` is taken; nothing was written.
    BundleError
        The bundle cannot be used.
    """
    jobs = len(os.sched_getaffinity(0)) if jobs is None else jobs
    _check(k=k, jobs=jobs, block=block)
    check_free(out)
    check_writable(out / MANIFEST, "--out")
    check_writable(json_file, "--json")
    if now is not None:
        parsed(now)  # refuses before anything is read
    # what a dataset holds is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    engine = Engine.load(bundle)
    engine.in_blocks()  # refuses before anything is read
    dataset = load_dataset(data, pass_mark=engine.bundle.difficulty.pass_mark)
    moment, why = moment_of(dataset, now)
    read = read_events(dataset, engine.catalog, engine.bundle.difficulty, moment)
    _tell_before(console, dataset, engine, read, moment, why)
    counts = Counts()
    try:
        with _ended_cleanly(), result_directory(out) as folder:
            with TemporaryDirectory(prefix=".events-", dir=folder) as name:
                read.columns.write(Path(name))
                job = Job(_directory(engine), Path(name), k, moment)
                blocks = _blocks(len(read.columns), block)
                with closing(score_blocks(job, blocks, jobs)) as tables:
                    shown = _shown(tables, counts, len(read.columns), console)
                    n_rows = write_rows(folder, shown, _notice(dataset, engine))
            manifest = _manifest(engine, dataset, read, counts, n_rows, k=k, now=moment, now_is=why)
            write_manifest(folder / MANIFEST, manifest)
    except WorkerError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    if json_file is not None:
        write_manifest(json_file, manifest)
    _tell_after(console, manifest, out)
    return manifest


def _check(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1 or (name == "k" and value > MOST_K):
            most = f" to {MOST_K}" if name == "k" else " or more"
            raise ConfigurationError(f"--{name} is {value}; give 1{most}")


def _directory(engine: Engine) -> Path:
    if engine.bundle.path is None:
        raise AssertionError("an engine that was loaded has a directory")
    return engine.bundle.path.resolve()


def _blocks(n_learners: int, size: int) -> list[tuple[int, int]]:
    return [(first, min(first + size, n_learners)) for first in range(0, n_learners, size)]


def _shown(
    tables: Iterable[pa.Table], counts: Counts, n_learners: int, console: Console
) -> Iterator[pa.Table]:
    """Pass the tables on, count what is in them and show how far it is."""
    progress = bar(console)
    task = progress.add_task("learners", total=n_learners)
    with progress:
        for table in tables:
            before = counts.learners
            counts.add(table)
            progress.update(task, completed=counts.learners)
            if not console.is_terminal and counts.learners // _LINE_EVERY != before // _LINE_EVERY:
                console.print(f"{counts.learners:,} of {n_learners:,} learners")
            yield table


def _notice(dataset: Dataset, engine: Engine) -> str | None:
    if dataset.simulated:
        return "recommendations for simulated learners: nobody of them exists"
    return (
        "recommendations of a model that was trained on simulated data" if engine.bundle.simulated else None
    )


def _manifest(
    engine: Engine,
    dataset: Dataset,
    read: Read,
    counts: Counts,
    n_rows: int,
    *,
    k: int,
    now: datetime,
    now_is: str,
) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        "file": ROWS,
        "bundle_id": engine.bundle_id,
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "simulated": dataset.simulated,
        },
        "simulated": dataset.simulated or engine.bundle.simulated,
        "now": now.isoformat(),
        "now_is": now_is,
        "k": k,
        "rows": n_rows,
        **asdict(counts),
        "events_after_now": read.late,
        "unknown": {kind: asdict(found) for kind, found in read.unknown.items()},
    }


def _tell_before(
    console: Console, dataset: Dataset, engine: Engine, read: Read, now: datetime, why: str
) -> None:
    of = {
        "given": "as given",
        "last event": "the moment of the last event; --now gives another",
        "clock": "by the clock, since no event has a time; --now gives another",
    }
    console.print(f"Scoring {dataset.path} by bundle {engine.bundle_id}", soft_wrap=True)
    if notice := _notice(dataset, engine):
        console.print(nobody_real(notice) if dataset.simulated else labelled(notice, True), soft_wrap=True)
    console.print(f"now is {now.isoformat()}, {of[why]}", soft_wrap=True)
    if read.late:
        console.print(f"{read.late:,} events after that were left out", soft_wrap=True)
    for kind, found in read.unknown.items():
        console.print(_unknown(kind, found), soft_wrap=True)


def _unknown(kind: str, found: Unknown) -> str:
    rows, became = _KINDS[kind]
    lacking = "table recommendations" if kind == "recommendations" else "bundle's catalogue"
    return (
        f"{found.ids:,} {kind} are not in the {lacking}, such as {found.example!r}; "
        f"{found.rows:,} {rows} name them: {became}"
    )


def _tell_after(console: Console, manifest: dict[str, Any], out: Path) -> None:
    text = f"{manifest['rows']:,} rows for {manifest['learners']:,} learners in {out / ROWS}"
    if manifest["cold_start"]:
        text += f"; {manifest['cold_start']:,} of them a cold start"
    if manifest["without_module"]:
        text += f"; nothing was left for {manifest['without_module']:,}, see empty_because"
    console.print(labelled(text, manifest["simulated"]), soft_wrap=True)


@contextmanager
def _ended_cleanly() -> Iterator[None]:
    """Let a request to terminate end like Ctrl-C, so that what is half done is removed."""

    def end(signum: int, _: object) -> None:
        sys.exit(128 + signum)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread, where no signal arrives
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
