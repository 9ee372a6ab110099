"""Headers that keep an answer from being sniffed, framed, cached or told to others."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CSP = b"content-security-policy"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_WITH_POLICY = (*_ALWAYS, (_CSP, b"default-src 'none'; frame-ancestors 'none'"))
# Answers of the API are about people, and what is true of the service now is not true later.
_NOT_KEPT = (b"cache-control", b"no-store")
_MAY_BE_KEPT = ("/docs", "/openapi.json")


class SecurityHeaders:
    """Adds them to every answer, whatever made it; a route's own Content-Security-Policy stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = [*message.get("headers", ())]
                has_policy = any(name == _CSP for name, _ in sent)
                sent += _ALWAYS if has_policy else _WITH_POLICY
                if scope["path"] not in _MAY_BE_KEPT:
                    sent.append(_NOT_KEPT)
                message["headers"] = sent
            await send(message)

        await self._app(scope, receive, guarded)
