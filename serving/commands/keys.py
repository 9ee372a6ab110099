"""``keys``: make, list and revoke API keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.table import Table

from recommender.domain.events import from_seconds, to_seconds
from recommender.errors import InputError
from serving.audit import command_entry, record
from serving.security.keys import PREFIX, create_key, key_id_of
from serving.security.scopes import parse_scopes
from serving.services import Clock, utc_now
from serving.settings import Settings
from serving.store import api_keys
from serving.store.database import Database
from serving.store.migrate import open_database


def create(settings: Settings, name: str, scopes: Iterable[str], *, clock: Clock = utc_now) -> str:
    """Make a key and return it; it is stored hashed and cannot be shown again.

    Raises
    ------
    InputError
        If the name is empty or a scope unknown.
    """
    if not name.strip() or len(name) > 200:
        raise InputError("the name of a key is empty or longer than 200 characters; say who will use it")
    wanted = parse_scopes(scopes)
    with _opened(settings) as database, database.write() as connection:
        secret = settings.key_secret.get_secret_value()
        key = create_key(connection, secret, name=name, scopes=wanted, now=clock())
        record(connection, command_entry(clock, "keys create", f"key:{key_id_of(key)}"))
        return key


def listing(settings: Settings) -> Table:
    """Every key as a table, without what would let one use it."""
    table = Table(title="API keys")
    for column in ("id", "name", "ends in", "scopes", "made", "revoked"):
        table.add_column(column)
    with _opened(settings) as database, database.read() as connection:
        for key in api_keys.every(connection):
            revoked = "" if key.revoked_at is None else _day(key.revoked_at)
            table.add_row(key.key_id, key.name, key.last4, key.scopes, _day(key.created_at), revoked)
    return table


def revoke(settings: Settings, key_id: str, *, clock: Clock = utc_now) -> None:
    """Make a key useless from now on.

    Raises
    ------
    InputError
        If there is no such key that still works.
    """
    with _opened(settings) as database, database.write() as connection:
        if not api_keys.revoke(connection, key_id, at=to_seconds(clock())):
            raise InputError(
                f"there is no working key {key_id!r}; give an id from: python -m serving keys list "
                f"(the part after {PREFIX}_ in the key)"
            )
        record(connection, command_entry(clock, "keys revoke", f"key:{key_id}"))


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


def _day(seconds: float) -> str:
    at = from_seconds(seconds)
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M")
