"""Headers of a request, which several ask for: they are looked through once."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

_HEADERS = "serving.headers"


def sent_header(scope: MutableMapping[str, Any], name: bytes) -> str:
    """Return a header of a request, "" where it was not sent; of several the first.

    Parameters
    ----------
    scope : mapping
        Of a request, as ASGI has it.
    name : bytes
        In lower case.

    Examples
    --------
    >>> sent_header({"headers": [(b"accept", b"text/html"), (b"accept", b"text/plain")]}, b"accept")
    'text/html'
    """
    headers: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if headers is None:
        headers = scope[_HEADERS] = dict(reversed([*scope["headers"]]))
    return headers.get(name, b"").decode("latin-1")
