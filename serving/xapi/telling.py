"""Statements told again, in the three formats that can be asked for (Communication 2.1.3)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from serving.languages import accepted_languages
from serving.store import statements as store
from serving.store.statements import Told
from serving.xapi.agents import IDENTIFIERS
from serving.xapi.definitions import activity_ref, verb_ref
from serving.xapi.statements import CONTEXT_ACTIVITIES

FORMATS: Final = ("exact", "ids", "canonical")
_COMPONENTS = ("choices", "scale", "source", "target", "steps")
_PEOPLE = ("actor", "authority")


def iso(milliseconds: int) -> str:
    """Spell a time.

    >>> iso(1767323045678)
    '2026-01-02T03:04:05.678Z'
    """
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def milliseconds(at: datetime) -> int:
    """Return a time in milliseconds since 1970 UTC, cut off."""
    return math.floor(at.timestamp()) * 1000 + at.microsecond // 1000


def exact(told: Told) -> str:
    """Return a statement as it came, with what the service added, as JSON."""
    stored = iso(told.stored_ms)
    # Data 2.4.7: without a time of its own it is that at which it was stored.
    time = f',"timestamp":"{stored}"' if told.occurred_at is None else ""
    return f'{told.payload[:-1]},"stored":"{stored}"{time}}}'


def written(connection: Connection, told: Sequence[Told], wanted: str, accept_language: str) -> list[str]:
    """Return statements as JSON, each by itself.

    Parameters
    ----------
    wanted : str
        One of `FORMATS`.
    accept_language : str
        Of the request: which texts `canonical` tells.
    """
    if wanted == "exact":
        return [exact(one) for one in told]
    whole = [json.loads(exact(one)) for one in told]
    if wanted == "ids":
        return [_spelled(_identified(one)) for one in whole]
    refs = {ref for one in whole for ref in _refs(one)}
    known = {ref: json.loads(text) for ref, text in store.definitions(connection, refs).items()}
    languages = accepted_languages(accept_language)
    return [_spelled(_canonical(one, known, languages)) for one in whole]


def _spelled(statement: Any) -> str:
    return json.dumps(statement, separators=(",", ":"), ensure_ascii=False)


def _identified(statement: dict[str, Any]) -> dict[str, Any]:
    """Leave of agents, groups, activities and verbs only what identifies them."""
    less = dict(statement)
    for name in _PEOPLE:
        if name in less:
            less[name] = _agent_id(less[name])
    if isinstance(verb := less.get("verb"), dict):
        less["verb"] = {name: verb[name] for name in ("id",) if name in verb}
    if isinstance(target := less.get("object"), dict):
        less["object"] = _object_id(target)
    if isinstance(context := less.get("context"), dict):
        people = {name: _agent_id(context[name]) for name in ("instructor", "team") if name in context}
        for name, its in (("contextAgents", "agent"), ("contextGroups", "group")):
            if isinstance(context.get(name), list):
                people[name] = [
                    {**one, its: _agent_id(one.get(its))} if isinstance(one, dict) else one
                    for one in context[name]
                ]
        less["context"] = {**context, **people, **_around(context, _activity_id)}
    return less


def _object_id(target: dict[str, Any]) -> dict[str, Any]:
    kind = target.get("objectType", "Activity")
    if kind == "SubStatement":
        return _identified(target)
    if kind in ("Agent", "Group"):
        its: dict[str, Any] = _agent_id(target)
        return its
    return _activity_id(target) if kind == "Activity" else target


def _agent_id(agent: Any) -> Any:
    if not isinstance(agent, dict):
        return agent
    least = {name: agent[name] for name in ("objectType", *IDENTIFIERS) if name in agent}
    # Of a group without a name it is its members that identify it.
    if not any(name in agent for name in IDENTIFIERS) and isinstance(agent.get("member"), list):
        least["member"] = [_agent_id(member) for member in agent["member"]]
    return least


def _activity_id(activity: dict[str, Any]) -> dict[str, Any]:
    return {name: activity[name] for name in ("id",) if name in activity}


def _around(context: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """Activities of a context, each changed."""
    around = context.get("contextActivities")
    if not isinstance(around, dict):
        return {}
    changed = {
        name: [change(one) if isinstance(one, dict) else one for one in its]
        for name, its in around.items()
        if name in CONTEXT_ACTIVITIES and isinstance(its, list)
    }
    return {"contextActivities": {**around, **changed}}


def _refs(statement: Mapping[str, Any]) -> set[bytes]:
    """Where it is kept what is told of the activities and the verb of a statement."""
    found = set()

    def note(activity: dict[str, Any]) -> dict[str, Any]:
        if isinstance(activity.get("id"), str):
            found.add(activity_ref(activity["id"]))
        return activity

    verb, target, context = (statement.get(name) for name in ("verb", "object", "context"))
    if isinstance(verb, dict) and isinstance(verb.get("id"), str):
        found.add(verb_ref(verb["id"]))
    if isinstance(target, dict):
        kind = target.get("objectType", "Activity")
        if kind == "SubStatement":
            found |= _refs(target)
        elif kind == "Activity":
            note(target)
    if isinstance(context, dict):
        _around(context, note)
    return found


def _canonical(
    statement: dict[str, Any], known: Mapping[bytes, dict[str, Any]], languages: Sequence[str]
) -> dict[str, Any]:
    """Put in what is known of activities and verb, in one language each."""

    def defined(activity: dict[str, Any]) -> dict[str, Any]:
        its = activity.get("id")
        definition = known.get(activity_ref(its)) if isinstance(its, str) else None
        return activity if definition is None else {**activity, "definition": _in_one(definition, languages)}

    more = dict(statement)
    verb, target, context = (statement.get(name) for name in ("verb", "object", "context"))
    if isinstance(verb, dict) and isinstance(verb.get("id"), str):
        display = known.get(verb_ref(verb["id"]))
        if display is not None:
            more["verb"] = {**verb, "display": one_language(display, languages)}
    if isinstance(target, dict):
        kind = target.get("objectType", "Activity")
        if kind == "SubStatement":
            more["object"] = _canonical(target, known, languages)
        elif kind == "Activity":
            more["object"] = defined(target)
    if isinstance(context, dict):
        more["context"] = {**context, **_around(context, defined)}
    return more


def _in_one(definition: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    told = dict(definition)
    for name in ("name", "description"):
        if isinstance(told.get(name), dict):
            told[name] = one_language(told[name], languages)
    for name in _COMPONENTS:
        if isinstance(told.get(name), list):
            told[name] = [
                {**one, "description": one_language(one["description"], languages)}
                if isinstance(one, dict) and isinstance(one.get("description"), dict)
                else one
                for one in told[name]
            ]
    return told


def one_language(texts: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    """Return the text of a language map in the language that is liked best (RFC 4647, section 3.4: lookup).

    Where none of them is there, a text that says that it is of no language, or else the first.

    >>> one_language({"en-GB": "colour", "de": "Farbe"}, ["fr", "en"])
    {'en-GB': 'colour'}
    >>> one_language({"en": "colour", "de": "Farbe"}, ["de-AT"])
    {'de': 'Farbe'}
    """
    by_tag = {tag.lower(): tag for tag in texts}
    for language in languages:
        wanted = language.lower()
        while wanted:
            found = by_tag.get(wanted)
            if found is None and wanted == language.lower():
                found = next((tag for low, tag in by_tag.items() if low.startswith(f"{wanted}-")), None)
            if found is not None:
                return {found: texts[found]}
            wanted = wanted.rpartition("-")[0]
    first = next((by_tag[tag] for tag in ("und", "en", "en-us") if tag in by_tag), next(iter(texts), None))
    return {} if first is None else {first: texts[first]}
