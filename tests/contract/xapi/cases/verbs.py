"""Verbs, and the reserved verb that voids another statement."""

from .case import (
    UUID,
    VOIDED,
    Case,
    accepts,
    activity,
    agent,
    group_by,
    rejects,
    statement,
    statement_ref,
    substatement,
    verb,
    without,
)
from .places import VERBS

VERB = "Data 2.4.3"
VOIDING = "Data 2.3.2"

CASES: tuple[Case, ...] = (
    *(
        case
        for place in VERBS
        for case in (
            accepts(
                VERB,
                f"The verb of {place.name} needs no display.",
                place.put(without(verb(), "display")),
            ),
            accepts(
                VERB,
                f"The verb of {place.name} may be displayed in several languages.",
                place.put(verb(display={"en-GB": "completed", "de": "abgeschlossen", "ja-JP": "完了した"})),
            ),
            rejects(VERB, f"The verb of {place.name} has an id.", place.put(without(verb(), "id"))),
            rejects(VERB, f"The verb of {place.name} is not empty.", place.put({})),
            rejects(
                VERB,
                f"The verb of {place.name} is an object, not its IRI.",
                place.put("http://example.org/verbs/completed"),
            ),
            rejects(
                VERB,
                f"The verb of {place.name} is not a broken IRI on its own.",
                place.put("ab=c://should.fail.com"),
            ),
            rejects(VERB, f"The verb of {place.name} is not a list.", place.put([verb()])),
            rejects(
                VERB,
                f"The verb of {place.name} has no unknown property.",
                place.put(verb(name={"en": "completed"})),
            ),
            rejects(
                VERB,
                f"The display of the verb of {place.name} is not a number.",
                place.put(verb(display=12345)),
            ),
            rejects(
                VERB,
                f"The display of the verb of {place.name} is not a string.",
                place.put(verb(display="a12345 attended")),
            ),
            rejects(
                VERB,
                f"The display of the verb of {place.name} is not a language tag on its own.",
                place.put(verb(display="zh-Hant")),
            ),
            rejects(
                VERB,
                f"The display of the verb of {place.name} is not a list.",
                place.put(verb(display=[{"en": "completed"}])),
            ),
        )
    ),
    accepts(
        VOIDING,
        "A statement may void another, whether the other is known or not.",
        statement(verb=verb(id=VOIDED, display={"en-US": "voided"}), object=statement_ref()),
    ),
    accepts(
        VOIDING,
        "A voiding verb needs no display.",
        statement(verb={"id": VOIDED}, object=statement_ref()),
    ),
    *(
        rejects(VOIDING, f"A statement may not void {what}.", statement(verb=verb(id=VOIDED), object=value))
        for what, value in (
            ("an Activity", activity()),
            ("an Activity without objectType", without(activity(), "objectType")),
            ("an Agent", agent()),
            ("a Group", group_by("mbox")),
            ("a SubStatement", substatement()),
            ("a reference without id", without(statement_ref(), "id")),
            ("a reference whose id is not a UUID", statement_ref(id="should fail")),
            ("a reference without objectType", {"id": UUID}),
            ("a reference whose objectType is in small letters", statement_ref(objectType="statementref")),
        )
    ),
    accepts(
        VOIDING,
        "Another verb that ends in voided does not void.",
        statement(verb=verb(id="http://example.org/verbs/avoided", display={"en": "avoided"})),
    ),
    accepts(
        VOIDING,
        "An ordinary verb may be about a StatementRef.",
        statement(verb=verb(id="http://example.org/verbs/commented"), object=statement_ref()),
    ),
)
