"""What a statement is found by: hashes of whom and what it names, and where (Communication 2.1.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from serving.xapi.agents import Identity, everybody_in
from serving.xapi.statements import VOIDED, activities_around

# What is found by its own place has no second key for being related: who asks for what is related asks for
# both, see `keys_related`.
AGENT: Final = "agent"
RELATED_AGENT: Final = "agent*"
ACTIVITY: Final = "activity"
RELATED_ACTIVITY: Final = "activity*"
VERB: Final = "verb"
REGISTRATION: Final = "registration"


def key(place: str, *what: str) -> bytes:
    """Return the hash of something at a place."""
    return hashlib.blake2b(
        "\0".join((place, *what)).encode("utf-8", "surrogatepass"), digest_size=16
    ).digest()


# Most statements name what those before them named. Of people nothing is remembered.
key_of_thing = lru_cache(maxsize=20_000)(key)
"""`key` of what is no person."""


def keys_related(place: str, related: str, *what: str) -> tuple[bytes, bytes]:
    """Return the two keys of which a statement has one that has something at a place, or is related to it."""
    return key(place, *what), key(related, *what)


def keys_of(statement: dict[str, Any], authority: dict[str, Any]) -> set[bytes]:
    """Return what a statement is found by, of itself; `authority` is whom the service names."""
    target = statement.get("object")
    agents = {*everybody_in(statement.get("actor")), *_agents_in(target)}
    found = {key(AGENT, *who) for who in agents}
    related = {*everybody_related(statement), *everybody_in(authority)}
    found.update(key(RELATED_AGENT, *who) for who in related - agents)
    activity = _activity_id(target)
    if activity is not None:
        found.add(key_of_thing(ACTIVITY, activity))
    found.update(
        key_of_thing(RELATED_ACTIVITY, its) for its in _related_activities(statement) if its != activity
    )
    if isinstance(verb := statement.get("verb"), dict) and isinstance(verb.get("id"), str):
        found.add(key_of_thing(VERB, verb["id"]))
    context = statement.get("context")
    registration = context.get("registration") if isinstance(context, dict) else None
    if isinstance(registration, str):
        found.add(key(REGISTRATION, registration.lower()))
    return found


def everybody_related(statement: Any) -> Iterator[Identity]:
    """Everybody whom a statement, or one within it, names anywhere but in its extensions and authority."""
    if not isinstance(statement, dict):
        return
    yield from everybody_in(statement.get("actor"))
    target = statement.get("object")
    if _kind(target) == "SubStatement":
        yield from everybody_related(target)
    else:
        yield from _agents_in(target)
    context = statement.get("context")
    if isinstance(context, dict):
        yield from everybody_in(context.get("instructor"))
        yield from everybody_in(context.get("team"))
        for name, its in (("contextAgents", "agent"), ("contextGroups", "group")):
            several = context.get(name)
            for one in several if isinstance(several, list) else ():
                yield from everybody_in(one.get(its) if isinstance(one, dict) else None)


def referred_by(statement: dict[str, Any]) -> str | None:
    """Return the id of the statement that is the object of another."""
    target = statement.get("object")
    its = target.get("id") if _kind(target) == "StatementRef" and isinstance(target, dict) else None
    return its.lower() if isinstance(its, str) else None


def voided_by(statement: dict[str, Any]) -> str | None:
    """Return the id of the statement that this one voids (Data 2.3.2)."""
    verb = statement.get("verb")
    return referred_by(statement) if isinstance(verb, dict) and verb.get("id") == VOIDED else None


def _agents_in(target: Any) -> Iterator[Identity]:
    if _kind(target) in ("Agent", "Group"):
        yield from everybody_in(target)


def _related_activities(statement: Any) -> Iterator[str]:
    if not isinstance(statement, dict):
        return
    target = statement.get("object")
    if _kind(target) == "SubStatement":
        yield from _related_activities(target)
    elif (its := _activity_id(target)) is not None:
        yield its
    for one in activities_around(statement):
        if (its := _activity_id(one)) is not None:
            yield its


def _kind(target: Any) -> Any:
    return target.get("objectType", "Activity") if isinstance(target, dict) else None


def _activity_id(target: Any) -> str | None:
    its = target.get("id") if _kind(target) == "Activity" and isinstance(target, dict) else None
    return its if isinstance(its, str) else None
