"""What happens around every request: a key first, a small body, one log line, no internals told."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.dependencies import no_key, presented_key
from serving.errors import internal_error, respond
from serving.problems import TOO_LARGE, Problem

_log = structlog.get_logger("serving.requests")


class _BodyTooLargeError(Exception):
    """More came than is read."""


class KeyFirst:
    """Answers 401 to a call of the API that presents no key, without reading its body.

    Whether a key is good and suffices is for `serving.dependencies` to say.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it presents something, or needs nothing."""
        guarded = scope["type"] == "http" and scope["path"].startswith("/v1/")
        if guarded and not presented_key(Headers(scope=scope)):
            await respond(no_key())(scope, receive, send)
            return
        await self._app(scope, receive, send)


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
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await self._refuse(scope, receive, send)
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


class Observed:
    """Writes one log line a request and answers 500 where something unforeseen was raised.

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

        try:
            await self._app(scope, receive, noted)
        except Exception:
            _log.exception("request failed", **_about(scope))
            if status:
                raise
            await internal_error()(scope, receive, noted)
        elapsed = round((time.perf_counter() - started) * 1000, 2)
        _log.info("request", status=status, milliseconds=elapsed, **_about(scope))


def _about(scope: Scope) -> dict[str, Any]:
    return {"method": scope["method"], "route": getattr(scope.get("route"), "path", None)}
