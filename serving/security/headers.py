"""Headers that keep an answer from being sniffed, framed, cached or told to others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_CSP = b"content-security-policy"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_WITH_POLICY = (*_ALWAYS, (_CSP, b"default-src 'none'; frame-ancestors 'none'"))
# Answers of the API are about people, and what is true of the service now is not true later.
_KEPT = b"cache-control"
_NOT_KEPT = (_KEPT, b"no-store")
_MAY_BE_KEPT = ("/docs", "/openapi.json")


def hardened(headers: Iterable[Sequence[bytes]], path: str) -> list[Sequence[bytes]]:
    """Return the headers of an answer with these; a route's own policy and its own word on caches stay.

    Parameters
    ----------
    headers : iterable of (bytes, bytes)
        Names in lower case.
    path : str
        That was asked for.
    """
    sent = [*headers]
    sent += _ALWAYS if any(name == _CSP for name, _ in sent) else _WITH_POLICY
    if path not in _MAY_BE_KEPT and not any(name == _KEPT for name, _ in sent):
        sent.append(_NOT_KEPT)
    return sent
