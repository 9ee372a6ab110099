"""``backup`` and ``restore``: a copy of the store in a file, and back."""

from __future__ import annotations

from pathlib import Path

from serving.settings import Settings
from serving.store.backup import back_up, restore
from serving.store.migrate import needed_revision


def run_backup(settings: Settings, out: Path) -> str:
    """Copy the store while it is in use, and say what was done."""
    revision = back_up(settings.database_url, out)
    return f"{out} holds the store, {out.stat().st_size:,} bytes, revision {revision}, checked"


def run_restore(settings: Settings, file: Path, *, force: bool) -> str:
    """Put a copy in the place of the store, and say what was done and what is left to do."""
    revision = restore(settings.database_url, file, force=force)
    done = f"the store is that of {file}, revision {revision}"
    if revision == needed_revision():
        return done
    return f"{done}; this version needs {needed_revision()}, so run: python -m serving migrate"
