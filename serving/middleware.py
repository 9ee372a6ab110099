"""What happens around every request: a key first, a small body, one log line, no internals told."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import logs, meter
from serving.dependencies import no_key, presented_key
from serving.errors import given_up, internal_error, respond
from serving.problems import TOO_LARGE, Problem
from serving.security.limits import Limits

_log = structlog.get_logger(__name__)


class _BodyTooLargeError(Exception):
    """More came than is read."""


class KeyFirst:
    """Answers 401 to a call of the API that presents no key, without reading its body.

    Whether a key is good and suffices is for `serving.dependencies` to say. Who calls without one too often
    is answered 429.

    Parameters
    ----------
    besides : set of str
        Addresses beside those of the API that need a key.
    """

    def __init__(self, app: ASGIApp, limits: Limits, besides: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._limits = limits
        self._besides = besides

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it presents something, or needs nothing."""
        guarded = scope["type"] == "http" and (
            scope["path"].startswith("/v1/") or scope["path"] in self._besides
        )
        if guarded and not presented_key(scope):
            await respond(self._refusal(scope))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem:
        try:
            self._limits.call_without_key(scope)
        except Problem as too_many:
            return too_many
        return no_key()


class BodyLimit:
    """Answers 413 to a body of more than `max_bytes`, announced or not, without reading the rest."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await self._refuse(scope, receive, send)
            return
        if announced.isdigit() and b"transfer-encoding" not in headers:
            # The server reads no more than that; of a body in chunks it reads all, whatever is announced.
            await self._app(scope, receive, send)
            return
        left, too_large = self._max_bytes, False

        async def limited() -> Message:
            nonlocal left, too_large
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                too_large = True
                raise _BodyTooLargeError
            return message

        async def unless_too_large(message: Message) -> None:
            # The framework turns the exception above into an answer of its own; ours goes out instead.
            if not too_large:
                await send(message)

        with suppress(_BodyTooLargeError):
            await self._app(scope, limited, unless_too_large)
        if too_large:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"the body has more than {self._max_bytes} bytes; send fewer rows at a time"
        await respond(Problem(TOO_LARGE, detail))(scope, receive, send)


class Answered:
    """Answers where nobody did: 500 where something unforeseen was raised, 503 where the service stops."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see to it that something comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            # The server stops and waits no longer. The request has an answer with that: nothing is passed on.
            if not begun:
                await given_up()(scope, receive, send)
        except Exception:
            _log.exception("request failed", method=scope["method"], route=_route(scope))
            if begun:
                raise
            await internal_error()(scope, receive, send)


class Observed:
    """Counts and logs each request.

    The line holds the route's pattern, never the address: addresses hold learner ids.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and look at what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, noted)
        seconds, route = time.perf_counter() - started, _route(scope)
        meter.current().request(scope["method"], route, status, seconds)
        logs.request_line(scope["method"], route, status, 1000 * seconds)


def _route(scope: Scope) -> str | None:
    path: str | None = getattr(scope.get("route"), "path", None)
    return path
