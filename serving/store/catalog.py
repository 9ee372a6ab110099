"""Rows that were put into the catalogue, and the number that counts their changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select, update

from serving.store.database import Database
from serving.store.direct import upsert
from serving.store.tables import CATALOG, catalog_rows, revisions

_REVISION = select(revisions.c.revision).where(revisions.c.name == CATALOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One row.

    Parameters
    ----------
    row_key : str
        The columns that name the row, one a line.
    revision : int
        The change of the catalogue that it came with.
    payload : str
        Canonical JSON of the row.
    """

    table_name: str
    row_key: str
    revision: int
    payload: str


def revision(database: Database) -> int:
    """Return the number of the last change of the catalogue, 0 before the first; one quick read."""
    row = database.first(_REVISION)
    return 0 if row is None else int(row[0])


def revision_seen(connection: Connection) -> int:
    """Return the number of the last change that this transaction sees."""
    return int(connection.execute(_REVISION).scalar() or 0)


def lock(connection: Connection) -> int:
    """Keep others from changing the catalogue until this ends; returns the last change's number."""
    upsert(connection, revisions, [{"name": CATALOG, "revision": 0}], overwrite=False)
    return int(connection.execute(_REVISION.with_for_update()).scalar_one())


def rows(connection: Connection) -> list[StoredRow]:
    """Every row there is, in no order."""
    found = connection.execute(select(*(catalog_rows.c[name] for name in StoredRow.__dataclass_fields__)))
    return [StoredRow(**row._mapping) for row in found]


def save(connection: Connection, changed: Sequence[StoredRow], *, revision: int) -> None:
    """Write rows, over those there are, as the change of this number; the catalogue must be locked."""
    upsert(connection, catalog_rows, [asdict(row) for row in changed])
    connection.execute(update(revisions).where(revisions.c.name == CATALOG).values(revision=revision))
