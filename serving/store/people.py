"""Many learners at a time: their profiles beside their states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from recommender.domain.learner import LearnerProfile
from serving.store.database import CHUNK, chunks, streamed
from serving.store.learners import PROFILE_COLUMNS, StoredState, profile_of
from serving.store.tables import learner_states, learners

_PROFILES = select(*PROFILE_COLUMNS)


def find_many(
    connection: Connection, learner_ids: Sequence[str]
) -> dict[str, tuple[LearnerProfile, StoredState | None]]:
    """Profile and state of those of these learners of whom something is stored."""
    found: dict[str, tuple[LearnerProfile, StoredState | None]] = {}
    for some in chunks(sorted(set(learner_ids))):
        for profile, state in map(_split, connection.execute(_both().where(learners.c.learner_id.in_(some)))):
            found[profile.learner_id] = profile, state
    return found


def everybody(
    connection: Connection, *, mentors_only: bool = False
) -> Iterator[list[tuple[LearnerProfile, StoredState | None]]]:
    """Profile and state of everybody, in pieces, by id; or of those only who agreed to be mentors."""
    statement = _both().order_by(learners.c.learner_id)
    if mentors_only:
        statement = statement.where(learners.c.can_mentor)
    for some in streamed(connection, statement, CHUNK):
        yield [_split(row) for row in some]


def profiles(connection: Connection, learner_ids: Sequence[str]) -> dict[str, LearnerProfile]:
    """Profiles of those of these learners that have one."""
    found: dict[str, LearnerProfile] = {}
    for some in chunks(learner_ids):
        rows = connection.execute(_PROFILES.where(learners.c.learner_id.in_(some)))
        found.update((row.learner_id, profile_of(row)) for row in rows)
    return found


def mentor_ids(connection: Connection) -> set[str]:
    """Everybody who agrees to be a mentor now."""
    return set(connection.execute(select(learners.c.learner_id).where(learners.c.can_mentor)).scalars())


def _both() -> Select[Any]:
    return _PROFILES.add_columns(learner_states.c.state, learner_states.c.difficulty_id).select_from(
        learners.outerjoin(learner_states, learner_states.c.learner_id == learners.c.learner_id)
    )


def _split(row: Row[Any]) -> tuple[LearnerProfile, StoredState | None]:
    *values, state, difficulty_id = tuple(row)
    return profile_of(values), None if state is None else StoredState(bytes(state), difficulty_id)
