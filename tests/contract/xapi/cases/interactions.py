"""Interaction activities: their kind, their component lists and the patterns of right answers.

Both versions let a store leave all but the interactionType unchecked. These cases take the strict side,
since a broken list of components is of no use to whoever reads it.
"""

from typing import Any

from .case import Case, accepts, defined, rejects, statement
from .places import DEFINED

INTERACTION = "Data 2.4.4.1"

LISTS = {
    "choice": ("choices",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "true-false": (),
    "fill-in": (),
    "long-fill-in": (),
    "numeric": (),
    "other": (),
}
ALL_LISTS = ("choices", "scale", "source", "target", "steps")
OTHER_CASES = {
    "true-false": "true-faLse",
    "choice": "choiCe",
    "fill-in": "fill-iN",
    "long-fill-in": "long-fiLl-in",
    "matching": "matchIng",
    "performance": "perfOrmance",
    "sequencing": "seqUencing",
    "likert": "liKert",
    "numeric": "nUmeric",
    "other": "Other",
}


def patterns() -> dict[str, list[str]]:
    """Right answers of each interactionType, as the specification writes them."""
    return {
        "true-false": ["true"],
        "choice": ["half[,]third", "half"],
        "fill-in": ["one half"],
        "long-fill-in": ["{case_matters=false}{lang=en}Because both parts are equally large."],
        "matching": ["half[.]third[,]third[.]half"],
        "performance": ["half[.]1:[,]third[.]:10[,]half[.]"],
        "sequencing": ["half[,]third"],
        "likert": ["third"],
        "numeric": ["4[:]", "[:]9", "7"],
        "other": ["(35.937432,-86.868896)"],
    }


def parts() -> list[dict[str, Any]]:
    """Two interaction components."""
    return [{"id": "half", "description": {"en": "One half"}}, {"id": "third"}]


def interaction(kind: str, **changes: Any) -> dict[str, Any]:
    """The definition of an interaction with all lists that its kind may have."""
    return {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": kind,
        "correctResponsesPattern": patterns()[kind],
        **{name: parts() for name in LISTS[kind]},
        **changes,
    }


def faulty_parts() -> list[tuple[str, Any]]:
    """Component lists with one fault each."""
    return [
        ("one component, not a list", {"id": "half"}),
        ("a string", "half"),
        ("a list of strings", ["half", "third"]),
        ("a list with a component without id", [{"description": {"en": "One half"}}]),
        ("a list with an id that is an object", [{"id": {"key": "value"}, "description": {"en": "valid"}}]),
        ("a list with an id that is a number", [{"id": 1}]),
        ("a list with the same id twice", [{"id": "half"}, {"id": "half"}]),
        ("a list with a description that is a string", [{"id": "half", "description": "should error"}]),
        (
            "a list with a description under no language",
            [{"id": "half", "description": {"something": "value"}}],
        ),
        ("a list with an unknown property", [{"id": "half", "correct": True}]),
    ]


CASES: tuple[Case, ...] = (
    *(
        accepts(
            INTERACTION,
            f"An interaction of the kind {kind} is known in {place.name}.",
            place.put(defined(**interaction(kind))),
        )
        for place in DEFINED
        for kind in LISTS
    ),
    *(
        accepts(
            INTERACTION,
            f"An interaction of the kind {kind} needs nothing but its interactionType.",
            statement(object=defined(interactionType=kind)),
        )
        for kind in LISTS
    ),
    *(
        rejects(
            INTERACTION,
            f"{wrong} is not an interactionType in {place.name}.",
            place.put(defined(**{**interaction(right), "interactionType": wrong})),
        )
        for place in DEFINED[:2]
        for right, wrong in OTHER_CASES.items()
    ),
    *(
        rejects(
            INTERACTION,
            f"The interactionType is not {what} in {place.name}.",
            place.put(defined(**{**interaction("fill-in"), "interactionType": value})),
        )
        for place in DEFINED
        for what, value in (
            ("an IRI, and a broken one", "ab=c://should.fail.com"),
            ("a number", 12345),
            ("an object", {"key": "value"}),
            ("an unknown word", "should error"),
            ("empty", ""),
            ("a list", ["fill-in"]),
        )
    ),
    *(
        rejects(
            INTERACTION,
            f"{name} needs an interactionType in {place.name}.",
            place.put(defined(**{name: value})),
        )
        for place in DEFINED
        for name, value in (
            ("correctResponsesPattern", ["true"]),
            *((name, parts()) for name in ALL_LISTS),
        )
    ),
    *(
        rejects(
            INTERACTION,
            f"An interaction of the kind {kind} without its interactionType is not one.",
            statement(
                object=defined(**{k: v for k, v in interaction(kind).items() if k != "interactionType"})
            ),
        )
        for kind in LISTS
    ),
    *(
        rejects(
            INTERACTION,
            f"An interaction of the kind {kind} has no {name}.",
            statement(object=defined(interactionType=kind, **{name: parts()})),
        )
        for kind, fitting in LISTS.items()
        for name in ALL_LISTS
        if name not in fitting
    ),
    *(
        rejects(
            INTERACTION,
            f"The {name} of an interaction of the kind {kind} are not {what}.",
            statement(object=defined(**interaction(kind, **{name: value}))),
        )
        for kind, name in (
            ("choice", "choices"),
            ("sequencing", "choices"),
            ("likert", "scale"),
            ("matching", "source"),
            ("matching", "target"),
            ("performance", "steps"),
        )
        for what, value in faulty_parts()
    ),
    *(
        rejects(
            INTERACTION,
            f"A correctResponsesPattern is not {what}.",
            statement(object=defined(**interaction("choice", correctResponsesPattern=value))),
        )
        for what, value in (
            ("a string", "half"),
            ("an object", {"0": "half"}),
            ("a list of numbers", [1, 2]),
            ("a list of lists", [["half", "third"]]),
            ("a list of booleans", [True]),
        )
    ),
    accepts(
        INTERACTION,
        "An empty correctResponsesPattern says that no answer is right.",
        statement(object=defined(**interaction("choice", correctResponsesPattern=[]))),
    ),
    accepts(
        INTERACTION,
        "Parameters within a pattern are not checked.",
        statement(
            object=defined(**interaction("fill-in", correctResponsesPattern=["{case_matters=maybe}one half"]))
        ),
    ),
    accepts(
        INTERACTION,
        "The right answers of a fill-in may be longer than 250 characters.",
        statement(object=defined(**interaction("fill-in", correctResponsesPattern=["one half " * 40]))),
    ),
    accepts(
        INTERACTION,
        "A correctResponsesPattern may have many patterns.",
        statement(
            object=defined(
                **interaction("fill-in", correctResponsesPattern=[f"answer {n}" for n in range(60)])
            )
        ),
    ),
    accepts(
        INTERACTION,
        "The id of a component may have a space in it.",
        statement(object=defined(**interaction("choice", choices=[{"id": "one half"}, {"id": "one third"}]))),
    ),
    accepts(
        INTERACTION,
        "Ids may be the same in source and target.",
        statement(
            object=defined(**interaction("matching", source=[{"id": "1"}, {"id": "2"}], target=[{"id": "1"}]))
        ),
    ),
    accepts(
        INTERACTION,
        "Ids that differ in letter case are different.",
        statement(object=defined(**interaction("likert", scale=[{"id": "a"}, {"id": "A"}]))),
    ),
    accepts(
        INTERACTION,
        "A matching interaction may have a source alone.",
        statement(object=defined(interactionType="matching", source=parts())),
    ),
    accepts(
        INTERACTION,
        "An interaction may have an activity type of its own.",
        statement(
            object=defined(**interaction("numeric", type="http://adlnet.gov/expapi/activities/question"))
        ),
    ),
)
