"""The object of a statement: its objectType, Activities and their definitions, references."""

from typing import Any

from .case import (
    UUID,
    Case,
    accepts,
    activity,
    agent,
    agent_by,
    anonymous_group,
    defined,
    group_by,
    rejects,
    statement,
    statement_ref,
    substatement,
    without,
)
from .places import ACTIVITIES, DEFINED, Place, within

OBJECT = "Data 2.4.4"
ACTIVITY = "Data 2.4.4.1"
ACTOR = "Data 2.4.4.2"
REFERENCE = "Data 2.4.4.3"

OBJECTS = (
    Place("a statement", lambda part: statement(object=part)),
    Place("a SubStatement", lambda part: within(substatement(object=part))),
)


def objects() -> dict[str, Any]:
    """A valid object of each kind that may stand in a SubStatement, too."""
    return {
        "Activity": activity(),
        "Agent": agent_by("openid"),
        "Group": group_by("mbox"),
        "StatementRef": statement_ref(),
    }


def full_definition() -> dict[str, Any]:
    """A definition with all properties that an ordinary Activity may have."""
    return {
        "name": {"en": "Fractions", "de": "Bruchrechnung"},
        "description": {"en": "Halves, thirds and quarters."},
        "type": "http://adlnet.gov/expapi/activities/lesson",
        "moreInfo": "https://lms.example.org/lessons/fractions",
        "extensions": {"https://example.org/extensions/room": {"name": "3", "floor": None}},
    }


CASES: tuple[Case, ...] = (
    *(
        case
        for place in OBJECTS
        for kind in objects()
        for case in (
            rejects(
                OBJECT,
                f"The objectType {kind} is not written in small letters in {place.name}.",
                place.put({**objects()[kind], "objectType": kind.lower()}),
            ),
            rejects(
                OBJECT,
                f"The objectType Thing is unknown on what else is a {kind} in {place.name}.",
                place.put({**objects()[kind], "objectType": "Thing"}),
            ),
            rejects(
                OBJECT,
                f"The object of the kind {kind} has no unknown property in {place.name}.",
                place.put({**objects()[kind], "title": "Fractions"}),
            ),
        )
    ),
    rejects(
        OBJECT,
        "SubStatement is not written in small letters.",
        within(substatement(objectType="substatement")),
    ),
    *(
        rejects(
            OBJECT,
            f"An objectType of the object is not {what}.",
            statement(object=activity(objectType=value)),
        )
        for what, value in (
            ("empty", ""),
            ("a number", 5),
            ("an object", {"key": "value"}),
            ("a list", ["Activity"]),
        )
    ),
    *(
        rejects(OBJECT, f"The object of {place.name} is not {what}.", place.put(value))
        for place in OBJECTS
        for what, value in (
            ("a string", "http://example.org/activities/fractions"),
            ("a number", 12345),
            ("a list", [activity()]),
            ("an empty object", {}),
            ("an objectType alone", {"objectType": "SubStatement"}),
        )
    ),
    *(
        case
        for place in OBJECTS
        for case in (
            accepts(OBJECT, f"A StatementRef may be the object of {place.name}.", place.put(statement_ref())),
            rejects(
                ACTOR,
                f"An Agent that is the object of {place.name} says its objectType.",
                place.put(without(agent_by("mbox", name="Mara"), "objectType")),
            ),
            rejects(
                ACTOR,
                f"An identified Group that is the object of {place.name} says its objectType.",
                place.put(without(group_by("mbox", member=[agent()]), "objectType")),
            ),
            rejects(
                ACTOR,
                f"An Agent with members is not the Group that {place.name} is about.",
                place.put({**anonymous_group(), "objectType": "Agent"}),
            ),
            rejects(
                ACTOR,
                f"An Agent that is the object of {place.name} has no id.",
                place.put(agent(id="http://example.org/people/mara")),
            ),
            rejects(
                REFERENCE,
                f"A StatementRef that is the object of {place.name} says its objectType.",
                place.put({"id": UUID}),
            ),
            rejects(
                REFERENCE,
                f"A StatementRef that is the object of {place.name} has an id.",
                place.put(without(statement_ref(), "id")),
            ),
            rejects(
                REFERENCE,
                f"A StatementRef that is the object of {place.name} has no definition.",
                place.put(statement_ref(definition={"name": {"en": "Fractions"}})),
            ),
        )
    ),
    *(
        case
        for place in ACTIVITIES
        for case in (
            accepts(
                ACTIVITY,
                f"An Activity needs no objectType as {place.name}.",
                place.put(without(activity(), "objectType")),
            ),
            accepts(
                ACTIVITY,
                f"An Activity may have a full definition as {place.name}.",
                place.put(activity(definition=full_definition())),
            ),
            rejects(
                ACTIVITY, f"An Activity has an id as {place.name}.", place.put(without(activity(), "id"))
            ),
            rejects(
                ACTIVITY,
                f"A definition does not stand in for the id of {place.name}.",
                place.put({"definition": full_definition()}),
            ),
            rejects(
                ACTIVITY,
                f"A definition is not a string in {place.name}.",
                place.put(activity(definition="should error")),
            ),
            rejects(
                ACTIVITY,
                f"A definition is not a number in {place.name}.",
                place.put(activity(definition=12345)),
            ),
            rejects(
                ACTIVITY,
                f"A definition is not a list in {place.name}.",
                place.put(activity(definition=[full_definition()])),
            ),
            rejects(
                ACTIVITY,
                f"The name of an Activity belongs in its definition in {place.name}.",
                place.put(activity(name={"en": "Fractions"})),
            ),
        )
    ),
    *(
        accepts(
            ACTIVITY,
            f"A definition may have only {name} in {place.name}.",
            place.put(activity(definition={name: full_definition()[name]})),
        )
        for place in DEFINED
        for name in full_definition()
    ),
    *(
        rejects(ACTIVITY, f"{fault} in {place.name}.", place.put(defined(**{name: value})))
        for place in DEFINED
        for fault, name, value in (
            ("The name of an Activity is not a number", "name", 12345),
            ("The name of an Activity is not a string", "name", "should error"),
            ("The name of an Activity is not a list", "name", [{"en": "Fractions"}]),
            ("The name of an Activity is not a map of numbers", "name", {"en": 5}),
            ("The name of an Activity is not a map of maps", "name", {"en": {"US": "Fractions"}}),
            ("The description of an Activity is not a number", "description", 12345),
            ("The description of an Activity is not a string", "description", "should error"),
            ("The description of an Activity is not a map of lists", "description", {"en": ["Halves"]}),
            ("The type of an Activity is not a word", "type", "should error"),
            ("The type of an Activity is not a list", "type", ["http://adlnet.gov/expapi/activities/lesson"]),
            ("The moreInfo of an Activity is not a word", "moreInfo", "should error"),
            ("The moreInfo of an Activity is not a list", "moreInfo", ["https://lms.example.org"]),
            ("A definition has no unknown property", "duration", "PT1H"),
            ("A definition does not write moreInfo with a small i", "moreinfo", "https://lms.example.org"),
            ("A definition does not write extensions in the singular", "extension", {}),
        )
    ),
    accepts(
        ACTIVITY,
        "Names may be in any script.",
        statement(
            object=defined(name={"ja-JP": "出席した", "ar-EG": "حضر", "hy-AM": "ներկա", "kn-IN": "ಹಾಜರಿದ್ದರು"})
        ),
    ),
)
