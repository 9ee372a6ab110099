"""What routes ask for: the shared services, the caller."""

from __future__ import annotations

import base64
import binascii
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
# Where senders know of nothing else (xAPI, Communication 4.0).
_BASIC_UNDER = "/xapi/"
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
    of_one : bool
        Whether a token for one learner suffices; the route answers for that learner alone then.
    """

    def __init__(self, scope: Scope, *, of_one: bool = False) -> None:
        super().__init__(scheme_name=BEARER, description="`Authorization: Bearer <API key or token>`")
        self.scope = scope
        self.of_one = of_one

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Return who calls, or answer 401, 403 or 429; asked twice of a request, it answers what it did."""
        asked: dict[tuple[Scope, bool], Caller] = request.scope.setdefault(_ASKED, {})
        what = self.scope, self.of_one
        if what not in asked:
            asked[what] = await self._who_calls(request)
        return asked[what]

    async def _who_calls(self, request: Request) -> Caller:
        presented = presented_key(request.scope)
        services: Services = request.app.state.services
        if not presented:
            # Where the entrance lets calls without one pass.
            services.limits.call_without_key(request.scope)
            raise no_key()
        caller = services.keys.remembered(presented) or await _looked_up(services, request, presented)
        services.limits.call_with(caller.key_id)
        needed = self.scope.value
        if needed not in caller.scopes:
            if (refusal := refusal_entry(services, request, caller, needed)) is not None:
                await record_soon_if_possible(services, refusal)
            raise Problem(FORBIDDEN, f"the API key lacks the scope {needed}; use a key that has it")
        if caller.learner_id is not None and not self.of_one:
            raise Problem(FORBIDDEN, "this token is for one learner; use a key, or a token for all")
        request.scope[CALLER] = caller
        if (learner_id := request.path_params.get("learner_id")) is not None:
            only_of(request.scope, learner_id)
        return caller


def only_of(scope: MutableMapping[str, Any], learner_id: str) -> None:
    """Refuse a call about another learner than the caller's token is for.

    Raises
    ------
    Problem
        403.
    """
    caller: Caller | None = scope.get(CALLER)
    if caller is not None and caller.learner_id is not None and caller.learner_id != learner_id:
        raise Problem(FORBIDDEN, "this token is for another learner; use one for this learner")


async def _looked_up(services: Services, request: Request, presented: str) -> Caller:
    # A key that was good once is looked up whatever others do from the same address, such as a proxy's.
    guessed = not services.keys.was_good(presented)
    caller = await look_up(services, request.scope, presented, guessed=guessed)
    if caller is None:
        raise Problem(
            UNAUTHENTICATED,
            "the API key is unknown, wrong or revoked; ask the operator for another",
            headers=_CHALLENGE,
        )
    return caller


async def look_up(
    services: Services, scope: MutableMapping[str, Any], presented: str, *, guessed: bool
) -> Caller | None:
    """Return who presents a key, None where it is not good.

    Parameters
    ----------
    guessed : bool
        Whether it may be a guess, of which only so many are looked up; raises `Problem` 429 then.
    """
    if guessed:
        services.limits.look_up_key(scope)
    try:
        caller = await run_in_threadpool(services.keys.verify, presented)
    except StoreUnavailableError:
        # Nobody knows whether it is wrong: who comes again until the store is back is not to be locked out.
        if guessed:
            services.limits.give_back_key(scope)
        raise
    if guessed and caller is not None:
        services.limits.give_back_key(scope)
    return caller


def requires(scope: Scope, *, of_one: bool = False) -> Any:
    """Return a route dependency that lets through only callers with this scope, see `Guard`."""
    return Security(Guard(scope, of_one=of_one), scopes=[scope.value])


def presented_key(scope: MutableMapping[str, Any]) -> str:
    """Return the key that a request presents, "" where it presents none; it is read once."""
    key: str | None = scope.get(_PRESENTED)
    if key is None:
        kind, _, rest = sent_header(scope, b"authorization").partition(" ")
        key = rest.strip() if kind.lower() == "bearer" else ""
        if kind.lower() == "basic" and scope["path"].startswith(_BASIC_UNDER):
            _, key = basic_credentials(rest)
        key = key or sent_header(scope, b"x-api-key")
        scope[_PRESENTED] = key
    return key


def basic_credentials(credentials: str) -> tuple[str, str]:
    """Return user and password of Basic credentials (RFC 7617), "" where there is none.

    >>> basic_credentials("bG1zOmFscl8wMV8wMg==")
    ('lms', 'alr_01_02')
    """
    try:
        user, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password


async def _audit_entry(request: Request, services: ServicesDep) -> AuditEntry:
    return call_entry(services, request)


# Of a call with the scope admin or catalog: to be recorded in the transaction that does what it asks.
AuditDep: TypeAlias = Annotated[AuditEntry, Depends(_audit_entry)]
