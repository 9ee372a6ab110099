"""The only place where errors become HTTP: status, problem type and wording, by RFC 9457."""

from __future__ import annotations

from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from recommender.errors import InputError, UnknownIdError
from serving import meter
from serving.faults import faults_of
from serving.methods import METHODS
from serving.problems import (
    INTERNAL,
    INVALID,
    KINDS,
    MALFORMED,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    MOST_FAULTS,
    NOT_FOUND,
    UNAVAILABLE,
    USE_A_LISTED_ID,
    Fault,
    Kind,
    Problem,
)
from serving.schemas.service import ProblemResponse
from serving.store.faults import StoreUnavailableError

_PLACES = ("body", "query", "path", "header")
_NOT_JSON = "send one JSON object, encoded as UTF-8, as application/json"


def install(app: FastAPI) -> None:
    """Answer every error of this app as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(UnknownIdError, _unknown_id)
    app.add_exception_handler(InputError, _unusable)
    app.add_exception_handler(StoreUnavailableError, _store_unavailable)
    app.add_exception_handler(HTTPException, _http_exception)


def respond(problem: Problem) -> Response:
    """Return a problem as a response."""
    return JSONResponse(
        problem.as_json(), problem.kind.status, headers=dict(problem.headers), media_type=MEDIA_TYPE
    )


def internal_error() -> Response:
    """Return the answer to a fault of our own, without its internals."""
    return respond(Problem(INTERNAL, "the request failed by a fault of this service; nothing was stored"))


def given_up() -> Response:
    """Return the answer to a call that did not end before the service had to."""
    detail = (
        "the service stopped before it could answer; whether the call was done is not known, send it again"
    )
    return respond(Problem(UNAVAILABLE, detail))


def documented(*kinds: Kind, model: type[Any] = ProblemResponse) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's entries for the problems a call can answer with."""
    by_status: dict[int, list[Kind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "description": " / ".join(kind.title for kind in some),
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}},
        }
        for status, some in by_status.items()
    }


async def _problem(_request: Request, error: Exception) -> Response:
    return respond(cast(Problem, error))


async def _invalid_request(_request: Request, error: Exception) -> Response:
    errors = cast(RequestValidationError, error).errors()
    if any(e["type"] == "json_invalid" for e in errors):
        return respond(_not_json(str(errors[0].get("ctx", {}).get("error", ""))))
    faults = faults_of(errors[:MOST_FAULTS], skip=_PLACES)
    return respond(Problem(INVALID, _sentence(faults[0]), faults, n_faults=len(errors)))


async def _unknown_id(_request: Request, error: Exception) -> Response:
    unknown = cast(UnknownIdError, error)
    message = f"{unknown.field} is not in the catalogue"
    fault = Fault(unknown.field, message, USE_A_LISTED_ID, unknown.value)
    return respond(Problem(INVALID, _sentence(fault), (fault,)))


async def _unusable(_request: Request, error: Exception) -> Response:
    return respond(Problem(INVALID, str(error)))


async def _store_unavailable(_request: Request, error: Exception) -> Response:
    meter.current().store_fault(cast(StoreUnavailableError, error).fault)
    return respond(Problem(UNAVAILABLE, str(error)))


async def _http_exception(request: Request, error: Exception) -> Response:
    http = cast(HTTPException, error)
    headers = dict(http.headers or {})
    if http.status_code == 400:
        return respond(_not_json(""))
    if http.status_code == 405:
        allowed = _allowed(request)
        detail = f"{request.method} is not allowed here; allowed: {allowed}"
        return respond(Problem(METHOD_NOT_ALLOWED, detail, headers=headers | {"Allow": allowed}))
    if http.status_code == 404:
        return respond(Problem(NOT_FOUND, "there is nothing at this address; /docs lists the calls"))
    kind = next((kind for kind in KINDS if kind.status == http.status_code), INTERNAL)
    return respond(Problem(kind, str(http.detail), headers=headers))


def _allowed(request: Request) -> str:
    """Methods that this address has, each with a route of its own."""
    asked = {name: request.scope.get(name) for name in ("type", "path", "raw_path", "root_path")}
    routes = request.app.routes
    found = (m for m in METHODS if any(r.matches(asked | {"method": m})[0] == Match.FULL for r in routes))
    return ", ".join(found)


def _not_json(what: str) -> Problem:
    got = f"the body is not JSON ({what})" if what else "the body is not JSON"
    return Problem(MALFORMED, f"{got}; {_NOT_JSON}", (Fault("", got, _NOT_JSON),))


def _sentence(fault: Fault) -> str:
    return f"{fault.message}; {fault.remedy}"
