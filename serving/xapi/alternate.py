"""The alternate request syntax (Communication 1.3): a request sent as a form.

It is of version 1.0.3 only. Such a request is turned into the one that it stands for before anybody else
sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from serving.problems import Fault
from serving.request_head import forget_headers, sent_header
from serving.xapi.checks import V2
from serving.xapi.parameters import refused
from serving.xapi.versions import HEADER, version_of

PATH = "/xapi/statements"
_FORM = "application/x-www-form-urlencoded"
# More than there are parameters and headers.
_MOST_FIELDS = 30
METHODS = ("GET", "HEAD", "POST", "PUT")
"""Those of the statement resource."""
_HEADERS = (
    "Authorization",
    HEADER,
    "Content-Type",
    "Content-Length",
    "If-Match",
    "If-None-Match",
    "Accept-Language",
    "X-API-Key",
)


def is_alternate(scope: Scope) -> bool:
    """Whether a request may be one in the alternate syntax."""
    query: bytes = scope.get("query_string", b"")
    return bool(scope["path"] == PATH and scope["method"] == "POST" and b"method=" in query)


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _once(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def as_meant(scope: Scope, receive: Receive) -> Receive:
    """Make of a request in the alternate syntax the one that it stands for, whose body is returned.

    The scope is changed itself: whoever looks at it afterwards sees what was answered.

    Raises
    ------
    Problem
        If it stands for none.
    """
    # Megabytes of a form take a second: nobody else waits for that.
    return _once(await run_in_threadpool(_make_meant, scope, await _body(receive)))


def _make_meant(scope: Scope, body: bytes) -> bytes:
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    told = sent_header(scope, HEADER.lower().encode())
    is_form = sent_header(scope, b"content-type").partition(";")[0].strip().lower() == _FORM
    form = _form(body) if is_form else {}
    if version_of(form.get(HEADER, told)) == V2:
        # There it is a parameter like any that is not known.
        return body
    if not is_form:
        raise refused(Fault("Content-Type", "the request is no form", f"send it as {_FORM}"))
    if len(query) != 1 or query[0][0] != "method":
        other = next((name for name, _ in query if name != "method"), "method")
        raise refused(Fault(other, "the address has more than method", "send the others in the form"))
    method = query[0][1]
    if method not in METHODS:
        raise refused(Fault("method", "method is none that there is", "send GET, PUT or POST", method))
    stores = method in ("POST", "PUT")
    if stores and "content" not in form:
        raise refused(Fault("content", "content is missing", "send the statement in the form"))
    parameters = {name: text for name, text in form.items() if name not in (*_HEADERS, "content")}
    content = form.get("content", "").encode() if stores else b""
    headers = _headers(scope, form, content)
    scope.update(method=method, headers=headers, query_string=urlencode(parameters).encode())
    forget_headers(scope)
    return content


def _form(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise refused(Fault("", "the form cannot be read", "send it URL-encoded, as UTF-8")) from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise refused(Fault("", "a field of the form is there twice", "send each once"))
    return form


def _headers(scope: Scope, form: Mapping[str, str], content: bytes) -> list[tuple[bytes, bytes]]:
    """Headers of the request that is meant: those of the form go before the real ones."""
    own: dict[bytes, Any] = {
        name.lower().encode(): form[name].encode("latin-1", "replace") for name in _HEADERS if name in form
    }
    own[b"content-length"] = str(len(content)).encode()
    own.setdefault(b"content-type", b"application/json")
    return [*((name, value) for name, value in scope["headers"] if name not in own), *own.items()]
