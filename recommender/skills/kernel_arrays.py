"""What the compiled fold reads and changes, as named groups of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple


class Records(NamedTuple):
    """Record arrays of `LEARNER`, `SKILL` and `ITEM`; folding changes them in place."""

    learner: Any
    skill: Any
    item: Any


class Rows(NamedTuple):
    """Attempts, in the order they are folded in.

    Parameters
    ----------
    learner_row, item_row : int64 arrays, shape (n_attempts,)
        The records each attempt touches.
    item_tag : uint32 array, shape (n_attempts,)
    item : int64 array, shape (n_attempts,)
        Position in the table of what is known of items, -1 for an item nobody knows.
    skill_start : int64 array, shape (n_attempts + 1,)
        Attempt `i` touches ``skill_row[skill_start[i]:skill_start[i + 1]]``.
    skill_row, skill : int64 arrays, shape (n_entries,)
        Record of each skill, and its position in the table, -1 for one that nobody knows.
    passed, score, at : float64 arrays, shape (n_attempts,)
        1 or 0; a fraction; seconds since 1970 UTC or NaN.
    seconds : float64 array, shape (n_attempts,)
        How long the answer took, NaN where not told.
    """

    learner_row: Any
    item_row: Any
    item_tag: Any
    item: Any
    skill_start: Any
    skill_row: Any
    skill: Any
    passed: Any
    score: Any
    at: Any
    seconds: Any


class LessonRows(NamedTuple):
    """Finished modules, self-assessments, credentials and feedback, folded in between attempts.

    Parameters
    ----------
    before : int64 array, shape (n_lessons,)
        Each is folded in just before this attempt; ascending.
    learner_row : int64 array, shape (n_lessons,)
    skill_start : int64 array, shape (n_lessons + 1,)
    skill_row : int64 array, shape (n_entries,)
        Records of `SKILL`.
    hours, level, at : float64 arrays, shape (n_lessons,)
        Hours taught in each skill, 0 for a self-assessment; the level of a self-assessment, else NaN;
        seconds since 1970 UTC or NaN.
    expires : float64 array, shape (n_lessons,)
        When a credential expires, infinity for never; NaN for what is no credential.
    push : float64 array, shape (n_lessons,)
        Steps that feedback pushes, see `recommender.skills.records`.
    declined : uint32 array, shape (n_lessons,)
        Tag of the module that feedback declines, 0 for none.
    """

    before: Any
    learner_row: Any
    skill_start: Any
    skill_row: Any
    hours: Any
    level: Any
    at: Any
    expires: Any
    push: Any
    declined: Any


class Known(NamedTuple):
    """What is known of items and skills beforehand, see `DifficultyTable.known`.

    `overall` and `overall_score` are arrays of one number. The vectors and biases of the memory have
    no rows where none was fitted.
    """

    overall: Any
    overall_score: Any
    item_difficulty: Any
    item_score: Any
    item_log_count: Any
    item_seconds: Any
    skill_difficulty: Any
    skill_score: Any
    item_input: Any
    skill_input: Any
    item_output: Any
    skill_output: Any
    item_bias: Any
    skill_bias: Any
