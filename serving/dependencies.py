"""What routes ask for: the shared services, the caller."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from serving.problems import FORBIDDEN, UNAUTHENTICATED, Problem
from serving.security.keys import Caller
from serving.security.scopes import Scope
from serving.services import Services

_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="`Authorization: Bearer <API key>`")
_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, scheme_name="api_key", description="`X-API-Key: <API key>`"
)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="adaptive-learning-recommender"'}


async def get_services(request: Request) -> Services:
    """Return what the running app holds."""
    services: Services = request.app.state.services
    return services


ServicesDep: TypeAlias = Annotated[Services, Depends(get_services)]


def no_key() -> Problem:
    """Return the answer to a call without a key."""
    return Problem(
        UNAUTHENTICATED,
        "this call needs an API key; send it as Authorization: Bearer <key> or as X-API-Key",
        headers=_CHALLENGE,
    )


async def authenticate(
    scopes: SecurityScopes,
    services: ServicesDep,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    header: Annotated[str | None, Security(_header)],
) -> Caller:
    """Return who calls, or answer 401 or 403."""
    presented = bearer.credentials if bearer is not None else header
    if not presented:
        raise no_key()
    caller = services.keys.remembered(presented) or await run_in_threadpool(services.keys.verify, presented)
    if caller is None:
        raise Problem(
            UNAUTHENTICATED,
            "the API key is unknown, wrong or revoked; ask the operator for another",
            headers=_CHALLENGE,
        )
    missing = [scope for scope in scopes.scopes if scope not in caller.scopes]
    if missing:
        raise Problem(FORBIDDEN, f"the API key lacks the scope {missing[0]}; use a key that has it")
    return caller


def requires(scope: Scope) -> Any:
    """Return a route dependency that lets through only callers with this scope."""
    return Security(authenticate, scopes=[scope.value])
