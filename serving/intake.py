"""Taking events in: judge each row, log what is new, fold it into the states, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection

from serving.evidence import RowRules, read_event, same_as_sent
from serving.learner_states import advance
from serving.model import ServedModel
from serving.problems import Fault
from serving.store import events as log
from serving.store import learners
from serving.store.database import Database
from serving.store.events import LoggedEvent

Outcome: TypeAlias = Literal["stored", "duplicate", "rejected"]

_CONFLICT_REMEDY = "send a correction as a new event, with an event_id of its own"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row; `faults` only when it was rejected."""

    event_id: str | None
    status: Outcome
    faults: tuple[Fault, ...] = ()


def take_in(
    database: Database, model: ServedModel | None, rows: Sequence[object], rules: RowRules
) -> list[RowOutcome]:
    """Store every row that can be stored; one outcome per row, in their order."""
    read = [read_event(row, rules) for row in rows]
    readable = [event for event in read if isinstance(event, LoggedEvent)]
    if not readable:
        return [_outcome(row, event, {}) for row, event in zip(rows, read, strict=True)]

    def store(connection: Connection) -> list[RowOutcome]:
        known = log.payloads(connection, [event.event_id for event in readable])
        outcomes = [_outcome(row, event, known) for row, event in zip(rows, read, strict=True)]
        stored = [
            event
            for event, outcome in zip(read, outcomes, strict=True)
            if outcome.status == "stored" and isinstance(event, LoggedEvent)
        ]
        record(connection, model, stored, now=rules.received_at)
        return outcomes

    return database.transact(store)


def record(
    connection: Connection, model: ServedModel | None, new: Sequence[LoggedEvent], *, now: datetime
) -> None:
    """Append events that are not in the log and bring their learners' states up to date."""
    if new:
        learners.ensure(connection, [event.learner_id for event in new])
        log.append(connection, new)
        advance(connection, model, new, now=now)


def retract(connection: Connection, event_ids: Sequence[str], learner_ids: Sequence[str]) -> None:
    """Take events out of the log, and forget the states of their learners: the next touch replays them."""
    learners.lock(connection, learner_ids)
    log.remove(connection, event_ids)
    learners.forget_states(connection, learner_ids)


def conflict(event_id: str) -> Fault:
    """Return the fault of an event whose id is taken by another content."""
    message = "event_id is taken by an event with other content"
    return Fault("event_id", message, _CONFLICT_REMEDY, event_id)


def _outcome(row: object, read: LoggedEvent | tuple[Fault, ...], known: dict[str, str]) -> RowOutcome:
    """Decide one row; a new one is added to `known`, for the rows after it."""
    if not isinstance(read, LoggedEvent):
        return RowOutcome(_sent_id(row), "rejected", read)
    payload = known.get(read.event_id)
    if payload is None:
        known[read.event_id] = read.payload
        return RowOutcome(read.event_id, "stored")
    if same_as_sent(payload, read.payload):
        return RowOutcome(read.event_id, "duplicate")
    return RowOutcome(read.event_id, "rejected", (conflict(read.event_id),))


def _sent_id(row: object) -> str | None:
    sent = row.get("event_id") if isinstance(row, dict) else None
    # Only what JSON can carry back: a lone surrogate cannot.
    return sent if isinstance(sent, str) and sent.isprintable() and len(sent) <= 200 else None
