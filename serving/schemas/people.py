"""What is answered about people: who can help, what teams lack, what is held of somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from recommender.domain.people import MasteryLevel
from serving.schemas.aliases import AliasOut
from serving.schemas.events import EVENT_KINDS
from serving.schemas.fields import SIMULATED, Closed
from serving.schemas.learners import MasteryOut
from serving.schemas.profiles import ProfileResponse
from serving.schemas.recommendations import ModelRef


class MentorSkillOut(Closed):
    """A skill that the learner lacks and the mentor masters, and how well, in a word."""

    skill_id: str
    name: str
    level: MasteryLevel


class MentorOut(Closed):
    """Somebody who agreed to be a mentor and masters what the learner lacks."""

    mentor_id: str = Field(description="A learner id; the service knows no names.")
    skills: list[MentorSkillOut] = Field(description="What weighs most of the gap first.")
    covered: float = Field(description="Share of the learner's gap, weighed by importance, that these are.")
    same_language: bool | None = Field(description="Null where a profile does not tell.")
    same_team: bool | None = Field(description="Null where a profile does not tell.")


class MentorsResponse(Closed):
    """Who can help a learner, best first."""

    learner_id: str
    generated_at: datetime
    model: ModelRef
    as_of: datetime = Field(
        description="When the evidence of mentors was read. That they agree is looked up at every call."
    )
    mentors: list[MentorOut] = Field(
        description="Empty where nothing is lacked, where there is no role to lack anything for, or where "
        "nobody who agreed can help."
    )


class GroupSkillOut(Closed):
    """A skill as a group of people stands to it."""

    skill_id: str
    name: str
    n_learners: int = Field(description="People whose role requires it, rounded down to a multiple of five.")
    mean_gap: float = Field(description="Rounded to hundredths.")
    mean_mastery: float = Field(description="Rounded to hundredths.")
    share_below: float | None = Field(
        description="Share below what their role requires, rounded to twentieths; null where it would single "
        "out fewer than five people."
    )


class GroupOut(Closed):
    """What some people lack together."""

    n_learners: int | None = Field(
        description="People whose role requires anything, rounded down to a multiple of five; null for fewer."
    )
    readiness: float | None = Field(description="Of what is told below; null where that is nothing.")
    skills: list[GroupSkillOut]
    n_withheld: int = Field(
        description="Skills that are required of somebody and not told of, so that no few people are found."
    )


class OrganisationOut(GroupOut):
    """What everybody lacks together."""

    n_teams_withheld: int = Field(description="Teams of which nothing is told.")
    n_without_profile: int = Field(
        description="People whose role requires nothing, rounded down to a multiple of five."
    )


class TeamGapsResponse(Closed):
    """What a team lacks for the roles its people aim at, out of the report of this turn."""

    team_id: str
    generated_at: datetime = Field(description="When the report was made.")
    next_at: datetime = Field(description="From when on there is another one.")
    model: ModelRef = Field(description="The one the report was made with.")
    team: GroupOut
    organisation: OrganisationOut = Field(description="Everybody, to compare with.")


class RemovedOut(Closed):
    """Rows removed, by table."""

    events: int
    learner_states: int
    learners: int = Field(description="Profiles.")
    recommendations: int
    aliases: int
    xapi_statements: int = Field(
        description="Statements of xAPI about the learner, and those that name the learner anywhere."
    )


class ErasureResponse(Closed):
    """What was removed."""

    learner_id: str
    erased_at: datetime
    removed: RemovedOut


class StateOut(Closed):
    """What the state says, which is made of the events."""

    n_events: int | None = Field(description="Null where another version made it.")
    difficulty_id: str = Field(
        description="Names the table of difficulties and the form of states it was made with."
    )
    updated_at: datetime


class ExportedEvent(Closed):
    """One event."""

    received_at: datetime
    occurred_at: datetime | None = Field(description="Null where the source had no clock.")
    sent: dict[str, Any] = Field(
        description=f"As it was sent, without what was left at its default: a {', '.join(EVENT_KINDS)} or "
        "feedback."
    )


class ExportedModule(Closed):
    """A module that was recommended; `propensity` is the probability with which it was shown.

    What another service did not tell of its answer is null.
    """

    module_id: str
    rank: int
    score: float | None
    success_probability: float | None
    propensity: float | None


class ExportedRecommendation(Closed):
    """What was recommended once."""

    recommendation_id: str
    generated_at: datetime
    bundle_id: str
    simulated: bool | None = Field(description=f"{SIMULATED} Null where another service answered.")
    modules: list[ExportedModule]


class ExportedStatement(Closed):
    """One statement of xAPI."""

    about_learner: bool = Field(
        description="False where it is about somebody else, or a group, and names the learner, such as an "
        "instructor: before it is handed to the learner, see what it says of others."
    )
    outcome: str = Field(description="What became of it: `used` where it is among the events.")
    is_voided: bool = Field(description="Whether another statement took it back.")
    statement: dict[str, Any] = Field(description="As it was sent, with what the service added.")


class ExportResponse(Closed):
    """Everything that is held of a learner."""

    learner_id: str
    generated_at: datetime
    model: ModelRef | None = Field(description="The one that `mastery` was read with.")
    profile: ProfileResponse | None
    state: StateOut | None
    mastery: list[MasteryOut] | None = Field(description="Null while no model is loaded.")
    events: list[ExportedEvent] = Field(description="By the time at which they happened.")
    recommendations: list[ExportedRecommendation] = Field(description="By time.")
    aliases: list[AliasOut] = Field(description="Who the learner is elsewhere.")
    statements: list[ExportedStatement] = Field(
        description="Statements of xAPI about the learner, and those that name the learner, as they came."
    )
