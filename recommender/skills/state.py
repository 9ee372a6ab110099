"""A learner's state: the fold of their events, in constant memory per skill and O(1) per event.

Online and replay are the same fold, so a state does not depend on the order in which events arrive, only
on their own order. An event that comes late cannot be folded in: the state is made again from the log.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from recommender.domain.events import Event, EventKey, event_key
from recommender.errors import RecommenderError
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.gathered import Gathered, compiled
from recommender.skills.kernel_arrays import Known, Rows
from recommender.skills.kernel_arrays import Records as KernelRecords
from recommender.skills.records import (
    ITEM,
    LEARNER,
    MODULE,
    N_FEATURES,
    N_ITEM_SLOTS,
    SKILL,
    STATE_VERSION,
    fresh,
    item_key,
)

Records: TypeAlias = np.ndarray[tuple[int], np.dtype[np.void]]

_MAGIC = b"ALRS"
# Copied as bytes: a copy of records goes field by field, which takes several times as long.
_ITEM_BYTES = np.dtype((np.void, ITEM.itemsize))
_HEADER = struct.Struct("<4sHIII")  # magic, version, n_skills, n_modules, bytes of the JSON part


class LateEventError(RecommenderError):
    """An event comes before one that the state already holds: replay the learner's log."""


class LearnerState:
    """What is known of one learner, as records.

    Attributes
    ----------
    difficulty_id : str
        The difficulty table the state was folded against.
    last_key : tuple of (float, str) or None
        Time and id of the newest event; None before the first.
    n_events : int
    learner : record array, shape (1,)
    skills : record array, shape (n_skills_met,)
        In the order of `skill_rows`, a mapping of skill id to row.
    items : record array, shape (N_ITEM_SLOTS,)
    modules : record array, shape (n_modules_met,)
        In the order of `module_rows`, a mapping of module id to row; it is that of their first starts.
    credentials : dict of str to (earned, expires)
        Seconds since 1970 UTC, None where not told.
    """

    __slots__ = (
        "_items",
        "_packed_items",
        "credentials",
        "difficulty_id",
        "last_key",
        "learner",
        "module_rows",
        "modules",
        "n_events",
        "skill_rows",
        "skills",
    )

    def __init__(self, difficulty_id: str) -> None:
        self.difficulty_id = difficulty_id
        self.last_key: EventKey | None = None
        self.n_events = 0
        self.learner: Records = fresh(LEARNER, 1)
        self.skill_rows: dict[str, int] = {}
        self.skills: Records = fresh(SKILL, 0)
        self._items: Records | None = fresh(ITEM, N_ITEM_SLOTS)
        # Slots that are used, and their records, as `to_bytes` writes them.
        self._packed_items: tuple[str, bytes] = ("", b"")
        self.module_rows: dict[str, int] = {}
        self.modules: Records = fresh(MODULE, 0)
        self.credentials: dict[str, tuple[float | None, float | None]] = {}

    @property
    def items(self) -> Records:
        """ITEM records by slot; what was read from bytes is brought there when it is first asked for."""
        if self._items is None:
            slots, records = self._packed_items
            used = np.unpackbits(np.frombuffer(bytes.fromhex(slots), np.uint8)).view(np.bool_)
            self._items = np.zeros(N_ITEM_SLOTS, ITEM)
            self._items.view(_ITEM_BYTES)[used] = np.frombuffer(records, _ITEM_BYTES)
        return self._items

    @items.setter
    def items(self, records: Records) -> None:
        self._items = records

    def to_bytes(self) -> bytes:
        """Compact form: header, ids as JSON, then the records; item slots never used are left out."""
        used = self.items["tag"] != 0
        ids = {
            "difficulty_id": self.difficulty_id,
            "last_at": None if self.last_key is None or math.isinf(self.last_key[0]) else self.last_key[0],
            "last_id": None if self.last_key is None else self.last_key[1],
            "n_events": self.n_events,
            "skills": list(self.skill_rows),
            "modules": list(self.module_rows),
            "slots": np.packbits(used).tobytes().hex(),
            "credentials": self.credentials,
        }
        text = to_json(ids)
        header = _HEADER.pack(_MAGIC, STATE_VERSION, len(self.skills), len(self.modules), len(text))
        records = (self.learner, self.skills, self.modules, self.items.view(_ITEM_BYTES)[used])
        return header + text + b"".join(r.tobytes() for r in records)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises
        ------
        ValueError
            The bytes are no state, or one of another version: replay the learner's log.
        """
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise ValueError("these bytes are no learner state; replay the learner's events")
        _, version, n_skills, n_modules, n_text = _HEADER.unpack_from(data)
        if version != STATE_VERSION:
            raise ValueError(
                f"learner state version {version}, this engine folds {STATE_VERSION}; replay the events"
            )
        # Of what names people nothing is remembered.
        ids = from_json(data[_HEADER.size : _HEADER.size + n_text], cache_strings="keys")
        # Not by way of the constructor: records of nobody would be made to be thrown away.
        state = cls.__new__(cls)
        state.difficulty_id = ids["difficulty_id"]
        state.last_key = None
        if ids["last_id"] is not None:
            state.last_key = (-math.inf if ids["last_at"] is None else ids["last_at"], ids["last_id"])
        state.n_events = ids["n_events"]
        state.skill_rows = {v: i for i, v in enumerate(ids["skills"])}
        state.module_rows = {v: i for i, v in enumerate(ids["modules"])}
        state.credentials = {k: (v[0], v[1]) for k, v in ids["credentials"].items()}
        at = _HEADER.size + n_text
        parts: list[Records] = []
        for dtype, n in ((LEARNER, 1), (SKILL, n_skills), (MODULE, n_modules)):
            end = at + n * dtype.itemsize
            parts.append(np.frombuffer(bytearray(data[at:end]), dtype))
            at = end
        state.learner, state.skills, state.modules = parts
        slots: str = ids["slots"]
        if len(data) != at + int(slots or "0", 16).bit_count() * ITEM.itemsize:
            raise ValueError(f"a learner state of {len(data)} bytes is cut off; replay the events")
        state._items, state._packed_items = None, (slots, data[at:])
        return state


def update(state: LearnerState, event: Event, table: DifficultyTable) -> None:
    """Fold one event into a state, in place.

    Raises
    ------
    LateEventError
        The event does not come after the state's newest one.
    """
    fold_on([(state, [event])], table)


def fold(events: Iterable[Event], table: DifficultyTable) -> LearnerState:
    """Make the state of one learner from all of their events, in any order of arrival."""
    state = LearnerState(table.id)
    fold_on([(state, events)], table)
    return state


def fold_on(of_learners: Iterable[tuple[LearnerState, Iterable[Event]]], table: DifficultyTable) -> None:
    """Fold events, in any order of arrival, into the states of several learners, in place.

    All go through the compiled fold at once: of a hundred events that takes half the time.

    Parameters
    ----------
    of_learners : iterable of (LearnerState, iterable of Event)
        Each learner once.

    Raises
    ------
    LateEventError
        An event does not come after the newest one of its state; then no state has changed.
    """
    gathered = Gathered(table)
    for state, events in of_learners:
        keyed = sorted(((event_key(event), event) for event in events), key=itemgetter(0))
        newest = state.last_key
        for key, event in keyed:
            if newest is not None and key <= newest:
                raise LateEventError(
                    f"event {event.event_id!r} comes before {newest[1]!r}; replay the learner"
                )
            newest = key
        gathered.add(state, keyed)
    gathered.fold()


def known_rows(
    rows: Mapping[str, int], index: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in the catalogue and rows in the state of the ids that the catalogue holds.

    `rows` holds 0, 1, 2 and so on in this order.

    >>> known_rows({"a": 0, "gone": 1}, {"b": 0, "a": 1})
    (array([1]), array([0]))
    """
    found = [index.get(id_, -1) for id_ in rows]
    position = np.array(found, np.int64)
    if -1 not in found:
        return position, np.arange(len(found))
    known = position >= 0
    return position[known], np.flatnonzero(known)


