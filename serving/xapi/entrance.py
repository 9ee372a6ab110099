"""What happens around every request under ``/xapi``: its version, its syntax, and what each answer tells."""

from __future__ import annotations

from contextlib import suppress

from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.audit import CALLER
from serving.dependencies import presented_key
from serving.errors import respond
from serving.problems import Problem
from serving.services import Services
from serving.store.faults import StoreUnavailableError
from serving.xapi.alternate import METHODS, as_meant, is_alternate
from serving.xapi.telling import iso
from serving.xapi.versions import asked_version

THROUGH = "X-Experience-API-Consistent-Through"
_THROUGH = THROUGH.lower().encode()
_UNDER, _ABOUT = "/xapi/", "/xapi/about"


class XapiEntrance:
    """Refuses versions that are not spoken, before anything else is looked at (Communication 3.3).

    A request in the alternate syntax is passed on as what it stands for; each answer tells up to when all
    statements can be found.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look at what comes back."""
        if scope["type"] != "http" or not scope["path"].startswith(_UNDER):
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                if not any(name == _THROUGH for name, _ in headers):
                    through = await _through(services, scope)
                    message["headers"] = [*headers, (_THROUGH, iso(through).encode())]
            await send(message)

        try:
            if is_alternate(scope):
                receive = await as_meant(scope, receive)
            # There is nothing to say of versions where nothing is there.
            if scope["path"] != _ABOUT and scope["method"] in METHODS:
                asked_version(scope)
        except Problem as problem:
            await respond(problem)(scope, receive, noted)
            return
        await self._app(scope, receive, noted)


async def _through(services: Services, scope: Scope) -> int:
    # Who has no key costs the store nothing.
    if CALLER in scope or services.keys.remembered(presented_key(scope)) is not None:
        with suppress(StoreUnavailableError):
            return await run_in_threadpool(services.consistency.through)
    return services.consistency.at_least(0)
