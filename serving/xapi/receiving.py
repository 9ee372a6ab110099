"""Statements into the store, and what they say into states of learners: one transaction, all or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from recommender.domain.events import from_seconds
from serving.evidence import RowRules, read_event
from serving.intake import record, retract
from serving.model import ServedModel
from serving.problems import Fault
from serving.schemas.fields import NO_CONTROL_CHARACTERS
from serving.services import Clock
from serving.store import aliases
from serving.store import events as log
from serving.store import statements as store
from serving.store.database import Database
from serving.store.events import LoggedEvent
from serving.store.statements import Kept, NewStatement
from serving.xapi.agents import Identity
from serving.xapi.definitions import merged, remember
from serving.xapi.mapping import Outcome, Reading
from serving.xapi.prepared import Prepared, RefusedError
from serving.xapi.telling import milliseconds

_KINDS = ("attempt", "completion", "credential")
_MAY_BE_UNDERSTOOD = (Outcome.NO_MODEL, Outcome.UNKNOWN_ACTIVITY)
# Longer names are nobody's, and no index takes them.
_MOST_CHARACTERS = 500
_NAME = re.compile(NO_CONTROL_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of statements.

    Parameters
    ----------
    became : mapping of str to Outcome
        Of those that are new, by their ids, and of those that are understood only now.
    duplicates : int
        Those that were there already.
    stored_ms : int
        When the last of them was stored, milliseconds since 1970 UTC.
    conflicts : tuple of str
        Ids that are taken by statements that say something else, of an import.
    understood : int
        Of an import, statements that were there already and had said nothing: by the catalogue of today they
        do.
    """

    became: Mapping[str, Outcome]
    duplicates: int
    stored_ms: int
    conflicts: tuple[str, ...] = ()
    understood: int = 0

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many became what."""
        return Counter(self.became.values())


def receive(
    database: Database,
    model: ServedModel | None,
    prepared: Sequence[Prepared],
    rules: RowRules,
    home_pages: frozenset[str],
    clock: Clock,
    *,
    is_import: bool = False,
) -> Received:
    """Keep statements, and record what they say.

    Parameters
    ----------
    home_pages : frozenset of str
        Where the names of accounts are ids of learners.
    clock : callable
        Tells the present time: that of storing is told in the transaction.
    is_import : bool
        Whether they are some of many of long ago: states are forgotten, and made once at the end; a conflict
        is told, and the rest is kept; those that were there already are read again by the catalogue of today.

    Raises
    ------
    RefusedError
        If the id of one is taken by a statement that says something else; then none is kept.
    """

    def work(connection: Connection) -> Received:
        last, last_ms = store.turn(connection)
        # Later than all before it, so that whoever asks for what came since misses nothing.
        stored_ms = max(milliseconds(clock()), last_ms + 1)
        kept = store.kept(connection, [one.statement_id for one in prepared])
        conflicts = conflicting(prepared, kept)
        if conflicts and not is_import:
            raise RefusedError(list(conflicts.values()), conflict=True)
        new = [one for one in prepared if one.statement_id not in kept]
        became: dict[str, Outcome] = {}
        # A learner's whole log would be replayed for each batch.
        folds_with = None if is_import else model
        if new:
            became = _keep(connection, model, new, rules, home_pages, (last, stored_ms), folds_with)
        duplicates = [one for one in prepared if one.statement_id in kept.keys() - conflicts.keys()]
        waiting = [
            one
            for one in duplicates
            if one.reading.outcome is Outcome.USED and kept[one.statement_id].outcome in _MAY_BE_UNDERSTOOD
        ]
        understood: dict[str, Outcome] = {}
        if is_import and waiting:
            learners = {i: before.learner_id for i, before in kept.items()}
            understood = _read_again(connection, model, waiting, rules, learners)
        return Received(
            became | understood,
            len(duplicates) - len(understood),
            stored_ms,
            tuple(conflicts),
            len(understood),
        )

    return database.transact(work)


def conflicting(prepared: Sequence[Prepared], kept: Mapping[str, Kept]) -> dict[str, Fault]:
    """Faults of those whose id is taken by a statement that does not say the same, by their ids."""
    faults = {}
    for place, one in enumerate(prepared):
        before = kept.get(one.statement_id)
        if before is not None and not says_the_same(one, before):
            message = "id is taken by a statement with other content"
            remedy = "send what is new under an id of its own"
            faults[one.statement_id] = Fault(f"statements[{place}].id", message, remedy, one.statement_id)
    return faults


def says_the_same(one: Prepared, before: Kept | Prepared) -> bool:
    """Whether two statements with one id are the same."""
    # A time that one of them leaves out may be what the service added.
    times = {one.occurred_at, before.occurred_at} - {None}
    return before.fingerprint == one.fingerprint and len(times) < 2


def _keep(
    connection: Connection,
    model: ServedModel | None,
    new: Sequence[Prepared],
    rules: RowRules,
    home_pages: frozenset[str],
    last: tuple[int, int],
    folds_with: ServedModel | None,
) -> dict[str, Outcome]:
    older = store.referrers(connection, [one.statement_id for one in new])
    voided = {referrer.refers_to for referrer in older if referrer.voids}
    voided |= {one.voids for one in new if one.voids is not None}
    learners = _learners(connection, [one.reading for one in new], home_pages)
    rows: list[NewStatement] = []
    events: list[LoggedEvent] = []
    told: dict[bytes, dict[str, Any]] = {}
    for one in new:
        learner_id = None if one.reading.learner is None else learners.get(one.reading.learner)
        is_voided = one.voids is None and one.statement_id in voided
        outcome, its = _evidence(one, learner_id, is_voided, model, rules)
        events += its
        told |= {ref: merged(told.get(ref, {}), its) for ref, its in one.told.items()}
        rows.append(
            NewStatement(
                one.statement_id,
                one.occurred_at,
                learner_id,
                one.fingerprint,
                one.target,
                one.voids is not None,
                is_voided,
                outcome.value,
                one.keys,
                one.payload,
            )
        )
    store.append(connection, rows, older, after=last[0], stored_ms=last[1])
    _void(connection, [one.voids for one in new if one.voids is not None])
    remember(connection, told)
    _record(connection, folds_with, events, rules)
    return {row.statement_id: Outcome(row.outcome) for row in rows}


def _record(
    connection: Connection, model: ServedModel | None, events: Sequence[LoggedEvent], rules: RowRules
) -> None:
    """Record events but for those that are in the log, such as in a store that was loaded from an export."""
    there = log.payloads(connection, [event.event_id for event in events])
    new = [event for event in events if event.event_id not in there]
    record(connection, model, new, now=rules.received_at)


def _read_again(
    connection: Connection,
    model: ServedModel | None,
    kept: Sequence[Prepared],
    rules: RowRules,
    learners: Mapping[str, str | None],
) -> dict[str, Outcome]:
    """Record what statements say that were kept when nothing was known of their activities.

    They are about the learners whom they were about then, and voided ones say nothing.
    """
    older = store.referrers(connection, [one.statement_id for one in kept])
    voided = {referrer.refers_to for referrer in older if referrer.voids}
    events: list[LoggedEvent] = []
    understood: dict[str, Outcome] = {}
    for one in kept:
        is_voided = one.statement_id in voided
        outcome, its = _evidence(one, learners[one.statement_id], is_voided, model, rules)
        if outcome is Outcome.USED:
            events += its
            understood[one.statement_id] = outcome
    _record(connection, None, events, rules)
    store.set_outcome(connection, list(understood), Outcome.USED)
    return understood


def _learners(
    connection: Connection, readings: Sequence[Reading], home_pages: frozenset[str]
) -> Mapping[Identity, str]:
    """Ids of the learners whom statements are about; who was never heard of becomes one."""
    named = {reading.learner for reading in readings if reading.learner is not None}
    usable = {who for who in named if all(map(_is_usable, who))}
    direct = {who: who.name for who in usable if who.issuer in home_pages and len(who.name) <= 200}
    found = aliases.find_or_make(connection, [who for who in usable if who not in direct])
    return {**direct, **{Identity(*who): learner_id for who, learner_id in found.items()}}


def _is_usable(text: str) -> bool:
    return len(text) <= _MOST_CHARACTERS and _NAME.fullmatch(text) is not None


def _evidence(
    one: Prepared, learner_id: str | None, is_voided: bool, model: ServedModel | None, rules: RowRules
) -> tuple[Outcome, list[LoggedEvent]]:
    reading = one.reading
    if one.voids is not None:
        return Outcome.VOIDING, []
    if is_voided:
        return Outcome.VOIDED, []
    if learner_id is None and reading.learner is not None:
        return Outcome.NO_LEARNER, []
    if reading.outcome is not Outcome.USED:
        no_model = reading.outcome is Outcome.UNKNOWN_ACTIVITY and model is None
        return Outcome.NO_MODEL if no_model else reading.outcome, []
    events = []
    for said in reading.events:
        event = said | {"event_id": event_id(one.statement_id, said["kind"]), "learner_id": learner_id}
        if one.occurred_at is not None:
            try:
                event["occurred_at"] = from_seconds(one.occurred_at)
            except OverflowError:
                # The last microseconds of the year 9999 are, as seconds, in the next.
                return Outcome.REFUSED, []
        judged = read_event(event, rules)
        if not isinstance(judged, LoggedEvent):
            return Outcome.REFUSED, []
        events.append(judged)
    return Outcome.USED, events


def event_id(statement_id: str, kind: str) -> str:
    """Return the id of an event that a statement tells."""
    return f"xapi:{statement_id}:{kind}"


def _void(connection: Connection, voided: Sequence[str]) -> None:
    """Void statements that were there, and take back what they said.

    What one said that was removed since, for it named somebody who was erased, is taken back too.
    """
    if not voided:
        return
    said = [event_id(statement_id, kind) for statement_id in voided for kind in _KINDS]
    learner_ids = log.learners_of(connection, said)
    retract(connection, list(learner_ids), sorted(set(learner_ids.values())))
    taken_back = store.void(connection, voided)
    store.set_outcome(connection, [one.statement_id for one in taken_back], Outcome.VOIDED)
