"""SubStatements: a statement inside a statement, with less and never nested."""

from .case import (
    UUID,
    Case,
    accepts,
    agent,
    anonymous_group,
    attachment,
    defined,
    group_by,
    rejects,
    statement,
    statement_ref,
    substatement,
    without,
)
from .places import within

SUBSTATEMENT = "Data 2.4.4.3"

CASES: tuple[Case, ...] = (
    accepts(SUBSTATEMENT, "A SubStatement may be the object of a statement.", within(substatement())),
    accepts(
        SUBSTATEMENT,
        "A SubStatement may have all that it may have.",
        within(
            substatement(
                actor=anonymous_group(),
                object=defined(name={"en": "Fractions"}),
                result={"score": {"scaled": 0.5}, "success": False, "duration": "PT2M"},
                context={"registration": UUID, "platform": "Example player", "revision": "2"},
                timestamp="2026-05-18T05:32:34.804Z",
                attachments=[attachment()],
            )
        ),
    ),
    accepts(
        SUBSTATEMENT,
        "A SubStatement may be about another statement.",
        within(substatement(object=statement_ref(id="6690e6c9-3ef0-4ed3-8b37-7f3964730bee"))),
    ),
    accepts(
        SUBSTATEMENT,
        "A SubStatement may be about a Group.",
        within(substatement(object=group_by("account", member=[agent()]))),
    ),
    *(
        rejects(SUBSTATEMENT, f"A SubStatement has {an}.", within(without(substatement(), name)))
        for name, an in (("actor", "an actor"), ("verb", "a verb"), ("object", "an object"))
    ),
    rejects(
        SUBSTATEMENT,
        "A SubStatement says its objectType.",
        within(without(substatement(), "objectType")),
    ),
    *(
        rejects(SUBSTATEMENT, f"A SubStatement has no {name}.", within(substatement(**{name: value})))
        for name, value in (
            ("id", "fd41c918-b88b-4b20-a0a5-a4c32391aaa0"),
            ("stored", "2013-05-18T05:32:34.804Z"),
            ("version", "1.0.0"),
            ("authority", agent()),
        )
    ),
    rejects(
        SUBSTATEMENT,
        "A SubStatement has no unknown property.",
        within(substatement(comment="Well done.")),
    ),
    rejects(
        SUBSTATEMENT,
        "A SubStatement does not hold a SubStatement.",
        within(substatement(object=substatement())),
    ),
    rejects(
        SUBSTATEMENT,
        "A SubStatement does not hold a SubStatement that holds a SubStatement.",
        within(substatement(object=substatement(object=substatement()))),
    ),
    rejects(
        SUBSTATEMENT,
        "A statement with an id is not an object, whatever its objectType.",
        statement(object={"objectType": "Statement", "id": UUID, **statement()}),
    ),
    *(
        rejects(
            SUBSTATEMENT,
            f"The {name} of a SubStatement is not {what}.",
            within(substatement(**{name: value})),
        )
        for name in ("actor", "verb", "result", "context", "attachments")
        for what, value in (("a number", 12345), ("a string", "should fail"))
        if (name, what) not in {("actor", "a string")}
    ),
    rejects(
        SUBSTATEMENT,
        "An objectType of the whole statement is an unknown property.",
        {"objectType": "SubStatement", **statement()},
    ),
)
