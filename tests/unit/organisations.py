"""A small organisation whose masteries are known: (1 + passes) / (2 + answers)."""

from __future__ import annotations

from datetime import timedelta

from recommender.domain.events import Attempt, SelfAssessment
from recommender.domain.learner import LearnerProfile
from recommender.engine import Engine
from recommender.skills.state import LearnerState
from tests.unit.worlds import NOW, make_engine, plain_skills

SKILLS = ("code", "data", "talk")
ROLES = {
    "clerk": ("user", 0.4, {"talk": (0.5, 1.0)}),
    "analyst": ("builder", 0.8, {"code": (0.6, 0.5), "data": (0.8, 1.0)}),
    "lead": ("leader", None, {"talk": (0.8, 0.75), "data": (0.4, 0.25)}),
    "guest": (None, 0.1, {}),
}
WAYS = [
    ("clerk", "analyst", "reskill"),
    ("clerk", "lead", "upskill"),
    ("clerk", "guest", None),
    ("clerk", "clerk", "reskill"),
    ("analyst", "lead", "upskill"),
]


def organisation(*, known: bool = True) -> Engine:
    """Make the engine; unless `known` it has no skill model."""
    return make_engine(
        {"m": {}},
        model=plain_skills([0.0] * len(SKILLS), len(SKILLS), len(ROLES)) if known else None,
        skills=[{"skill_id": s, "name": s.capitalize()} for s in SKILLS],
        items=[{"item_id": f"on {s}", "skill_ids": [s]} for s in SKILLS],
        roles=[
            {"role_id": r, "title": r.upper(), "segment": segment, "priority": priority}
            for r, (segment, priority, _) in ROLES.items()
        ],
        role_skills=[
            {"role_id": r, "skill_id": s, "required_mastery": required, "importance": importance}
            for r, (_, _, profile) in ROLES.items()
            for s, (required, importance) in profile.items()
        ],
        role_transitions=[{"from_role_id": a, "to_role_id": b, "kind": kind} for a, b, kind in WAYS],
    )


def state_of(engine: Engine, said: dict[str, float] | None = None, **marks: str) -> LearnerState:
    """State after answers by skill, `+` passed and `-` failed, and self-assessments."""
    events = [
        Attempt(
            event_id=f"{skill}{i:03d}",
            learner_id="x",
            item_id=f"on {skill}",
            score=float(mark == "+"),
            passed=mark == "+",
            occurred_at=NOW - timedelta(days=3) + timedelta(minutes=i),
        )
        for skill, text in marks.items()
        for i, mark in enumerate(text)
    ]
    levels = [
        SelfAssessment(event_id=f"s{skill}", learner_id="x", skill_id=skill, level=level, occurred_at=NOW)
        for skill, level in (said or {}).items()
    ]
    return engine.fold([*events, *levels])


def person(learner_id: str, role_id: str | None = None, **fields: object) -> LearnerProfile:
    """Make a profile."""
    return LearnerProfile(learner_id=learner_id, role_id=role_id, **fields)  # type: ignore[arg-type]
