"""Whether a statement keeps the rules of the specification (Data 2.2 and 2.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from serving.problems import Fault
from serving.xapi.activities import check_activity
from serving.xapi.agents import IDENTIFIERS, check_actor, check_agent, check_group, is_group
from serving.xapi.checks import V1, V2, Checks

_SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"

_STATEMENT = (
    "id",
    "actor",
    "verb",
    "object",
    "result",
    "context",
    "timestamp",
    "stored",
    "authority",
    "version",
    "attachments",
)
_SUBSTATEMENT = ("objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments")
_NEEDED = ("actor", "verb", "object")
_OBJECTS = ("Activity", "Agent", "Group", "SubStatement", "StatementRef")
_RESULT = ("score", "success", "completion", "response", "duration", "extensions")
_SCORE = ("scaled", "raw", "min", "max")
_CONTEXT = (
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
)
_CONTEXT_OF_2 = (*_CONTEXT, "contextAgents", "contextGroups")
CONTEXT_ACTIVITIES = ("parent", "grouping", "category", "other")
_ATTACHMENT = ("usageType", "display", "description", "contentType", "length", "sha2", "fileUrl")
_ATTACHMENT_NEEDED = ("usageType", "display", "contentType", "length", "sha2")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;.*)?", re.ASCII)
_VERSIONS = {V1: re.compile(r"1\.0(?:\.\d+)?"), V2: re.compile(r"1\.0(?:\.\d+)?|2\.0(?:\.\d+)?")}


def check_statement(statement: Any, version: str = V1) -> list[Fault]:
    """Return what is wrong with a statement; nothing where it keeps the rules of a version, `V1` or `V2`."""
    checks = Checks(version)
    if not checks.members(statement, "", _STATEMENT, _NEEDED):
        return checks.faults
    if "id" in statement:
        checks.form(statement["id"], "id", "uuid")
    _check_core(statement, "", checks)
    if "stored" in statement:
        checks.time(statement["stored"], "stored")
    if "authority" in statement:
        _check_authority(statement["authority"], checks)
    if "version" in statement:
        said = statement["version"]
        if not isinstance(said, str) or _VERSIONS[version].fullmatch(said) is None:
            checks.wrong("version", "is no version of xAPI that this is", f"send {version}, or nothing", said)
    verb, target = statement.get("verb"), statement.get("object")
    voids = isinstance(verb, dict) and verb.get("id") == VOIDED
    if voids and not (isinstance(target, dict) and target.get("objectType") == "StatementRef"):
        checks.wrong("object", "of a voiding statement names no statement", "send a StatementRef")
    return checks.faults


def activities_around(
    statement: Mapping[str, Any], names: Sequence[str] = CONTEXT_ACTIVITIES
) -> Iterator[Any]:
    """Activities of the context of a statement, whatever form that has."""
    context = statement.get("context")
    around = context.get("contextActivities") if isinstance(context, dict) else None
    if isinstance(around, dict):
        for name in names:
            its = around.get(name)
            yield from its if isinstance(its, list) else [its]


def _check_core(statement: dict[str, Any], at: str, checks: Checks) -> None:
    """Check what statement and substatement have in common; `at` ends in a point where it is not empty."""
    if "actor" in statement:
        check_actor(statement["actor"], f"{at}actor", checks)
    if "verb" in statement:
        _check_verb(statement["verb"], f"{at}verb", checks)
    if "object" in statement:
        _check_object(statement["object"], f"{at}object", checks)
    if "result" in statement:
        _check_result(statement["result"], f"{at}result", checks)
    if "context" in statement:
        _check_context(statement["context"], f"{at}context", checks, _kind_of(statement.get("object")))
    if "timestamp" in statement:
        checks.time(statement["timestamp"], f"{at}timestamp")
    if "attachments" in statement:
        checks.each(
            statement["attachments"], f"{at}attachments", lambda its, at: _check_attachment(its, at, checks)
        )


def _kind_of(target: Any) -> Any:
    return target.get("objectType", "Activity") if isinstance(target, dict) else None


def _check_verb(value: Any, at: str, checks: Checks) -> None:
    """Check a verb (Data 2.4.3)."""
    if checks.members(value, at, ("id", "display"), ("id",)):
        if "id" in value:
            checks.form(value["id"], f"{at}.id", "iri")
        if "display" in value:
            checks.language_map(value["display"], f"{at}.display")


def _check_object(value: Any, at: str, checks: Checks) -> None:
    """Check what a statement is about (Data 2.4.4)."""
    kind = _kind_of(value)
    if not isinstance(value, dict):
        checks.wrong(at, "is no object", "send a JSON object", value)
    elif not checks.one_of(kind, f"{at}.objectType", _OBJECTS):
        return
    elif kind == "Activity":
        check_activity(value, at, checks)
    elif kind == "StatementRef":
        _check_reference(value, at, checks)
    elif kind == "SubStatement":
        _check_substatement(value, at, checks)
    else:
        check_actor(value, at, checks)


def _check_substatement(value: dict[str, Any], at: str, checks: Checks) -> None:
    """Check a statement within a statement (Data 2.4.4.3), which holds no other."""
    # Four faults of one missing thing help nobody: what it may not have is told by its members.
    checks.members(value, at, _SUBSTATEMENT, _NEEDED)
    if _kind_of(value.get("object")) == "SubStatement":
        checks.wrong(f"{at}.object", "is a SubStatement in a SubStatement", "send another kind of object")
        return
    _check_core(value, f"{at}.", checks)


def _check_reference(value: Any, at: str, checks: Checks) -> None:
    """Check a reference to a statement (Data 2.4.4.3)."""
    if checks.members(value, at, ("objectType", "id"), ("objectType", "id")):
        if "objectType" in value:
            checks.one_of(value["objectType"], f"{at}.objectType", ("StatementRef",))
        if "id" in value:
            checks.form(value["id"], f"{at}.id", "uuid")


def _check_result(value: Any, at: str, checks: Checks) -> None:
    """Check a result (Data 2.4.5)."""
    if not checks.members(value, at, _RESULT):
        return
    if "score" in value:
        _check_score(value["score"], f"{at}.score", checks)
    for name in ("success", "completion"):
        if name in value:
            checks.boolean(value[name], f"{at}.{name}")
    if "response" in value:
        checks.text(value["response"], f"{at}.response")
    if "duration" in value:
        checks.form(value["duration"], f"{at}.duration", "duration")
    if "extensions" in value:
        checks.extensions(value["extensions"], f"{at}.extensions")


def _check_score(value: Any, at: str, checks: Checks) -> None:
    """Check a score (Data 2.4.5.1)."""
    if not checks.members(value, at, _SCORE):
        return
    if not all(checks.number(value[name], f"{at}.{name}") for name in _SCORE if name in value):
        return
    scaled, raw = value.get("scaled", 0), value.get("raw")
    low, high = value.get("min"), value.get("max")
    if not -1 <= scaled <= 1:
        checks.wrong(f"{at}.scaled", "is not between -1 and 1", "send raw, min and max instead", scaled)
    if low is not None and high is not None and low >= high:
        checks.wrong(f"{at}.min", "is not below max", "send the least and the highest possible score", low)
    if raw is not None and ((low is not None and raw < low) or (high is not None and raw > high)):
        checks.wrong(f"{at}.raw", "is not between min and max", "send a score that can be reached", raw)


def _check_context(value: Any, at: str, checks: Checks, kind: Any) -> None:
    """Check a context (Data 2.4.6); `kind` is that of the statement's object."""
    if not checks.members(value, at, _CONTEXT if checks.version == V1 else _CONTEXT_OF_2):
        return
    for name in ("revision", "platform"):
        if name in value and checks.text(value[name], f"{at}.{name}") and kind != "Activity":
            checks.wrong(f"{at}.{name}", "tells nothing of what is no Activity", "leave it out")
    for name, form in (("registration", "uuid"), ("language", "language")):
        if name in value:
            checks.form(value[name], f"{at}.{name}", form)
    for name, check in _CONTEXT_CHECKS.items():
        if name in value:
            check(value[name], f"{at}.{name}", checks)


