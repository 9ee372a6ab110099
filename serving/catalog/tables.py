"""Rows of the catalogue as Arrow tables, of the types that the dataset format declares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recommender.domain.dataset_format import NUMERIC_BOUNDS, TABLES, Kind
from serving.catalog.rows import Row


def schema_of(table: str) -> pa.Schema:
    """Return the declared columns of a table with the types of their cells."""
    return pa.schema([(column.name, _type_of(column.kind)) for column in TABLES[table].columns])


def as_declared(table: str, data: pa.Table | None) -> pa.Table:
    """Return a table with all declared columns, of the declared types, and no others; None has no rows."""
    schema = schema_of(table)
    if data is None:
        return schema.empty_table()
    nothing = pa.nulls(data.num_rows)
    columns = [data.column(f.name) if f.name in data.column_names else nothing for f in schema]
    # Unsafe only of times: what is finer than a microsecond is cut off.
    cast = [pc.cast(c, f.type, safe=f.name[-3:] != "_at") for c, f in zip(columns, schema, strict=True)]
    return pa.table(cast, schema=schema)


def keys_of(table: str, data: pa.Table) -> pa.ChunkedArray:
    """Key of each row as `key_of` spells it, text (n_rows,)."""
    there = set(data.column_names)
    nothing = pa.chunked_array([pa.nulls(data.num_rows, pa.string())])
    columns = [data.column(name) if name in there else nothing for name in TABLES[table].key]
    texts = [pc.fill_null(pc.cast(column, pa.string()), "") for column in columns]
    joined: pa.ChunkedArray = pc.binary_join_element_wise(*texts, "\n") if texts[1:] else texts[0]
    return joined


def merged(table: str, data: pa.Table | None, rows: Mapping[str, Row | None]) -> pa.Table:
    """Lay rows over a table: those of the same key are replaced, others come behind, None takes one out.

    Parameters
    ----------
    rows : mapping of str to Row or None
        By key; their order does not matter.
    """
    old = as_declared(table, data)
    new = sorted((key, row) for key, row in rows.items() if row is not None)
    place = {key: old.num_rows + i for i, (key, _) in enumerate(new)}
    order = [
        place.pop(key, i)
        for i, key in enumerate(keys_of(table, old).to_pylist())
        if key not in rows or rows[key] is not None
    ]
    order += place.values()
    both = pa.concat_tables([old, _table_of(table, [row for _, row in new])])
    return both.take(pa.array(order, pa.int64())).combine_chunks()


def _table_of(table: str, rows: list[Row]) -> pa.Table:
    times = [column.name for column in TABLES[table].columns if column.kind is Kind.TIME]
    read = [
        dict(row) | {name: datetime.fromisoformat(row[name]) for name in times if name in row} for row in rows
    ]
    return pa.Table.from_pylist(read, schema=schema_of(table))


def _type_of(kind: Kind) -> Any:
    if kind in NUMERIC_BOUNDS:
        return pa.float64()
    if kind is Kind.TIME:
        return pa.timestamp("us", "UTC")
    return pa.list_(pa.string()) if kind is Kind.LIST else pa.string()
