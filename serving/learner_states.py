"""Learner states over time: folded on with new events, replayed from the log when that is not enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from recommender.blocks.states import StateFolder
from recommender.domain.events import Event, event_key, to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.engine import Engine
from recommender.skills.records import STATE_VERSION
from recommender.skills.state import LearnerState, fold_on
from serving import meter
from serving.evidence import to_event
from serving.history_blocks import history_block
from serving.model import ServedModel
from serving.store import events as log
from serving.store import learners, people
from serving.store.database import CHUNK, Database, chunks
from serving.store.events import LoggedEvent
from serving.store.faults import StoreUnavailableError
from serving.store.learners import StoredState

_REPLAYED_AT_FIRST = 50
# Without it the lock is taken again before anybody who waits for it has noticed that it was free.
_PAUSE_SECONDS = 0.01


class KnownLearner(NamedTuple):
    """What is stored of somebody.

    Parameters
    ----------
    profile : LearnerProfile
        Empty of somebody unknown.
    state : LearnerState or None
    catalog_revision : int
        The last change of the catalogue when this was read, see `ModelHolder.caught_up`.
    """

    profile: LearnerProfile
    state: LearnerState | None
    catalog_revision: int = 0


def known_learner(
    database: Database, model: ServedModel, learner_id: str, *, now: datetime
) -> KnownLearner | None:
    """Profile and present state of a learner; None for somebody unknown.

    One row is read. Only a state that is missing, or was folded with another difficulty table, is replayed,
    and stored for the next read, where the store can be written.
    """
    found = _look_up(database, model, learner_id)
    return _replayed_if_due(database, model, found, now) if found.is_known else None


def learner_or_stranger(
    database: Database, model: ServedModel, learner_id: str, *, now: datetime
) -> KnownLearner:
    """Do as `known_learner`; of somebody unknown nothing is known, and nothing is stored."""
    found = _look_up(database, model, learner_id)
    return _replayed_if_due(database, model, found, now) or stranger(learner_id)


async def learner_soon(
    database: Database, model: ServedModel, learner_id: str, *, now: datetime
) -> KnownLearner:
    """Do as `learner_or_stranger` on the event loop, which waits for nothing that takes long.

    Where the store is a file, reading a row takes less time than handing that to a thread. A replay, and any
    read from a server, is handed to one.
    """
    if database.is_local:
        found = _look_up(database, model, learner_id)
        if not found.replay_is_due:
            return found.learner
    return await run_in_threadpool(learner_or_stranger, database, model, learner_id, now=now)


def known_learners(
    database: Database, model: ServedModel, learner_ids: Sequence[str], *, now: datetime
) -> dict[str, KnownLearner]:
    """Do as `known_learner` for many; of those who are unknown there is no entry.

    One statement reads some hundred of them.
    """
    with database.read() as connection:
        found = people.find_many(connection, learner_ids)
    known = {i: KnownLearner(profile, usable(stored, model.engine)) for i, (profile, stored) in found.items()}
    due = [i for i, learner in known.items() if learner.state is None]
    if due:
        with suppress(StoreUnavailableError):
            rebuild(database, model, now=now, among=due)
        with database.read() as connection:
            pieces = (list(people.find_many(connection, some).values()) for some in chunks(due))
            for profiles, states in current_states(connection, model, pieces):
                known |= {p.learner_id: KnownLearner(p, s) for p, s in zip(profiles, states, strict=True)}
    return known


def current_states(
    connection: Connection,
    model: ServedModel,
    pieces: Iterable[Sequence[tuple[LearnerProfile, StoredState | None]]],
) -> Iterator[tuple[list[LearnerProfile], list[LearnerState | None]]]:
    """Profiles and present states of many who were read, piece by piece; None for whoever has no events.

    To be called after `rebuild`. What the store could not keep then, or another process with another model
    made its own meanwhile, is replayed here and not stored.

    Parameters
    ----------
    pieces : iterable
        Profiles and stored states, at most `CHUNK` at a time.
    """
    folder = StateFolder(model.engine.bundle.difficulty)
    for some in pieces:
        states = {profile.learner_id: usable(stored, model.engine) for profile, stored in some}
        if due := [i for i, state in states.items() if state is None]:
            states |= _replays(connection, model, folder, due)
        yield [profile for profile, _ in some], list(states.values())


class _Found(NamedTuple):
    learner: KnownLearner
    is_known: bool
    replay_is_due: bool


def _look_up(database: Database, model: ServedModel, learner_id: str) -> _Found:
    found = learners.find(database, learner_id)
    if found.profile is None:
        return _Found(stranger(learner_id)._replace(catalog_revision=found.catalog_revision), False, False)
    state, is_due = usable(found.state, model.engine), False
    if state is None:
        with database.read() as connection:
            is_due = log.has_any(connection, learner_id)
    return _Found(KnownLearner(found.profile, state, found.catalog_revision), True, is_due)


def _replayed_if_due(
    database: Database, model: ServedModel, found: _Found, now: datetime
) -> KnownLearner | None:
    """Return the learner with a current state; None of somebody who was erased meanwhile."""
    if not found.replay_is_due:
        return found.learner
    meter.current().replays("table_changed")
    state = _replayed_and_kept(database, model, found.learner.profile.learner_id, now)
    return None if state is None else found.learner._replace(state=state)


def _replayed_and_kept(
    database: Database, model: ServedModel, learner_id: str, now: datetime
) -> LearnerState | None:
    def replay(connection: Connection) -> LearnerState | None:
        # Who was erased meanwhile does not come back.
        if not learners.lock(connection, [learner_id]):
            return None
        state = replayed(connection, model, learner_id)
        learners.save_states(connection, {learner_id: _stored(state)}, at=to_seconds(now))
        return state

    try:
        return database.transact(replay)
    except StoreUnavailableError:
        # What cannot be kept is made again the next time.
        with database.read() as connection:
            return replayed(connection, model, learner_id)


def stranger(learner_id: str) -> KnownLearner:
    """Somebody of whom nothing is known."""
    return KnownLearner(LearnerProfile(learner_id=learner_id), None)


def advance(
    connection: Connection, model: ServedModel | None, new: Sequence[LoggedEvent], *, now: datetime
) -> None:
    """Bring the states of these events' learners up to date, in the transaction that appended the events.

    A learner whose new events all come after those in the state is folded on; else the log is replayed.
    Without a model the states are forgotten, and replayed on the first touch by one.
    """
    by_learner: dict[str, list[LoggedEvent]] = {}
    for event in new:
        by_learner.setdefault(event.learner_id, []).append(event)
    ids = list(by_learner)
    if model is None:
        learners.forget_states(connection, ids)
        return
    stored = learners.states(connection, ids)
    states: dict[str, LearnerState] = {}
    going_on: list[tuple[LearnerState, list[Event]]] = []
    for learner_id, logged in by_learner.items():
        state, events = _usable_counted(stored.get(learner_id), model), [_event(one, model) for one in logged]
        if state is None or _is_late(state, events):
            states[learner_id] = replayed(connection, model, learner_id)
        else:
            states[learner_id] = state
            going_on.append((state, events))
    fold_on(going_on, model.engine.bundle.difficulty)
    changed = {learner_id: _stored(state) for learner_id, state in states.items()}
    learners.save_states(connection, changed, at=to_seconds(now))


def rebuild(
    database: Database,
    model: ServedModel,
    *,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
    goes_on: Callable[[], bool] = lambda: True,
    among: Sequence[str] | None = None,
) -> int:
    """Replay every learner whose state is missing or was folded with another difficulty table.

    Done in small batches with pauses, so that whoever else writes gets a turn. Several may do it at once:
    each batch is looked at again under its lock, and what another has made is left as it is.

    Parameters
    ----------
    progress : callable, optional
        Called after each batch with how many learners are done and how many there are.
    goes_on : callable
        Asked before each batch; False ends the replay there.
    among : sequence of str, optional
        Only these learners; absent means all.

    Returns
    -------
    int
        How many learners were replayed here.
    """
    wanted, n_made = folded_with(model.engine.difficulty_id), 0
    folder = StateFolder(model.engine.bundle.difficulty)
    with database.read() as connection:
        if among is None:
            waiting = learners.without_state(connection, wanted)
        else:
            waiting = [
                i for some in chunks(among) for i in learners.without_state(connection, wanted, among=some)
            ]
    at, size = 0, _REPLAYED_AT_FIRST
    while at < len(waiting) and goes_on():
        batch, began = waiting[at : at + size], time.perf_counter()
        made = database.transact(partial(_rebuild_some, model, folder, batch, to_seconds(now)))
        # Histories may be long: nobody who writes is kept waiting for more than about a second.
        size = size // 2 or 1 if time.perf_counter() - began > 1.0 else min(2 * size, CHUNK)
        meter.current().replays("background", made)
        n_made, at = n_made + made, at + len(batch)
        if progress is not None:
            progress(at, len(waiting))
        time.sleep(_PAUSE_SECONDS)
    return n_made


def _rebuild_some(
    model: ServedModel, folder: StateFolder, batch: Sequence[str], at: float, connection: Connection
) -> int:
    # Not `ensure`: who was erased meanwhile does not come back.
    there = sorted(learners.lock(connection, batch))
    still = learners.without_state(connection, folded_with(model.engine.difficulty_id), among=there)
    if not still:
        return 0
    made = {i: _stored(state) for i, state in _replays(connection, model, folder, still)}
    learners.save_states(connection, made, at=at)
    return len(made)


def _replays(
    connection: Connection, model: ServedModel, folder: StateFolder, learner_ids: Sequence[str]
) -> Iterator[tuple[str, LearnerState]]:
    columns = log.history_columns(connection, learner_ids)
    trained = model.engine.bundle.difficulty.item_index
    states = folder.fold(history_block(columns, model.pass_mark, trained))
    return zip(dict.fromkeys(columns.learner_id), states, strict=True)


def _usable_counted(stored: StoredState | None, model: ServedModel) -> LearnerState | None:
    state = usable(stored, model.engine)
    if state is None and stored is not None:
        meter.current().replays("table_changed")
    return state


def _is_late(state: LearnerState, events: Sequence[Event]) -> bool:
    is_late = state.last_key is not None and min(map(event_key, events)) <= state.last_key
    if is_late:
        meter.current().replays("late")
    return is_late


def folded_with(difficulty_id: str) -> str:
    """Name what a stored state was folded with: the difficulty table, and the form of states."""
    return f"{difficulty_id}.{STATE_VERSION}"


def usable(stored: StoredState | None, engine: Engine) -> LearnerState | None:
    """State as the engine can go on with it; None where it has to be made again from the log."""
    if stored is None or stored.difficulty_id != folded_with(engine.difficulty_id):
        return None
    try:
        return LearnerState.from_bytes(stored.state)
    except ValueError:
        # The log is the truth: make it again.
        return None


def replayed(connection: Connection, model: ServedModel, learner_id: str) -> LearnerState:
    """Fold a learner's whole log."""
    return _fold(log.history(connection, learner_id), model)


def _fold(history: Iterable[LoggedEvent], model: ServedModel) -> LearnerState:
    return model.engine.fold(_event(event, model) for event in history)


def _event(logged: LoggedEvent, model: ServedModel) -> Event:
    return to_event(logged, model.pass_mark, model.engine.bundle.difficulty.item_index)


def _stored(state: LearnerState) -> StoredState:
    return StoredState(state.to_bytes(), folded_with(state.difficulty_id))
