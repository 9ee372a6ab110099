"""RFC 9457 problems: the kinds there are, and what one occurrence says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "application/problem+json"
_LONGEST_VALUE = 100
# What is unavailable is worth another try then.
_RETRY_SECONDS = 5
# An answer names no more: a sender mends some and asks again, and no request makes an answer of megabytes.
MOST_FAULTS = 100
USE_A_LISTED_ID = "use an id that the catalogue lists"
"""The remedy for an id that the catalogue does not hold."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem; `slug` is its anchor on the documentation page."""

    slug: str
    status: int
    title: str
    about: str

    @property
    def type(self) -> str:
        """The problem's `type`: an address relative to this service, where it is explained."""
        return f"/docs#{self.slug}"


MALFORMED = Kind("malformed-request", 400, "Malformed request", "The body is not JSON that can be read.")
UNAUTHENTICATED = Kind(
    "unauthenticated", 401, "Not authenticated", "No API key was sent, or it is unknown, wrong or revoked."
)
FORBIDDEN = Kind("forbidden", 403, "Not allowed", "The API key works but lacks the scope of this call.")
NOT_FOUND = Kind("not-found", 404, "Not found", "There is nothing at this address.")
UNKNOWN_LEARNER = Kind(
    "unknown-learner", 404, "Unknown learner", "Nothing has been recorded of this learner."
)
UNKNOWN_RECOMMENDATION = Kind(
    "unknown-recommendation", 404, "Unknown recommendation", "This service gave no answer with this id."
)
UNKNOWN_TEAM = Kind(
    "unknown-team",
    404,
    "Nothing is told of this team",
    "There is no team of this name, or too few people are in it for anything to be told.",
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed", 405, "Method not allowed", "The address exists, but not with this HTTP method."
)
TOO_LARGE = Kind("body-too-large", 413, "Body too large", "The request body is larger than is read.")
INVALID = Kind(
    "invalid-request", 422, "Invalid request", "Fields of the request break a rule; `errors` names each."
)
REJECTED_EVENTS = Kind(
    "rejected-events",
    422,
    "Some events were rejected",
    "The events that `results` calls rejected were not stored, all others were; `errors` says why.",
)
BUNDLE_REFUSED = Kind(
    "bundle-refused",
    409,
    "Bundle refused",
    "What the pointer names now cannot serve; the model before it, if there was one, goes on.",
)
ALIAS_TAKEN = Kind(
    "alias-taken",
    409,
    "Alias taken",
    "An alias is that of another learner, whom somebody has named; nothing of the request was stored.",
)
XAPI_REFUSED = Kind(
    "xapi-refused",
    400,
    "Against the rules of xAPI",
    "The request, or a statement in it, breaks a rule of the xAPI specification; nothing of it was stored.",
)
XAPI_CONFLICT = Kind(
    "xapi-conflict",
    409,
    "Statement conflict",
    "The id of a statement is taken by one with other content; nothing of the request was stored.",
)
UNKNOWN_STATEMENT = Kind(
    "unknown-statement", 404, "Unknown statement", "No statement has this id, or it was voided."
)
TOO_MANY_REQUESTS = Kind(
    "too-many-requests",
    429,
    "Too many requests",
    "This key, or this address with wrong keys or none, calls too often; Retry-After says when to go on.",
)
INTERNAL = Kind(
    "internal-error", 500, "Internal error", "A fault of this service; its log holds it under the request id."
)
UNAVAILABLE = Kind(
    "unavailable", 503, "Unavailable", "What the call needs is not there now; try again later."
)

KINDS = (
    MALFORMED,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    UNKNOWN_LEARNER,
    UNKNOWN_RECOMMENDATION,
    UNKNOWN_TEAM,
    UNKNOWN_STATEMENT,
    XAPI_REFUSED,
    METHOD_NOT_ALLOWED,
    BUNDLE_REFUSED,
    ALIAS_TAKEN,
    XAPI_CONFLICT,
    TOO_LARGE,
    INVALID,
    REJECTED_EVENTS,
    TOO_MANY_REQUESTS,
    INTERNAL,
    UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what came in.

    Parameters
    ----------
    field : str
        Where, such as ``events[3].score``; "" for the whole.
    message : str
        What was got and what was expected.
    remedy : str
        What to do.
    value : object
        What came, where it is short enough to repeat.
    """

    field: str
    message: str
    remedy: str
    value: object = None

    def under(self, parent: str) -> Fault:
        """Return the same fault, seen from what holds the value."""
        joined = f"{parent}.{self.field}" if self.field else parent
        return Fault(joined, self.message, self.remedy, self.value)

    def as_json(self) -> dict[str, Any]:
        """As an entry of `errors`."""
        return {
            "field": self.field,
            "value": short_value(self.value),
            "message": self.message,
            "remedy": self.remedy,
        }


class Problem(Exception):  # noqa: N818  (named as in RFC 9457)
    """An answer that is an error; `serving.errors` turns it into HTTP.

    Parameters
    ----------
    detail : str
        What is wrong this time and what to do, in one sentence.
    faults : sequence of Fault
        What `errors` names, at most `MOST_FAULTS` of them.
    n_faults : int, optional
        How many there are in all, where those are not all.
    extensions : mapping
        Further members of the body.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        faults: Sequence[Fault] = (),
        extensions: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        n_faults: int | None = None,
    ) -> None:
        super().__init__(detail)
        shown = tuple(faults[:MOST_FAULTS])
        more = (len(faults) if n_faults is None else n_faults) - len(shown)
        self.kind = kind
        self.detail = f"{detail} (and {more} more faults than errors names)" if more > 0 else detail
        self.faults = shown
        self.extensions = extensions or {}
        again = {"Retry-After": str(_RETRY_SECONDS)} if kind is UNAVAILABLE else {}
        self.headers = again | dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """As the members of RFC 9457, section 3."""
        return {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "errors": [fault.as_json() for fault in self.faults],
            **self.extensions,
        }


def short_value(value: object) -> str | int | float | bool | None:
    """Return the value as JSON can hold it; None when it is too long to repeat, or no single value.

    >>> short_value(1.5), short_value(float("nan")), short_value([1, 2]), short_value("x" * 999)
    (1.5, 'NaN', None, None)
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else None
    if isinstance(value, str) and len(value) <= _LONGEST_VALUE:
        return value.encode("utf-8", "backslashreplace").decode()
    return None
