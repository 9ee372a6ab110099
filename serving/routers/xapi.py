"""The statement resource of xAPI, and what it is about (Communication 2.1 and 2.8)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import meter
from serving.answers import JsonAnswer
from serving.audit import CALLER
from serving.dependencies import requires
from serving.errors import documented
from serving.evidence import RowRules
from serving.guarded_route import guarded_router
from serving.problems import (
    FORBIDDEN,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNKNOWN_STATEMENT,
    XAPI_CONFLICT,
    XAPI_REFUSED,
    Fault,
    Problem,
)
from serving.quick_route import quick
from serving.request_head import sent_header
from serving.schemas.xapi import FOUND, GET_PARAMETERS, POST_BODY, PUT_BODY, About
from serving.security.keys import Caller
from serving.security.scopes import Scope
from serving.services import Services
from serving.store import statements as store
from serving.xapi.bodies import statements_of
from serving.xapi.entrance import THROUGH
from serving.xapi.formats import is_uuid
from serving.xapi.mapping import places_of
from serving.xapi.parameters import Wanted, parameters, refused, wanted
from serving.xapi.prepared import RefusedError, prepare
from serving.xapi.receiving import receive
from serving.xapi.telling import iso, written
from serving.xapi.versions import asked_version, told_versions

_WRITE, _READ = requires(Scope.XAPI_WRITE), requires(Scope.XAPI_READ)
_OF_ALL = documented(XAPI_REFUSED, UNAUTHENTICATED, FORBIDDEN, UNAVAILABLE)
_OF_WRITES = _OF_ALL | documented(XAPI_CONFLICT, TOO_LARGE)


router = guarded_router(prefix="/xapi", tags=["xAPI"])


async def post_statements(request: Request) -> Response:
    """Store one statement, or several: all of them, or none.

    Safe to send again where statements have ids: what is there already changes nothing. What statements say
    of learning counts at once; what is not understood is kept all the same.
    """
    version = asked_version(request.scope)
    parameters(request.scope["query_string"], ())
    sent, in_list = statements_of(request.scope, await request.body(), version)
    ids, received = await _received(request, sent, version, in_list=in_list)
    return JsonAnswer(ids, headers={THROUGH: iso(received)})


router.add_api_route(
    "/statements",
    post_statements,
    methods=["POST"],
    summary="Store statements",
    dependencies=[_WRITE],
    response_model=list[UUID],
    responses=_OF_WRITES,
    openapi_extra=POST_BODY,
    route_class_override=quick(post_statements),
)


@router.put(
    "/statements",
    summary="Store a statement under an id",
    dependencies=[_WRITE],
    status_code=204,
    responses=_OF_WRITES,
    openapi_extra=PUT_BODY,
)
async def put_statement(request: Request) -> Response:
    """Store one statement, whose id the address tells."""
    version = asked_version(request.scope)
    wished = parameters(request.scope["query_string"], ("statementId",)).get("statementId")
    if not is_uuid(wished):
        what = "statementId is missing" if wished is None else "statementId is no UUID"
        raise refused(Fault("statementId", what, "send the id of the statement", wished))
    sent, in_list = statements_of(request.scope, await request.body(), version)
    if in_list or not isinstance(sent[0], dict):
        raise refused(
            Fault("", "the body is not one statement", "send one as a JSON object, or POST several")
        )
    statement = {"id": wished, **sent[0]}
    if not isinstance(statement["id"], str) or statement["id"].lower() != str(wished).lower():
        what = "id is not the statementId of the address"
        raise refused(Fault("id", what, "send the same one, or leave it out", sent[0]["id"]))
    _, received = await _received(request, [statement], version, in_list=False)
    return Response(status_code=204, headers={THROUGH: iso(received)})


async def _received(
    request: Request, sent: Sequence[Any], version: str, *, in_list: bool
) -> tuple[list[str], int]:
    """Store statements; their ids, and when the last of them was stored."""
    services: Services = request.app.state.services
    caller: Caller = request.scope[CALLER]
    try:
        return await services.writers.do(partial(_store, services, caller, sent, version))
    except RefusedError as error:
        kind = XAPI_CONFLICT if error.conflict else XAPI_REFUSED
        faults = error.faults if in_list else [_alone(fault) for fault in error.faults]
        raise Problem(kind, f"{faults[0].message}; {faults[0].remedy}", faults) from None


def _alone(fault: Fault) -> Fault:
    place = fault.field.removeprefix("statements[0]").removeprefix(".")
    return Fault(place, fault.message, fault.remedy, fault.value)


def _store(services: Services, caller: Caller, sent: Sequence[Any], version: str) -> tuple[list[str], int]:
    settings, model = services.settings, services.models.up_to_date()
    catalog = None if model is None else model.engine.catalog
    prepared = prepare(
        sent,
        version=version,
        lenient=settings.xapi_mode == "lenient",
        authority=authority_of(caller, settings.public_url),
        places=places_of(catalog),
    )
    rules = RowRules(
        received_at=services.clock(),
        future_tolerance_seconds=settings.future_tolerance_seconds,
        catalog=catalog,
        trained=None if model is None else model.engine.bundle.difficulty,
    )
    received = receive(services.database, model, prepared, rules, settings.home_pages, services.clock)
    for outcome, n in received.outcomes.items():
        meter.current().statements(outcome.value, n)
    meter.current().statements("duplicate", received.duplicates)
    through = services.consistency.at_least(received.stored_ms)
    return [one.statement_id for one in prepared], through


@router.get(
    "/statements",
    summary="Find statements",
    dependencies=[_READ],
    responses={200: FOUND, **_OF_ALL, **documented(UNKNOWN_STATEMENT)},
    openapi_extra={"parameters": GET_PARAMETERS},
)
async def get_statements(request: Request) -> Response:
    """Tell one statement by its id, or those that all filters fit, the newest first.

    `more` in the answer is the address of the next page, "" where there is none.
    """
    query = wanted(request.scope["query_string"])
    services: Services = request.app.state.services
    accept = sent_header(request.scope, b"accept-language")
    body, newest, through = await run_in_threadpool(_found, services, query, accept, request.url.path)
    headers = {THROUGH: iso(through)}
    if newest is not None:
        headers["Last-Modified"] = format_datetime(datetime.fromtimestamp(newest // 1000, UTC), usegmt=True)
    if not query.attachments:
        return Response(body, headers=headers, media_type="application/json")
    # There are none: the statements are the only part.
    boundary = secrets.token_hex(16)
    part = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{body}\r\n--{boundary}--\r\n"
    return Response(part, headers=headers, media_type=f"multipart/mixed; boundary={boundary}")


router.add_api_route(
    "/statements",
    get_statements,
    methods=["HEAD"],
    name="head_statements",
    summary="What GET answers, without its body",
    dependencies=[_READ],
    responses={200: {"description": "Found"}, **_OF_ALL, **documented(UNKNOWN_STATEMENT)},
    openapi_extra={"parameters": GET_PARAMETERS},
)


def _found(services: Services, query: Wanted, accept: str, path: str) -> tuple[str, int | None, int]:
    """Body of the answer, when the newest statement in it was stored, and up to when all can be found."""
    through = services.consistency.through()
    with services.database.snapshot() as connection:
        if query.statement_id is not None:
            one = store.find(connection, query.statement_id, voided=query.voided)
            if one is None:
                what = "voided statement" if query.voided else "statement"
                raise Problem(UNKNOWN_STATEMENT, f"there is no {what} with the id {query.statement_id}")
            (body,) = written(connection, [one], query.format, accept)
            return body, one.stored_ms, through
        told = store.page(
            connection,
            query.keys,
            since_ms=query.since_ms,
            until_ms=query.until_ms,
            ascending=query.ascending,
            beyond=query.beyond,
            limit=query.limit + 1,
        )
        shown = told[: query.limit]
        texts = written(connection, shown, query.format, accept)
    more = f"{path}?{query.more(shown[-1].seq)}" if len(told) > query.limit else ""
    body = f'{{"statements":[{",".join(texts)}],"more":{json.dumps(more)}}}'
    return body, max((one.stored_ms for one in shown), default=None), through


def authority_of(caller: Caller, public_url: str) -> dict[str, Any]:
    """Return who asserts what a key sends (Data 2.4.9): the key, at home at this service."""
    return {"objectType": "Agent", "account": {"homePage": public_url, "name": caller.key_id}}


about = APIRouter(prefix="/xapi", tags=["xAPI"], responses=documented(XAPI_REFUSED))


@about.get("/about", summary="Versions of xAPI that are spoken", response_model=About)
async def get_about(request: Request) -> dict[str, Any]:
    """Tell the versions; no key is needed."""
    parameters(request.scope["query_string"], ())
    return {"version": told_versions(request.scope), "extensions": {}}


about.add_api_route(
    "/about",
    get_about,
    methods=["HEAD"],
    name="head_about",
    summary="What GET answers, without its body",
    response_model=About,
)
