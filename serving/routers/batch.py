"""The next modules for many learners."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import Body, Header, Response
from fastapi.concurrency import run_in_threadpool

from serving.background import turn
from serving.batch import answers, answers_without_model, unknown_ids
from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.examples.batch import BATCH_REQUESTS
from serving.guarded_route import guarded_router
from serving.languages import preferred_language
from serving.problems import FORBIDDEN, INVALID, MALFORMED, TOO_LARGE, UNAUTHENTICATED, UNAVAILABLE, Problem
from serving.schemas.batch import BatchRequest, BatchResponse
from serving.schemas.recommendations import RecommendationRequest
from serving.security.scopes import Scope
from serving.services import Services

router = guarded_router(Scope.RECOMMEND, prefix="/v1", tags=["recommendations"])
# How long a batch waits for those before it; one of 1,000 takes two or three.
_TURN_SECONDS = 20.0


@router.post(
    "/recommendations/batch",
    summary="Next modules for many learners",
    response_model=BatchResponse,
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, INVALID, UNAVAILABLE),
)
async def recommend_many(
    request: Annotated[BatchRequest, Body(openapi_examples=BATCH_REQUESTS)],
    services: ServicesDep,
    accept_language: Annotated[
        str | None, Header(description="Language of the reasons, as in RFC 9110; English if absent.")
    ] = None,
) -> Response:
    """Answer up to 1,000 wishes at once, each as a single call would, in their order.

    All or none: where a wish breaks a rule, the answer is 422 and names it, such as
    `requests[3].target_role_id`. Single calls go first: one batch at a time is answered.
    """
    too_late = f"other batches were answered for {_TURN_SECONDS:.0f} seconds; send fewer at a time, or later"
    async with turn(services.batches, _TURN_SECONDS, Problem(UNAVAILABLE, too_late)):
        return await _answered(request.requests, services, preferred_language(accept_language))


async def _answered(wishes: Sequence[RecommendationRequest], services: Services, language: str) -> Response:
    model, now = await run_in_threadpool(services.models.up_to_date), services.clock()
    if model is None:
        return _answer(answers_without_model(wishes, now))
    if faults := unknown_ids(wishes, model.engine.catalog):
        raise Problem(INVALID, f"{faults[0].message}; {faults[0].remedy}", faults)
    answered = partial(answers, services, model, wishes, now=now, language=language)
    return _answer(await run_in_threadpool(answered))


def _answer(results: bytes) -> Response:
    return Response(b'{"results":' + results + b"}", media_type="application/json")
