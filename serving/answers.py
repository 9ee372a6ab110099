"""Recommendations as they are answered: plain values, and JSON of them.

What is answered most often is written without a model of pydantic in between, which takes longer than the
JSON itself. `serving.schemas.recommendations` says what it looks like, and tests hold answers against that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import Response
from pydantic_core import to_json

from recommender.domain.recommendation import Recommendation, RecommendedModule
from serving.model import ServedModel
from serving.rounding import rounded


class JsonAnswer(Response):
    """An answer of plain values, UUIDs and times."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write it as JSON."""
        return to_json(content)


def without_model(learner_id: str, now: datetime) -> dict[str, Any]:
    """Answer while no model is loaded."""
    return {
        "recommendation_id": uuid4(),
        "learner_id": learner_id,
        "generated_at": now,
        "model": None,
        "fallback": "no_model",
        "recommendations": [],
        "empty_because": None,
    }


def recommended(recommendation_id: UUID, answer: Recommendation, model: ServedModel) -> dict[str, Any]:
    """Answer with what the engine recommends."""
    return {
        "recommendation_id": recommendation_id,
        "learner_id": answer.learner_id,
        "generated_at": answer.generated_at,
        "model": {"bundle_id": answer.bundle_id, "alias": model.alias, "simulated": model.simulated},
        "fallback": answer.fallback,
        "recommendations": [_module(module) for module in answer.modules],
        "empty_because": None
        if answer.modules
        else [
            {"rule": r.rule, "removed": r.removed, "unlocked_by": r.unlocked_by} for r in answer.empty_because
        ],
    }


def _module(module: RecommendedModule) -> dict[str, Any]:
    swapped = module.adjustment
    return {
        "module_id": module.module_id,
        "title": module.title,
        "rank": module.rank,
        "score": rounded(module.score),
        "success_probability": rounded(module.success_probability),
        "difficulty": rounded(module.difficulty),
        "difficulty_fit": module.difficulty_fit,
        "adjustment": swapped
        and {"from_module_id": swapped.from_module_id, "direction": swapped.direction, "why": swapped.why},
        "prerequisites_met": module.prerequisites_met,
        "duration_minutes": module.duration_minutes,
        "skills": [
            {
                "skill_id": skill.skill_id,
                "mastery": rounded(skill.mastery),
                "required": rounded(skill.required),
                "expected_gain": rounded(skill.expected_gain),
            }
            for skill in module.skills
        ],
        "reasons": [{"code": r.code, "text": r.text, "weight": rounded(r.weight)} for r in module.reasons],
    }
