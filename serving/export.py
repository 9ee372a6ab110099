"""Everything that is held of one learner as JSON, written while it is read: memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Row

from recommender.domain.events import from_seconds
from recommender.domain.learner import LearnerProfile
from recommender.skills.state import LearnerState
from serving.learner_states import replayed, usable
from serving.model import ServedModel
from serving.problems import UNKNOWN_LEARNER, Problem
from serving.routers.learners import mastery_out
from serving.routers.model import model_ref
from serving.store import held
from serving.store.database import Database
from serving.store.held import HeldState
from serving.store.learners import StoredState
from serving.store.statements import Told
from serving.xapi.people import statements_naming
from serving.xapi.telling import exact


def exported(
    database: Database,
    model: ServedModel | None,
    learner_id: str,
    *,
    now: datetime,
    home_pages: frozenset[str] = frozenset(),
) -> Iterator[bytes]:
    """Write JSON as `serving.schemas.people.ExportResponse` says, of one moment, piece by piece.

    Parameters
    ----------
    home_pages : frozenset of str
        Where the names of accounts are ids of learners.

    Raises
    ------
    Problem
        At the first piece: nothing is held.
    StoreUnavailableError
        If the store cannot be read now.
    """
    with database.snapshot() as connection:
        profile, state = held.profile(connection, learner_id), held.state(connection, learner_id)
        events = held.event_rows(connection, learner_id)
        first = next(events, [])
        aliases = held.aliases(connection, learner_id)
        if not (
            any((profile, state, first, aliases))
            or held.was_answered(connection, learner_id)
            or any(statements_naming(connection, learner_id, home_pages))
        ):
            raise Problem(UNKNOWN_LEARNER, "nothing is held of this learner")
        head = to_json(_head(connection, model, learner_id, profile, state, now))
        yield head[:-1] + b',"events":['
        yield from _listed(map(_event, some) for some in chain([first], events))
        yield b'],"recommendations":['
        answers = held.recommendation_rows(connection, learner_id)
        yield from _listed(map(_recommendation, some) for some in answers)
        yield b'],"aliases":' + to_json(aliases) + b',"statements":['
        said = statements_naming(connection, learner_id, home_pages)
        yield from _listed(map(partial(_statement, learner_id), some) for some in said)
        yield b"]}"


def _head(
    connection: Connection,
    model: ServedModel | None,
    learner_id: str,
    profile: LearnerProfile | None,
    state: HeldState | None,
    now: datetime,
) -> dict[str, Any]:
    return {
        "learner_id": learner_id,
        "generated_at": now,
        "model": None if model is None else model_ref(model).model_dump(),
        "profile": None if profile is None else asdict(profile),
        "state": None if state is None else _state(state),
        "mastery": None if model is None else _mastery(connection, learner_id, model, profile, state, now),
    }


def _state(state: HeldState) -> dict[str, Any]:
    try:
        n_events = LearnerState.from_bytes(state.state).n_events
    except ValueError:
        # Written by another version of the engine.
        n_events = None
    return {
        "n_events": n_events,
        "difficulty_id": state.difficulty_id,
        "updated_at": from_seconds(state.updated_at),
    }


def _mastery(
    connection: Connection,
    learner_id: str,
    model: ServedModel,
    profile: LearnerProfile | None,
    state: HeldState | None,
    now: datetime,
) -> list[dict[str, Any]] | None:
    found = None if state is None else usable(StoredState(state.state, state.difficulty_id), model.engine)
    if found is None:
        # Of another model, or not made yet: the log tells it all.
        found = replayed(connection, model, learner_id)
    read = model.engine.mastery(found, profile, now=now)
    return [mastery_out(skill).model_dump() for skill in read]


def _event(row: Row[Any]) -> bytes:
    times = to_json({"received_at": from_seconds(row.received_at), "occurred_at": _time(row.occurred_at)})
    sent: str = row.payload
    return times[:-1] + b',"sent":' + sent.encode() + b"}"


def _recommendation(row: Row[Any]) -> bytes:
    about = {
        "recommendation_id": row.recommendation_id,
        "generated_at": from_seconds(row.generated_at),
        "bundle_id": row.bundle_id,
        "simulated": row.simulated,
    }
    modules: str = row.modules
    return to_json(about)[:-1] + b',"modules":' + modules.encode() + b"}"


def _statement(learner_id: str, row: Row[Any]) -> bytes:
    about = {
        "about_learner": row.learner_id == learner_id,
        "outcome": row.outcome,
        "is_voided": row.is_voided,
    }
    told = exact(Told(row.seq, row.stored_ms, row.occurred_at, row.payload))
    return to_json(about)[:-1] + b',"statement":' + told.encode() + b"}"


def _time(at: float | None) -> datetime | None:
    return None if at is None else from_seconds(at)


def _listed(parts: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """Entries of a list, with commas between them, a piece for each part."""
    before = b""
    for part in parts:
        if piece := b",".join(part):
            yield before + piece
            before = b","
