"""Statements of a file into the store: by the path of those that are sent, some hundred in a transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid5

from pydantic_core import PydanticSerializationError

from recommender.errors import DatasetError
from serving.evidence import RowRules
from serving.model import ServedModel
from serving.problems import Fault, short_value
from serving.services import Clock
from serving.store import statements as store
from serving.store.database import Database
from serving.xapi.comparison import fingerprint
from serving.xapi.files import Entry
from serving.xapi.formats import time_of
from serving.xapi.mapping import Places, places_of
from serving.xapi.prepared import Prepared, RefusedError, prepare
from serving.xapi.receiving import conflicting, receive, says_the_same

BATCH: Final = 500
DUPLICATE: Final = "duplicate"
CONFLICT: Final = "conflict"
NO_STATEMENT: Final = "no_statement"
UNREADABLE: Final = "unreadable"
LEFT_OUT: Final = {
    DUPLICATE: "is in the store, or stood in the file before: it changes nothing",
    CONFLICT: "its id is taken by a statement that says something else: it is left out",
    NO_STATEMENT: "cannot be kept, such as one whose id is no UUID: it is left out",
    UNREADABLE: "is not JSON: it is left out",
}
"""What becomes of what is not kept anew, besides the outcomes of `serving.xapi.mapping`."""
_ALL_LEFT_OUT = (CONFLICT, NO_STATEMENT, UNREADABLE)
# Ids of statements that come without one follow from what they say.
_IDS = UUID("6f0b3c1e-58a1-4f0c-9d0b-2d1f5a7c9e34")
_SHOWN = 20
# Of a file with more different verbs only the sum of the others is told.
_MOST_VERBS = 1000
_OTHER_VERBS = "(other verbs)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How statements are taken.

    Parameters
    ----------
    strict : bool
        Whether one that breaks a rule of the specification stops it.
    home_pages : frozenset of str
        Where the names of accounts are ids of learners.
    authority : dict
        Who asserts those that name nobody.
    clock : callable
    future_tolerance_seconds : float
    """

    strict: bool
    home_pages: frozenset[str]
    authority: dict[str, Any]
    clock: Clock
    future_tolerance_seconds: float


@dataclass(slots=True)
class Report:
    """What became of what is in the file.

    Parameters
    ----------
    read : int
        Statements, and what should have been one.
    outcomes : Counter of str
        By outcome (`serving.xapi.mapping.Outcome`, or one of `LEFT_OUT`).
    verbs : dict of str to Counter
        The same for each verb.
    understood : int
        Of those that are used, how many were in the store already and had said nothing then.
    without_id : int
        Came without one.
    left_out : list of str
        The first of those that are left out, with the reason.
    """

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    verbs: dict[str, Counter[str]] = field(default_factory=dict)
    understood: int = 0
    without_id: int = 0
    left_out: list[str] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """How many are kept now that were not before."""
        others = sum(self.outcomes[name] for name in LEFT_OUT)
        return self.outcomes.total() - others - self.understood

    @property
    def n_left_out(self) -> int:
        """How many are not in the store."""
        return sum(self.outcomes[name] for name in _ALL_LEFT_OUT)

    def note(self, what: str, verb: str | None) -> None:
        """Count what became of one statement; None is no verb."""
        self.outcomes[what] += 1
        name = "(none)" if verb is None else verb
        if name not in self.verbs and len(self.verbs) >= _MOST_VERBS:
            name = _OTHER_VERBS
        self.verbs.setdefault(name, Counter())[what] += 1

    def leave_out(self, what: str, entry: Entry, why: str) -> None:
        """Count one that is left out, and say why of the first ones."""
        self.note(what, verb_of(entry.value))
        if len(self.left_out) < _SHOWN:
            self.left_out.append(f"{entry.place}: {why}")


def verb_of(statement: Any) -> str | None:
    """Return the id of a statement's verb, as far as it can be shown."""
    verb = statement.get("verb") if isinstance(statement, dict) else None
    its = verb.get("id") if isinstance(verb, dict) else None
    return its[:200].encode("utf-8", "backslashreplace").decode() if isinstance(its, str) else None


def check_statements(database: Database, entries: Iterable[Entry], terms: Terms) -> int:
    """Judge all statements of a file, and keep nothing; how many there are.

    Raises
    ------
    DatasetError
        At the first one that breaks a rule, or whose id is taken by another statement.
    """
    places, waiting, n_read = places_of(None), iter(entries), 0
    while some := list(islice(waiting, BATCH)):
        prepared = [(entry, _prepared(entry, terms, places)) for entry in some]
        n_read += len(some)
        with database.read() as connection:
            kept = store.kept(connection, [one.statement_id for _, one in prepared])
        before: dict[str, Prepared] = {}
        for entry, one in prepared:
            same = before.setdefault(one.statement_id, one)
            if one.statement_id in conflicting([one], kept) or not says_the_same(one, same):
                raise DatasetError(f"{entry.place}: {_conflict(one)}; give what is new an id of its own")
    return n_read


