"""Parameters of a request for statements (Communication 2.1.3), judged as statements are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from serving.problems import XAPI_REFUSED, Fault, Problem
from serving.xapi.agents import check_actor, identity_of
from serving.xapi.checks import V1, Checks
from serving.xapi.formats import is_iri, is_uuid, time_of
from serving.xapi.references import (
    ACTIVITY,
    AGENT,
    REGISTRATION,
    RELATED_ACTIVITY,
    RELATED_AGENT,
    VERB,
    key,
    keys_related,
)
from serving.xapi.telling import FORMATS, milliseconds

MOST_AT_ONCE = 500
_ONE = ("statementId", "voidedStatementId")
_BOTH = ("format", "attachments")
_LIST = (
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "ascending",
)
# Ours: where a page goes on.
_BEYOND = "cursor"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statements, and how they are told.

    Parameters
    ----------
    statement_id : str or None
        The only one; else all that have the keys.
    voided : bool
        Whether that one is voided.
    keys : tuple of bytes
        What they are found by, all of it.
    since_ms, until_ms : int or None
        Milliseconds since 1970 UTC.
    limit : int
        At most so many.
    beyond : int or None
        The number after which to go on.
    format : str
    attachments : bool
        Whether the answer has parts.
    query : mapping of str to str
        As sent, for the next page.
    """

    statement_id: str | None
    voided: bool
    keys: tuple[tuple[bytes, ...], ...]
    since_ms: int | None
    until_ms: int | None
    ascending: bool
    limit: int
    beyond: int | None
    format: str
    attachments: bool
    query: Mapping[str, str]

    def more(self, last: int) -> str:
        """Return the query of the page after a number."""
        return urlencode({**self.query, _BEYOND: last})


def parameters(query: bytes, allowed: Sequence[str]) -> dict[str, str]:
    """Return the parameters of an address, or answer 400 where one is unknown, twice there, or no text."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise refused(Fault("", "the query cannot be read", "send it URL-encoded, as UTF-8")) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed:
            meant = next((a for a in allowed if a.lower() == name.lower()), None)
            remedy = (
                f"spell it {meant}" if meant else f"leave it out; known are {', '.join(allowed) or 'none'}"
            )
            raise refused(Fault(name, f"{name} is not a parameter here", remedy, value))
        if name in found:
            raise refused(Fault(name, f"{name} is there twice", "send it once", value))
        found[name] = value
    return found


def refused(*faults: Fault) -> Problem:
    """Return the answer 400 to faults."""
    return Problem(XAPI_REFUSED, f"{faults[0].message}; {faults[0].remedy}", faults)


def wanted(query: bytes) -> Wanted:
    """Read the parameters of GET, or answer 400."""
    sent = parameters(query, (*_ONE, *_BOTH, *_LIST, _BEYOND))
    single = [name for name in _ONE if name in sent]
    if single and len(sent.keys() - set(_BOTH)) > 1:
        other = next(name for name in sent if name not in (single[0], *_BOTH))
        raise refused(Fault(other, f"{other} stands beside {single[0]}", "send one of them", sent[other]))
    if single and not is_uuid(sent[single[0]]):
        raise refused(Fault(single[0], f"{single[0]} is no UUID", "send a statement's id", sent[single[0]]))
    limit = _number(sent, "limit")
    return Wanted(
        statement_id=sent[single[0]].lower() if single else None,
        voided=single == ["voidedStatementId"],
        keys=_keys(sent),
        since_ms=_milliseconds(sent, "since"),
        until_ms=_milliseconds(sent, "until"),
        ascending=_flag(sent, "ascending"),
        limit=min(limit or MOST_AT_ONCE, MOST_AT_ONCE),
        beyond=_number(sent, _BEYOND),
        format=_format(sent),
        attachments=_flag(sent, "attachments"),
        query={name: value for name, value in sent.items() if name != _BEYOND},
    )


def _keys(sent: Mapping[str, str]) -> tuple[tuple[bytes, ...], ...]:
    """Keys of each group, those that fewest statements have first: the store goes along the first."""
    keys: list[tuple[bytes, ...]] = []
    related = {name: _flag(sent, name) for name in ("related_agents", "related_activities")}
    if "registration" in sent:
        if not is_uuid(sent["registration"]):
            raise refused(Fault("registration", "registration is no UUID", "send one", sent["registration"]))
        keys.append(_keys_at(REGISTRATION, None, sent["registration"].lower()))
    if "agent" in sent:
        who = identity_of(_agent(sent["agent"]))
        if who is None:
            raise refused(Fault("agent", "agent is not identified", "send an agent with an identifier"))
        keys.append(_keys_at(AGENT, RELATED_AGENT if related["related_agents"] else None, *who))
    for name, place, around in (
        ("activity", ACTIVITY, RELATED_ACTIVITY if related["related_activities"] else None),
        ("verb", VERB, None),
    ):
        if name in sent:
            if not is_iri(sent[name]):
                raise refused(Fault(name, f"{name} is no IRI", "send an address with a scheme", sent[name]))
            keys.append(_keys_at(place, around, sent[name]))
    return tuple(keys)


def _keys_at(place: str, related: str | None, *what: str) -> tuple[bytes, ...]:
    return (key(place, *what),) if related is None else keys_related(place, related, *what)


def _agent(text: str) -> Any:
    try:
        agent = json.loads(text)
    except (ValueError, RecursionError):
        raise refused(Fault("agent", "agent is no JSON", "send an agent as a JSON object", text)) from None
    checks = Checks(V1)
    check_actor(agent, "agent", checks)
    if checks.faults:
        raise refused(*checks.faults)
    return agent


def _flag(sent: Mapping[str, str], name: str) -> bool:
    value = sent.get(name, "false")
    if value not in ("true", "false"):
        raise refused(Fault(name, f"{name} is neither true nor false", "send one of these", value))
    return value == "true"


def _number(sent: Mapping[str, str], name: str) -> int | None:
    value = sent.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise refused(Fault(name, f"{name} is no whole number from 0", "send digits", value))
    return int(value)


def _format(sent: Mapping[str, str]) -> str:
    value = sent.get("format", "exact")
    if value not in FORMATS:
        raise refused(Fault("format", "format is not known", f"send one of {', '.join(FORMATS)}", value))
    return value


def _milliseconds(sent: Mapping[str, str], name: str) -> int | None:
    if name not in sent:
        return None
    # A plus in an address is a space, and senders forget to escape it: that of a zone is the last.
    at: datetime | None = time_of(sent[name]) or time_of("+".join(sent[name].rsplit(" ", 1)))
    if at is None:
        remedy = "send one such as 2026-01-31T12:00:00Z"
        raise refused(Fault(name, f"{name} is no time that can be read", remedy, sent[name]))
    return milliseconds(at)
