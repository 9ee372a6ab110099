"""API keys as stored: a keyed hash, never the key."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, select, update

from serving.store.tables import api_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """One key; `scopes` are separated by spaces, times are seconds since 1970 UTC."""

    key_id: str
    name: str
    hash: str
    last4: str
    scopes: str
    created_at: float
    revoked_at: float | None = None


def add(connection: Connection, key: StoredKey) -> None:
    """Store a new key."""
    connection.execute(api_keys.insert(), asdict(key))


def find(connection: Connection, key_id: str) -> StoredKey | None:
    """Return one key, revoked or not."""
    row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).first()
    return None if row is None else _stored(row)


def every(connection: Connection) -> list[StoredKey]:
    """Return all keys, oldest first."""
    statement = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    return [_stored(row) for row in connection.execute(statement)]


def revoke(connection: Connection, key_id: str, *, at: float) -> bool:
    """Revoke a key from `at` on; False when there is no such key that still works."""
    result = connection.execute(
        update(api_keys)
        .where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return result.rowcount == 1


def _stored(row: Row[tuple[object, ...]]) -> StoredKey:
    return StoredKey(**row._mapping)
