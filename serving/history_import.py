"""A dataset's history into the store: everything or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from sqlalchemy import Connection

from recommender.domain.catalog import Catalog
from recommender.domain.dataset_format import SIMULATED_ID_PREFIX
from recommender.domain.learner import LearnerProfile
from recommender.domain.simulation import all_simulated
from recommender.errors import DatasetError
from serving.dataset_reader import SourceTable, read_tables
from serving.evidence import RowRules, same_as_sent
from serving.faults import faults_of
from serving.history_aliases import ALIAS_TABLE, give_aliases, read_aliases
from serving.history_answers import FEEDBACK_TABLE, Answers, read_answers
from serving.history_places import Place
from serving.history_rows import EVENT_TABLES, HistoryRows, read_rows
from serving.problems import USE_A_LISTED_ID, Fault
from serving.schemas.profiles import ProfileIn
from serving.store import events as log
from serving.store import learners, recommendations, statements
from serving.store.audit import AuditEntry, record
from serving.store.database import Database

_TABLES = ("learners", ALIAS_TABLE, *EVENT_TABLES, "recommendations", FEEDBACK_TABLE)
# Of a profile, only what the engine may know; groups are for audits and never get here.
_PROFILE_FIELDS = frozenset(ProfileIn.model_fields)
_INSERT_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows.

    Parameters
    ----------
    profiles, aliases, answers : int
        Rows of learners and of their aliases, and recommendations that they were given.
    merged : int
        Learners whom statements had made and who are learners of the dataset now.
    stored : dict of str to int
        Events that are new, by table.
    unused : tuple of str
        Columns that were not read, as ``table.column``.
    simulated_by : str, optional
        What says that the rows are simulated: the notice of a file, or the ids. None when nothing does.
    """

    profiles: int = 0
    aliases: int = 0
    answers: int = 0
    merged: int = 0
    stored: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    learners: int = 0
    unused: tuple[str, ...] = ()
    simulated_by: str | None = None


def import_history(
    database: Database,
    directory: Path,
    rules: RowRules,
    audit: AuditEntry | None = None,
    *,
    home_pages: frozenset[str] = frozenset(),
) -> ImportReport:
    """Store a dataset's profiles, aliases, answers and events in one transaction; states are made afterwards.

    Safe to repeat: rows that are in the store already are counted as duplicates. `audit` is recorded with it.

    Parameters
    ----------
    home_pages : frozenset of str
        Where the names of accounts are ids of learners.

    Raises
    ------
    DatasetError
        If any row breaks a rule; then nothing is stored.
    """
    tables = read_tables(directory, _TABLES)
    reasons: list[str] = []
    profiles = list(_profiles(tables.get("learners"), rules.catalog, reasons))
    aliases = read_aliases(tables.get(ALIAS_TABLE), home_pages, reasons)
    answers = read_answers(tables.get("recommendations"), rules, reasons)
    rows = read_rows(tables, _known_answers(database, answers, tables.get(FEEDBACK_TABLE)), rules, reasons)
    if reasons:
        raise DatasetError(*reasons)
    people = {*(profile.learner_id for profile in profiles), *aliases.values()}

    def store(connection: Connection) -> tuple[NDArray[np.bool_], int, int]:
        if aliases:
            # Before any learner is locked, as whoever takes statements in does it.
            statements.turn(connection)
        new = _new(connection, rows)
        n_answers = _append_answers(connection, answers)
        touched = rows.learner_ids(new)
        # All at once and in the order of their ids, so that no other writer is waited for who waits for this.
        learners.ensure(connection, sorted(people.union(touched)))
        merged = give_aliases(connection, aliases)
        learners.save_profiles(connection, profiles)
        for columns in rows.to_log(new, _INSERT_ROWS):
            log.append_columns(connection, columns)
        # They are made again, all at once, afterwards.
        learners.forget_states(connection, touched)
        if audit is not None:
            record(connection, audit)
        return new, n_answers, merged

    new, n_answers, merged = database.transact(store)
    counts = rows.count(new)
    return ImportReport(
        profiles=len(profiles),
        aliases=len(aliases),
        merged=merged,
        stored={name: counts[name] for name in counts if name in tables},
        answers=n_answers,
        duplicates=len(rows) - int(new.sum()),
        learners=len(people.union(rows.learner_ids(new))),
        unused=_unused(tables),
        simulated_by=_simulated_by(tables, people.union(rows.learner_ids())),
    )


