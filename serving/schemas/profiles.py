"""A learner's profile as it is sent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from recommender.domain.learner import LearnerProfile
from serving.schemas.aliases import MOST_ALIASES, AliasIn, AliasOut
from serving.schemas.fields import NO_CONTROL_CHARACTERS, Closed, Id, NonNegative, Segment


class _Profile(Closed):
    role_id: Id | None = None
    target_role_id: Id | None = None
    team_id: Id | None = None
    segment: Segment | None = None
    language: (
        Annotated[str, StringConstraints(min_length=1, max_length=35, pattern=NO_CONTROL_CHARACTERS)] | None
    ) = Field(default=None, description="A language tag, such as en or en-GB.")
    weekly_minutes: NonNegative | None = Field(default=None, description="Absent, not 0, when unknown.")
    can_mentor: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the learner agreed to be named to others as a mentor."
    )


class ProfileIn(_Profile):
    """A learner's place in the organisation and wishes. No demographic attribute has a place here."""

    learner_id: Id

    def to_profile(self) -> LearnerProfile:
        """As the engine takes it."""
        return LearnerProfile(**self.model_dump())


class ProfileRequest(_Profile):
    """A learner's whole profile: what is left out is not known any more."""

    learner_id: Id | None = Field(default=None, description="If it is there, that of the address.")
    aliases: Annotated[list[AliasIn], Field(max_length=MOST_ALIASES)] | None = Field(
        default=None,
        description="All accounts, mail addresses and the like that are the learner's: what statements of "
        "xAPI name is found by them. Left out, they stay as they are.",
    )


class ProfileResponse(Closed):
    """A profile as it is stored."""

    learner_id: str
    role_id: str | None
    target_role_id: str | None
    team_id: str | None
    segment: Segment | None
    language: str | None
    weekly_minutes: float | None
    can_mentor: bool

    @classmethod
    def of(cls, profile: LearnerProfile) -> Self:
        """As the engine has it."""
        return cls.model_validate(asdict(profile))


class PutProfileResponse(ProfileResponse):
    """A profile as it is stored, and who the learner is elsewhere."""

    aliases: list[AliasOut] = Field(description="By issuer and name.")
    merged: list[str] = Field(
        description="Ids of learners whom statements had made for these aliases. All that was held of them "
        "is this learner's now, and the ids are nobody's."
    )
