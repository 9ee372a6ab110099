"""The next modules for one learner."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

import structlog
from fastapi import APIRouter, Body, Header

from recommender.domain.recommendation import Recommendation, RecommendedModule
from serving.dependencies import ServicesDep, requires
from serving.errors import documented
from serving.examples.recommendations import RECOMMENDATION_REQUESTS
from serving.languages import preferred_language
from serving.learner_states import learner_or_stranger
from serving.model import ServedModel
from serving.problems import FORBIDDEN, INVALID, MALFORMED, TOO_LARGE, UNAUTHENTICATED, UNAVAILABLE
from serving.rounding import rounded
from serving.routers.model import model_ref
from serving.schemas.recommendations import (
    AdjustmentOut,
    ModuleOut,
    ReasonOut,
    RecommendationRequest,
    RecommendationResponse,
    RuleOut,
    SkillOut,
)
from serving.security.scopes import Scope

_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/v1", tags=["recommendations"], dependencies=[requires(Scope.RECOMMEND)])


@router.post(
    "/recommendations",
    summary="Next modules for one learner",
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, INVALID, UNAVAILABLE),
)
def recommend(
    request: Annotated[RecommendationRequest, Body(openapi_examples=RECOMMENDATION_REQUESTS)],
    services: ServicesDep,
    accept_language: Annotated[
        str | None, Header(description="Language of the reasons, as in RFC 9110; English if absent.")
    ] = None,
) -> RecommendationResponse:
    """Rank the modules that the rules allow, each with its reasons and its chance of success."""
    model, now = services.models.current, services.clock()
    if model is None:
        return _without_model(request.learner_id, now)
    learner = learner_or_stranger(services.database, model, request.learner_id, now=now)
    answer = model.engine.recommend(
        learner.state,
        learner.profile,
        request.to_query(),
        now=now,
        language=preferred_language(accept_language),
    )
    return _response(answer, model)


def _without_model(learner_id: str, now: datetime) -> RecommendationResponse:
    return RecommendationResponse(
        recommendation_id=uuid4(),
        learner_id=learner_id,
        generated_at=now,
        model=None,
        fallback="no_model",
        recommendations=[],
        empty_because=None,
    )


def _response(answer: Recommendation, model: ServedModel) -> RecommendationResponse:
    rules = [
        RuleOut(rule=r.rule, removed=r.removed, unlocked_by=list(r.unlocked_by)) for r in answer.empty_because
    ]
    recommendation_id = uuid4()
    _log_chance(recommendation_id, answer)
    return RecommendationResponse(
        recommendation_id=recommendation_id,
        learner_id=answer.learner_id,
        generated_at=answer.generated_at,
        model=model_ref(model),
        fallback=answer.fallback,
        recommendations=[_module(module) for module in answer.modules],
        empty_because=rules if not answer.modules else None,
    )


def _log_chance(recommendation_id: UUID, answer: Recommendation) -> None:
    """Write down how likely each module was to be shown, where chance had a say in it."""
    modules = answer.modules
    if all(module.propensity == 1.0 for module in modules):
        return
    _log.info(
        "explored" if any(module.explored for module in modules) else "not explored",
        recommendation_id=str(recommendation_id),
        bundle_id=answer.bundle_id,
        modules=[
            {
                "module_id": module.module_id,
                "rank": module.rank,
                "propensity": module.propensity,
                "explored": module.explored,
            }
            for module in modules
        ],
    )


def _module(module: RecommendedModule) -> ModuleOut:
    swapped = module.adjustment
    return ModuleOut(
        module_id=module.module_id,
        title=module.title,
        rank=module.rank,
        score=rounded(module.score),
        success_probability=rounded(module.success_probability),
        difficulty=rounded(module.difficulty),
        difficulty_fit=module.difficulty_fit,
        adjustment=swapped
        and AdjustmentOut(
            from_module_id=swapped.from_module_id, direction=swapped.direction, why=swapped.why
        ),
        prerequisites_met=module.prerequisites_met,
        duration_minutes=module.duration_minutes,
        skills=[
            SkillOut(
                skill_id=skill.skill_id,
                mastery=rounded(skill.mastery),
                required=rounded(skill.required),
                expected_gain=rounded(skill.expected_gain),
            )
            for skill in module.skills
        ],
        reasons=[ReasonOut(code=r.code, text=r.text, weight=rounded(r.weight)) for r in module.reasons],
    )