def _known_answers(database: Database, answers: Answers, feedback: SourceTable | None) -> Answers:
    """Answers that feedback may be about: those of the dataset, and those in the store that it names."""
    if feedback is None:
        return answers
    named = {row.get("recommendation_id") for row in feedback.rows()}
    with database.read() as connection:
        stored = recommendations.found_among(connection, [i for i in named if isinstance(i, str)])
    return {**stored, **answers}


def _append_answers(connection: Connection, answers: Answers) -> int:
    """Keep answers that are not in the store, and return how many those are.

    Raises
    ------
    DatasetError
        If one contradicts the store.
    """
    stored = recommendations.found_among(connection, answers)
    changed = [i for i, known in stored.items() if not known.is_as(answers[i])]
    if changed:
        raise DatasetError(*(_other_answer(recommendation_id) for recommendation_id in changed))
    new = [answer for i, answer in answers.items() if i not in stored]
    recommendations.append(connection, [recommendations.row_of(*answer) for answer in new])
    return len(new)


def _other_answer(recommendation_id: str) -> str:
    return (
        f"table recommendations, column recommendation_id: {recommendation_id!r} is taken by an answer with "
        "other content in the store; give every answer an id of its own"
    )


def _new(connection: Connection, rows: HistoryRows) -> NDArray[np.bool_]:
    """Tell which rows are events that are not in the store, each once.

    Raises
    ------
    DatasetError
        If one contradicts the store, or a row before it.
    """
    repeats = rows.repeats()
    new = np.ones(len(rows), np.bool_)
    new[repeats] = False
    conflicts: list[int] = []
    stored: dict[str, str] = {}
    firsts = np.flatnonzero(new & (not log.is_empty(connection)))
    for start in range(0, len(firsts), _INSERT_ROWS):
        places = firsts[start : start + _INSERT_ROWS]
        ids, payloads = rows.ids_and_payloads(places)
        known = log.payloads(connection, ids)
        if not known:
            continue
        for place, event_id, payload in zip(places.tolist(), ids, payloads, strict=True):
            if event_id in known:
                new[place] = False
                if not same_as_sent(known[event_id], payload):
                    conflicts.append(place)
                    stored[event_id] = known[event_id]
    ids, payloads = rows.ids_and_payloads(repeats)
    _, before = rows.ids_and_payloads(rows.first[repeats])
    for place, event_id, payload, first in zip(repeats.tolist(), ids, payloads, before, strict=True):
        if not same_as_sent(payload, stored.get(event_id, first)):
            conflicts.append(place)
    if conflicts:
        raise DatasetError(*rows.conflicts(conflicts))
    return new


def _simulated_by(tables: dict[str, SourceTable], people: set[str]) -> str | None:
    notices = (table.notice for table in tables.values() if table.notice is not None)
    by_ids = f"every learner_id begins with {SIMULATED_ID_PREFIX!r}" if all_simulated(people) else None
    return next(notices, by_ids)


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
                    USE_A_LISTED_ID,
                    value,
                )
            )
    return faults


def _unused(tables: dict[str, SourceTable]) -> tuple[str, ...]:
    kept = {"learners": _PROFILE_FIELDS}
    return tuple(
        f"{name}.{column}"
        for name, table in tables.items()
        for column in table.data.column_names
        if column in table.unused or (name in kept and column not in kept[name])
    )
