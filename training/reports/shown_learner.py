"""The learner that the pictures of the guide for learning designers show, and what the engine says of them.

Everything is asked of the engine as anybody would ask it; nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from recommender.domain.events import Attempt
from recommender.domain.gap import GapReport
from recommender.domain.learner import LearnerProfile
from recommender.domain.pathway import Pathway
from recommender.domain.recommendation import Query, RecommendedModule
from recommender.engine import Engine
from recommender.errors import DatasetError
from recommender.ranking.difficulty import Band, Recent, band_for
from recommender.skills.records import FAILURES_A_STEP, QUICK_PASSES_A_STEP, QUICK_SHARE
from recommender.skills.state import LearnerState
from training.datasets import Dataset
from training.evaluation.off_policy.events import events_of, profiles_of
from training.scoring.events import last_event

Outcome: TypeAlias = Literal["pass", "fail", "quick"]

_LENGTHS: Final[tuple[tuple[Outcome, int], ...]] = (
    ("pass", 6),
    ("fail", FAILURES_A_STEP),
    ("quick", QUICK_PASSES_A_STEP),
    ("pass", 6),
)
SCRIPT: Final = tuple(outcome for outcome, length in _LENGTHS for _ in range(length))
"""Answers that move the band in every way that answers can; they are made up for the picture."""

MOST_STEPS: Final = 24
MOST_WEEKS: Final = 26
"""Pathways that are longer cannot be read in a picture."""
MOST_READY: Final = 0.9
"""Of those who are readier little is to be seen."""
_KINDS_OF_STEPS: Final = 4
_A_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class ShownLearner:
    """A learner on the way to another role, at one moment.

    Parameters
    ----------
    profile : LearnerProfile
    now : datetime
    gaps : GapReport
        Against the target role.
    pathway : Pathway
        To it.
    """

    profile: LearnerProfile
    now: datetime
    gaps: GapReport
    pathway: Pathway

    def readiness(self) -> tuple[tuple[int, float], ...]:
        """Weeks in which steps end, and readiness in [0, 1] expected then; week 0 is now.

        It is 1 - sum importance gap / sum importance required, as in `recommender.pathways.readiness`, with
        the mastery that the steps tell. Reviews keep what is there and are left out.
        """
        skills = {skill.skill_id: skill for skill in self.gaps.skills}
        gap = {skill_id: skill.gap for skill_id, skill in skills.items()}
        asked = sum(skill.importance * skill.required for skill in skills.values())

        def ready() -> float:
            return 1.0 - sum(skills[s].importance * its for s, its in gap.items()) / asked

        told = [(0, ready())]
        for step in self.pathway.steps:
            if step.why == "review":
                continue
            for taught in step.skills:
                if taught.skill_id in gap:
                    gap[taught.skill_id] = max(0.0, skills[taught.skill_id].required - taught.mastery_after)
            told.append((step.ends_week, ready()))
        return tuple(told)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the engine says after one more answer.

    Parameters
    ----------
    outcome : {"pass", "fail", "quick"} or None
        Of that answer; None before the first.
    band : Band
        Of success that suits the learner now.
    module : RecommendedModule
        The first one of the answer.
    """

    outcome: Outcome | None
    band: Band
    module: RecommendedModule


def shown_learner(engine: Engine, dataset: Dataset) -> ShownLearner:
    """Pick the learner to show, by a rule, at the time of the last event.

    It is the one who answered most among those who aim at another role than their own, are ready for it by
    `MOST_READY` at most, tell how much time a week they have, and whose pathway there has steps of every kind
    (gap, prerequisite, review, credential), `MOST_STEPS` of them and `MOST_WEEKS` weeks at most. Where no
    pathway has every kind, one with most kinds is taken.

    Parameters
    ----------
    engine : Engine
    dataset : Dataset
        Of the catalogue that the engine was trained on.

    Raises
    ------
    DatasetError
        There is no such learner.
    """
    now = last_event(dataset)
    best: ShownLearner | None = None
    n_best = 0
    for shown in _candidates(engine, dataset, now) if now is not None else ():
        n_kinds = len({step.why for step in shown.pathway.steps})
        if n_kinds > n_best:
            best, n_best = shown, n_kinds
        if n_kinds == _KINDS_OF_STEPS:
            break
    if best is None:
        raise DatasetError(
            f"{dataset.path} has nobody to show: with answers, weekly_minutes, a target role other than the "
            f"present one, {MOST_READY:.0%} ready for it at most, and a pathway of at most {MOST_STEPS} "
            f"steps and {MOST_WEEKS} weeks; simulate more people with python -m training sample"
        )
    return best


