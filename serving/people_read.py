"""Everybody whom the store holds, as the engine takes them: read some at a time, of one moment.

Whose state is not current counts as somebody without events: `serving.learner_states.rebuild` comes first.
"""

from __future__ import annotations

import time

from recommender.blocks.learners import LearnerBlock
from recommender.domain.learner import LearnerProfile
from recommender.skills.state import LearnerState
from serving.learner_states import usable
from serving.model import ServedModel
from serving.store import people
from serving.store.database import Database

# Whoever waits for the interpreter gets it then: reading everybody takes seconds.
_PAUSE_SECONDS = 0.001


def mentors(database: Database, model: ServedModel) -> tuple[list[LearnerState | None], list[LearnerProfile]]:
    """States and profiles of those who agreed to be mentors."""
    states: list[LearnerState | None] = []
    profiles: list[LearnerProfile] = []
    with database.snapshot() as connection:
        for some in people.everybody(connection, mentors_only=True):
            states += [usable(stored, model.engine) for _, stored in some]
            profiles += [profile for profile, _ in some]
            time.sleep(_PAUSE_SECONDS)
    return states, profiles


def everybody(database: Database, model: ServedModel) -> tuple[LearnerBlock, list[str | None]]:
    """Everybody, and the team of each."""
    catalog = model.engine.catalog
    blocks = [LearnerBlock.of_states([], [], catalog)]
    teams: list[str | None] = []
    with database.snapshot() as connection:
        for some in people.everybody(connection):
            profiles = [profile for profile, _ in some]
            states = [usable(stored, model.engine) for _, stored in some]
            blocks.append(LearnerBlock.of_states(states, profiles, catalog))
            teams += [profile.team_id for profile in profiles]
            time.sleep(_PAUSE_SECONDS)
    return LearnerBlock.joined(blocks), teams
