"""What one learner lacks for a role, and how near the roles are that the present one leads to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.blocks.standing import Standing
from recommender.domain.catalog import TRANSITION_KINDS, Catalog, Floats, Ints
from recommender.domain.gap import GapReport, RoleReadiness, SkillGap, TransitionKind
from recommender.pathways.readiness import gaps, readiness


@dataclass(frozen=True, slots=True)
class GapRoles:
    """Positions of roles in the catalogue, -1 for none.

    Parameters
    ----------
    asked : int
        The role whose gaps are told.
    present, target : int
        Of the learner's profile.
    """

    asked: int
    present: int
    target: int


def gap_report(catalog: Catalog, standing: Standing, roles: GapRoles, learner_id: str) -> GapReport:
    """Tell the gaps of the learner in the first row of `standing`.

    Neighbouring roles are those that the catalogue says the present role leads to; the present role itself
    is none of them.
    """
    kinds = _ways(catalog, roles.present)
    told = {
        role: _role(catalog, standing, role, kinds.get(role))
        for role in {*kinds, roles.asked, roles.present, roles.target} - {-1}
    }
    neighbours = [told[role] for role in kinds if role != roles.present]
    neighbours.sort(key=lambda role: (np.inf if role.readiness is None else -role.readiness, role.role_id))
    return GapReport(
        learner_id=learner_id,
        role=told.get(roles.asked),
        skills=_skills(catalog, standing, roles.asked),
        present=told.get(roles.present),
        target=told.get(roles.target),
        neighbours=tuple(neighbours),
    )


def _ways(catalog: Catalog, present: int) -> dict[int, TransitionKind | None]:
    """Roles that may come after the present one, itself among them, and what going there is."""
    if present < 0:
        return {}
    ways = catalog.transitions
    rows = slice(ways.to.start[present], ways.to.start[present + 1])
    # The last is that of -1.
    named: tuple[TransitionKind | None, ...] = (*TRANSITION_KINDS, None)
    pairs = zip(ways.to.values[rows].tolist(), ways.kind[rows].tolist(), strict=True)
    return {to: named[kind] for to, kind in pairs} | {present: "upskill"}


def profile_of(catalog: Catalog, role: int) -> tuple[Ints, Floats, Floats]:
    """Skills that a role requires, the mastery required and their importance; nothing for role -1."""
    roles = catalog.roles
    rows = slice(0, 0) if role < 0 else slice(roles.profile.start[role], roles.profile.start[role + 1])
    return roles.profile.values[rows], roles.required_mastery[rows], roles.importance[rows]


def _role(catalog: Catalog, standing: Standing, role: int, kind: TransitionKind | None) -> RoleReadiness:
    skills, required, importance = profile_of(catalog, role)
    ready = readiness(
        required, importance, standing.used[0, skills], standing.low[0, skills], standing.high[0, skills]
    )
    return RoleReadiness(
        role_id=catalog.roles.ids[role],
        title=catalog.roles.titles[role],
        priority=float(catalog.roles.priority[role]),
        readiness=None if ready is None else ready.value,
        interval=None if ready is None else (ready.low, ready.high),
        kind=kind,
    )


def _skills(catalog: Catalog, standing: Standing, role: int) -> tuple[SkillGap, ...]:
    skills, required, importance = profile_of(catalog, role)
    short = gaps(required, standing.used[0, skills])
    told = []
    for i in np.lexsort((skills, -importance * short)).tolist():
        s = int(skills[i])
        known = not np.isnan(standing.mastery[0, s])
        told.append(
            SkillGap(
                skill_id=catalog.skill_ids[s],
                name=catalog.skill_names[s],
                required=float(required[i]),
                mastery=float(standing.mastery[0, s]) if known else None,
                interval=(float(standing.low[0, s]), float(standing.high[0, s])) if known else None,
                gap=float(short[i]),
                importance=float(importance[i]),
                n_attempts=int(standing.n_attempts[0, s]),
            )
        )
    return tuple(told)