def _check_context_activities(value: Any, at: str, checks: Checks) -> None:
    """Check the activities around (Data 2.4.6.2), each one or a list."""
    if not checks.members(value, at, CONTEXT_ACTIVITIES):
        return
    for name in CONTEXT_ACTIVITIES:
        its = value.get(name)
        if isinstance(its, list):
            checks.each(its, f"{at}.{name}", lambda one, at: check_activity(one, at, checks))
        elif name in value:
            check_activity(its, f"{at}.{name}", checks)


def _check_related(value: Any, at: str, checks: Checks, its: str) -> None:
    """Check an agent or a group of the context (2.0, 4.2.2.5)."""
    if not checks.members(value, at, ("objectType", its, "relevantTypes"), ("objectType", its)):
        return
    if "objectType" in value:
        checks.one_of(value["objectType"], f"{at}.objectType", (f"context{its.capitalize()}",))
    if its in value:
        (check_agent if its == "agent" else check_group)(value[its], f"{at}.{its}", checks)
    if "relevantTypes" in value:
        types = value["relevantTypes"]
        checks.each(types, f"{at}.relevantTypes", lambda one, at: checks.form(one, at, "iri"))
        if types == []:
            checks.wrong(f"{at}.relevantTypes", "is empty", "name types, or leave it out")


