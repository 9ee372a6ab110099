"""The next modules for many learners."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Body, Header, Response
from fastapi.concurrency import run_in_threadpool

from serving.batch import answers, answers_without_model, unknown_ids
from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.examples.batch import BATCH_REQUESTS
from serving.guarded_route import guarded_router
from serving.languages import preferred_language
from serving.problems import FORBIDDEN, INVALID, MALFORMED, TOO_LARGE, UNAUTHENTICATED, UNAVAILABLE, Problem
from serving.schemas.batch import BatchRequest, BatchResponse
from serving.security.scopes import Scope

router = guarded_router(Scope.RECOMMEND, prefix="/v1", tags=["recommendations"])


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
    model = await run_in_threadpool(services.models.up_to_date)
    now, wishes = services.clock(), request.requests
    if model is None:
        return _answer(answers_without_model(wishes, now))
    if faults := unknown_ids(wishes, model.engine.catalog):
        raise Problem(INVALID, f"{faults[0].message}; {faults[0].remedy}", faults)
    language = preferred_language(accept_language)
    async with services.batches:
        answered = partial(answers, services, model, wishes, now=now, language=language)
        return _answer(await run_in_threadpool(answered))


def _answer(results: bytes) -> Response:
    return Response(b'{"results":' + results + b"}", media_type="application/json")
