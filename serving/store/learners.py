"""Profiles and states of learners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, bindparam, delete, exists, select

from recommender.domain.learner import LearnerProfile
from serving.store.database import Database, chunks, streamed
from serving.store.direct import among, upsert
from serving.store.tables import (
    CATALOG,
    events,
    learner_states,
    learners,
    recommendations,
    revisions,
)

_PROFILE_NAMES = tuple(LearnerProfile.__dataclass_fields__)
PROFILE_COLUMNS = tuple(learners.c[name] for name in _PROFILE_NAMES)


class StoredState(NamedTuple):
    """A learner's state on disk, and the difficulty table and form of states it was folded with."""

    state: bytes
    difficulty_id: str


class Found(NamedTuple):
    """What one read finds of a learner.

    Parameters
    ----------
    profile : LearnerProfile or None
        None of somebody unknown.
    state : StoredState or None
    catalog_revision : int
        Number of the last change of the catalogue.
    """

    profile: LearnerProfile | None
    state: StoredState | None
    catalog_revision: int


_REVISION = select(revisions.c.revision).where(revisions.c.name == CATALOG).scalar_subquery()
_WANTED = select(bindparam("learner_id", type_=String).label("learner_id")).subquery("wanted")
# One row, also of somebody unknown.
_FIND = select(
    _REVISION, learner_states.c.state, learner_states.c.difficulty_id, *PROFILE_COLUMNS
).select_from(
    _WANTED.outerjoin(learners, learners.c.learner_id == _WANTED.c.learner_id).outerjoin(
        learner_states, learner_states.c.learner_id == learners.c.learner_id
    )
)


def find(database: Database, learner_id: str) -> Found:
    """Profile and state of one learner by primary key, and the catalogue's revision."""
    row = database.first(_FIND, learner_id=learner_id)
    assert row is not None  # noqa: S101  (an outer join from a row that is always there)
    revision, state, difficulty_id, *values = row
    profile = None if values[0] is None else profile_of(values)
    return Found(
        profile, None if state is None else StoredState(bytes(state), difficulty_id), int(revision or 0)
    )


def profile_of(values: Iterable[Any]) -> LearnerProfile:
    """Make a profile of the values of `PROFILE_COLUMNS`, as the database or its driver gives them."""
    *texts, can_mentor = values
    # SQLite's driver has no booleans.
    return LearnerProfile(**dict(zip(_PROFILE_NAMES, (*texts, bool(can_mentor)), strict=True)))


def ensure(connection: Connection, learner_ids: Sequence[str]) -> None:
    """Make an empty profile for whoever has none, and lock all of them until the transaction ends.

    The lock keeps two writers of one learner apart where the database lets more than one write at a time;
    taking it in the order of the ids keeps two batches from waiting for each other.
    """
    missing = sorted(set(learner_ids))
    while missing:
        upsert(connection, learners, [_row(LearnerProfile(learner_id=i)) for i in missing], overwrite=False)
        # Whoever was erased between these two statements is to be made again.
        locked = lock(connection, missing)
        missing = [i for i in missing if i not in locked]


def lock(connection: Connection, learner_ids: Sequence[str]) -> set[str]:
    """Lock those of these learners that there are until the transaction ends, and return who they are."""
    key = learners.c.learner_id
    return {learner_id for (learner_id,) in among(connection, [key], key, learner_ids, lock=True)}


def save_profiles(connection: Connection, profiles: Iterable[LearnerProfile]) -> None:
    """Write profiles, over those there are, and lock them as `ensure` does."""
    upsert(connection, learners, [_row(p) for p in sorted(profiles, key=lambda p: p.learner_id)])


def every(connection: Connection) -> Iterator[list[LearnerProfile]]:
    """Profiles of all who are known, then of strangers that were given an answer, some at a time."""
    for rows in streamed(connection, select(*PROFILE_COLUMNS).order_by(learners.c.learner_id)):
        yield [profile_of(row) for row in rows]
    answered = recommendations.c.learner_id
    known = exists().where(learners.c.learner_id == answered)
    for rows in streamed(connection, select(answered).where(~known).distinct().order_by(answered)):
        yield [LearnerProfile(learner_id=row.learner_id) for row in rows]


def states(connection: Connection, learner_ids: Sequence[str]) -> dict[str, StoredState]:
    """States of those of these learners that have one."""
    of = learner_states.c
    rows = among(connection, [of.learner_id, of.state, of.difficulty_id], of.learner_id, learner_ids)
    return {learner_id: StoredState(bytes(state), name) for learner_id, state, name in rows}


def without_state(
    connection: Connection, difficulty_id: str, among: Sequence[str] | None = None
) -> list[str]:
    """Learners with events whose state is missing or was folded with another table or in another form.

    Parameters
    ----------
    among : sequence of str, optional
        Only these, at most `CHUNK` of them; absent means all.
    """
    current = exists().where(
        learner_states.c.learner_id == learners.c.learner_id,
        learner_states.c.difficulty_id == difficulty_id,
    )
    has_events = exists().where(events.c.learner_id == learners.c.learner_id)
    statement = select(learners.c.learner_id).where(has_events, ~current).order_by(learners.c.learner_id)
    if among is not None:
        statement = statement.where(learners.c.learner_id.in_(among))
    return list(connection.execute(statement).scalars())


def save_states(connection: Connection, states: Mapping[str, StoredState], *, at: float) -> None:
    """Write states, over those there are; `at` is the time in seconds since 1970 UTC."""
    rows = [
        {"learner_id": i, "state": s.state, "difficulty_id": s.difficulty_id, "updated_at": at}
        for i, s in states.items()
    ]
    upsert(connection, learner_states, rows)


def forget_states(connection: Connection, learner_ids: Sequence[str]) -> None:
    """Remove states that no longer hold all of the evidence; the next touch replays them."""
    for some in chunks(learner_ids):
        connection.execute(delete(learner_states).where(learner_states.c.learner_id.in_(some)))


def leave(connection: Connection, learner_ids: Sequence[str]) -> None:
    """Remove profiles and states of learners who are others now."""
    forget_states(connection, learner_ids)
    for some in chunks(learner_ids):
        connection.execute(delete(learners).where(learners.c.learner_id.in_(some)))


def _row(profile: LearnerProfile) -> dict[str, object]:
    # Not dataclasses.asdict, which copies every value: of many learners that takes seconds.
    return {name: getattr(profile, name) for name in _PROFILE_NAMES}
