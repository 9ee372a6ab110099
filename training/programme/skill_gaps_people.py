"""Who is asked for which skills, what each person lacks, and how ready each was at earlier moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.blocks.learners import Places
from recommender.domain.catalog import Catalog, Floats
from recommender.domain.dataset_format import SEGMENTS
from recommender.pathways.readiness import gaps
from recommender.ranking.gain import Need
from training.programme.ledger import Bools
from training.programme.programme import Programme

START_DAYS: Final = 90
"""The start is told of as of so many days after anybody's first answer, when many had given their first."""
LEAST_ANSWERS: Final = 5
"""Readiness at a moment is compared for people who had given so many answers by then: before, it is what the
model expects of anybody like them, and a change from that is no movement."""
MONTHS: Final = (12, 6)
# Moments closer together than this are told of once.
_APART = pd.Timedelta(days=30)
Labels = NDArray[np.object_]


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
        Who is there now and has a target role, else a present one, with a profile.
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
    if programme.bundle is None:
        raise ValueError("there is no bundle to read mastery with; give one to Programme")
    catalog, learners = programme.bundle.catalog, programme.learners
    places = Places.of(
        catalog.roles,
        role_id=_texts(learners["role_id"]),
        target_role_id=_texts(learners["target_role_id"]),
        segment=_texts(learners["segment"]),
        language=[None] * len(learners),
    )
    required, importance = _profiles(catalog, places.target)
    asked = ~np.isnan(required)
    gap = np.nan_to_num(gaps(required, programme.standing().used))
    ready = _readiness(required, importance, gap)
    answers = _Answers.of(programme)
    among = ~np.isnan(ready) & (_hired(programme) | (answers.by(programme.now) > 0))
    return GapPeople(
        among=among,
        asked=asked,
        importance=importance,
        required=np.nan_to_num(required),
        gap=gap,
        ready=ready,
        labels={
            "role": np.array([*catalog.roles.ids, ""], np.object_)[places.target],
            "team": np.array([team or "" for team in _texts(learners["team_id"])], np.object_),
            "segment": np.array([*SEGMENTS, ""], np.object_)[places.segment],
        },
        moments=_moments(programme, answers, among, required, importance),
    )


def _profiles(catalog: Catalog, role: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Look up requirement and importance of each skill for each person; NaN and 0 where it is not asked."""
    # The last is of no role.
    needs = [Need.of_role(catalog, r) for r in (*range(len(catalog.roles.ids)), -1)]
    return np.array([n.required for n in needs])[role], np.array([n.importance for n in needs])[role]


def _readiness(required: Floats, importance: Floats, gap: Floats) -> Floats:
    """`recommender.pathways.readiness.readiness` of many people, without its interval."""
    asked = (importance * np.nan_to_num(required)).sum(axis=1)
    n_required = (~np.isnan(required)).sum(axis=1)
    weighs = asked > np.finfo(float).tiny * n_required
    lacking = (importance * gap).sum(axis=1)
    share = np.divide(lacking, asked, out=np.full(len(asked), np.nan), where=weighs)
    ready: Floats = np.clip(1.0 - share, 0.0, 1.0)
    return ready


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


def _hired(programme: Programme) -> Bools:
    """Who is not known to come later than now."""
    return ~np.asarray(programme.learners["hired_at"] > pd.Timestamp(programme.now), np.bool_)


def _moments(
    programme: Programme, answers: _Answers, among: Bools, required: Floats, importance: Floats
) -> tuple[Moment, ...]:
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
        gap = np.nan_to_num(gaps(required, programme.standing(moment).used))
        there = among & (answers.by(moment) >= LEAST_ANSWERS)
        made.append(Moment(name, moment, there, _readiness(required, importance, gap)))
    return tuple(made)


def _texts(column: pd.Series[Any]) -> list[str | None]:
    return [None if pd.isna(value) else str(value) for value in column.tolist()]
