"""Which shape the database has, and how it gets the one this version needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from recommender.errors import ConfigurationError
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError

_MIGRATIONS = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Shape:
    """Revision the database has and the one this version needs."""

    current: str | None
    needed: str | None
    empty: bool
    known: bool


def shape(database: Database) -> Shape:
    """Look at the database without changing it.

    Raises
    ------
    ConfigurationError
        If it cannot be opened.
    """
    try:
        with database.read() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            empty = not inspect(connection).get_table_names()
    except StoreUnavailableError as error:
        raise ConfigurationError(
            f"the database at {_shown(database)} cannot be opened ({error.reason}); "
            "check SERVING_DATABASE_URL, and that it is a database this user may write"
        ) from None
    known = current is None or current in known_revisions()
    return Shape(current, needed_revision(), empty, known)


def known_revisions() -> frozenset[str]:
    """Revisions that this version can bring to the one it needs, and that one."""
    script = ScriptDirectory.from_config(alembic_config())
    return frozenset(revision.revision for revision in script.walk_revisions())


def needed_revision() -> str | None:
    """Return the revision that this version needs."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def migrate(database: Database) -> Shape:
    """Bring the database to the shape this version needs, in one transaction; returns what it had before.

    Raises
    ------
    ConfigurationError
        If it was made by a newer version, or holds tables of something else.
    """
    before = shape(database)
    _refuse_foreign(before, database)
    if before.current != before.needed:
        with database.write() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before


def open_database(url: str) -> Database:
    """Open the database, making its tables when it is empty.

    Raises
    ------
    ConfigurationError
        If it is behind (`migrate` is the remedy) or ahead of this version, or cannot be opened.
    """
    database = Database(url)
    try:
        _make_or_refuse(database)
    except BaseException:
        database.close()
        raise
    return database


def _make_or_refuse(database: Database) -> None:
    found = shape(database)
    if found.empty:
        migrate(database)
        return
    _refuse_foreign(found, database)
    if found.current != found.needed:
        raise ConfigurationError(
            f"the database at {_shown(database)} has revision {found.current}, this version needs "
            f"{found.needed}; make a copy of it and run: python -m serving migrate"
        )


def _refuse_foreign(found: Shape, database: Database) -> None:
    if not found.known:
        raise ConfigurationError(
            f"the database at {_shown(database)} has revision {found.current}, which this version does not "
            "know: a newer version made it; run that one, or name another database in SERVING_DATABASE_URL"
        )
    if found.current is None and not found.empty:
        raise ConfigurationError(
            f"the database at {_shown(database)} holds tables that this service did not make; "
            "name another database in SERVING_DATABASE_URL"
        )


def _shown(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)


def alembic_config() -> Config:
    """Return Alembic's configuration; the caller adds ``attributes["connection"]``."""
    config = Config()
    # Alembic reads its options with configparser, to which a percent sign is special.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
