"""Whole histories of many learners as columns: what `recommender.blocks.states` folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.events import Event

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Values that come again and again: `code` (n_rows,) is a position in `values`, -1 for none."""

    values: Sequence[Any]
    code: Ints


@dataclass(frozen=True, slots=True, eq=False)
class AttemptRows:
    """Attempts, in the order of the events.

    Parameters
    ----------
    place : int64 array, shape (n_attempts,)
        Position among all events, ascending.
    item, module : Coded
        Ids.
    skills : Coded
        Lists of ids that attempts name.
    passed, score, seconds : float64 arrays, shape (n_attempts,)
        1 or 0; share of the marks in [0, 1]; how long the answer took, NaN where not told.
    """

    place: Ints
    item: Coded
    module: Coded
    skills: Coded
    passed: Floats
    score: Floats
    seconds: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CompletionRows:
    """Completions, in the order of the events.

    Parameters
    ----------
    place : int64 array, shape (n_completions,)
        Position among all events, ascending.
    module : Coded
        Ids.
    status : int32 array, shape (n_completions,)
        Codes of `Status`.
    progress : float64 array, shape (n_completions,)
        Shares in [0, 1], NaN where not told.
    """

    place: Ints
    module: Coded
    status: NDArray[np.int32]
    progress: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HistoryBlock:
    """Whole histories of some learners, each in the order of (`occurred_at`, `event_id`).

    Parameters
    ----------
    start : int64 array, shape (n_learners + 1,)
        Where the events of each learner begin; everybody has one at least.
    at : float64 array, shape (n_events,)
        Seconds since 1970 UTC, NaN without a time.
    last_ids : sequence of str
        Id of the last event of each learner.
    attempts : AttemptRows
    completions : CompletionRows
    others : sequence of (int, Event)
        All other events with their positions, ascending.
    """

    start: Ints
    at: Floats
    last_ids: Sequence[str]
    attempts: AttemptRows
    completions: CompletionRows
    others: Sequence[tuple[int, Event]]
