"""A learner's state: the fold of their events, in constant memory per skill and O(1) per event.

Online and replay are the same fold, so a state does not depend on the order in which events arrive, only
on their own order. An event that comes late cannot be folded in: the state is made again from the log.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.events import (
    STATUS_CODES,
    Attempt,
    Completion,
    CredentialEarned,
    Event,
    EventKey,
    Feedback,
    SelfAssessment,
    Status,
    event_key,
    to_seconds,
)
from recommender.errors import RecommenderError
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel_arrays import Known, LessonRows, Rows
from recommender.skills.kernel_arrays import Records as KernelRecords
from recommender.skills.records import (
    DECLINES,
    ITEM,
    LEARNER,
    MODULE,
    N_FEATURES,
    N_ITEM_SLOTS,
    PUSHES,
    SKILL,
    STATE_VERSION,
    fresh,
    item_key,
)

Records: TypeAlias = np.ndarray[tuple[int], np.dtype[np.void]]

_MAGIC = b"ALRS"
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_HEADER = struct.Struct("<4sHIII")  # magic, version, n_skills, n_modules, bytes of the JSON part
_NO_FEATURES = np.zeros((0, N_FEATURES), np.float32)
_FIRST = np.zeros(1, np.int64)


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
            self._items[used] = np.frombuffer(records, ITEM)
        return self._items

    @items.setter
    def items(self, records: Records) -> None:
        self._items = records

    def skill_row(self, skill_id: str) -> int:
        """Row of a skill, made when it is met for the first time."""
        row = self.skill_rows.get(skill_id)
        if row is None:
            row = self.skill_rows[skill_id] = len(self.skill_rows)
            self.skills = _with_one_more(self.skills, SKILL)
        return row

    def module_row(self, module_id: str) -> int:
        """Row of a module, made when it is met for the first time."""
        row = self.module_rows.get(module_id)
        if row is None:
            row = self.module_rows[module_id] = len(self.module_rows)
            self.modules = _with_one_more(self.modules, MODULE)
        return row

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
        text = _COMPACT.encode(ids).encode()
        header = _HEADER.pack(_MAGIC, STATE_VERSION, len(self.skills), len(self.modules), len(text))
        records = (self.learner, self.skills, self.modules, self.items[used])
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
        ids = json.loads(data[_HEADER.size : _HEADER.size + n_text])
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
            # Copied as bytes: a copy of records goes field by field, which takes ten times as long.
            parts.append(np.frombuffer(bytearray(data[at:end]), dtype))
            at = end
        state.learner, state.skills, state.modules = parts
        slots: str = ids["slots"]
        if len(data) != at + int(slots or "0", 16).bit_count() * ITEM.itemsize:
            raise ValueError(f"a learner state of {len(data)} bytes is cut off; replay the events")
        state._items, state._packed_items = None, (slots, data[at:])
        return state


def _with_one_more(records: Records, dtype: np.dtype[np.void]) -> Records:
    # np.concatenate takes a hundred times as long on records: it compares their types field by field.
    more = np.empty(len(records) + 1, dtype)
    more[:-1] = records
    more[-1] = _one(dtype)
    return more


@cache
def _one(dtype: np.dtype[np.void]) -> np.void:
    record: np.void = fresh(dtype, 1)[0]
    return record


def update(state: LearnerState, event: Event, table: DifficultyTable) -> None:
    """Fold one event into a state, in place.

    Raises
    ------
    LateEventError
        The event does not come after the state's newest one.
    """
    key = event_key(event)
    if state.last_key is not None and key <= state.last_key:
        raise LateEventError(
            f"event {event.event_id!r} comes before {state.last_key[1]!r}; replay the learner"
        )
    match event:
        case Attempt():
            _attempt(state, event, table)
        case Completion():
            _completion(state, event, table)
        case SelfAssessment():
            _lesson(state, [event.skill_id], to_seconds(event.occurred_at), level=event.level)
        case CredentialEarned():
            _credential(state, event, table)
        case Feedback() if event.kind in DECLINES:
            declined = 0 if event.module_id is None else item_key(event.module_id)[1]
            _lesson(state, [], np.nan, push=PUSHES.get(event.kind, 0.0), declined=declined)
    state.last_key = key
    state.n_events += 1


def fold(events: Iterable[Event], table: DifficultyTable) -> LearnerState:
    """Make the state of one learner from all of their events, in any order of arrival."""
    state = LearnerState(table.id)
    for event in sorted(events, key=event_key):
        update(state, event, table)
    return state


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


@cache
def _kernel() -> Any:
    # The compiler takes most of a second to import: only once a state is folded.
    from recommender.skills import kernel

    return kernel


def _attempt(state: LearnerState, event: Attempt, table: DifficultyTable) -> None:
    kernel = _kernel()
    skill_ids = tuple(dict.fromkeys(table.skills_of(event.item_id, event.skill_ids, event.module_id)))
    rows = np.array([state.skill_row(s) for s in skill_ids], np.int64)
    slot, tag = item_key(event.item_id)
    attempt = Rows(
        learner_row=_FIRST,
        item_row=np.array([slot], np.int64),
        item_tag=np.array([tag], np.uint32),
        item=np.array([table.item_index.get(event.item_id, -1)], np.int64),
        skill_start=np.array([0, len(rows)], np.int64),
        skill_row=rows,
        skill=np.array([table.skill_index.get(s, -1) for s in skill_ids], np.int64),
        passed=np.array([float(event.passed)]),
        score=np.array([event.score]),
        at=np.array([to_seconds(event.occurred_at)]),
        seconds=np.array([np.nan if event.duration_seconds is None else event.duration_seconds]),
    )
    kernel.fold_rows(_records(state), attempt, _no_lessons(), table.known(), _NO_FEATURES)


def _credential(state: LearnerState, event: CredentialEarned, table: DifficultyTable) -> None:
    earned, expires = to_seconds(event.occurred_at), to_seconds(event.expires_at)
    state.credentials[event.credential_id] = (_or_none(earned), _or_none(expires))
    skill_ids = table.skills_of_credential(event.credential_id)
    _lesson(state, skill_ids, earned, expires=math.inf if math.isnan(expires) else expires)


def _lesson(
    state: LearnerState,
    skill_ids: Sequence[str],
    at: float,
    *,
    hours: float = 0.0,
    level: float = np.nan,
    expires: float = np.nan,
    push: float = 0.0,
    declined: int = 0,
) -> None:
    """Fold a finished module, a self-assessment, a credential or feedback in."""
    kernel = _kernel()
    rows = np.array([state.skill_row(s) for s in dict.fromkeys(skill_ids)], np.int64)
    lesson = LessonRows(
        before=_FIRST,
        learner_row=_FIRST,
        skill_start=np.array([0, len(rows)], np.int64),
        skill_row=rows,
        hours=np.array([hours]),
        level=np.array([level]),
        at=np.array([at]),
        expires=np.array([expires]),
        push=np.array([push]),
        declined=np.array([declined], np.uint32),
    )
    kernel.learn(_records(state), lesson, 0)


def _records(state: LearnerState) -> KernelRecords:
    return KernelRecords(state.learner, state.skills, state.items)


@cache
def _no_lessons() -> LessonRows:
    none = np.zeros(0)
    counts = np.zeros(0, np.int64)
    tags = np.zeros(0, np.uint32)
    return LessonRows(counts, counts, np.zeros(1, np.int64), counts, none, none, none, none, none, tags)


def describe_items(
    state: LearnerState, items: NDArray[np.int64], table: DifficultyTable, known: Known, *, now: float
) -> NDArray[np.float32]:
    """Features of each item, a position in the table, had it come next at `now`; (n_items, N_FEATURES)."""
    kernel = _kernel()
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


def _completion(state: LearnerState, event: Completion, table: DifficultyTable) -> None:
    is_new = event.module_id not in state.module_rows
    row = state.module_row(event.module_id)
    module = state.modules[row]
    at = to_seconds(event.occurred_at)
    if is_new:
        module["first_at"] = at
    module["last_at"] = at
    # Opening a finished module again does not unfinish it, nor does finishing it again teach it again.
    if module["status"] != Status.COMPLETED:
        module["status"] = STATUS_CODES[event.status]
        position = table.module_index.get(event.module_id)
        if module["status"] == Status.COMPLETED and position is not None:
            skill_ids = [table.skill_ids[s] for s in table.module_skills[position]]
            _lesson(state, skill_ids, at, hours=float(table.module_hours[position]))
    if event.progress is not None:
        module["progress"] = np.fmax(module["progress"], np.float32(event.progress))


def _or_none(seconds: float) -> float | None:
    return None if math.isnan(seconds) else seconds
