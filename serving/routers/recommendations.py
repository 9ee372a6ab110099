"""The next modules for one learner."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from fastapi import Body, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import meter
from serving.answers import JsonAnswer, recommended, without_model
from serving.dependencies import ServicesDep, only_of
from serving.errors import documented
from serving.examples.recommendations import RECOMMENDATION_REQUESTS
from serving.guarded_route import guarded_router
from serving.languages import preferred_language
from serving.learner_states import learner_soon
from serving.problems import FORBIDDEN, INVALID, MALFORMED, TOO_LARGE, UNAUTHENTICATED, UNAVAILABLE
from serving.quick_route import quick_route
from serving.request_head import sent_header
from serving.schemas.recommendations import RecommendationRequest, RecommendationResponse
from serving.security.scopes import Scope

router = guarded_router(Scope.RECOMMEND, of_one=True, prefix="/v1", tags=["recommendations"])


async def recommend(
    request: Annotated[RecommendationRequest, Body(openapi_examples=RECOMMENDATION_REQUESTS)],
    services: ServicesDep,
    accept_language: Annotated[
        str | None, Header(description="Language of the reasons, as in RFC 9110; English if absent.")
    ] = None,
) -> Response:
    """Rank the modules that the rules allow, each with its reasons and its chance of success."""
    model, now = services.models.current, services.clock()
    if model is None:
        meter.current().recommendation("no_model")
        return JsonAnswer(without_model(request.learner_id, now))
    learner = await learner_soon(services.database, model, request.learner_id, now=now)
    if learner.catalog_revision > model.catalog_revision:
        model = await run_in_threadpool(services.models.caught_up, model, learner.catalog_revision)
    answer = model.engine.recommend(
        learner.state,
        learner.profile,
        request.to_query(),
        now=now,
        language=preferred_language(accept_language),
    )
    recommendation_id = uuid4()
    meter.current().recommendation(answer.fallback)
    services.recommendations.add(recommendation_id, answer, simulated=model.simulated)
    return JsonAnswer(recommended(recommendation_id, answer, model))


async def _recommend(body: RecommendationRequest, request: Request) -> Response:
    only_of(request.scope, body.learner_id)
    return await recommend(body, request.app.state.services, sent_header(request.scope, b"accept-language"))


router.add_api_route(
    "/recommendations",
    recommend,
    methods=["POST"],
    summary="Next modules for one learner",
    response_model=RecommendationResponse,
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, INVALID, UNAVAILABLE),
    route_class_override=quick_route(RecommendationRequest, _recommend),
)
