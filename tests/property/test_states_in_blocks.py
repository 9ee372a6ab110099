"""States made in blocks are, byte for byte, what folding event after event makes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.blocks.history import AttemptRows, Coded, CompletionRows, HistoryBlock
from recommender.blocks.states import StateFolder
from recommender.domain.events import STATUS_CODES, Attempt, Completion, Event, event_key, to_seconds
from recommender.skills.state import fold
from tests.unit.skills.streams import TABLE, a_memory, streams

REMEMBERING = replace(TABLE, memory=a_memory(np.random.default_rng(1))[0])


def coded(values: Sequence[Hashable], none: Hashable = None) -> Coded:
    """Number values in the order in which they come first."""
    known = dict.fromkeys(v for v in values if v != none)
    codes = {v: i for i, v in enumerate(known)} | {none: -1}
    return Coded(list(known), np.array([codes[v] for v in values], np.int64))


def block_of(histories: Sequence[Sequence[Event]]) -> HistoryBlock:
    """Histories as columns, each in its own order."""
    ordered = [sorted(history, key=event_key) for history in histories]
    events = [event for history in ordered for event in history]
    attempts = [(i, e) for i, e in enumerate(events) if isinstance(e, Attempt)]
    completions = [(i, e) for i, e in enumerate(events) if isinstance(e, Completion)]

    def column(rows: Sequence[tuple[int, Any]], value: Callable[[Any], Any]) -> list[Any]:
        return [value(event) for _, event in rows]

    def numbers(rows: Sequence[tuple[int, Any]], name: str) -> np.ndarray:
        return np.array(column(rows, lambda e: getattr(e, name)), np.float64)

    return HistoryBlock(
        start=np.cumsum([0, *map(len, ordered)]),
        at=np.array([to_seconds(e.occurred_at) for e in events], np.float64),
        last_ids=[history[-1].event_id for history in ordered],
        attempts=AttemptRows(
            place=np.array([i for i, _ in attempts], np.int64),
            item=coded(column(attempts, lambda e: e.item_id)),
            module=coded(column(attempts, lambda e: e.module_id)),
            skills=coded(column(attempts, lambda e: e.skill_ids), none=()),
            passed=numbers(attempts, "passed"),
            score=numbers(attempts, "score"),
            seconds=numbers(attempts, "duration_seconds"),
        ),
        completions=CompletionRows(
            place=np.array([i for i, _ in completions], np.int64),
            module=coded(column(completions, lambda e: e.module_id)),
            status=np.array(column(completions, lambda e: STATUS_CODES[e.status]), np.int32),
            progress=numbers(completions, "progress"),
        ),
        others=[(i, e) for i, e in enumerate(events) if not isinstance(e, Attempt | Completion)],
    )


@settings(max_examples=100)
@given(st.lists(streams().filter(bool), max_size=5), st.sampled_from([TABLE, REMEMBERING]))
def test_a_block_of_learners_is_folded_as_each_of_them(histories, table):
    states = StateFolder(table).fold(block_of(histories))
    assert [s.to_bytes() for s in states] == [fold(history, table).to_bytes() for history in histories]
