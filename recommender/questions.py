"""What a question means in a catalogue: who asks, about which role; and mastery as it is told."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

import numpy as np

from recommender.domain.catalog import Catalog
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.events import from_seconds
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query, SkillMastery
from recommender.embeddings.histories import History
from recommender.errors import UnknownIdError
from recommender.skills.mastery import NOWHERE, MasteryEstimate, Place

TREND_STEP: Final = 0.1
"""Shares of passes that differ by less than this are called steady."""


def place_of(catalog: Catalog, profile: LearnerProfile | None) -> Place:
    """Role and segment of a learner; without a segment that of the role."""
    if profile is None:
        return NOWHERE
    role = catalog.roles.index.get(profile.role_id or "", -1)
    segment = SEGMENTS.index(profile.segment) if profile.segment in SEGMENTS else -1
    if segment < 0 and role >= 0:
        segment = int(catalog.roles.segment[role])
    return Place(role, segment)


def target_role(catalog: Catalog, profile: LearnerProfile, query: Query) -> int:
    """Position of the role whose gaps count, -1 for none.

    Raises
    ------
    UnknownIdError
        The query asks for a role that the catalogue does not hold; what a profile says need not exist.
    """
    index = catalog.roles.index
    if query.target_role_id is not None:
        if query.target_role_id not in index:
            raise UnknownIdError("target_role_id", query.target_role_id)
        return index[query.target_role_id]
    for role_id in (profile.target_role_id, profile.role_id):
        if role_id is not None and role_id in index:
            return index[role_id]
    return -1


def asked_by_nobody(catalog: Catalog, history: History, query: Query) -> str:
    """Tell questions of people without a name apart, who else would all share one draw a day."""
    started = [catalog.module_ids[m] for m in history.modules.tolist()]
    wishes = {
        name: sorted(wish) if isinstance(wish, frozenset) else wish for name, wish in asdict(query).items()
    }
    return json.dumps([history.role, history.segment, started, wishes], sort_keys=True)


def skill_masteries(catalog: Catalog, estimate: MasteryEstimate) -> tuple[SkillMastery, ...]:
    """Mastery of every skill of which there is evidence, in the order of the catalogue."""
    return tuple(_told(catalog, estimate, s) for s in np.flatnonzero(estimate.has_evidence).tolist())


def _told(catalog: Catalog, estimate: MasteryEstimate, skill: int) -> SkillMastery:
    trend = float(estimate.trend[skill])
    return SkillMastery(
        skill_id=catalog.skill_ids[skill],
        name=catalog.skill_names[skill],
        mastery=float(estimate.mastery[skill]),
        interval=(float(estimate.low[skill]), float(estimate.high[skill])),
        n_attempts=int(estimate.n_attempts[skill]),
        last_practised_at=from_seconds(float(estimate.last_at[skill])),
        trend="rising" if trend > TREND_STEP else "falling" if trend < -TREND_STEP else "steady",
    )
