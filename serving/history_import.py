"""A dataset's history into the store: everything or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from recommender.domain.catalog import Catalog
from recommender.domain.dataset_format import SIMULATED_ID_PREFIX
from recommender.domain.learner import LearnerProfile
from recommender.domain.simulation import all_simulated
from recommender.errors import DatasetError
from serving.dataset_reader import SourceTable, read_tables
from serving.evidence import RowRules, read_event, same_as_sent
from serving.faults import faults_of
from serving.intake import conflict
from serving.learner_states import advance
from serving.problems import Fault, short_value
from serving.schemas.profiles import ProfileIn
from serving.store import events as log
from serving.store import learners
from serving.store.database import Database
from serving.store.events import LoggedEvent

EVENT_TABLES = {
    "attempts": "attempt",
    "completions": "completion",
    "self_assessments": "self_assessment",
    "credentials_earned": "credential",
}
_TABLES = ("learners", *EVENT_TABLES)
# Of a profile, only what the engine may know; groups are for audits and never get here.
_PROFILE_FIELDS = frozenset(ProfileIn.model_fields)
_INSERT_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a table, counted from 1 without the header; `numbered` when its event id is made from that."""

    table: str
    row: int
    numbered: bool = False

    def sentence(self, fault: Fault) -> str:
        """One sentence with table, row, column, value and remedy."""
        column = fault.field.split("[")[0]
        value = short_value(fault.value)
        got = "" if value is None else f", got {value!r}"
        where = f", column {column}" if column else ""
        return f"table {self.table}, row {self.row}{where}: {fault.message}{got}; {fault.remedy}"


@dataclass(slots=True)
class ImportReport:
    """What became of the rows.

    Parameters
    ----------
    unused : tuple of str
        Columns that were not read, as ``table.column``.
    simulated_by : str, optional
        What says that the rows are simulated: the notice of a file, or the ids. None when nothing does.
    """

    profiles: int = 0
    stored: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    learners: int = 0
    unused: tuple[str, ...] = ()
    simulated_by: str | None = None


def import_history(database: Database, directory: Path, rules: RowRules) -> ImportReport:
    """Store a dataset's profiles and events in one transaction; states are made afterwards.

    Safe to repeat: rows that are in the store already are counted as duplicates.

    Raises
    ------
    DatasetError
        If any row breaks a rule; then nothing is stored.
    """
    tables = read_tables(directory, _TABLES)
    reasons: list[str] = []
    profiles = list(_profiles(tables.get("learners"), rules.catalog, reasons))
    events = list(_events(tables, rules, reasons))
    if reasons:
        raise DatasetError(*reasons)
    people = {profile.learner_id for profile in profiles} | {event.learner_id for _, event in events}
    report = ImportReport(
        profiles=len(profiles), unused=_unused(tables), simulated_by=_simulated_by(tables, people)
    )
    with database.write() as connection:
        known: dict[str, str] = {}
        for start in range(0, len(events), _INSERT_ROWS):
            ids = [event.event_id for _, event in events[start : start + _INSERT_ROWS]]
            known.update(log.payloads(connection, ids))
        new = _new(events, known, reasons)
        if reasons:
            raise DatasetError(*reasons)
        learners.save_profiles(connection, profiles)
        touched = sorted({event.learner_id for event in new})
        learners.ensure(connection, touched)
        for start in range(0, len(new), _INSERT_ROWS):
            log.append(connection, new[start : start + _INSERT_ROWS])
        # Without a model: their states are forgotten here and made again, all at once, afterwards.
        advance(connection, None, new, now=rules.received_at)
    report.duplicates = len(events) - len(new)
    report.learners = len({profile.learner_id for profile in profiles}.union(touched))
    for table, kind in EVENT_TABLES.items():
        if table in tables:
            report.stored[table] = sum(event.kind == kind for event in new)
    return report


def _simulated_by(tables: dict[str, SourceTable], people: set[str]) -> str | None:
    notices = (table.notice for table in tables.values() if table.notice is not None)
    by_ids = f"every learner_id begins with {SIMULATED_ID_PREFIX!r}" if all_simulated(people) else None
    return next(notices, by_ids)


def _events(
    tables: dict[str, SourceTable], rules: RowRules, reasons: list[str]
) -> Iterator[tuple[Place, LoggedEvent]]:
    for name, kind in EVENT_TABLES.items():
        if name not in tables:
            continue
        numbered = "event_id" not in tables[name].data.column_names
        for number, row in enumerate(tables[name].rows(), start=1):
            # Ids made from row numbers keep the order of the rows among events of one time.
            sent = {"kind": kind, "event_id": f"{name}-{number:09d}", **row}
            event = read_event(sent, rules)
            if isinstance(event, LoggedEvent):
                yield Place(name, number, numbered), event
            else:
                reasons += [Place(name, number).sentence(fault) for fault in event]


def _profiles(
    table: SourceTable | None, catalog: Catalog | None, reasons: list[str]
) -> Iterator[LearnerProfile]:
    seen: set[str] = set()
    for number, row in enumerate(table.rows() if table is not None else (), start=1):
        place = Place("learners", number)
        try:
            profile = ProfileIn.model_validate({k: v for k, v in row.items() if k in _PROFILE_FIELDS})
        except ValidationError as error:
            reasons += [place.sentence(f) for f in faults_of(error.errors(include_url=False))]
            continue
        faults = _profile_faults(profile, seen, catalog)
        reasons += [place.sentence(fault) for fault in faults]
        seen.add(profile.learner_id)
        if not faults:
            yield profile.to_profile()


def _profile_faults(profile: ProfileIn, seen: set[str], catalog: Catalog | None) -> list[Fault]:
    faults = []
    if profile.learner_id in seen:
        faults.append(
            Fault("learner_id", "learner_id is there twice", "keep one row per learner", profile.learner_id)
        )
    roles = catalog.roles.index if catalog is not None else {}
    for name in ("role_id", "target_role_id"):
        value = getattr(profile, name)
        if value is not None and roles and value not in roles:
            faults.append(
                Fault(
                    name,
                    f"{name} is not a role of the catalogue",
                    "use an id that the catalogue lists",
                    value,
                )
            )
    return faults


def _new(
    events: Sequence[tuple[Place, LoggedEvent]], known: dict[str, str], reasons: list[str]
) -> list[LoggedEvent]:
    """Return events that are not in `known`, once each; what contradicts it goes to `reasons`."""
    new = []
    numbered: dict[str, int] = {}
    for place, event in events:
        payload = known.setdefault(event.event_id, event.payload)
        if payload is event.payload:
            new.append(event)
        elif same_as_sent(payload, event.payload):
            continue
        elif place.numbered:
            numbered[place.table] = numbered.get(place.table, 0) + 1
        else:
            reasons.append(place.sentence(conflict(event)))
    reasons += [_taken_numbers(table, count) for table, count in numbered.items()]
    return new


def _taken_numbers(table: str, count: int) -> str:
    """One sentence for all rows: what is wrong with them is the same."""
    return (
        f"table {table}: the file has no event_id column, so its rows were numbered, and the store holds "
        f"other events under {count:,} of these numbers, as after loading another dataset; give the table an "
        "event_id column with ids of its own, or load into an empty store"
    )


def _unused(tables: dict[str, SourceTable]) -> tuple[str, ...]:
    kept = {"learners": _PROFILE_FIELDS}
    return tuple(
        f"{name}.{column}"
        for name, table in tables.items()
        for column in table.data.column_names
        if column in table.unused or (name in kept and column not in kept[name])
    )
