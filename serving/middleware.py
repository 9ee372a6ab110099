"""What happens around every request: an id, one log line, a key first, a small body, no internals told.

There are two layers, because each costs every request, and where browsers may ask, what answers them comes
between the two.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from uuid import uuid4

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import logs, meter
from serving.dependencies import no_key, presented_key
from serving.errors import given_up, internal_error, respond
from serving.problems import TOO_LARGE, Problem
from serving.request_head import headers_of, sent_header
from serving.security.headers import hardened
from serving.security.limits import Limits
from serving.xapi.versions import answered_version

_log = structlog.get_logger(__name__)
# As nginx counts whoever hung up before there was an answer.
_NOBODY_LISTENS = 499
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Observed:
    """Gives each request an id, counts and logs it, and hardens its answer.

    The id is that of the header X-Request-ID, if it is one, else a new one; the answer carries it. The line
    holds the route's pattern, never the address: addresses hold learner ids.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and look at what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        wished = sent_header(scope, b"x-request-id")
        request_id = wished if _REQUEST_ID.fullmatch(wished) else uuid4().hex
        logs.request_id.set(request_id)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = hardened(message.get("headers", ()), scope["path"])
                if scope["path"].startswith("/xapi/"):
                    headers.append((b"x-experience-api-version", answered_version(scope).encode()))
                message["headers"] = [*headers, (b"x-request-id", request_id.encode())]
            await send(message)

        await self._app(scope, receive, noted)
        seconds, route, status = time.perf_counter() - started, _route(scope), status or _NOBODY_LISTENS
        meter.current().request(scope["method"], route, status, seconds)
        logs.request_line(scope["method"], route, status, 1000 * seconds)


class _BodyTooLargeError(Exception):
    """More came than is read."""


class Entrance:
    """Turns away what need not be read, and answers where nobody else did.

    It answers 401 to a call of the API that presents no key, without reading its body; 413 to a body of more
    than `max_bytes`, announced or not, without reading the rest; 500 where something unforeseen was raised,
    and 503 where the service stops. Whether a key is good and suffices is for `serving.dependencies` to say.
    Who calls without one too often is answered 429.

    Parameters
    ----------
    limits : Limits
    max_bytes : int
    besides : set of str
        Addresses beside those of the API that need a key.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, max_bytes: int, besides: frozenset[str] = frozenset()
    ) -> None:
        self._app = app
        self._limits = limits
        self._max_bytes = max_bytes
        self._besides = besides

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it may come in, and see to it that something comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._let_in(scope, receive, noted)
        except asyncio.CancelledError:
            # The server stops and waits no longer. The request has an answer with that: nothing is passed on.
            if not begun:
                await given_up()(scope, receive, send)
        except ClientDisconnect:
            # Who hung up while sending hears nothing any more.
            return
        except Exception:
            _log.exception("request failed", method=scope["method"], route=_route(scope))
            if begun:
                raise
            await internal_error()(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["path"].startswith("/v1/") or scope["path"] in self._besides
        announced = sent_header(scope, b"content-length")
        is_announced = announced.isascii() and announced.isdigit()
        if guarded and not presented_key(scope):
            await respond(self._without_key(scope))(scope, receive, send)
        elif is_announced and int(announced) > self._max_bytes:
            await self._refuse_body(scope, receive, send)
        elif is_announced and b"transfer-encoding" not in headers_of(scope):
            # The server reads no more than that; of a body in chunks it reads all, whatever is announced.
            await self._app(scope, receive, send)
        else:
            await self._counting(scope, receive, send)

    async def _counting(self, scope: Scope, receive: Receive, send: Send) -> None:
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
            await self._refuse_body(scope, receive, send)

    async def _refuse_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"the body has more than {self._max_bytes} bytes; send fewer rows at a time"
        await respond(Problem(TOO_LARGE, detail))(scope, receive, send)

    def _without_key(self, scope: Scope) -> Problem:
        try:
            self._limits.call_without_key(scope)
        except Problem as too_many:
            return too_many
        return no_key()


def _route(scope: Scope) -> str | None:
    path: str | None = getattr(scope.get("route"), "path", None)
    return path
