"""What is sent to the statement resource: JSON, and nothing else (Communication 1.5)."""

from __future__ import annotations

import json
import math
from collections.abc import MutableMapping
from typing import Any

from serving.problems import Fault
from serving.request_head import sent_header
from serving.xapi.checks import V2
from serving.xapi.parameters import refused


class _NoJsonError(ValueError):
    """What Python's reader takes and JSON does not have."""


def statements_of(scope: MutableMapping[str, Any], body: bytes, version: str) -> tuple[list[Any], bool]:
    """Return the statements of a request, and whether they came in a list; or answer 400."""
    content_type = sent_header(scope, b"content-type").partition(";")[0].strip().lower()
    if content_type.startswith("multipart/"):
        what = "this service takes no attachments, and so no multipart body"
        raise refused(Fault("Content-Type", what, "send application/json; attachments may have a fileUrl"))
    if content_type != "application/json":
        what = f"the content is {content_type or 'of no type'}"
        raise refused(Fault("Content-Type", what, "send application/json", content_type or None))
    sent = read_json(body, each_once=version == V2)
    return (sent, True) if isinstance(sent, list) else ([sent], False)


def read_json(body: bytes, *, each_once: bool = False) -> Any:
    """Read JSON, or answer 400.

    Parameters
    ----------
    each_once : bool
        Whether an object with a member that is there twice is refused (2.0, 4.2.1).
    """
    try:
        return json.loads(
            body.decode(),
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_distinct if each_once else None,
        )
    except RecursionError:
        raise refused(Fault("", "the body is nested too deeply", "send statements")) from None
    except ValueError as error:
        what = (
            f"the body is not JSON ({error})"
            if isinstance(error, json.JSONDecodeError)
            else "the body is not JSON"
        )
        if isinstance(error, _NoJsonError):
            what = str(error)
        raise refused(Fault("", what, "send statements as JSON, encoded as UTF-8")) from None


def _refuse(name: str) -> Any:
    raise _NoJsonError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NoJsonError(f"{text[:100]} is larger than any number that is kept")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NoJsonError(f"the property {twice[:100]!r} is there twice")
    return members
