"""``backup`` and ``restore``: a copy of the store in a file, and back."""

from __future__ import annotations

from pathlib import Path

from serving.audit import command_entry, record_if_possible
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store.backup import back_up, restore
from serving.store.database import Database
from serving.store.migrate import needed_revision


def run_backup(settings: Settings, out: Path, *, clock: Clock = utc_now) -> str:
    """Copy the store while it is in use, and say what was done."""
    revision = back_up(settings.database_url, out)
    _record(settings, clock, "backup", f"file {out.name}", revision)
    return f"{out} holds the store, {out.stat().st_size:,} bytes, revision {revision}, checked"


def run_restore(settings: Settings, file: Path, *, force: bool, clock: Clock = utc_now) -> str:
    """Put a copy in the place of the store, and say what was done and what is left to do."""
    revision = restore(settings.database_url, file, force=force)
    _record(settings, clock, "restore", f"file {file.name}", revision)
    done = f"the store is that of {file}, revision {revision}"
    if revision == needed_revision():
        return done
    return f"{done}; this version needs {needed_revision()}, so run: python -m serving migrate"


def _record(settings: Settings, clock: Clock, action: str, subject: str, revision: str) -> None:
    if revision != needed_revision():
        # An older store has no audit log, or another one.
        return
    database = Database(settings.database_url)
    try:
        record_if_possible(database, command_entry(clock, action, subject))
    finally:
        database.close()
