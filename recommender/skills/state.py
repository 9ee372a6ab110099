"""A learner's state: the fold of their events, in constant memory per skill and O(1) per event.

Online and replay are the same fold, so a state does not depend on the order in which events arrive, only
on their own order. An event that comes late cannot be folded in: the state is made again from the log.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.events import (
    STATUS_CODES,
    Attempt,
    Completion,
    CredentialEarned,
    Event,
    EventKey,
    SelfAssessment,
    Status,
    event_key,
    to_seconds,
)
from recommender.errors import RecommenderError
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.records import (
    ITEM,
    LEARNER,
    MODULE,
    N_ITEM_SLOTS,
    SKILL,
    STATE_VERSION,
    fresh,
    item_key,
)

Records: TypeAlias = np.ndarray[tuple[int], np.dtype[np.void]]

_MAGIC = b"ALRS"
_HEADER = struct.Struct("<4sHIII")  # magic, version, n_skills, n_modules, bytes of the JSON part
_NO_ROWS = np.zeros((0, 5))
_FIRST_ITEM = np.zeros(1, np.int64)


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
        In the order of `module_rows`, a mapping of module id to row.
    credentials : dict of str to (earned, expires)
        Seconds since 1970 UTC, None where not told.
    """

    __slots__ = (
        "credentials",
        "difficulty_id",
        "items",
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
        self.items: Records = fresh(ITEM, N_ITEM_SLOTS)
        self.module_rows: dict[str, int] = {}
        self.modules: Records = fresh(MODULE, 0)
        self.credentials: dict[str, tuple[float | None, float | None]] = {}

    def skill_row(self, skill_id: str) -> int:
        """Row of a skill, made when it is met for the first time."""
        row = self.skill_rows.get(skill_id)
        if row is None:
            row = self.skill_rows[skill_id] = len(self.skill_rows)
            self.skills = np.concatenate([self.skills, fresh(SKILL, 1)])
        return row

    def module_row(self, module_id: str) -> int:
        """Row of a module, made when it is met for the first time."""
        row = self.module_rows.get(module_id)
        if row is None:
            row = self.module_rows[module_id] = len(self.module_rows)
            self.modules = np.concatenate([self.modules, fresh(MODULE, 1)])
        return row

    def to_bytes(self) -> bytes:
        """Compact form: header, ids as JSON, then the records; item slots never used are left out."""
        used = np.flatnonzero(self.items["tag"])
        ids = {
            "difficulty_id": self.difficulty_id,
            "last_at": None if self.last_key is None or math.isinf(self.last_key[0]) else self.last_key[0],
            "last_id": None if self.last_key is None else self.last_key[1],
            "n_events": self.n_events,
            "skills": list(self.skill_rows),
            "modules": list(self.module_rows),
            "slots": used.tolist(),
            "credentials": self.credentials,
        }
        text = json.dumps(ids, separators=(",", ":")).encode()
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
        state = cls(ids["difficulty_id"])
        if ids["last_id"] is not None:
            state.last_key = (-math.inf if ids["last_at"] is None else ids["last_at"], ids["last_id"])
        state.n_events = ids["n_events"]
        state.skill_rows = {v: i for i, v in enumerate(ids["skills"])}
        state.module_rows = {v: i for i, v in enumerate(ids["modules"])}
        state.credentials = {k: (v[0], v[1]) for k, v in ids["credentials"].items()}
        at = _HEADER.size + n_text
        parts: list[Records] = []
        for dtype, n in ((LEARNER, 1), (SKILL, n_skills), (MODULE, n_modules), (ITEM, len(ids["slots"]))):
            parts.append(np.frombuffer(data, dtype, n, at).copy())
            at += n * dtype.itemsize
        state.learner, state.skills, state.modules = parts[:3]
        state.items[ids["slots"]] = parts[3]
        return state


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
            _completion(state, event)
        case SelfAssessment():
            row = state.skill_row(event.skill_id)  # first: it may replace the array of records
            state.skills[row]["self_level"] = event.level
        case CredentialEarned():
            earned, expires = to_seconds(event.occurred_at), to_seconds(event.expires_at)
            state.credentials[event.credential_id] = (_or_none(earned), _or_none(expires))
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

    >>> known_rows({"a": 0, "gone": 1}, {"b": 0, "a": 1})
    (array([1]), array([0]))
    """
    met = [(index[value], row) for value, row in rows.items() if value in index]
    position, row = np.array(met, np.int64).reshape(-1, 2).T
    return position, row


@cache
def _kernel() -> Callable[..., None]:
    # The compiler takes most of a second to import: only once a state is folded.
    from recommender.skills.kernel import fold_attempts

    kernel: Callable[..., None] = fold_attempts
    return kernel


def _attempt(state: LearnerState, event: Attempt, table: DifficultyTable) -> None:
    skill_ids = table.skills_of(event.item_id, event.skill_ids, event.module_id)
    rows = np.array([state.skill_row(s) for s in dict.fromkeys(skill_ids)], np.int64)
    slot, tag = item_key(event.item_id)
    _kernel()(
        state.learner,
        state.skills,
        state.items,
        _FIRST_ITEM,
        np.array([0, len(rows)], np.int64),
        rows,
        np.array([slot], np.int64),
        np.array([tag], np.uint32),
        np.array([table.difficulty_of(event.item_id, skill_ids)]),
        np.array([float(event.passed)]),
        np.array([to_seconds(event.occurred_at)]),
        _NO_ROWS,
        _NO_ROWS,
    )


def _completion(state: LearnerState, event: Completion) -> None:
    is_new = event.module_id not in state.module_rows
    row = state.module_row(event.module_id)
    module = state.modules[row]
    at = to_seconds(event.occurred_at)
    if is_new:
        module["order"] = state.learner["n_started"][0]
        module["first_at"] = at
        state.learner["n_started"] += 1
    module["last_at"] = at
    # Opening a finished module again does not unfinish it.
    if module["status"] != Status.COMPLETED:
        module["status"] = STATUS_CODES[event.status]
    if event.progress is not None:
        module["progress"] = np.fmax(module["progress"], np.float32(event.progress))


def _or_none(seconds: float) -> float | None:
    return None if math.isnan(seconds) else seconds
