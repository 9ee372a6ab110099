"""``vacuum``: write the database anew after erasures."""

from __future__ import annotations

from serving.settings import Settings
from serving.store.migrate import open_database


def vacuum(settings: Settings) -> list[str]:
    """Write the database anew; returns what could not be, and why."""
    database = open_database(settings.database_url)
    try:
        return database.rewrite()
    finally:
        database.close()
