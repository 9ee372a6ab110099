"""``migrate``: bring the database to the shape this version needs."""

from __future__ import annotations

from serving.audit import command_entry, record
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store.database import Database
from serving.store.migrate import migrate, shape


def run_migrations(settings: Settings, *, clock: Clock = utc_now) -> str:
    """Migrate the database and say what was done."""
    database = Database(settings.database_url)
    try:
        before = migrate(database)
        now = shape(database).current
        if before.current != now:
            entry = command_entry(clock, "migrate", f"revision {before.current or 'none'} to {now}")
            database.transact(lambda connection: record(connection, entry))
    finally:
        database.close()
    if before.current == now:
        return f"the database is at revision {now} already"
    return f"the database went from revision {before.current or 'none'} to {now}"
