"""Everybody whom the store holds, as the engine takes them: read some at a time, of one moment.

`serving.learner_states.rebuild` comes first: who has no current state then is replayed, and again next time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from recommender.blocks.learners import LearnerBlock
from recommender.domain.learner import LearnerProfile
from recommender.skills.state import LearnerState
from serving.learner_states import current_states
from serving.model import ServedModel
from serving.problems import UNAVAILABLE, Problem
from serving.store import people
from serving.store.database import Database

# Whoever waits for the interpreter gets it then: reading everybody takes seconds.
_PAUSE_SECONDS = 0.001


def mentors(
    database: Database, model: ServedModel, goes_on: Callable[[], bool]
) -> tuple[list[LearnerState | None], list[LearnerProfile]]:
    """States and profiles of those who agreed to be mentors; see `everybody`."""
    states: list[LearnerState | None] = []
    profiles: list[LearnerProfile] = []
    for some_profiles, some_states in _pieces(database, model, goes_on, mentors_only=True):
        states += some_states
        profiles += some_profiles
    return states, profiles


def everybody(
    database: Database, model: ServedModel, goes_on: Callable[[], bool]
) -> tuple[LearnerBlock, list[str | None]]:
    """Everybody, and the team of each.

    Raises
    ------
    Problem
        As soon as `goes_on` says no.
    """
    catalog = model.engine.catalog
    blocks = [LearnerBlock.of_states([], [], catalog)]
    teams: list[str | None] = []
    for profiles, states in _pieces(database, model, goes_on):
        blocks.append(LearnerBlock.of_states(states, profiles, catalog))
        teams += [profile.team_id for profile in profiles]
    return LearnerBlock.joined(blocks), teams


def _pieces(
    database: Database, model: ServedModel, goes_on: Callable[[], bool], *, mentors_only: bool = False
) -> Iterator[tuple[list[LearnerProfile], list[LearnerState | None]]]:
    with database.snapshot() as connection:
        read = people.everybody(connection, mentors_only=mentors_only)
        for piece in current_states(connection, model, read):
            if not goes_on():
                raise Problem(UNAVAILABLE, "the service stops; try again later")
            yield piece
            time.sleep(_PAUSE_SECONDS)
