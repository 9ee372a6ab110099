"""Statements, requests and readers for the tests of the statement resource, as small as the rules allow."""

from __future__ import annotations

import copy
import email
import json
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

Json = dict[str, Any]

ONE, TWO = "1.0.3", "2.0.0"
both_versions = pytest.mark.parametrize("version", [ONE, TWO])

VERSION_HEADER = "X-Experience-API-Version"
THROUGH_HEADER = "X-Experience-API-Consistent-Through"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
BOUNDARY = "partBoundary7"


def new_id() -> str:
    """Return a statement id or registration that nothing else has."""
    return str(uuid.uuid4())


def agent(name: str = "ada") -> Json:
    """Return an Agent with an e-mail address."""
    return {"objectType": "Agent", "mbox": f"mailto:{name}@example.com"}


def group(name: str | None = "crew", *members: str) -> Json:
    """Return a Group; without a name it is anonymous."""
    found: Json = {"objectType": "Group"}
    if name is not None:
        found["mbox"] = f"mailto:{name}@example.com"
    if members:
        found["member"] = [agent(member) for member in members]
    return found


def verb(word: str = "answered") -> Json:
    """Return a verb with a display in one language."""
    return {"id": f"http://example.com/verbs/{word}", "display": {"en": word}}


def activity(slug: str = "quiz", **definition: Any) -> Json:
    """Return an Activity, with a definition if there is anything to define."""
    found: Json = {"objectType": "Activity", "id": f"http://example.com/activities/{slug}"}
    return found | ({"definition": definition} if definition else {})


def ref(statement_id: str) -> Json:
    """Return a reference to another statement."""
    return {"objectType": "StatementRef", "id": statement_id}


def statement(**parts: Any) -> Json:
    """Return a valid statement: ada answered quiz; `parts` replace or add properties."""
    return {"actor": agent(), "verb": verb(), "object": activity()} | parts


def substatement(**parts: Any) -> Json:
    """Return a SubStatement, to be another statement's object."""
    return {"objectType": "SubStatement", **statement(**parts)}


def voiding(target: str, **parts: Any) -> Json:
    """Return a statement that voids another one."""
    void = {"id": VOIDED, "display": {"en": "voided"}}
    return statement(actor=agent("admin"), verb=void, object=ref(target), **parts)


def attachment(**parts: Any) -> Json:
    """Return what a statement says of an attachment of 27 octets; no fileUrl unless it is given."""
    return {
        "usageType": "http://example.com/attachments/essay",
        "display": {"en": "An essay"},
        "contentType": "text/plain",
        "length": 27,
        "sha2": "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a",
    } | parts


def changed(sent: Json, path: str, value: Any) -> Json:
    """Return a copy with one value, named by its dotted path, replaced or added."""
    copied = copy.deepcopy(sent)
    *parents, last = path.split(".")
    place = copied
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    return copied


def keep(lrs: Any, *statements: Json, version: str = ONE) -> list[str]:
    """Store statements, each by a request of its own, and return their ids in that order."""
    ids = []
    for sent in statements:
        answer = lrs.post(sent, version=version)
        assert answer.status_code == 200, answer.text
        ids += answer.json()
    return ids


def fetch(lrs: Any, statement_id: str, *, version: str = ONE, **params: str) -> Json:
    """Return one stored statement."""
    answer = lrs.get(version=version, statementId=statement_id, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(lrs: Any, *, version: str = ONE, **params: Any) -> list[str]:
    """Return the ids of the statements that a query finds, in the order of the answer."""
    encoded = {name: as_parameter(value) for name, value in params.items()}
    answer = lrs.get(version=version, **encoded)
    assert answer.status_code == 200, answer.text
    return ids_of(answer.json())


def ids_of(result: Json) -> list[str]:
    """Return the ids in a StatementResult, in its order."""
    return [found["id"] for found in result["statements"]]


def as_parameter(value: Any) -> str:
    """Return a parameter's text: objects as JSON, the rest as it is."""
    return json.dumps(value) if isinstance(value, dict) else str(value)


def follow(
    lrs: Any,
    more: str,
    *,
    method: str = "GET",
    headers: dict[str, str | None] | None = None,
    version: str = ONE,
) -> Any:
    """Ask for what a `more` link leads to."""
    parts = urlsplit(more)
    assert not parts.scheme, more
    assert not parts.netloc, more
    assert more.startswith("/xapi/"), more
    return lrs.request(
        method, more.removeprefix("/xapi"), headers={VERSION_HEADER: version} | (headers or {})
    )


def pages(
    lrs: Any, *, version: str = ONE, headers: dict[str, str | None] | None = None, **params: Any
) -> list[Json]:
    """Return every page of a query, by following `more` to its end."""
    encoded = {name: as_parameter(value) for name, value in params.items()}
    answer = lrs.request(
        "GET", "/statements", params=encoded, headers={VERSION_HEADER: version} | (headers or {})
    )
    found = []
    while True:
        assert answer.status_code == 200, answer.text
        found.append(result_of(answer))
        assert len(found) < 50, "`more` never ends"
        if not found[-1]["more"]:
            return found
        answer = follow(lrs, found[-1]["more"], headers=headers, version=version)


def result_of(answer: Any) -> Json:
    """Return the JSON of an answer, from its first part if it has parts."""
    if answer.headers["Content-Type"].startswith("multipart/mixed"):
        return json.loads(parts_of(answer)[0].get_payload(decode=True))
    return answer.json()


def parts_of(answer: Any) -> list[Any]:
    """Return the parts of a multipart answer."""
    head = b"Content-Type: " + answer.headers["Content-Type"].encode() + b"\r\n\r\n"
    message = email.message_from_bytes(head + answer.content)
    assert message.is_multipart()
    assert not message.defects, message.defects
    return list(message.get_payload())


def multipart(statements: Any, *bodies: bytes, sha2: str | None = None, of_type: str = "text/plain") -> bytes:
    """Return a multipart body as the specification draws it: the statements, then one part per attachment."""
    lines = [
        b"--" + BOUNDARY.encode(),
        b"Content-Type: application/json",
        b"",
        json.dumps(statements).encode(),
    ]
    for body in bodies:
        lines += [
            b"--" + BOUNDARY.encode(),
            b"Content-Type: " + of_type.encode(),
            b"Content-Transfer-Encoding: binary",
            b"X-Experience-API-Hash: " + (sha2 or attachment()["sha2"]).encode(),
            b"",
            body,
        ]
    return b"\r\n".join([*lines, b"--" + BOUNDARY.encode() + b"--", b""])


def send(lrs: Any, method: str, content: bytes, content_type: str | None, **more: Any) -> Any:
    """Send raw bytes to the statement resource."""
    headers = dict(more.pop("headers", {}))
    headers[VERSION_HEADER] = more.pop("version", ONE)
    if content_type is not None:
        headers["Content-Type"] = content_type
    return lrs.request(method, "/statements", content=content, headers=headers, **more)


def send_form(
    lrs: Any,
    method: str | None,
    form: dict[str, str],
    *,
    headers: dict[str, str | None] | None = None,
    query: dict[str, str] | None = None,
) -> Any:
    """Send a request in the alternate syntax: the intended method in the query, the rest in a form."""
    return lrs.request(
        "POST",
        "/statements",
        params=({"method": method} if method else {}) | (query or {}),
        content=urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"} | (headers or {}),
    )


def instant(text: str) -> datetime:
    """Return the moment that a timestamp names; it must tell its time zone."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None, text
    return moment