def import_statements(
    database: Database,
    model: ServedModel | None,
    entries: Iterable[Entry],
    terms: Terms,
    report: Report,
    progress: Callable[[Report], None] = lambda _: None,
) -> None:
    """Keep the statements of a file; states of their learners are made afterwards.

    Safe to repeat. What was kept is kept, however it ends.

    Parameters
    ----------
    report : Report
        Where it is noted what became of them, batch by batch.
    progress : callable
        Told of it after each batch.

    Raises
    ------
    DatasetError
        If the file breaks off, or, in strict mode, a statement breaks a rule.
    StoreUnavailableError
        If the store cannot be written now.
    """
    catalog = None if model is None else model.engine.catalog
    places, batch = places_of(catalog), _Batch(report)
    try:
        for entry in entries:
            report.read += 1
            try:
                one = _prepared(entry, terms, places)
            except DatasetError as error:
                if terms.strict:
                    raise
                what = UNREADABLE if entry.fault else NO_STATEMENT
                report.leave_out(what, entry, error.reasons[0].removeprefix(f"{entry.place}: "))
                continue
            report.without_id += "id" not in entry.value
            batch.add(entry, one)
            if len(batch) == BATCH:
                _keep(database, model, batch, terms)
                progress(report)
    finally:
        # What is before the place at which a file breaks off is kept too.
        _keep(database, model, batch, terms)
        progress(report)


class _Batch:
    """Statements that are kept together, each id once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._found: dict[str, tuple[Entry, Prepared]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, entry: Entry, one: Prepared) -> None:
        _, before = self._found.setdefault(one.statement_id, (entry, one))
        if before is not one:
            if says_the_same(one, before):
                self.report.note(DUPLICATE, verb_of(entry.value))
            else:
                self.report.leave_out(CONFLICT, entry, _conflict(one))

    def taken(self) -> dict[str, tuple[Entry, Prepared]]:
        found, self._found = self._found, {}
        return found


def _keep(database: Database, model: ServedModel | None, batch: _Batch, terms: Terms) -> None:
    found, report = batch.taken(), batch.report
    if not found:
        return
    rules = RowRules(
        received_at=terms.clock(),
        future_tolerance_seconds=terms.future_tolerance_seconds,
        catalog=None if model is None else model.engine.catalog,
        trained=None if model is None else model.engine.bundle.difficulty,
        without_time_is_now=False,
    )
    prepared = [one for _, one in found.values()]
    received = receive(database, model, prepared, rules, terms.home_pages, terms.clock, is_import=True)
    report.understood += received.understood
    conflicts = [found[statement_id] for statement_id in received.conflicts]
    for statement_id, (entry, one) in found.items():
        if statement_id in received.conflicts:
            report.leave_out(CONFLICT, entry, _conflict(one))
        else:
            outcome = received.became.get(statement_id)
            report.note(DUPLICATE if outcome is None else outcome.value, verb_of(entry.value))
    if conflicts and terms.strict:
        entry, one = conflicts[0]
        raise DatasetError(f"{entry.place}: {_conflict(one)}; what came before it is kept, mend it and go on")


def _prepared(entry: Entry, terms: Terms, places: Places) -> Prepared:
    if entry.fault:
        raise DatasetError(f"{entry.place}: {entry.fault}; give one statement as JSON")
    statement = _completed(entry.value) if isinstance(entry.value, dict) else entry.value
    try:
        (one,) = prepare(
            [statement],
            version=entry.version,
            lenient=not terms.strict,
            authority=terms.authority,
            places=places,
            keeps_authority=True,
        )
    except RefusedError as error:
        raise DatasetError(*(_sentence(entry, fault) for fault in error.faults)) from None
    return one


def _completed(statement: dict[str, Any]) -> dict[str, Any]:
    """Give a statement the time and the id that it lacks."""
    if "timestamp" not in statement and time_of(statement.get("stored")) is not None:
        # Data 2.4.7: without a time of its own it is that at which the first store kept it.
        statement = {**statement, "timestamp": statement["stored"]}
    if "id" in statement:
        return statement
    at = time_of(statement.get("timestamp"))
    when = "" if at is None else at.astimezone(UTC).isoformat()
    try:
        said = fingerprint(statement)
    except (PydanticSerializationError, RecursionError):
        # It cannot be written as JSON: that is told in a moment.
        return statement
    return {"id": str(uuid5(_IDS, f"{said} {when}")), **statement}


def _sentence(entry: Entry, fault: Fault) -> str:
    value = short_value(fault.value)
    got = "" if value is None else f" (got {value!r})"
    return f"{entry.place}: {fault.message}{got}; {fault.remedy}"


def _conflict(one: Prepared) -> str:
    return f"its id {one.statement_id} is taken by a statement that says something else"
