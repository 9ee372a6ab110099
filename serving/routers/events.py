"""New evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import Body, Request, Response

from serving import meter
from serving.answers import JsonAnswer
from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.evidence import RowRules
from serving.examples.events import EVENTS_REQUESTS
from serving.guarded_route import guarded_router
from serving.intake import RowOutcome, take_in
from serving.problems import (
    FORBIDDEN,
    INVALID,
    MALFORMED,
    MOST_FAULTS,
    REJECTED_EVENTS,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    Problem,
)
from serving.quick_route import quick_route
from serving.schemas.events import EventsRequest, EventsResponse
from serving.schemas.service import EventsProblemResponse, ProblemResponse
from serving.security.scopes import Scope
from serving.services import Services

router = guarded_router(Scope.EVENTS, prefix="/v1", tags=["events"])


async def record_events(
    request: Annotated[EventsRequest, Body(openapi_examples=EVENTS_REQUESTS)], services: ServicesDep
) -> Response:
    """Store up to 1,000 attempts, completions, self-assessments and credentials.

    Every event is judged on its own: those that break a rule are rejected and named, all others are stored.
    Safe to send again: an event that is there already is a duplicate and changes nothing.
    """
    answer = await services.writers.do(partial(_record, request.events, services))
    return JsonAnswer(answer)


async def _record_events(body: EventsRequest, request: Request) -> Response:
    return await record_events(body, request.app.state.services)


router.add_api_route(
    "/events",
    record_events,
    methods=["POST"],
    summary="Record evidence",
    response_model=EventsResponse,
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, UNAVAILABLE, model=ProblemResponse)
    | documented(INVALID, REJECTED_EVENTS, model=EventsProblemResponse),
    route_class_override=quick_route(EventsRequest, _record_events),
)


def _record(rows: Sequence[object], services: Services) -> dict[str, Any]:
    settings, model = services.settings, services.models.up_to_date()
    rules = RowRules(
        received_at=services.clock(),
        future_tolerance_seconds=settings.future_tolerance_seconds,
        catalog=None if model is None else model.engine.catalog,
        trained=None if model is None else model.engine.bundle.difficulty,
    )
    outcomes = take_in(services.database, model, rows, rules)
    _count(rows, outcomes)
    answer = _answer(outcomes)
    if answer["rejected"]:
        raise _rejected(outcomes, answer)
    return answer


def _answer(outcomes: Sequence[RowOutcome]) -> dict[str, Any]:
    """Answer with what `EventsResponse` declares."""
    statuses = [outcome.status for outcome in outcomes]
    return {
        "results": [{"event_id": outcome.event_id, "status": outcome.status} for outcome in outcomes],
        "stored": statuses.count("stored"),
        "duplicates": statuses.count("duplicate"),
        "rejected": statuses.count("rejected"),
    }


def _count(rows: Sequence[object], outcomes: Sequence[RowOutcome]) -> None:
    kinds = (str(row.get("kind")) if isinstance(row, dict) else "" for row in rows)
    statuses = (outcome.status for outcome in outcomes)
    for (kind, status), n in Counter(zip(kinds, statuses, strict=True)).items():
        meter.current().events(kind, status, n)


def _rejected(outcomes: Sequence[RowOutcome], answer: Mapping[str, Any]) -> Problem:
    faults = (fault.under(f"events[{i}]") for i, outcome in enumerate(outcomes) for fault in outcome.faults)
    detail = (
        f"{answer['rejected']} of {len(outcomes)} events were rejected and not stored, all others were; "
        "mend those that errors names and send them again"
    )
    return Problem(
        REJECTED_EVENTS,
        detail,
        tuple(islice(faults, MOST_FAULTS)),
        answer,
        n_faults=sum(len(outcome.faults) for outcome in outcomes),
    )
