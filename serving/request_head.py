"""Headers of a request, which several ask for: they are looked through once."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

_HEADERS = "serving.headers"


def headers_of(scope: MutableMapping[str, Any]) -> dict[bytes, bytes]:
    """Return the headers of a request, as ASGI has it, by their names in lower case; of several the first."""
    headers: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if headers is None:
        headers = scope[_HEADERS] = dict(reversed([*scope["headers"]]))
    return headers


def forget_headers(scope: MutableMapping[str, Any]) -> None:
    """Look through the headers of a request again, for they are others now."""
    scope.pop(_HEADERS, None)


def sent_header(scope: MutableMapping[str, Any], name: bytes) -> str:
    """Return one of `headers_of` a request, "" where it was not sent.

    >>> sent_header({"headers": [(b"accept", b"text/html"), (b"accept", b"text/plain")]}, b"accept")
    'text/html'
    """
    return headers_of(scope).get(name, b"").decode("latin-1")
