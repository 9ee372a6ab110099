"""What learners do with recommendations."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Request
from fastapi.concurrency import run_in_threadpool

from serving import meter
from serving.dependencies import ServicesDep, only_of
from serving.errors import documented
from serving.evidence import too_far_ahead
from serving.examples.common import RECOMMENDATION_ID
from serving.examples.recommendations import FEEDBACK_REQUESTS
from serving.feedback import give_feedback, unknown_module
from serving.guarded_route import guarded_router
from serving.problems import (
    FORBIDDEN,
    INVALID,
    MALFORMED,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNKNOWN_RECOMMENDATION,
    Problem,
)
from serving.schemas.feedback import FeedbackRequest, FeedbackResponse
from serving.security.keys import erasure_mark
from serving.security.scopes import Scope
from serving.services import Services
from serving.store.recommendations import LoggedRecommendation

_UNKNOWN = (
    "no recommendation with this id is known; send the recommendation_id of an answer of this service. After "
    "a crash of the service the last answers before it may be unknown"
)
router = guarded_router(Scope.RECOMMEND, of_one=True, prefix="/v1", tags=["recommendations"])


@router.post(
    "/recommendations/{recommendation_id}/feedback",
    summary="What the learner did with a recommendation",
    responses=documented(
        MALFORMED,
        UNAUTHENTICATED,
        FORBIDDEN,
        UNKNOWN_RECOMMENDATION,
        TOO_LARGE,
        INVALID,
        UNAVAILABLE,
    ),
)
async def feedback(
    recommendation_id: Annotated[UUID, Path(examples=[RECOMMENDATION_ID])],
    request: Annotated[FeedbackRequest, Body(openapi_examples=FEEDBACK_REQUESTS)],
    services: ServicesDep,
    call: Request,
) -> FeedbackResponse:
    """Store what the learner did: it counts from the next recommendation on.

    Safe to send again: what was told already is a duplicate and changes nothing.
    """
    now = services.clock()
    given = await _found(services, str(recommendation_id))
    if given is None:
        raise Problem(UNKNOWN_RECOMMENDATION, _UNKNOWN)
    only_of(call.scope, given.learner_id)
    late = too_far_ahead(request.occurred_at, now, services.settings.future_tolerance_seconds)
    if fault := unknown_module(given, request.module_id) or late:
        raise Problem(INVALID, f"{fault.message}; {fault.remedy}", (fault,))
    model = services.models.current
    mark = erasure_mark(services.settings.key_secret.get_secret_value(), given.learner_id)
    give = partial(give_feedback, services.database, model, given, request, mark=mark, now=now)
    outcome = await services.writers.do(give)
    if outcome == "erased":
        raise Problem(UNKNOWN_RECOMMENDATION, _UNKNOWN)
    meter.current().events("feedback", outcome)
    return FeedbackResponse(status=outcome)


async def _found(services: Services, recommendation_id: str) -> LoggedRecommendation | None:
    """Look twice: another process may be about to write what it answered a moment ago."""
    found = await run_in_threadpool(services.recommendations.find, recommendation_id)
    if found is None:
        # No thread waits: there are few of them.
        await asyncio.sleep(1.5 * services.settings.recommendation_log_seconds)
        found = await run_in_threadpool(services.recommendations.find, recommendation_id)
    return found
