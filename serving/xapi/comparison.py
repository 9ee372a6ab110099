"""Whether two statements say the same (Data 2.3.1): what a retry is told from a conflict by.

Left out is what a record store may add or change: id, authority, stored, timestamp, version and attachments,
definitions of activities, how verbs are displayed, in which order a group has its members, and case where it
means nothing. A duration is compared as it is spelled, without what is beyond a hundredth of a second.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from serving.xapi.agents import IDENTIFIERS, identity_of
from serving.xapi.formats import time_of
from serving.xapi.statements import CONTEXT_ACTIVITIES

_NOT_COMPARED = frozenset(("id", "authority", "stored", "timestamp", "version", "attachments"))
_BEYOND_HUNDREDTHS = re.compile(r"([.,]\d\d)\d+")
_SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def fingerprint(statement: Mapping[str, Any]) -> str:
    """Return a hash that two statements share when they say the same, whenever they say that it happened.

    >>> one = {"actor": {"mbox": "mailto:a@example.org"}, "verb": {"id": "v:1", "display": {"en": "did"}}}
    >>> fingerprint(one) == fingerprint(one | {"verb": {"id": "v:1"}, "id": "6690e6c9"})
    True
    >>> fingerprint(one) == fingerprint(one | {"verb": {"id": "v:2"}})
    False
    """
    kept = {name: value for name, value in statement.items() if name not in _NOT_COMPARED}
    return hashlib.sha256(_SPELLING.encode(_core(kept)).encode()).hexdigest()


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
        core["result"] = {**result, "duration": _BEYOND_HUNDREDTHS.sub(r"\1", duration)}
    return core


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
    return target


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
        kept["member"] = sorted((_agent(member) for member in members), key=_SPELLING.encode)
    return kept


def _context(context: dict[str, Any]) -> dict[str, Any]:
    kept = dict(context)
    for name in ("instructor", "team"):
        if name in kept:
            kept[name] = _agent(kept[name])
    if isinstance(around := kept.get("contextActivities"), dict):
        kept["contextActivities"] = {
            name: [_activity(one) for one in (its if isinstance(its, list) else [its])]
            for name, its in around.items()
            if name in CONTEXT_ACTIVITIES
        }
    return kept
