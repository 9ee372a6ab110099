"""New evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Body

from serving import meter
from serving.dependencies import ServicesDep, requires
from serving.errors import documented
from serving.evidence import RowRules
from serving.examples.events import EVENTS_REQUESTS
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
from serving.schemas.events import EventResult, EventsRequest, EventsResponse
from serving.schemas.service import EventsProblemResponse, ProblemResponse
from serving.security.scopes import Scope

router = APIRouter(prefix="/v1", tags=["events"], dependencies=[requires(Scope.EVENTS)])


@router.post(
    "/events",
    summary="Record evidence",
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, UNAVAILABLE, model=ProblemResponse)
    | documented(INVALID, REJECTED_EVENTS, model=EventsProblemResponse),
)
def record_events(
    request: Annotated[EventsRequest, Body(openapi_examples=EVENTS_REQUESTS)], services: ServicesDep
) -> EventsResponse:
    """Store up to 1,000 attempts, completions, self-assessments and credentials.

    Every event is judged on its own: those that break a rule are rejected and named, all others are stored.
    Safe to send again: an event that is there already is a duplicate and changes nothing.
    """
    settings, model = services.settings, services.models.up_to_date()
    rules = RowRules(
        received_at=services.clock(),
        future_tolerance_seconds=settings.future_tolerance_seconds,
        catalog=None if model is None else model.engine.catalog,
        trained=None if model is None else model.engine.bundle.difficulty,
    )
    outcomes = take_in(services.database, model, request.events, rules)
    _count(request.events, outcomes)
    answer = _answer(outcomes)
    if answer.rejected:
        raise _rejected(outcomes, answer)
    return answer


def _answer(outcomes: Sequence[RowOutcome]) -> EventsResponse:
    statuses = [outcome.status for outcome in outcomes]
    return EventsResponse(
        results=[EventResult(event_id=outcome.event_id, status=outcome.status) for outcome in outcomes],
        stored=statuses.count("stored"),
        duplicates=statuses.count("duplicate"),
        rejected=statuses.count("rejected"),
    )


def _count(rows: Sequence[object], outcomes: Sequence[RowOutcome]) -> None:
    kinds = (str(row.get("kind")) if isinstance(row, dict) else "" for row in rows)
    statuses = (outcome.status for outcome in outcomes)
    for (kind, status), n in Counter(zip(kinds, statuses, strict=True)).items():
        meter.current().events(kind, status, n)


def _rejected(outcomes: Sequence[RowOutcome], answer: EventsResponse) -> Problem:
    faults = (fault.under(f"events[{i}]") for i, outcome in enumerate(outcomes) for fault in outcome.faults)
    detail = (
        f"{answer.rejected} of {len(outcomes)} events were rejected and not stored, all others were; "
        "mend those that errors names and send them again"
    )
    extensions: dict[str, Any] = answer.model_dump()
    return Problem(
        REJECTED_EVENTS,
        detail,
        tuple(islice(faults, MOST_FAULTS)),
        extensions,
        n_faults=sum(len(outcome.faults) for outcome in outcomes),
    )
