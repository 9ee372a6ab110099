"""Rows of the log as columns, for folding many learners at once: nearly all rows never become objects.

Attempts and completions are read by Arrow's JSON reader; what is rarer goes the way of single events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from recommender.blocks.history import AttemptRows, Coded, CompletionRows, HistoryBlock
from recommender.domain.events import STATUS_CODES
from serving.evidence import CATALOG_SKILLS, to_event
from serving.store.events import LogColumns

# No id holds it: control characters are refused.
_BETWEEN = "\x1f"
_ATTEMPT = pa.schema(
    {
        "item_id": pa.string(),
        "module_id": pa.string(),
        "skill_ids": pa.list_(pa.string()),
        CATALOG_SKILLS: pa.list_(pa.string()),
        "passed": pa.bool_(),
        "score": pa.float64(),
        "duration_seconds": pa.float64(),
    }
)
_COMPLETION = pa.schema({"module_id": pa.string(), "status": pa.string(), "progress": pa.float64()})


def history_block(log: LogColumns, pass_mark: float, trained_items: Mapping[str, int]) -> HistoryBlock:
    """Turn whole histories into the columns that are folded.

    Parameters
    ----------
    log : LogColumns
        Learner by learner, each in the order of the fold; one row at least.
    pass_mark : float
        Score from which an attempt counts as passed where its sender did not say.
    trained_items : mapping of str to int
        Items whose skills the states know by themselves, see `to_event`.
    """
    places: dict[str, list[int]] = {"attempt": [], "completion": []}
    others = []
    for place, kind in enumerate(log.kind):
        if kind in places:
            places[kind].append(place)
        else:
            others.append((place, to_event(log.row(place), pass_mark, trained_items)))
    payloads = {kind: [log.payload[i] for i in found] for kind, found in places.items()}
    start = np.cumsum([0, *(sum(1 for _ in same) for _, same in groupby(log.learner_id))])
    return HistoryBlock(
        start=start,
        at=np.array(log.occurred_at, np.float64),
        last_ids=[log.event_id[i - 1] for i in start[1:].tolist()],
        attempts=_attempts(
            places["attempt"], _parsed(payloads["attempt"], _ATTEMPT), pass_mark, trained_items
        ),
        completions=_completions(places["completion"], _parsed(payloads["completion"], _COMPLETION)),
        others=others,
    )


def _parsed(payloads: Sequence[str], schema: pa.Schema) -> pa.Table:
    if not payloads:
        return schema.empty_table()
    # In canonical JSON a line break is escaped.
    lines = pa.BufferReader("\n".join(payloads).encode())
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    return pa.json.read_json(lines, parse_options=options).combine_chunks()


def _attempts(
    places: Sequence[int], rows: pa.Table, pass_mark: float, trained_items: Mapping[str, int]
) -> AttemptRows:
    score = _numbers(rows, "score")
    said = _numbers(rows, "passed")
    item, lists = _coded(rows["item_id"]), pc.binary_join(rows["skill_ids"], _BETWEEN)
    if rows[CATALOG_SKILLS].null_count < rows.num_rows:
        trained = np.array([i in trained_items for i in item.values], np.bool_)[item.code]
        by_catalog = pc.if_else(pa.array(trained), None, pc.binary_join(rows[CATALOG_SKILLS], _BETWEEN))
        lists = pc.coalesce(by_catalog, lists)
    named = _coded(lists)
    return AttemptRows(
        place=np.array(places, np.int64),
        item=item,
        module=_coded(rows["module_id"]),
        skills=Coded([joined.split(_BETWEEN) for joined in named.values], named.code),
        passed=np.where(np.isnan(said), score >= pass_mark, said),
        score=score,
        seconds=_numbers(rows, "duration_seconds"),
    )


def _completions(places: Sequence[int], rows: pa.Table) -> CompletionRows:
    status = _coded(rows["status"].fill_null("completed"))
    codes = np.array([STATUS_CODES[value] for value in status.values], np.int32)
    return CompletionRows(
        place=np.array(places, np.int64),
        module=_coded(rows["module_id"]),
        status=codes[status.code],
        progress=_numbers(rows, "progress"),
    )


def _coded(column: pa.ChunkedArray) -> Coded:
    encoded = pc.dictionary_encode(column.combine_chunks())
    return Coded(encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy().astype(np.int64))


def _numbers(rows: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Cells of a column, NaN where there is none; 1 and 0 for true and false."""
    column = rows[name].cast(pa.float64())
    # A copy: compiled code is made for plain arrays that may be written to.
    return np.array(column.fill_null(np.nan).to_numpy(), np.float64)
