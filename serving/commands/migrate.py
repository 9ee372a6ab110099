"""``migrate``: bring the database to the shape this version needs."""

from __future__ import annotations

from serving.settings import Settings
from serving.store.database import Database
from serving.store.migrate import migrate, shape


def run_migrations(settings: Settings) -> str:
    """Migrate the database and say what was done."""
    database = Database(settings.database_url)
    try:
        before = migrate(database)
        now = shape(database).current
    finally:
        database.close()
    if before.current == now:
        return f"the database is at revision {now} already"
    return f"the database went from revision {before.current or 'none'} to {now}"
