"""Who is asked for which skills, what each person lacks, and how ready each was at earlier moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.pathways.readiness import gaps
from training.programme.ledger import Bools
from training.programme.people import Asked, Labels, labels
from training.programme.programme import Programme

START_DAYS: Final = 90
"""The start is told of as of so many days after anybody's first answer, when many had given their first."""
LEAST_ANSWERS: Final = 5
"""Readiness at a moment is compared for people who had given so many answers by then: before, it is what the
model expects of anybody like them, and a change from that is no movement."""
MONTHS: Final = (12, 6)
# Moments closer together than this are told of once.
_APART = pd.Timedelta(days=30)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """An earlier moment; arrays of shape (n_learners,).

    Parameters
    ----------
    name : str
        "12 months ago", "6 months ago" or "the start".
    at : datetime
    there : bool array
        Who is counted: people of the report who had given `LEAST_ANSWERS` answers by then.
    ready : float64 array
        Readiness then for what the role of today asks for.
    """

    name: str
    at: datetime
    there: Bools
    ready: Floats


@dataclass(frozen=True, slots=True, eq=False)
class GapPeople:
    """Arrays of shape (n_learners,) or (n_learners, n_skills), in the order of `Programme.learners`.

    Parameters
    ----------
    among : bool array
        Who is hired by now and has a target role, else a present one, with a profile.
    asked : bool array
        Which skills the role of each asks for.
    importance, required, gap : float64 arrays
        0 where a skill is not asked for; ``gap = max(0, required - mastery)``.
    ready : float64 array
        Readiness now, in [0, 1]; NaN without a profile.
    labels : mapping of str to array of str
        Group of each person by ``role``, ``team`` and ``segment``, "" where it is not given.
    moments : tuple of Moment
        The one that matters most first; none where the data have no times.
    """

    among: Bools
    asked: Bools
    importance: Floats
    required: Floats
    gap: Floats
    ready: Floats
    labels: Mapping[str, Labels]
    moments: tuple[Moment, ...]

    @property
    def weight(self) -> Floats:
        """What a gap takes from readiness: it is ``1 - sum(weight * gap)``; shape (n_learners, n_skills)."""
        asked = (self.importance * self.required).sum(axis=1, keepdims=True)
        weight = np.zeros_like(self.importance)
        np.divide(self.importance, asked, out=weight, where=asked > 0.0)
        return weight


def gap_people(programme: Programme) -> GapPeople:
    """Read what everybody lacks for the target role, else the present one, as the engine does.

    Parameters
    ----------
    programme : Programme
        With a bundle that has a skill model.

    Raises
    ------
    ValueError
        There is no bundle.
    """
    asked = Asked.of(programme)
    used = programme.standing().used
    ready = 1.0 - asked.missing(used)
    among = ~np.isnan(ready) & programme.is_here
    return GapPeople(
        among=among,
        asked=~np.isnan(asked.required),
        importance=asked.importance,
        required=np.nan_to_num(asked.required),
        gap=np.nan_to_num(gaps(asked.required, used)),
        ready=ready,
        labels={
            "role": asked.role,
            "team": labels(programme, "team"),
            "segment": labels(programme, "segment"),
        },
        moments=_moments(programme, asked, among),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Whose each answer was, and when."""

    learner: NDArray[np.int64]
    at: pd.Series[Any]
    n_learners: int

    @classmethod
    def of(cls, programme: Programme) -> _Answers:
        rows = programme.table("attempts")
        if rows is None:
            nothing = pd.Series([], dtype="datetime64[us, UTC]")
            return cls(np.zeros(0, np.int64), nothing, len(programme.learners))
        return cls(programme.position(rows["learner_id"]), rows["occurred_at"], len(programme.learners))

    def by(self, moment: datetime) -> NDArray[np.int64]:
        """Answers of each learner up to a moment; those without a time count always."""
        counted = ~(self.at > pd.Timestamp(moment)).to_numpy()
        return np.bincount(self.learner[counted], minlength=self.n_learners)


def _moments(programme: Programme, asked: Asked, among: Bools) -> tuple[Moment, ...]:
    answers = _Answers.of(programme)
    first, now = answers.at.min(), pd.Timestamp(programme.now)
    if not programme.dataset.has_clock or pd.isna(first):
        return ()
    start = first + pd.Timedelta(days=START_DAYS)
    times = {f"{months} months ago": now - pd.DateOffset(months=months) for months in MONTHS}
    times = {name: at for name, at in times.items() if at >= start + _APART}
    if start <= now - _APART:
        times["the start"] = start
    made = []
    for name, at in times.items():
        moment = at.to_pydatetime()
        there = among & (answers.by(moment) >= LEAST_ANSWERS)
        made.append(Moment(name, moment, there, 1.0 - asked.missing(programme.standing(moment).used)))
    return tuple(made)
