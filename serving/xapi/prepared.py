"""Statements made ready to be kept: judged, completed, and read, before the store is asked anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic_core import PydanticSerializationError, to_json

from recommender.domain.events import to_seconds
from serving.problems import Fault
from serving.xapi.comparison import fingerprint
from serving.xapi.definitions import told_by
from serving.xapi.formats import is_uuid, time_of
from serving.xapi.mapping import Places, Reading, read_statement
from serving.xapi.references import keys_of, referred_by, voided_by
from serving.xapi.statements import CONTEXT_ACTIVITIES, check_statement


class RefusedError(Exception):
    """Statements that are not taken; nothing of what came with them is kept.

    Parameters
    ----------
    faults : sequence of Fault
    conflict : bool
        Whether a statement with the same id and other content is kept already.
    """

    def __init__(self, faults: Sequence[Fault], *, conflict: bool = False) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults)
        self.conflict = conflict


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that can be kept.

    Parameters
    ----------
    statement_id : str
        Its id in small letters: the one that was sent, or a new one.
    occurred_at : float or None
        Seconds since 1970 UTC, None where it was not sent.
    fingerprint : str
        Equal for statements that say the same.
    voids, target : str or None
        Ids in small letters: of the statement that it voids, and of the one that is its object.
    keys : frozenset of bytes
        What it is found by: hashes of 16 bytes.
    payload : str
        JSON of it with everything but the time at which it is stored, and that time where it has none.
    reading : Reading
        What it says of a learner.
    told : mapping of bytes to dict
        What it tells of activities and verbs, by their hashes.
    """

    statement_id: str
    occurred_at: float | None
    fingerprint: str
    voids: str | None
    target: str | None
    keys: frozenset[bytes]
    payload: str
    reading: Reading
    told: Mapping[bytes, dict[str, Any]]


def prepare(
    statements: Sequence[Any],
    *,
    version: str,
    lenient: bool,
    authority: dict[str, Any],
    places: Places,
    keeps_authority: bool = False,
) -> list[Prepared]:
    """Judge statements and make them ready.

    Parameters
    ----------
    version : str
        Of the specification.
    lenient : bool
        Whether a statement may break rules, as long as it is an object with a usable id.
    authority : dict
        Whom the service names as the one who asserts them.
    keeps_authority : bool
        Whether one that a statement names stays.

    Raises
    ------
    RefusedError
        If any breaks a rule, or two have one id.
    """
    faults: list[Fault] = []
    ready, seen = [], set()
    for place, statement in enumerate(statements):
        at = f"statements[{place}]"
        found = _hard_faults(statement) if lenient else check_statement(statement, version)
        found = found or ([] if lenient else _without_data(statement))
        if found:
            faults += [fault.under(at) for fault in found]
            continue
        one = _ready(statement, version, authority, places, keeps_authority)
        if one is None:
            message = "the statement cannot be written as JSON (half a surrogate pair, or nested too deeply)"
            faults.append(Fault(at, message, "send text that is valid Unicode, and fewer levels"))
        elif one.statement_id in seen:
            message, remedy = "id is that of another statement of the request", "send each once"
            faults.append(Fault(f"{at}.id", message, remedy, one.statement_id))
        else:
            seen.add(one.statement_id)
            ready.append(one)
    if faults:
        raise RefusedError(faults)
    return ready


def _hard_faults(statement: Any) -> list[Fault]:
    if not isinstance(statement, dict):
        return [Fault("", "the statement is no object", "send a JSON object")]
    if "id" in statement and not is_uuid(statement["id"]):
        remedy = "send a UUID, or leave it out"
        return [Fault("id", "id is no UUID in its standard form", remedy, statement["id"])]
    return []


def _without_data(statement: dict[str, Any]) -> list[Fault]:
    """Faults of attachments that are nowhere: their data are not taken, so an address has to say where."""
    target = statement["object"]
    within = target.get("attachments", []) if target.get("objectType") == "SubStatement" else []
    places = [("attachments", statement.get("attachments", [])), ("object.attachments", within)]
    remedy = "send fileUrl; this service keeps no attachments"
    return [
        Fault(f"{at}[{place}].fileUrl", "the data of an attachment are not there", remedy)
        for at, attachments in places
        for place, attachment in enumerate(attachments)
        if "fileUrl" not in attachment
    ]


def _ready(
    statement: dict[str, Any], version: str, authority: dict[str, Any], places: Places, keeps_authority: bool
) -> Prepared | None:
    statement_id = statement["id"].lower() if "id" in statement else str(uuid4())
    at = time_of(statement.get("timestamp"))
    whole = {"id": statement_id, **statement}
    whole |= {"id": statement_id, "version": statement.get("version", _default_version(version))}
    whole.pop("stored", None)
    if at is None:
        # Unreadable, or not there: it is told that it happened when it was stored.
        whole.pop("timestamp", None)
    if not keeps_authority or not isinstance(statement.get("authority"), dict):
        whole["authority"] = authority
    whole = _with_lists(whole)
    try:
        payload = to_json(whole).decode()
    except PydanticSerializationError:
        return None
    return Prepared(
        statement_id=statement_id,
        occurred_at=None if at is None else to_seconds(at),
        fingerprint=fingerprint(statement),
        voids=voided_by(statement),
        target=referred_by(statement),
        keys=frozenset(keys_of(statement, whole["authority"])),
        payload=payload,
        reading=read_statement(statement, places),
        told=told_by(statement),
    )


def _default_version(version: str) -> str:
    # Data 2.4.10: of a statement of 1.0.x that names none it is 1.0.0.
    return "1.0.0" if version.startswith("1.") else version


def _with_lists(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement in which activities around, also of one within it, are lists (Data 2.4.6.2)."""
    context, target = statement.get("context"), statement.get("object")
    around = context.get("contextActivities") if isinstance(context, dict) else None
    if isinstance(around, dict) and not all(isinstance(its, list) for its in around.values()):
        lists = {
            name: [its] if name in CONTEXT_ACTIVITIES and isinstance(its, dict) else its
            for name, its in around.items()
        }
        statement = {**statement, "context": {**statement["context"], "contextActivities": lists}}
    if isinstance(target, dict) and target.get("objectType") == "SubStatement":
        statement = {**statement, "object": _with_lists(target)}
    return statement
