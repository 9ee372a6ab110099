"""What is answered about a learner on the way to a role."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from recommender.domain.pathway import OpenWhy, StepWhy, TransitionKind
from serving.schemas.fields import Closed
from serving.schemas.recommendations import ModelRef

_KIND = "What going there from the present role is; null where the catalogue does not say."


class SkillGapOut(Closed):
    """A skill that the role requires, as the learner stands to it."""

    skill_id: str
    name: str
    required: float = Field(description="Mastery that the role asks for.")
    mastery: float | None = Field(description="Null where nothing tells.")
    interval: tuple[float, float] | None = Field(description="80% interval of it.")
    gap: float = Field(
        description="What is missing of `required`; where mastery is not known, against what is expected."
    )
    importance: float
    n_attempts: int


class RoleReadinessOut(Closed):
    """How far a learner is what a role asks for."""

    role_id: str
    title: str
    priority: float
    readiness: float | None = Field(
        description="Share of what is required, weighed by importance, that is there; null without a profile."
    )
    interval: tuple[float, float] | None = Field(description="80% interval of it.")
    kind: TransitionKind | None = Field(description=_KIND)


class GapsResponse(Closed):
    """What a learner lacks for a role, and how near other roles are."""

    learner_id: str
    generated_at: datetime
    model: ModelRef
    role: RoleReadinessOut | None = Field(
        description="The role that was asked for; by default the target role, else the present one."
    )
    skills: list[SkillGapOut] = Field(
        description="All that it requires, what weighs most of the gap first: importance times gap."
    )
    present: RoleReadinessOut | None
    target: RoleReadinessOut | None
    neighbours: list[RoleReadinessOut] = Field(
        description="Roles that the present role leads to, the nearest first."
    )


class StepSkillOut(Closed):
    """A skill that a step teaches."""

    skill_id: str
    mastery_before: float
    mastery_after: float
    required: float | None = Field(description="Null where the role does not ask for the skill.")


class PathwayStepOut(Closed):
    """A module of a pathway."""

    module_id: str
    title: str
    minutes: float
    minutes_known: bool = Field(
        description="False where the catalogue does not tell and a usual length is taken."
    )
    starts_week: int = Field(description="From now, the first is 1.")
    ends_week: int
    quarter: int = Field(description="Of the week it starts in: weeks 1 to 13 are quarter 1.")
    why: StepWhy
    needed_by: str | None = Field(description="The module that needs a prerequisite.")
    skills: list[StepSkillOut]


class OpenSkillOut(Closed):
    """A skill that stays below what the role requires, after everything that can be done."""

    skill_id: str
    mastery: float
    required: float
    why: OpenWhy


class PathwayResponse(Closed):
    """The way to a role, in weeks."""

    learner_id: str
    generated_at: datetime
    model: ModelRef
    role_id: str
    kind: TransitionKind | None = Field(description=_KIND)
    weekly_minutes: float = Field(description="What the weeks are reckoned with.")
    steps: list[PathwayStepOut] = Field(description="In the order in which they start; prerequisites first.")
    total_minutes: float
    weeks: int = Field(description="Week in which the last step ends, 0 without steps.")
    readiness: float | None = Field(description="Now; null where the role has no profile.")
    readiness_expected: float | None = Field(description="After the last step.")
    open_skills: list[OpenSkillOut]
    unreviewed: list[str] = Field(
        description="Skills that would need a review and that no module can review."
    )
    credential_id: str | None = Field(description="Credential that the pathway ends in.")
    beyond_horizon: list[str] = Field(description="Modules of it that end after 104 weeks.")
