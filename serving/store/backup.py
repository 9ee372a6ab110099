"""Copies of a store in a file of SQLite: made while it is in use, and put back whole.

PostgreSQL brings programs of its own for this; how they are called is said by `POSTGRESQL_BACKUP` and
`POSTGRESQL_RESTORE`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from recommender.errors import ConfigurationError
from serving.store import dialect
from serving.store.faults import fault_of
from serving.store.migrate import known_revisions

POSTGRESQL_BACKUP = "pg_dump --format=custom --no-owner --file=FILE URL"
POSTGRESQL_RESTORE = (
    "pg_restore --clean --if-exists --no-owner --exit-on-error --single-transaction --dbname=URL FILE"
)
_BUSY_SECONDS = dialect.BUSY_TIMEOUT_MS / 1000
# It tells which shape the store has, not what it holds.
_OF_ALEMBIC = "alembic_version"
_UNREADABLE = "cannot be read"


def back_up(url: str, out: Path) -> str:
    """Copy a store as it is at one moment; nobody who reads or writes waits for it.

    Parameters
    ----------
    url : str
        Address of the store.
    out : Path
        A file that is not there yet; it appears whole, checked and on disk, or not at all.

    Returns
    -------
    str
        The revision of the store.

    Raises
    ------
    ConfigurationError
        If the store is not there or no file of SQLite, `out` is there or cannot be written, or the copy is
        damaged.
    """
    store = _file_of(url, POSTGRESQL_BACKUP)
    if not store.exists():
        raise ConfigurationError(f"there is no store at {store}; check SERVING_DATABASE_URL")
    if out.exists():
        raise ConfigurationError(f"{out} is there already; give a new file")
    with _whole_file(out) as new:
        with _faults_told(out), closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as opened:
            opened.execute("VACUUM INTO ?", (str(new),))
        # It is about people.
        new.chmod(0o600)
        return check(new)


def check(file: Path) -> str:
    """Return the revision of a copy of a store.

    Raises
    ------
    ConfigurationError
        If the file is missing, damaged, in use, no store, or one that this version does not know.
    """
    if not file.is_file():
        raise ConfigurationError(f"{file} is no file; give one that backup made")
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        raise ConfigurationError(
            f"{file} is a store in use or the plain copy of one, for {log.name} lies beside it; "
            "give a file that backup made"
        )
    try:
        with closing(_unchanged(file)) as opened:
            found = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
            row = opened.execute(f"SELECT version_num FROM {_OF_ALEMBIC}").fetchone()  # noqa: S608
    except sqlite3.Error as error:
        found, row = str(error), None
    if found != "ok":
        raise ConfigurationError(f"{file} is damaged or no store ({found}); give another backup")
    revision = None if row is None else str(row[0])
    if revision not in known_revisions():
        raise ConfigurationError(
            f"{file} has revision {revision}, which this version does not know; use the version that made "
            "it, or a newer one"
        )
    return revision


def restore(url: str, file: Path, *, force: bool = False) -> str:
    """Put a copy in the place of a store: all of it, or nothing changes.

    A store that is there is overwritten in one transaction, so whoever uses it meanwhile sees the old one or
    the new one. One that is not there, or cannot be read any more, appears as a whole file.

    Parameters
    ----------
    url : str
        Address of the store.
    file : Path
        What `back_up` made.
    force : bool
        Whether a store that holds anything is overwritten.

    Returns
    -------
    str
        The revision of the store now.

    Raises
    ------
    ConfigurationError
        If the copy is not good, the store holds something and `force` is not given, or it cannot be written.
    """
    store = _file_of(url, POSTGRESQL_RESTORE)
    revision = check(file)
    if store.exists() and store.samefile(file):
        raise ConfigurationError(f"{file} is the store itself; give a file that backup made")
    held = _held(store)
    if held and not force:
        raise ConfigurationError(
            f"the store {store} {held}; give --force to overwrite it, when nothing in it is needed any more"
        )
    if store.exists() and held != _UNREADABLE:
        counted = _counters(store)
        _copy(file, store)
        _count_on(store, counted)
        return revision
    with _whole_file(store) as new:
        _copy(file, new)
        # It is about people.
        new.chmod(0o600)
        for ending in ("-wal", "-shm"):
            # Of what lay here before: it must not be taken for a part of the new one.
            store.with_name(store.name + ending).unlink(missing_ok=True)
    return revision


def _file_of(url: str, instead: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(
            f"the store is a database of {parsed.get_backend_name()}, which has a program for this: {instead}"
        )
    return Path(str(parsed.database))


def _held(store: Path) -> str:
    """Say what would be lost; empty when nothing would."""
    if not store.exists():
        return ""
    try:
        with closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as opened:
            names = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                some = opened.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()  # noqa: S608
                if some and name != _OF_ALEMBIC:
                    return f"holds {name}"
    except sqlite3.Error as error:
        if fault_of(error) == "busy":
            raise ConfigurationError(
                f"the store {store} is locked by another program; stop it, then restore again"
            ) from None
        return _UNREADABLE
    return ""


def _counters(store: Path) -> list[tuple[str, int]]:
    try:
        with closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as opened:
            return opened.execute("SELECT name, revision FROM revisions").fetchall()
    except sqlite3.Error:
        # An empty file, or a store from before there were any.
        return []


def _count_on(store: Path, counted: list[tuple[str, int]]) -> None:
    """Let counters go on from the greater number: a service that runs takes a smaller one for seen."""
    with _faults_told(store), closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as opened, opened:
        for name, revision in counted:
            opened.execute(
                "INSERT INTO revisions (name, revision) VALUES (?, ?) ON CONFLICT (name) "
                "DO UPDATE SET revision = max(revision, excluded.revision) + 1",
                (name, revision + 1),
            )


def _unchanged(file: Path) -> sqlite3.Connection:
    # Immutable: looking at a backup changes nothing, not even files beside it.
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _copy(file: Path, store: Path) -> None:
    def no_longer(status: int, _remaining: int, _total: int) -> None:
        # The driver would try for ever; it has waited for `_BUSY_SECONDS` already.
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise sqlite3.OperationalError("another writer holds it")

    with (
        _faults_told(store),
        closing(_unchanged(file)) as source,
        closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as opened,
    ):
        opened.execute("PRAGMA synchronous=FULL")
        # All pages in one step, which is one transaction.
        source.backup(opened, pages=-1, progress=no_longer)


@contextmanager
def _faults_told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"{path} cannot be written, nothing was changed ({error}); make room, stop what writes to the "
            "store, or give another place"
        ) from None


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """Give a new file beside `path` to write, which takes its name, on disk, when the block ends well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror}); give another place") from None
    try:
        new = folder / path.name
        yield new
        _to_disk(new)
        new.replace(path)
        _to_disk(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _to_disk(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
