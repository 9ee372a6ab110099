"""Whether two statements say the same (Data 2.3.1): what a retry is told from a conflict by.

Left out is what a record store may add or change: id, authority, stored, timestamp, version and attachments,
definitions of activities, how verbs are displayed, in which order a group has its members, and case where it
means nothing. A duration is compared as it is spelled, without what is beyond a hundredth of a second.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from serving.xapi.agents import IDENTIFIERS, identity_of
from serving.xapi.formats import time_of
from serving.xapi.statements import CONTEXT_ACTIVITIES

_NOT_COMPARED = frozenset(("id", "authority", "stored", "timestamp", "version", "attachments"))
_FRACTION = re.compile(r"[.,](\d+)S")


def fingerprint(statement: Mapping[str, Any]) -> str:
    """Return a hash that two statements share when they say the same, whenever they say that it happened.

    >>> one = {"actor": {"mbox": "mailto:a@example.org"}, "verb": {"id": "v:1", "display": {"en": "did"}}}
    >>> fingerprint(one) == fingerprint(one | {"verb": {"id": "v:1"}, "id": "6690e6c9"})
    True
    >>> fingerprint(one) == fingerprint(one | {"verb": {"id": "v:2"}})
    False
    """
    kept = {name: value for name, value in statement.items() if name not in _NOT_COMPARED}
    return hashlib.sha256(to_json(_plain(_core(kept)))).hexdigest()


def _core(statement: dict[str, Any]) -> dict[str, Any]:
    core = dict(statement)
    if "actor" in core:
        core["actor"] = _agent(core["actor"])
    if isinstance(verb := core.get("verb"), dict):
        core["verb"] = verb.get("id")
    if isinstance(core.get("object"), dict):
        core["object"] = _object(core["object"])
    if isinstance(context := core.get("context"), dict):
        core["context"] = _context(context)
    result = core.get("result")
    if isinstance(result, dict) and isinstance(duration := result.get("duration"), str):
        core["result"] = {**result, "duration": _hundredths(duration)}
    return core


def _hundredths(duration: str) -> str:
    """Cut what is beyond hundredths of a second, and spell what is left without zeros at its end."""
    return _FRACTION.sub(lambda found: f".{found[1][:2]}".rstrip("0").rstrip(".") + "S", duration)


def _plain(value: Any) -> Any:
    """Put members in order, and spell whole numbers in one way: 1.0 may be forwarded as 1."""
    kind = type(value)
    if kind is float and value.is_integer():
        return int(value)
    if kind is dict:
        # Most are texts.
        return {name: its if type(its := value[name]) is str else _plain(its) for name in sorted(value)}
    return [_plain(its) for its in value] if kind is list else value


def _object(target: dict[str, Any]) -> Any:
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        return _activity(target)
    if kind in ("Agent", "Group"):
        return _agent(target)
    if kind == "SubStatement":
        core = _core(target)
        at = time_of(core.get("timestamp"))
        return core if at is None else core | {"timestamp": at.isoformat()}
    return _lower(target, "id")


def _activity(activity: Any) -> Any:
    return ["activity", activity.get("id")] if isinstance(activity, dict) else activity


def _agent(agent: Any) -> Any:
    if not isinstance(agent, dict):
        return agent
    kept: dict[str, Any] = {
        name: value
        for name, value in agent.items()
        if name not in (*IDENTIFIERS, "member") and (name, value) != ("objectType", "Agent")
    }
    kept["who"] = identity_of(agent)
    if isinstance(members := agent.get("member"), list):
        kept["member"] = sorted((_agent(member) for member in members), key=lambda one: to_json(_plain(one)))
    return kept


def _context(context: dict[str, Any]) -> dict[str, Any]:
    kept = _lower(_lower(context, "registration"), "language")
    if isinstance(kept.get("statement"), dict):
        kept["statement"] = _lower(kept["statement"], "id")
    for name in ("instructor", "team"):
        if name in kept:
            kept[name] = _agent(kept[name])
    for name, its in (("contextAgents", "agent"), ("contextGroups", "group")):
        if isinstance(several := kept.get(name), list):
            kept[name] = [
                {**one, its: _agent(one.get(its))} if isinstance(one, dict) else one for one in several
            ]
    if isinstance(around := kept.get("contextActivities"), dict):
        kept["contextActivities"] = {
            name: [_activity(one) for one in (its if isinstance(its, list) else [its])]
            for name, its in around.items()
            if name in CONTEXT_ACTIVITIES
        }
    return kept


def _lower(part: dict[str, Any], name: str) -> dict[str, Any]:
    """Spell a member in small letters that means the same in any case."""
    value = part.get(name)
    return {**part, name: value.lower()} if isinstance(value, str) else dict(part)
