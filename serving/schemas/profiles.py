"""A learner's profile as it is sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from recommender.domain.learner import LearnerProfile
from serving.schemas.fields import Closed, Id, NonNegative


class ProfileIn(Closed):
    """A learner's place in the organisation and wishes. No demographic attribute has a place here."""

    learner_id: Id
    role_id: Id | None = None
    target_role_id: Id | None = None
    team_id: Id | None = None
    segment: Literal["user", "builder", "leader"] | None = None
    language: Annotated[str, StringConstraints(min_length=1, max_length=35)] | None = None
    weekly_minutes: NonNegative | None = Field(default=None, description="Absent, not 0, when unknown.")
    can_mentor: Annotated[bool, Field(strict=True)] = False

    def to_profile(self) -> LearnerProfile:
        """As the engine takes it."""
        return LearnerProfile(**self.model_dump())
