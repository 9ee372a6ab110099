"""``vacuum``: write the database anew after erasures."""

from __future__ import annotations

from serving.audit import command_entry, record_if_possible
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store.migrate import open_database


def vacuum(settings: Settings, *, clock: Clock = utc_now) -> list[str]:
    """Write the database anew; returns what could not be, and why."""
    database = open_database(settings.database_url)
    try:
        left = database.rewrite()
        record_if_possible(database, command_entry(clock, "vacuum").ended("not all" if left else "done"))
        return left
    finally:
        database.close()