def describe_items(
    state: LearnerState, items: NDArray[np.int64], table: DifficultyTable, known: Known, *, now: float
) -> NDArray[np.float32]:
    """Features of each item, a position in the table, had it come next at `now`; (n_items, N_FEATURES)."""
    kernel = compiled()
    counts = np.diff(table.item_skills.start)[items]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    first = table.item_skills.start[items]
    skill = table.item_skills.values[np.arange(start[-1]) + np.repeat(first - start[:-1], counts)]
    # The last record is that of a skill never met.
    row_of = np.full(len(table.skill_ids), len(state.skills), np.int64)
    position, row = known_rows(state.skill_rows, table.skill_index)
    row_of[position] = row
    keys = np.array([item_key(table.item_ids[i]) for i in items.tolist()], np.int64).reshape(-1, 2)
    rows = Rows(
        learner_row=np.zeros(len(items), np.int64),
        item_row=np.ascontiguousarray(keys[:, 0]),
        item_tag=keys[:, 1].astype(np.uint32),
        item=items,
        skill_start=start,
        skill_row=row_of[skill],
        skill=skill.astype(np.int64),
        passed=np.zeros(len(items)),
        score=np.zeros(len(items)),
        at=np.full(len(items), now),
        seconds=np.full(len(items), np.nan),
    )
    records = KernelRecords(state.learner, np.concatenate([state.skills, fresh(SKILL, 1)]), state.items)
    features = np.zeros((len(items), N_FEATURES), np.float32)
    kernel.describe_rows(records, rows, known, features)
    return features
