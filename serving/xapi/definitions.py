"""What is told of activities and verbs, put together of all statements (Communication 2.1.3, canonical)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection

from serving.store import statements as store
from serving.xapi.references import ACTIVITY, RELATED_ACTIVITY, VERB, key_of_thing, keys_related
from serving.xapi.statements import activities_around

_TEXTS = ("name", "description")
_SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def activity_ref(activity_id: str) -> bytes:
    """Return where the definition of an activity is kept."""
    return key_of_thing("definition", activity_id)


def verb_ref(verb_id: str) -> bytes:
    """Return where it is kept how a verb is displayed."""
    return key_of_thing("display", verb_id)


def told_by(statement: Mapping[str, Any]) -> dict[bytes, dict[str, Any]]:
    """Return what a statement tells of activities and verbs."""
    found: dict[bytes, dict[str, Any]] = {}
    for whole in (statement, statement.get("object")):
        verb = whole.get("verb") if isinstance(whole, Mapping) else None
        its, display = (verb.get("id"), verb.get("display")) if isinstance(verb, dict) else (None, None)
        if isinstance(its, str) and isinstance(display, dict):
            found[verb_ref(its)] = {**found.get(verb_ref(its), {}), **display}
    for activity in _activities(statement):
        its, definition = activity.get("id"), activity.get("definition")
        if isinstance(its, str) and isinstance(definition, dict):
            found[activity_ref(its)] = merged(found.get(activity_ref(its), {}), definition)
    return found


def named_by(statement: Mapping[str, Any]) -> dict[bytes, tuple[bytes, ...]]:
    """Return, for what a statement may tell of, by which keys the statements are found that name it too.

    How a verb is displayed that is named only within another statement is not found.
    """
    found: dict[bytes, tuple[bytes, ...]] = {}
    for whole in (statement, statement.get("object")):
        verb = whole.get("verb") if isinstance(whole, Mapping) else None
        if isinstance(verb, dict) and isinstance(its := verb.get("id"), str):
            found[verb_ref(its)] = (key_of_thing(VERB, its),)
    for activity in _activities(statement):
        if isinstance(its := activity.get("id"), str):
            found[activity_ref(its)] = keys_related(ACTIVITY, RELATED_ACTIVITY, its)
    return found


def _activities(statement: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    target = statement.get("object")
    if isinstance(target, dict):
        kind = target.get("objectType", "Activity")
        if kind == "Activity":
            yield target
        elif kind == "SubStatement":
            yield from _activities(target)
    yield from (one for one in activities_around(statement) if isinstance(one, dict))


def merged(known: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Put together what is known and what is told: the newer is right, and texts are kept by language.

    >>> merged({"name": {"en": "Ratios"}, "type": "t:1"}, {"name": {"de": "Brüche"}, "type": "t:2"})
    {'name': {'en': 'Ratios', 'de': 'Brüche'}, 'type': 't:2'}
    """
    together = {**known, **told}
    for name in _TEXTS:
        before, now = known.get(name), told.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            together[name] = {**before, **now}
    return together


def remember(connection: Connection, told: Mapping[bytes, Mapping[str, Any]]) -> None:
    """Add what new statements tell to what is kept."""
    before = store.definitions(connection, told)
    changed = {}
    for ref, its in told.items():
        known = from_json(before[ref]) if ref in before else None
        new = its if known is None else merged(known, its)
        # Most tell what is known, in the same order: that is seen without putting it in order.
        if known is None or to_json(new) != to_json(known):
            text = _SPELLING.encode(new)
            if text != before.get(ref):
                changed[ref] = text
    if changed:
        store.define(connection, changed)
