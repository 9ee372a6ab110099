"""Pages of the catalogue, in the order of keys."""

from __future__ import annotations

import math
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recommender.domain.catalog import Tables
from recommender.domain.dataset_format import TABLES, Kind
from serving.catalog.overlay import applied
from serving.catalog.rows import Overlay
from serving.catalog.tables import as_declared, keys_of
from serving.problems import INVALID, Fault, Problem
from serving.services import Services
from serving.store import catalog

_CHECKED = 4


def list_rows(services: Services, table: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return a page of a table as plain values, and where the next one begins.

    A page begins behind the key where the one before it ended. So rows that are added meanwhile move no
    others: what was there all the time is listed once.

    Raises
    ------
    Problem
        If the cursor is not one that this service made.
    """
    after = None if cursor is None else _opened(cursor)
    tables, revision = _tables(services)
    rows, last = _page(table, tables.get(table), after, limit)
    return {
        "rows": rows,
        "next_cursor": None if last is None else _cursor_behind(last),
        "catalog_revision": revision,
    }


def _tables(services: Services) -> tuple[Tables, int]:
    model = services.models.up_to_date()
    if model is not None:
        return model.engine.catalog.tables, model.catalog_revision
    # Without a model there is what was put, and nothing else.
    with services.database.read() as connection:
        overlay = Overlay.of(catalog.rows(connection), catalog.revision_seen(connection))
    return applied({}, overlay).tables, overlay.revision


def _page(
    table: str, data: pa.Table | None, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    if data is None:
        return [], None
    keys = keys_of(table, data)
    if after is not None:
        behind = pc.greater(keys, after)
        data, keys = data.filter(behind), keys.filter(behind)
    order = pc.sort_indices(keys)
    page = order[:limit]
    last = keys[page[-1].as_py()].as_py() if len(order) > limit else None
    columns = {column.name: column for column in TABLES[table].columns}
    rows = as_declared(table, data.take(page)).to_pylist()
    return [
        {n: _shown(cell, columns[n].kind, columns[n].default) for n, cell in row.items()} for row in rows
    ], last


def _shown(cell: Any, kind: Kind, default: str | None) -> Any:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return [] if kind is Kind.LIST else default
    return cell


def _cursor_behind(key: str) -> str:
    """Spell a key for an address, with a checksum: one that was cut off would lead back to rows before."""
    text = key.encode()
    return urlsafe_b64encode(zlib.crc32(text).to_bytes(_CHECKED, "big") + text).decode().rstrip("=")


def _opened(cursor: str) -> str:
    try:
        key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_CHECKED:].decode()
    except ValueError:
        key = ""
    # Decoding drops what does not belong there: only what is spelled so is a cursor.
    if _cursor_behind(key) != cursor:
        message, remedy = "cursor is not one of this service", "send a next_cursor as it came, or none"
        raise Problem(INVALID, f"{message}; {remedy}", (Fault("cursor", message, remedy, cursor),))
    return key