def _check_context_agents(value: Any, at: str, checks: Checks) -> None:
    checks.each(value, at, lambda one, at: _check_related(one, at, checks, "agent"))


def _check_context_groups(value: Any, at: str, checks: Checks) -> None:
    checks.each(value, at, lambda one, at: _check_related(one, at, checks, "group"))


def _check_extensions(value: Any, at: str, checks: Checks) -> None:
    checks.extensions(value, at)


_CONTEXT_CHECKS: Mapping[str, Callable[[Any, str, Checks], None]] = {
    "instructor": check_actor,
    "team": check_group,
    "contextActivities": _check_context_activities,
    "statement": _check_reference,
    "extensions": _check_extensions,
    "contextAgents": _check_context_agents,
    "contextGroups": _check_context_groups,
}


def _check_authority(value: Any, checks: Checks) -> None:
    """Check who asserts it (Data 2.4.9): an agent, or a group of an application and a person."""
    check_actor(value, "authority", checks)
    if is_group(value):
        members = value.get("member")
        if any(name in value for name in IDENTIFIERS):
            checks.wrong("authority", "is an identified group", "send its two members only")
        elif not isinstance(members, list) or len(members) != 2:
            checks.wrong("authority.member", "is not two agents", "send an application and a person")
        elif checks.version == V1 and not any(isinstance(m, dict) and "account" in m for m in members):
            checks.wrong("authority.member", "has no account", "identify the application by its account")


def _check_attachment(value: Any, at: str, checks: Checks) -> None:
    """Check what is told of an attachment (Data 2.4.11)."""
    if not checks.members(value, at, _ATTACHMENT, _ATTACHMENT_NEEDED):
        return
    for name, form in (("usageType", "iri"), ("fileUrl", "iri"), ("sha2", "sha2")):
        if name in value:
            checks.form(value[name], f"{at}.{name}", form)
    for name in ("display", "description"):
        if name in value:
            checks.language_map(value[name], f"{at}.{name}")
    kind, length = value.get("contentType", "text/plain"), value.get("length", 0)
    if not isinstance(kind, str) or _MEDIA_TYPE.fullmatch(kind) is None:
        checks.wrong(f"{at}.contentType", "is no media type", "send one such as text/plain", kind)
    if value.get("usageType") == _SIGNATURE and kind != "application/octet-stream":
        # Data 2.6.
        checks.wrong(f"{at}.contentType", "is not that of a signature", "send application/octet-stream", kind)
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        checks.wrong(f"{at}.length", "is no number of bytes", "send a whole number", length)
