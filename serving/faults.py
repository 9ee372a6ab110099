"""Pydantic's complaints, said in one clear sentence with a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from serving.problems import Fault
from serving.schemas.events import EVENT_KINDS

# What pydantic calls `ErrorDetails`.
Complaint: TypeAlias = Mapping[str, Any]

# By error type: what was got against what was expected, and what to do.
_TEXTS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "add it"),
    "many_extra": ("has {n} fields that are not fields here", "remove them; /docs lists the fields"),
    "extra_forbidden": ("is not a field here", "remove it; /docs lists the fields"),
    "union_tag_not_found": (
        "has no kind",
        f"add kind: one of {', '.join(EVENT_KINDS)}",
    ),
    "union_tag_invalid": ("is no known kind", "use one of {expected_tags}"),
    "float_type": ("is not a number", "send a number, without quotes"),
    "finite_number": ("is not a finite number", "send a finite number, or leave the field out"),
    "int_type": ("is not a whole number", "send a whole number, without quotes"),
    "string_type": ("is not a text", "send it in quotes"),
    "string_unicode": ("is not valid Unicode", "send text without lone surrogates"),
    "string_too_short": ("is empty", "send at least {min_length} character"),
    "string_too_long": (
        "is longer than {max_length} characters",
        "send at most {max_length} characters",
    ),
    "string_pattern_mismatch": (
        "has characters that are not allowed",
        "match the pattern {pattern}",
    ),
    "bool_type": ("is neither true nor false", "send true or false, without quotes"),
    "iso_time": ("{message}", "send a time such as 2026-03-01T09:30:00Z"),
    "literal_error": ("is not an allowed word", "use one of {expected}"),
    "greater_than": ("is too small", "send a number above {gt}"),
    "greater_than_equal": ("is too small", "send a number of at least {ge}"),
    "less_than_equal": ("is too large", "send a number of at most {le}"),
    "list_type": ("is not a list", "send a list"),
    "tuple_type": ("is not a list", "send a list"),
    "too_short": ("holds {actual_length}", "send at least {min_length}"),
    "too_long": ("holds {actual_length}", "send at most {max_length} at a time"),
    "repeated_id": ("holds {id!r} twice, the second time at [{position}]", "send each id once"),
    "model_type": ("is not an object", "send a JSON object"),
    "model_attributes_type": ("is not an object", "send a JSON object, as application/json"),
    "dict_type": ("is not an object", "send a JSON object, as application/json"),
}


def faults_of(
    errors: Iterable[Complaint], *, skip: Sequence[str] = (), whole: str = "the body"
) -> tuple[Fault, ...]:
    """Turn complaints into faults.

    Parameters
    ----------
    skip : sequence of str
        Leading parts of the place that a sender does not know, such as ``body``.
    whole : str
        What a complaint without a place is about.
    """
    return tuple(_fault(error, skip, whole) for error in errors)


def _fault(error: Complaint, skip: Sequence[str], whole: str) -> Fault:
    place = list(error["loc"])
    if place and place[0] in skip:
        place.pop(0)
    values = {**(error.get("ctx") or {}), "message": error["msg"]}
    got, remedy = _TEXTS.get(error["type"], ("{message}", "see /docs for what this field takes"))
    field = place_name(place)
    # Of a missing or unknown field the whole object is the input: not something to repeat.
    value = None if error["type"] in ("missing", "union_tag_not_found") else error.get("input")
    if error["type"] == "union_tag_invalid":
        field, value = (f"{field}.kind" if field else "kind"), values.get("tag")
    name = field or whole
    return Fault(field, f"{name} {got.format_map(values)}", remedy.format_map(values), value)


def place_name(place: Sequence[int | str]) -> str:
    """Spell a place as a path.

    >>> place_name(["events", 3, "attempt", "score"])
    'events[3].attempt.score'
    """
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def row_faults(errors: Iterable[Complaint]) -> tuple[Fault, ...]:
    """Faults of one event, whose place begins with its kind, which a sender does not count as a place."""
    return faults_of(errors, skip=EVENT_KINDS, whole="the event")
