"""What routes ask for: the shared services, the caller."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer

from serving.audit import CALLER, AuditEntry, call_entry, record_soon_if_possible, refusal_entry
from serving.problems import FORBIDDEN, UNAUTHENTICATED, Problem
from serving.request_head import sent_header
from serving.security.keys import Caller
from serving.security.scopes import Scope
from serving.services import Services
from serving.store.faults import StoreUnavailableError

BEARER = "bearer"
# Of a request: who may do what with it, as far as that was asked.
_ASKED = "serving.asked"
_PRESENTED = "serving.presented_key"
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


class Guard(HTTPBearer):
    """Lets through only callers with a scope; a route depends on it by `requires`.

    It reads both headers itself: two of FastAPI's classes for that, each a dependency of its own, take longer
    to resolve than the key to check. `serving.api` adds the other way to OpenAPI.

    Parameters
    ----------
    scope : Scope
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scheme_name=BEARER, description="`Authorization: Bearer <API key>`")
        self.scope = scope

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Return who calls, or answer 401, 403 or 429; asked twice of a request, it answers what it did."""
        asked: dict[Scope, Caller] = request.scope.setdefault(_ASKED, {})
        if self.scope not in asked:
            asked[self.scope] = await self._who_calls(request)
        return asked[self.scope]

    async def _who_calls(self, request: Request) -> Caller:
        presented = presented_key(request.scope)
        if not presented:
            raise no_key()
        services: Services = request.app.state.services
        caller = services.keys.remembered(presented) or await _looked_up(services, request, presented)
        services.limits.call_with(caller.key_id)
        needed = self.scope.value
        if needed not in caller.scopes:
            if (refusal := refusal_entry(services, request, caller, needed)) is not None:
                await record_soon_if_possible(services, refusal)
            raise Problem(FORBIDDEN, f"the API key lacks the scope {needed}; use a key that has it")
        request.scope[CALLER] = caller
        return caller


async def _looked_up(services: Services, request: Request, presented: str) -> Caller:
    # A key that was good once is looked up whatever others do from the same address, such as a proxy's.
    guessed = not services.keys.was_good(presented)
    if guessed:
        services.limits.look_up_key(request.scope)
    try:
        caller = await run_in_threadpool(services.keys.verify, presented)
    except StoreUnavailableError:
        # Nobody knows whether it is wrong: who comes again until the store is back is not to be locked out.
        if guessed:
            services.limits.give_back_key(request.scope)
        raise
    if caller is None:
        raise Problem(
            UNAUTHENTICATED,
            "the API key is unknown, wrong or revoked; ask the operator for another",
            headers=_CHALLENGE,
        )
    if guessed:
        services.limits.give_back_key(request.scope)
    return caller


def requires(scope: Scope) -> Any:
    """Return a route dependency that lets through only callers with this scope."""
    return Security(Guard(scope), scopes=[scope.value])


def presented_key(scope: MutableMapping[str, Any]) -> str:
    """Return the key that a request presents, "" where it presents none; it is read once."""
    key: str | None = scope.get(_PRESENTED)
    if key is None:
        kind, _, bearer = sent_header(scope, b"authorization").partition(" ")
        key = (bearer.strip() if kind.lower() == "bearer" else "") or sent_header(scope, b"x-api-key")
        scope[_PRESENTED] = key
    return key


async def _audit_entry(request: Request, services: ServicesDep) -> AuditEntry:
    return call_entry(services, request)


# Of a call with the scope admin or catalog: to be recorded in the transaction that does what it asks.
AuditDep: TypeAlias = Annotated[AuditEntry, Depends(_audit_entry)]
