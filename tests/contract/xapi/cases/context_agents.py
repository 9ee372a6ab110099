"""The Agents and Groups around a statement, which came with 2.0."""

from typing import Any

from .case import (
    NEW,
    Case,
    accepts,
    activity,
    agent,
    anonymous_group,
    context_agent,
    context_group,
    group_by,
    rejects,
    statement,
    without,
)
from .places import CONTEXTS

SECTION = "4.2.2.5"


def faulty_agents() -> list[tuple[str, Any]]:
    """Values of contextAgents with one fault each."""
    return [
        ("one contextAgent, not a list", context_agent()),
        ("a string", "should fail"),
        ("a list of strings", ["mailto:mara@example.org"]),
        ("a list of bare Agents", [agent()]),
        ("a list with an empty object", [{}]),
        ("a list with a contextGroup", [context_group()]),
        ("a list that ends with a faulty item", [context_agent(), context_agent(objectType="Should fail")]),
        ("of another objectType", [context_agent(objectType="Should fail")]),
        ("of the objectType in small letters", [context_agent(objectType="contextagent")]),
        ("of the objectType in the plural", [context_agent(objectType="contextAgents")]),
        ("of the objectType Agent", [context_agent(objectType="Agent")]),
        ("without objectType", [without(context_agent(), "objectType")]),
        ("without an agent", [without(context_agent(), "agent")]),
        ("with a Group as the agent", [context_agent(agent=group_by("mbox"))]),
        ("with an anonymous Group as the agent", [context_agent(agent=anonymous_group())]),
        ("with an Activity as the agent", [context_agent(agent=activity())]),
        ("with a list as the agent", [context_agent(agent=[agent()])]),
        ("with an unknown property", [context_agent(role="tutor")]),
        ("with a group beside the agent", [context_agent(group=group_by("mbox"))]),
    ]


def faulty_groups() -> list[tuple[str, Any]]:
    """Values of contextGroups with one fault each."""
    return [
        ("one contextGroup, not a list", context_group()),
        ("a string", "should fail"),
        ("a list of strings", ["mailto:mara@example.org"]),
        ("a list of bare Groups", [group_by("mbox")]),
        ("a list with an empty object", [{}]),
        ("a list with a contextAgent", [context_agent()]),
        ("a list that ends with a faulty item", [context_group(), context_group(objectType="Should fail")]),
        ("of another objectType", [context_group(objectType="Should fail")]),
        ("of the objectType in small letters", [context_group(objectType="contextgroup")]),
        ("of the objectType in the plural", [context_group(objectType="contextGroups")]),
        ("of the objectType Group", [context_group(objectType="Group")]),
        ("without objectType", [without(context_group(), "objectType")]),
        ("without a group", [without(context_group(), "group")]),
        ("with an Activity as the group", [context_group(group=activity())]),
        ("with an unknown property", [context_group(role="team")]),
        ("with members beside the group", [context_group(member=[agent()])]),
        ("with an agent beside the group", [context_group(agent=agent())]),
    ]


def faulty_types() -> list[tuple[str, Any]]:
    """Values of relevantTypes with one fault each."""
    return [
        ("empty", []),
        ("one IRI, not a list", "https://example.org/roles/tutor"),
        ("a list of words", ["abc", "def"]),
        ("a list that ends with a word", ["https://example.org/roles/tutor", "abc"]),
        ("a list of objects", [{"id": "https://example.org/roles/tutor"}]),
        ("an object", {"0": "https://example.org/roles/tutor"}),
    ]


KINDS = (
    ("contextAgents", context_agent, faulty_agents),
    ("contextGroups", context_group, faulty_groups),
)

CASES: tuple[Case, ...] = (
    *(
        case
        for place in CONTEXTS
        for name, item, faulty in KINDS
        for case in (
            accepts(SECTION, f"The {name} of {place.name} are a list.", place.put({name: [item()]}), NEW),
            accepts(
                SECTION,
                f"The {name} of {place.name} may be several.",
                place.put({name: [item(), item(relevantTypes=["https://example.org/roles/observer"])]}),
                NEW,
            ),
            accepts(
                SECTION,
                f"The {name} of {place.name} may have several relevantTypes.",
                place.put(
                    {name: [item(relevantTypes=["https://example.org/roles/a", "urn:example:roles:b"])]}
                ),
                NEW,
            ),
            accepts(
                SECTION,
                f"The {name} of {place.name} need no relevantTypes.",
                place.put({name: [without(item(), "relevantTypes")]}),
                NEW,
            ),
            *(
                rejects(SECTION, f"The {name} of {place.name} are not {what}.", place.put({name: value}), NEW)
                for what, value in faulty()
            ),
            *(
                rejects(
                    SECTION,
                    f"The relevantTypes in the {name} of {place.name} are not {what}.",
                    place.put({name: [item(relevantTypes=value)]}),
                    NEW,
                )
                for what, value in faulty_types()
            ),
        )
    ),
    accepts(
        SECTION,
        "A context may have contextAgents, contextGroups, an instructor and a team.",
        statement(
            context={
                "contextAgents": [context_agent()],
                "contextGroups": [context_group(group=anonymous_group())],
                "instructor": agent(),
                "team": group_by("mbox"),
            }
        ),
        NEW,
    ),
    accepts(
        SECTION,
        "The same Agent may stand in several contextAgents.",
        statement(context={"contextAgents": [context_agent(), context_agent()]}),
        NEW,
    ),
    accepts(
        SECTION,
        "A statement about an Agent may have contextAgents.",
        statement(object=agent(), context={"contextAgents": [context_agent()]}),
        NEW,
    ),
    *(
        rejects(SECTION, f"{wrong} is not a property of a context.", statement(context={wrong: [item()]}))
        for wrong, item in (
            ("contextagents", context_agent),
            ("contextAgent", context_agent),
            ("contextGroup", context_group),
        )
    ),
)
