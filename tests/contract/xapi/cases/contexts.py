"""Contexts: registration, revision and platform, the activities around, the statement referred to."""

from typing import Any

from .case import (
    OLD,
    REGISTRATION,
    UUID,
    Case,
    accepts,
    activity,
    agent,
    anonymous_group,
    context_agent,
    context_group,
    defined,
    group_by,
    rejects,
    statement,
    statement_ref,
    substatement,
    without,
)
from .places import CONTEXTS, within

CONTEXT = "Data 2.4.6"
ACTIVITIES = "Data 2.4.6.2"
KINDS = ("parent", "grouping", "category", "other")


def full_context() -> dict[str, Any]:
    """A context with all that a context may have in both versions."""
    return {
        "registration": REGISTRATION,
        "instructor": agent(name="Noor"),
        "team": group_by("account", name="Room 3", member=[agent()]),
        "contextActivities": {kind: [activity()] for kind in KINDS},
        "revision": "rev_10_3_2",
        "platform": "Example player",
        "language": "tlh",
        "statement": statement_ref(),
        "extensions": {"https://example.org/extensions/airspeed": "600 mph"},
    }


def about(part: Any, context: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A statement and a SubStatement about this part, in this context."""
    return {
        "a statement": statement(object=part, context=context),
        "a SubStatement": within(substatement(object=part, context=context)),
    }


def other_objects() -> dict[str, Any]:
    """Objects that are not Activities, and that may stand in a SubStatement, too."""
    return {"an Agent": agent(), "a Group": anonymous_group(), "a StatementRef": statement_ref()}


CASES: tuple[Case, ...] = (
    *(
        case
        for place in CONTEXTS
        for case in (
            accepts(CONTEXT, f"The context of {place.name} may be given in full.", place.put(full_context())),
            *(
                accepts(
                    CONTEXT,
                    f"The context of {place.name} may have only its {name}.",
                    place.put({name: full_context()[name]}),
                )
                for name in ("registration", "revision", "platform", "language", "statement")
            ),
            accepts(
                ACTIVITIES,
                f"The context of {place.name} may have all four kinds of activities.",
                place.put({"contextActivities": {kind: [activity()] for kind in KINDS}}),
            ),
            rejects(
                CONTEXT, f"The context of {place.name} has no unknown property.", place.put({"room": "3"})
            ),
            rejects(
                CONTEXT,
                f"The context of {place.name} does not refer to a statement by its id alone.",
                place.put({"statement": UUID}),
            ),
            rejects(
                CONTEXT,
                f"The reference in the context of {place.name} says its objectType.",
                place.put({"statement": {"id": UUID}}),
            ),
            rejects(
                CONTEXT,
                f"The reference in the context of {place.name} has an id.",
                place.put({"statement": {"objectType": "StatementRef"}}),
            ),
            rejects(
                CONTEXT,
                f"The objectType of the reference in the context of {place.name} is not in small letters.",
                place.put({"statement": statement_ref(objectType="statementref")}),
            ),
            rejects(
                CONTEXT,
                f"The statement in the context of {place.name} is not an Activity.",
                place.put({"statement": activity()}),
            ),
            rejects(
                CONTEXT,
                f"The statement in the context of {place.name} is not a SubStatement.",
                place.put({"statement": substatement()}),
            ),
            rejects(
                CONTEXT,
                f"The reference in the context of {place.name} has no unknown property.",
                place.put({"statement": statement_ref(verb="commented")}),
            ),
        )
    ),
    *(
        rejects(
            CONTEXT, f"The {name} in the context of {place.name} is not {what}.", place.put({name: value})
        )
        for place in CONTEXTS
        for name in ("revision", "platform", "language")
        for what, value in (
            ("a number", 12345),
            ("an object", {"key": "should fail"}),
            ("a list", ["en"]),
            ("a boolean", True),
        )
    ),
    *(
        rejects(
            CONTEXT,
            f"There is no {name} in the context of {where} about {what}.",
            whole,
        )
        for name in ("revision", "platform")
        for what, part in other_objects().items()
        for where, whole in about(part, {name: "2"}).items()
    ),
    *(
        rejects(
            CONTEXT,
            f"There is no {name} in the context of a statement about a SubStatement.",
            statement(object=substatement(), context={name: "2"}),
        )
        for name in ("revision", "platform")
    ),
    *(
        accepts(
            CONTEXT,
            f"A SubStatement about an Activity may have a {name} in its own context.",
            statement(object=substatement(context={name: "2"}), context={"language": "en"}),
        )
        for name in ("revision", "platform")
    ),
    *(
        accepts(
            CONTEXT,
            f"The context of {where} may have revision and platform about an Activity without objectType.",
            whole,
        )
        for where, whole in about(
            without(activity(), "objectType"), {"revision": "2", "platform": "Example player"}
        ).items()
    ),
    *(
        accepts(
            CONTEXT,
            f"The context of {where} about {what} may have all but revision and platform.",
            whole,
        )
        for what, part in other_objects().items()
        for where, whole in about(part, without(without(full_context(), "revision"), "platform")).items()
    ),
    *(
        case
        for place in CONTEXTS
        for kind in KINDS
        for case in (
            accepts(
                ACTIVITIES,
                f"The {kind} in the context of {place.name} may be one Activity.",
                place.put({"contextActivities": {kind: activity()}}),
            ),
            accepts(
                ACTIVITIES,
                f"The {kind} in the context of {place.name} may be several Activities.",
                place.put({"contextActivities": {kind: [activity(), defined(name={"en": "Numbers"})]}}),
            ),
            *(
                rejects(
                    ACTIVITIES,
                    f"The {kind} in the context of {place.name} is not {what}.",
                    place.put({"contextActivities": {kind: value}}),
                )
                for what, value in (
                    ("an IRI", "http://example.org/activities/fractions"),
                    ("a number", 12345),
                    ("an object of other things", {"key": "should fail"}),
                    ("a list that ends with other things", [activity(), {"key": "should fail"}]),
                    ("a list that begins with other things", [{"key": "should fail"}, activity()]),
                    ("a list of IRIs", ["http://example.org/activities/fractions"]),
                    ("an Agent", agent()),
                    ("a list with a StatementRef", [statement_ref()]),
                    ("a list of lists", [[activity()]]),
                )
            ),
            rejects(
                ACTIVITIES,
                f"The key {kind.capitalize()} in the context of {place.name} is not one.",
                place.put({"contextActivities": {kind.capitalize(): [activity()]}}),
            ),
        )
    ),
    *(
        rejects(ACTIVITIES, f"The contextActivities of {place.name} are not {what}.", place.put(context))
        for place in CONTEXTS
        for what, context in (
            ("a string", {"contextActivities": "should fail"}),
            ("a list", {"contextActivities": [activity()]}),
            ("an Activity", {"contextActivities": activity()}),
            ("of a fifth kind", {"contextActivities": {"consequences": activity()}}),
            (
                "of a fifth kind among others",
                {"contextActivities": {"parent": activity(), "child": [activity()]}},
            ),
        )
    ),
    *(
        rejects(CONTEXT, f"A context is not {what}.", statement(context=value))
        for what, value in (("a string", "in class"), ("a list", [{"language": "en"}]), ("a number", 5))
    ),
    *(
        rejects(
            CONTEXT,
            f"The instructor in the context of {place.name} is not a list.",
            place.put({"instructor": [agent()]}),
        )
        for place in CONTEXTS
    ),
    *(
        rejects(
            CONTEXT, f"There are no {name} in 1.0.3, in the context of {place.name}.", place.put(context), OLD
        )
        for place in CONTEXTS
        for name, context in (
            ("contextAgents", {"contextAgents": [context_agent()]}),
            ("contextGroups", {"contextGroups": [context_group()]}),
        )
    ),
)
