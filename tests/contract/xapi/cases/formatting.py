"""Rules that hold everywhere: what must be there, null, unknown properties, letter case, types."""

from collections.abc import Iterator
from typing import Any

from .case import (
    BOTH,
    NEW,
    UUID,
    Case,
    accepts,
    account,
    activity,
    agent,
    agent_by,
    anonymous_group,
    attachment,
    context_agent,
    context_group,
    defined,
    group_by,
    rejects,
    statement,
    statement_ref,
    verb,
    without,
)
from .contexts import full_context
from .interactions import interaction
from .objects import full_definition
from .places import within
from .results import full_result
from .tree import Path, changed, found, is_map, paths, renamed, told

SECTION = "Data 2.2"


def full_statement() -> dict[str, Any]:
    """A statement with everything that both versions know, but its version."""
    return {
        "id": UUID,
        "actor": agent_by("account", name="Mara"),
        "verb": verb(),
        "object": activity(definition={**full_definition(), **interaction("matching")}),
        "result": full_result(),
        "context": full_context(),
        "timestamp": "2026-05-18T05:32:34.804Z",
        "stored": "2026-05-18T05:32:35.117Z",
        "authority": agent(),
        "attachments": [attachment(description={"en": "Of the whole course."})],
    }


def full_substatement() -> dict[str, Any]:
    """A statement about a SubStatement with everything."""
    whole = full_statement()
    for name in ("id", "stored", "authority"):
        del whole[name]
    whole["actor"] = group_by("mbox", name="Room 3", member=[agent_by("openid")])
    return within({"objectType": "SubStatement", **whole})


def wholes() -> list[tuple[str, dict[str, Any], Path, tuple[str, ...]]]:
    """Name, statement, the part of it that is broken at each place in turn, versions."""
    new = statement(context={"contextAgents": [context_agent()], "contextGroups": [context_group()]})
    return [
        ("a full statement", full_statement(), (), BOTH),
        ("a statement about a full SubStatement", full_substatement(), ("object",), BOTH),
        ("a statement with contextAgents", new, ("context",), NEW),
    ]


def other_case(name: str) -> str:
    """The name in another letter case."""
    return name.lower() if name != name.lower() else name[0].upper() + name[1:]


def wrong_type(value: Any) -> Any:
    """A value of a type that never stands where this one may."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return 12345
    if isinstance(value, list):
        return "should fail"
    return [value] if isinstance(value, dict) else str(value)


def inside(whole: dict[str, Any], part: Path) -> Iterator[Path]:
    """The paths of all that is inside the part."""
    return (path for path in paths(whole) if len(path) > len(part) and path[: len(part)] == part)


CASES: tuple[Case, ...] = (
    *(
        accepts(
            SECTION, f"{name[0].upper()}{name[1:]} may have everything that it may have.", whole, versions
        )
        for name, whole, _, versions in wholes()
    ),
    *(
        rejects(SECTION, f"A statement has its {name}.", without(statement(), name))
        for name in ("actor", "verb", "object")
    ),
    *(
        rejects(SECTION, f"A statement is not {what}.", value)
        for what, value in (
            ("an empty object", {}),
            ("a string", "should fail"),
            ("a number", 12345),
            ("a boolean", True),
            ("null", None),
            ("an empty list", []),
            ("a list with a statement", [statement()]),
        )
    ),
    *(
        rejects(
            SECTION, f"Null does not stand at {told(path)} of {name}.", changed(whole, path, None), versions
        )
        for name, whole, part, versions in wholes()
        for path in inside(whole, part)
    ),
    *(
        rejects(
            SECTION,
            f"{told(path)} of {name} is not of another type.",
            changed(whole, path, wrong_type(found(whole, path))),
            versions,
        )
        for name, whole, part, versions in wholes()
        for path in inside(whole, part)
    ),
    *(
        rejects(
            SECTION,
            f"{told(path)} of {name} is not written {other_case(str(path[-1]))}.",
            renamed(whole, path, other_case(str(path[-1]))),
            versions,
        )
        for name, whole, part, versions in (wholes()[0], wholes()[2])
        for path in inside(whole, part)
        if isinstance(path[-1], str) and not is_map(path[:-1])
    ),
    *(
        rejects(
            SECTION,
            f"{told(path)} of {name} has no property of another's making.",
            changed(whole, path, {**found(whole, path), "madeUp": "value"}),
            versions,
        )
        for name, whole, part, versions in wholes()
        for path in inside(whole, part)
        if isinstance(found(whole, path), dict) and not is_map(path)
    ),
    rejects(SECTION, "A statement has no property of another's making.", statement(madeUp="value")),
    rejects(SECTION, "A statement has no property with an empty name.", statement(**{"": "value"})),
    *(
        rejects(
            SECTION,
            f"{wrong} beside the right property is an unknown one.",
            statement(**{wrong: value}),
        )
        for wrong, value in (
            ("iD", UUID),
            ("Actor", agent()),
            ("veRb", verb()),
            ("oBject", activity()),
            ("RESULT", full_result()),
            ("conText", {"language": "en"}),
            ("timeStamp", "1776-07-04T16:00:45.123Z"),
            ("STOred", "1787-09-17T09:33:32.111Z"),
            ("auTHORity", agent()),
            ("Version", "1.0.3"),
            ("attachmentS", [attachment()]),
        )
    ),
    rejects(SECTION, "The version is not null.", statement(version=None)),
    rejects(
        SECTION,
        "A property with null is not the same as none.",
        statement(result={"score": None, "success": True}),
    ),
    *(
        accepts(SECTION, f"{what} is not advised, but not forbidden.", value)
        for what, value in (
            ("An empty result", statement(result={})),
            ("An empty score", statement(result={"score": {}})),
            ("An empty context", statement(context={})),
            ("An empty contextActivities", statement(context={"contextActivities": {}})),
            ("An empty definition", statement(object=defined())),
            ("An empty display", statement(verb=verb(display={}))),
            ("An empty list of attachments", statement(attachments=[])),
        )
    ),
    *(
        accepts(SECTION, f"A {what} may be of any script and long.", statement(actor=part))
        for what, part in (
            ("name", agent(name="Ω" * 2000)),
            ("login", agent_by(account=account(name="名前" * 500))),
            ("group", anonymous_group(agent(name="Zoë"), agent(name="محمد"))),
        )
    ),
    accepts(
        SECTION,
        "Numbers may be large, small or written as whole ones.",
        statement(
            object=statement_ref(),
            result={"score": {"scaled": 1e-12, "raw": 1.5e15, "min": -2_147_483_649}},
        ),
    ),
)