def _candidates(engine: Engine, dataset: Dataset, now: datetime) -> Iterator[ShownLearner]:
    """Learners whose pathways are not empty and short enough, who answered most first."""
    ids = _ids(dataset)
    for first in range(0, len(ids), _A_BATCH):
        some = ids[first : first + _A_BATCH]
        events, profiles = events_of(dataset, some), profiles_of(dataset, some)
        for learner_id in some:
            state, profile = engine.fold(events[learner_id]), profiles[learner_id]
            gaps = engine.gaps(state, profile, now=now)
            if gaps.role is None or gaps.role.readiness is None or gaps.role.readiness > MOST_READY:
                continue
            pathway = engine.pathway(state, profile, now=now)
            if 0 < len(pathway.steps) <= MOST_STEPS and pathway.weeks <= MOST_WEEKS:
                yield ShownLearner(profile, now, gaps, pathway)


def _ids(dataset: Dataset) -> list[str]:
    """Ids of those who answered and aim at another role, who answered most first, then by id."""
    learners = dataset.tables["learners"]
    elsewhere = learners["target_role_id"].notna() & (learners["target_role_id"] != learners["role_id"])
    learners = learners[elsewhere & (learners["weekly_minutes"] > 0)]
    attempts = dataset.tables.get("attempts")
    if attempts is None:
        return []
    answers = attempts["learner_id"].value_counts()
    counted = [(-int(answers.get(name, 0)), str(name)) for name in learners["learner_id"]]
    return [name for negative, name in sorted(counted) if negative < 0]


def moments(
    engine: Engine, profile: LearnerProfile, now: datetime, script: Sequence[Outcome] = SCRIPT
) -> tuple[Moment, ...]:
    """Let somebody without a history answer items of what is recommended first, and see what changes.

    Each answer is folded into the state by `Engine.update`, and then `Engine.recommend` is asked again. The
    next item is one of the module that now comes first. A quick pass takes half of the time that counts as
    quick for the item, any other answer the usual time.

    Parameters
    ----------
    engine : Engine
    profile : LearnerProfile
        Whose place and wishes count.
    now : datetime
        When the first question is asked; answers come a quarter of an hour apart.
    script : sequence of Outcome
        How each answer goes.

    Returns
    -------
    tuple of Moment, length len(script) + 1

    Raises
    ------
    DatasetError
        No module of the catalogue is left to recommend.
    """
    state = engine.fold(())
    found = [_moment(engine, state, profile, now, None)]
    for n, outcome in enumerate(script):
        now += timedelta(minutes=15)
        item_id, seconds = _next_item(engine, found[-1].module.module_id, n)
        attempt = Attempt(
            event_id=f"picture-{n:03d}",
            learner_id=profile.learner_id,
            item_id=item_id,
            score=float(outcome != "fail"),
            passed=outcome != "fail",
            module_id=found[-1].module.module_id,
            occurred_at=now,
            duration_seconds=None
            if np.isnan(seconds)
            else seconds * (QUICK_SHARE / 2.0 if outcome == "quick" else 1.0),
        )
        engine.update(state, attempt)
        found.append(_moment(engine, state, profile, now, outcome))
    return tuple(found)


def _moment(
    engine: Engine, state: LearnerState, profile: LearnerProfile, now: datetime, outcome: Outcome | None
) -> Moment:
    answer = engine.recommend(state, profile, Query(k=1), now=now)
    if not answer.modules:
        raise DatasetError(
            f"nothing can be recommended to {profile.learner_id} any more; use a larger catalogue"
        )
    record: Any = state.learner[0]
    recent = Recent(float(record["held"]), float(record["n_attempts"]), float(record["push"]))
    return Moment(outcome, band_for("balanced", recent, engine.bundle.ranking.difficulty), answer.modules[0])


def _next_item(engine: Engine, module_id: str, n: int) -> tuple[str, float]:
    """Item of a module to answer, one after the other, and its usual time in seconds, NaN if unknown."""
    catalog = engine.catalog
    items = np.flatnonzero(catalog.item_module == catalog.module_index[module_id])
    if not len(items):
        return f"{module_id}-item", np.nan
    item = int(items[n % len(items)])
    return catalog.item_ids[item], float(engine.bundle.difficulty.item_seconds[item])
