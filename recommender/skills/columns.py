"""Attempts of many learners as columns: what every learner-skill model is fitted on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Ragged


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What tells between attempts: finished modules, self-assessments, credentials and feedback, a row each.

    Parameters
    ----------
    learner : int64 array, shape (n_lessons,)
    before : int64 array, shape (n_lessons,)
        Row of the attempts that it comes just before in time, for its learner; ascending.
    skills : Ragged
        Skills taught, judged or certified, positions in the catalogue; one row per lesson.
    hours : float64 array, shape (n_lessons,)
        Hours taught in each of the skills; 0 for a self-assessment.
    level : float64 array, shape (n_lessons,)
        Level of a self-assessment, a fraction; NaN for a module.
    at : float64 array, shape (n_lessons,)
        Seconds since 1970 UTC, NaN without clock.
    expires, push : float64 arrays, shape (n_lessons,), optional
    declined : uint32 array, shape (n_lessons,), optional
        Of credentials and feedback, see `recommender.skills.kernel_arrays.LessonRows`; by default there are
        none.
    """

    learner: NDArray[np.int64]
    before: NDArray[np.int64]
    skills: Ragged
    hours: NDArray[np.float64]
    level: NDArray[np.float64]
    at: NDArray[np.float64]
    expires: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    push: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    declined: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))

    def __post_init__(self) -> None:
        """Fill in that there are neither credentials nor feedback."""
        n, nothing = len(self.learner), {"expires": np.nan, "push": 0.0, "declined": 0}
        for name, value in nothing.items():
            given = getattr(self, name)
            if len(given) != n:
                object.__setattr__(self, name, np.full(n, value, given.dtype))

    def __len__(self) -> int:
        return len(self.learner)

    @classmethod
    def none(cls) -> Lessons:
        """No lessons at all."""
        counts, values = np.zeros(0, np.int64), np.zeros(0)
        return cls(counts, counts, Ragged.of([]), values, values, values)

    def take(self, mask: NDArray[np.bool_], place: NDArray[np.int64]) -> Lessons:
        """Only the rows where `mask` (n_lessons,) holds; `place` is where each attempt goes."""
        skills = take_rows(self.skills, mask)
        names = ("hours", "level", "at", "expires", "push", "declined")
        rest = {name: getattr(self, name)[mask] for name in names}
        return Lessons(self.learner[mask], place[self.before[mask]], skills, **rest)


@dataclass(frozen=True, slots=True, eq=False)
class AttemptColumns:
    """One row per attempt; rows of one learner stand in the order of (`occurred_at`, `event_id`).

    Parameters
    ----------
    learner : int64 array, shape (n_attempts,)
        0 to ``n_learners - 1``.
    item : int32 array, shape (n_attempts,)
        Positions in the catalogue's items.
    skills : Ragged
        Skills of each attempt, positions in the catalogue's skills; one row per attempt, perhaps empty.
    module : int32 array, shape (n_attempts,)
        Positions in the catalogue, -1 when an attempt belongs to none.
    passed, score : float64 arrays, shape (n_attempts,)
        1 or 0; share of the marks in [0, 1].
    at : float64 array, shape (n_attempts,)
        Seconds since 1970 UTC, NaN without clock.
    pass_mark : float
        Score from which an attempt counts as passed where its sender did not say.
    lessons : Lessons
        What else tells of skills, between the attempts.
    role, segment : int32 arrays, shape (n_learners,), optional
        Positions in the catalogue's roles and in `SEGMENTS`, -1 where not known.
    seconds : float64 array, shape (n_attempts,), optional
        How long each answer took, NaN where not told; by default of all.
    """

    learner: NDArray[np.int64]
    item: NDArray[np.int32]
    skills: Ragged
    module: NDArray[np.int32]
    passed: NDArray[np.float64]
    score: NDArray[np.float64]
    at: NDArray[np.float64]
    n_learners: int
    pass_mark: float = 0.5
    lessons: Lessons = field(default_factory=Lessons.none)
    role: NDArray[np.int32] | None = None
    segment: NDArray[np.int32] | None = None
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Fill in that no time was told."""
        if len(self.seconds) != len(self.learner):
            object.__setattr__(self, "seconds", np.full(len(self.learner), np.nan))

    def __len__(self) -> int:
        return len(self.learner)

    def take(self, mask: NDArray[np.bool_]) -> AttemptColumns:
        """Only the rows where `mask` (n_attempts,) holds: all or none of a learner's.

        Learners keep their numbers. Lessons go with their learner.
        """
        kept = np.zeros(self.n_learners, np.bool_)
        kept[self.learner[mask]] = True
        place = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask)])
        lessons = self.lessons.take(kept[self.lessons.learner], place)
        names = ("learner", "item", "module", "passed", "score", "at", "seconds")
        rows = {name: getattr(self, name)[mask] for name in names}
        return replace(self, skills=take_rows(self.skills, mask), lessons=lessons, **rows)


def take_rows(rows: Ragged, mask: NDArray[np.bool_]) -> Ragged:
    """Only the rows where `mask` holds."""
    counts = np.diff(rows.start)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[mask])])
    return Ragged(start, rows.values[np.repeat(mask, counts)])
