"""What is held of a learner: all of it handed out, all of it removed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from itertools import chain

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from serving.audit import record_soon_if_possible
from serving.dependencies import AuditDep, ServicesDep
from serving.erasure import erase
from serving.errors import documented
from serving.export import exported
from serving.guarded_route import guarded_router
from serving.problems import FORBIDDEN, INVALID, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN_LEARNER, Problem
from serving.routers.learner_paths import LEARNER, LearnerPath, WholeLearner
from serving.schemas.people import ErasureResponse, ExportResponse, RemovedOut
from serving.security.scopes import Scope
from serving.store.faults import StoreUnavailableError

router = guarded_router(Scope.ADMIN, prefix=LEARNER, tags=["learners"])
_PROBLEMS = documented(UNAUTHENTICATED, FORBIDDEN, UNKNOWN_LEARNER, INVALID, UNAVAILABLE)


@router.get("/export", summary="Everything that is held", response_model=ExportResponse, responses=_PROBLEMS)
async def export(learner_id: LearnerPath, services: ServicesDep, audit: AuditDep) -> StreamingResponse:
    """Hand out the profile, events and statements as they came, what was recommended, and what that says.

    It is written while it is read, however much there is, and all of one moment.
    """
    with suppress(StoreUnavailableError):
        # A store that can only be read has all the rest to tell.
        await services.writers.do(services.recommendations.flush)
    # What another process answered a moment ago is held too, and about to be written.
    await asyncio.sleep(1.5 * services.settings.recommendation_log_seconds)
    pieces = exported(
        services.database,
        services.models.current,
        learner_id,
        now=services.clock(),
        home_pages=services.settings.home_pages,
    )
    # The first one tells whether there is anything.
    first = await run_in_threadpool(next, pieces)
    await record_soon_if_possible(services, audit)
    return StreamingResponse(chain([first], pieces), media_type="application/json")


async def erase_learner(learner_id: LearnerPath, services: ServicesDep, audit: AuditDep) -> ErasureResponse:
    """Remove events, statements, aliases, state, profile and what was recommended, all or nothing.

    Safe to send again: then nothing is held any more, and the answer is 404.
    """
    now = services.clock()
    removed = await services.writers.do(partial(erase, services, learner_id, audit))
    if not any(removed.values()):
        raise Problem(UNKNOWN_LEARNER, "nothing is held of this learner")
    return ErasureResponse(learner_id=learner_id, erased_at=now, removed=RemovedOut(**removed))


router.add_api_route(
    "",
    erase_learner,
    methods=["DELETE"],
    summary="Erase a learner",
    responses=_PROBLEMS,
    route_class_override=WholeLearner,
)
