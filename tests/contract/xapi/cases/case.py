"""One statement with the judgement that it must get, and the builders of valid parts.

Every builder returns a fresh value, so a case may change what it got. A case says nothing of how a fault
is told: only that the statement must be accepted or rejected.

Sections beginning with "Data" are those of the xAPI specification 1.0.3, part two. The others are those of
IEEE 9274.1.1 (xAPI 2.0), the book for learning record stores; they stand where a case is about 2.0 only.
"""

from dataclasses import dataclass
from typing import Any

BOTH = ("1.0.3", "2.0.0")
OLD = ("1.0.3",)
NEW = ("2.0.0",)

UUID = "8f87ccde-bb56-4c2e-ab83-44982ef22df0"
REGISTRATION = "ec531277-b57b-4c15-8d91-d292c5b2b8f7"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, and whether it must be accepted.

    Parameters
    ----------
    section
        Where the specification says it.
    about
        The rule in one plain line; no two cases share it.
    statement
        A plain JSON value, most often an object.
    accepted
        True if the statement must be accepted, False if it must be rejected.
    versions
        The versions of xAPI in which this holds.
    """

    section: str
    about: str
    statement: Any
    accepted: bool
    versions: tuple[str, ...] = BOTH


def accepts(section: str, about: str, statement: Any, versions: tuple[str, ...] = BOTH) -> Case:
    """A case that must be accepted."""
    return Case(section, about, statement, True, versions)


def rejects(section: str, about: str, statement: Any, versions: tuple[str, ...] = BOTH) -> Case:
    """A case that must be rejected."""
    return Case(section, about, statement, False, versions)


def without(obj: dict[str, Any], name: str) -> dict[str, Any]:
    """The object without one of its properties, which it must have."""
    if name not in obj:
        raise KeyError(f"{name!r} is not a property of {sorted(obj)}; name one of these")
    return {key: value for key, value in obj.items() if key != name}


def statement(**changes: Any) -> dict[str, Any]:
    """A smallest valid statement, with the given properties put in or replaced."""
    return {"actor": agent(), "verb": verb(), "object": activity(), **changes}


def account(**changes: Any) -> dict[str, Any]:
    """An account object."""
    return {"homePage": "https://lms.example.org", "name": "mara-17", **changes}


def identifiers() -> dict[str, Any]:
    """One valid value of each of the four inverse functional identifiers."""
    return {
        "mbox": "mailto:mara@example.org",
        "mbox_sha1sum": "711ea3f47159690d5eae5c8b88a68fdf2ba67b23",
        "openid": "https://openid.example.org/mara",
        "account": account(),
    }


def agent(**changes: Any) -> dict[str, Any]:
    """An Agent known by its mail address, with its objectType."""
    return {"objectType": "Agent", "mbox": "mailto:learner@example.org", **changes}


def agent_by(*names: str, **changes: Any) -> dict[str, Any]:
    """An Agent with just these identifiers; with none or with two it is invalid."""
    return {"objectType": "Agent", **{name: identifiers()[name] for name in names}, **changes}


def group_by(*names: str, **changes: Any) -> dict[str, Any]:
    """A Group with just these identifiers and no members; with none or with two it is invalid."""
    return {"objectType": "Group", **{name: identifiers()[name] for name in names}, **changes}


def anonymous_group(*members: Any, **changes: Any) -> dict[str, Any]:
    """A Group without identifier: of these members, or of two."""
    listed = list(members) or [agent(), agent(mbox="mailto:noor@example.org")]
    return {"objectType": "Group", "member": listed, **changes}


def verb(**changes: Any) -> dict[str, Any]:
    """A Verb."""
    return {"id": "http://example.org/verbs/completed", "display": {"en": "completed"}, **changes}


def activity(**changes: Any) -> dict[str, Any]:
    """An Activity without definition."""
    return {"objectType": "Activity", "id": "http://example.org/activities/fractions", **changes}


def defined(**properties: Any) -> dict[str, Any]:
    """An Activity whose definition has just these properties."""
    return activity(definition=properties)


def statement_ref(**changes: Any) -> dict[str, Any]:
    """A reference to another statement."""
    return {"objectType": "StatementRef", "id": UUID, **changes}


def substatement(**changes: Any) -> dict[str, Any]:
    """A smallest valid SubStatement."""
    return {"objectType": "SubStatement", **statement(**changes)}


def attachment(**changes: Any) -> dict[str, Any]:
    """What a statement says of an attachment that can be fetched by its address."""
    return {
        "usageType": "http://example.org/attachments/certificate",
        "display": {"en": "Certificate"},
        "contentType": "text/plain; charset=utf-8",
        "length": 28,
        "sha2": "9fb9ca5ea44a39ce12fd6f2823f078e0a730746a9bca7cceb6527b402b3b2591",
        "fileUrl": "https://files.example.org/certificate.txt",
        **changes,
    }


def context_agent(**changes: Any) -> dict[str, Any]:
    """An item of context.contextAgents (2.0 only)."""
    return {
        "objectType": "contextAgent",
        "agent": agent(),
        "relevantTypes": ["https://example.org/roles/tutor"],
        **changes,
    }


def context_group(**changes: Any) -> dict[str, Any]:
    """An item of context.contextGroups (2.0 only)."""
    return {
        "objectType": "contextGroup",
        "group": group_by("mbox", name="Room 3"),
        "relevantTypes": ["https://example.org/roles/team"],
        **changes,
    }
