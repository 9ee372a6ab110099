"""Events of several learners as the rows that the compiled fold takes: one call folds all of them in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

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
    to_seconds,
)
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel_arrays import LessonRows, Records, Rows
from recommender.skills.records import (
    DECLINES,
    ITEM,
    LEARNER,
    MODULE,
    N_FEATURES,
    N_ITEM_SLOTS,
    PUSHES,
    SKILL,
    fresh,
    item_key,
)

if TYPE_CHECKING:
    from recommender.skills.state import LearnerState

_NO_FEATURES = np.zeros((0, N_FEATURES), np.float32)
_ATTEMPT_TYPES = {"passed": np.float64, "score": np.float64, "at": np.float64, "seconds": np.float64} | {
    "item_tag": np.uint32
}
_LESSON_TYPES = dict.fromkeys(("hours", "level", "at", "expires", "push"), np.float64) | {
    "declined": np.uint32
}


class Gathered:
    """Rows of events, learner by learner; no state changes before `fold`.

    Parameters
    ----------
    table : DifficultyTable
    """

    def __init__(self, table: DifficultyTable) -> None:
        self._table = table
        self._learners: list[_Learner] = []
        self._first_skill = [0]
        self._attempts = Rows(*([] for _ in Rows._fields))
        self._lessons = LessonRows(*([] for _ in LessonRows._fields))
        for rows in (self._attempts, self._lessons):
            rows.skill_start.append(0)

    def add(self, state: LearnerState, events: Iterable[tuple[EventKey, Event]]) -> None:
        """Add events of another learner.

        Parameters
        ----------
        events : iterable of (EventKey, Event)
            In order, and all after those in the state.
        """
        learner = _Learner(state, dict(state.skill_rows), dict(state.module_rows), state.last_key)
        self._learners.append(learner)
        for learner.last_key, event in events:
            learner.n_events += 1
            match event:
                case Attempt():
                    self._attempt(learner, event)
                case Completion():
                    self._completion(learner, event)
                case SelfAssessment():
                    self._lesson(learner, [event.skill_id], to_seconds(event.occurred_at), level=event.level)
                case CredentialEarned():
                    self._credential(learner, event)
                case Feedback() if event.kind in DECLINES:
                    declined = 0 if event.module_id is None else item_key(event.module_id)[1]
                    self._lesson(learner, [], np.nan, push=PUSHES.get(event.kind, 0.0), declined=declined)
        self._first_skill.append(self._first_skill[-1] + len(learner.skill_rows))

    def fold(self) -> None:
        """Fold everything into the states."""
        records = self._records()
        if self._attempts.at or self._lessons.at:
            first = np.array(self._first_skill[:-1], np.int32)
            # A state numbers its skills from 0.
            last = records.learner["last_skill"]
            last += np.where(last >= 0, first, 0)
            compiled().fold_rows(
                records,
                Rows(**_arrays(self._attempts, _ATTEMPT_TYPES)),
                LessonRows(**_arrays(self._lessons, _LESSON_TYPES)),
                self._table.known(),
                _NO_FEATURES,
            )
            last -= np.where(last >= 0, first, 0)
        for i, learner in enumerate(self._learners):
            skills = slice(self._first_skill[i], self._first_skill[i + 1])
            items = slice(i * N_ITEM_SLOTS, (i + 1) * N_ITEM_SLOTS)
            learner.state.learner = records.learner[i : i + 1]
            learner.state.skills, learner.state.items = records.skill[skills], records.item[items]
            learner.finish()

    def _records(self) -> Records:
        states = [learner.state for learner in self._learners]
        counts = [len(learner.skill_rows) for learner in self._learners]
        return Records(
            _joined([state.learner for state in states], LEARNER),
            _grown([state.skills for state in states], counts, SKILL),
            _joined([state.items for state in states], ITEM),
        )

    def _attempt(self, learner: _Learner, event: Attempt) -> None:
        rows, table, of = self._attempts, self._table, len(self._learners) - 1
        slot, tag = item_key(event.item_id)
        skill_ids = dict.fromkeys(table.skills_of(event.item_id, event.skill_ids, event.module_id))
        rows.skill_row.extend(self._skill_rows(learner, skill_ids))
        rows.skill.extend([table.skill_index.get(skill_id, -1) for skill_id in skill_ids])
        rows.skill_start.append(len(rows.skill_row))
        rows.learner_row.append(of)
        rows.item_row.append(of * N_ITEM_SLOTS + slot)
        rows.item_tag.append(tag)
        rows.item.append(table.item_index.get(event.item_id, -1))
        rows.passed.append(float(event.passed))
        rows.score.append(event.score)
        rows.at.append(to_seconds(event.occurred_at))
        rows.seconds.append(np.nan if event.duration_seconds is None else event.duration_seconds)

    def _completion(self, learner: _Learner, event: Completion) -> None:
        at = to_seconds(event.occurred_at)
        module = learner.module(event.module_id, at)
        module.last_at = at
        # Opening a finished module again does not unfinish it, nor does finishing it again teach it again.
        if module.status != Status.COMPLETED:
            module.status = STATUS_CODES[event.status]
            position = self._table.module_index.get(event.module_id)
            if module.status == Status.COMPLETED and position is not None:
                skill_ids = [self._table.skill_ids[s] for s in self._table.module_skills[position]]
                self._lesson(learner, skill_ids, at, hours=float(self._table.module_hours[position]))
        if event.progress is not None:
            module.progress = float(np.fmax(module.progress, np.float32(event.progress)))

    def _credential(self, learner: _Learner, event: CredentialEarned) -> None:
        earned, expires = to_seconds(event.occurred_at), to_seconds(event.expires_at)
        learner.credentials[event.credential_id] = (_or_none(earned), _or_none(expires))
        skill_ids = self._table.skills_of_credential(event.credential_id)
        self._lesson(learner, skill_ids, earned, expires=math.inf if math.isnan(expires) else expires)

    def _lesson(
        self,
        learner: _Learner,
        skill_ids: Sequence[str],
        at: float,
        *,
        hours: float = 0.0,
        level: float = np.nan,
        expires: float = np.nan,
        push: float = 0.0,
        declined: int = 0,
    ) -> None:
        """Add a finished module, a self-assessment, a credential or feedback."""
        rows = self._lessons
        rows.skill_row.extend(self._skill_rows(learner, dict.fromkeys(skill_ids)))
        rows.skill_start.append(len(rows.skill_row))
        rows.before.append(len(self._attempts.at))
        rows.learner_row.append(len(self._learners) - 1)
        rows.hours.append(hours)
        rows.level.append(level)
        rows.at.append(at)
        rows.expires.append(expires)
        rows.push.append(push)
        rows.declined.append(declined)

    def _skill_rows(self, learner: _Learner, skill_ids: Iterable[str]) -> list[int]:
        """Return records of skills among those of all learners, new ones of those met for the first time."""
        first, own = self._first_skill[-1], learner.skill_rows
        return [first + own.setdefault(skill_id, len(own)) for skill_id in skill_ids]


@dataclass(slots=True)
class _Module:
    """A record of `MODULE`, its fields in that order, while events are gathered."""

    status: int
    progress: float
    first_at: float
    last_at: float


@dataclass(slots=True)
class _Learner:
    """What becomes of a state, but for what the compiled fold changes."""

    state: LearnerState
    skill_rows: dict[str, int]
    module_rows: dict[str, int]
    last_key: EventKey | None
    n_events: int = 0
    modules: dict[int, _Module] = field(default_factory=dict)
    credentials: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)

    def module(self, module_id: str, at: float) -> _Module:
        """Record of a module, made when it is met for the first time."""
        row = self.module_rows.setdefault(module_id, len(self.module_rows))
        if (found := self.modules.get(row)) is None:
            is_new = row >= len(self.state.modules)
            found = (
                _Module(Status.NONE, np.nan, at, at) if is_new else _Module(*self.state.modules[row].item())
            )
            self.modules[row] = found
        return found

    def finish(self) -> None:
        """Let the state know."""
        state = self.state
        state.skill_rows, state.module_rows = self.skill_rows, self.module_rows
        if self.modules:
            state.modules = _grown([state.modules], [len(self.module_rows)], MODULE)
            for row, module in self.modules.items():
                state.modules[row] = (module.status, module.progress, module.first_at, module.last_at)
        state.credentials |= self.credentials
        state.last_key = self.last_key
        state.n_events += self.n_events


def _joined(parts: Sequence[Any], dtype: np.dtype[np.void]) -> Any:
    # np.concatenate takes a hundred times as long on records: it compares their types field by field.
    return np.frombuffer(bytearray().join([part.tobytes() for part in parts]), dtype)


def _grown(parts: Sequence[Any], counts: Sequence[int], dtype: np.dtype[np.void]) -> Any:
    """Put records together, of each part so many: new ones are of what nothing is known of."""
    more = [part.tobytes() + (n - len(part)) * _one(dtype) for part, n in zip(parts, counts, strict=True)]
    return np.frombuffer(bytearray().join(more), dtype)


@cache
def _one(dtype: np.dtype[np.void]) -> bytes:
    return fresh(dtype, 1).tobytes()


def _arrays(rows: Any, types: dict[str, type[Any]]) -> dict[str, Any]:
    return {name: np.array(values, types.get(name, np.int64)) for name, values in rows._asdict().items()}


@cache
def compiled() -> Any:
    """Return `recommender.skills.kernel`."""
    # The compiler takes most of a second to import: only once a state is folded.
    from recommender.skills import kernel

    return kernel


def _or_none(seconds: float) -> float | None:
    return None if math.isnan(seconds) else seconds
