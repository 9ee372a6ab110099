"""What is wrong with a statement, found part by part."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any, Final

from serving.problems import MOST_FAULTS, Fault
from serving.xapi.formats import (
    is_duration,
    is_iri,
    is_language,
    is_mailbox,
    is_sha1,
    is_sha2,
    is_uuid,
    time_of,
)

V1: Final = "1.0.3"
V2: Final = "2.0.0"

_FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "iri": (is_iri, "is no address with a scheme"),
    "uuid": (is_uuid, "is no UUID in its standard form"),
    "mailbox": (is_mailbox, "is no mailto: address"),
    "sha1": (is_sha1, "is no SHA-1 hash of 40 hexadecimal digits"),
    "sha2": (is_sha2, "is no SHA-2 hash in hexadecimal digits"),
    "language": (is_language, "is no language tag"),
    "duration": (is_duration, "is no ISO 8601 duration"),
}
_REMEDIES = {
    "iri": "send an IRI such as https://example.org/activity (RFC 3987)",
    "uuid": "send a UUID such as 6690e6c9-3ef0-4ed3-8b37-7f3964730bee (RFC 4122)",
    "mailbox": "send an address such as mailto:somebody@example.org",
    "sha1": "send the SHA-1 hash of a mailto: address",
    "sha2": "send the SHA-2 hash of the attachment",
    "language": "send a tag such as en-GB (RFC 5646)",
    "duration": "send a duration such as PT1H30M",
}


class Checks:
    """Collects faults.

    Parameters
    ----------
    version : str
        Of the specification, `V1` or `V2`.

    Attributes
    ----------
    faults : list of Fault
        At most `MOST_FAULTS`.
    """

    def __init__(self, version: str = V1) -> None:
        self.version = version
        self.faults: list[Fault] = []

    def wrong(self, at: str, what: str, remedy: str, value: object = None) -> bool:
        """Note a fault; always False."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(at, f"{at or 'the statement'} {what}", remedy, value))
        return False

    def members(self, value: Any, at: str, allowed: Collection[str], needed: Collection[str] = ()) -> bool:
        """Check for an object of these members; whether it is an object."""
        if not isinstance(value, dict):
            return self.wrong(at, "is no object", "send a JSON object", value)
        for name in value:
            if name not in allowed:
                meant = next((a for a in allowed if a.lower() == name.lower()), None)
                remedy = f"spell it {meant}" if meant else f"leave it out; allowed: {', '.join(allowed)}"
                self.wrong(_in(at, name), "is not a property that xAPI has here", remedy)
        for name in needed:
            if name not in value:
                self.wrong(_in(at, name), "is missing", "send it")
        return True

    def form(self, value: Any, at: str, form: str) -> bool:
        """Check for a text of a form, one of `iri`, `uuid` and so on."""
        has, what = _FORMS[form]
        return has(value) or self.wrong(at, what, _REMEDIES[form], value)

    def text(self, value: Any, at: str) -> bool:
        """Check for any text."""
        return isinstance(value, str) or self.wrong(at, "is no text", "send a JSON string", value)

    def boolean(self, value: Any, at: str) -> bool:
        """Check for true or false."""
        return isinstance(value, bool) or self.wrong(at, "is neither true nor false", "send a boolean", value)

    def number(self, value: Any, at: str) -> bool:
        """Check for a number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            return self.wrong(at, "is no number", "send a JSON number", value)
        return True

    def one_of(self, value: Any, at: str, allowed: Collection[str]) -> bool:
        """Check for one of some words."""
        if isinstance(value, str) and value in allowed:
            return True
        return self.wrong(at, "is none of the values that it may have", f"send {', '.join(allowed)}", value)

    def time(self, value: Any, at: str) -> bool:
        """Check for a time; the later version wants seconds and a zone."""
        if time_of(value, exact=self.version == V2) is not None:
            return True
        return self.wrong(at, "is no time that can be read", "send one such as 2026-01-31T12:00:00Z", value)

    def language_map(self, value: Any, at: str) -> bool:
        """Check for texts by language."""
        if not isinstance(value, dict):
            return self.wrong(at, "is no language map", 'send one such as {"en": "text"}', value)
        for tag, text in value.items():
            if not is_language(tag):
                self.wrong(at, "has a key that is no language tag", _REMEDIES["language"], tag)
            if not isinstance(text, str):
                self.wrong(_in(at, tag), "is no text", "send a JSON string", text)
        return True

    def extensions(self, value: Any, at: str) -> bool:
        """Check for anything, under addresses."""
        if not isinstance(value, dict):
            return self.wrong(at, "is no object", "send extensions by their IRIs", value)
        for name in value:
            if not is_iri(name):
                self.wrong(at, "has a key that is no IRI", _REMEDIES["iri"], name)
        return True

    def each(self, value: Any, at: str, check: Callable[[Any, str], Any]) -> bool:
        """Check every member of a list; whether it is one."""
        if not isinstance(value, list):
            return self.wrong(at, "is no list", "send a JSON array", value)
        for place, member in enumerate(value):
            check(member, f"{at}[{place}]")
        return True


def _in(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number that no float holds.
        return False
