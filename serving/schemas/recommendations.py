"""Recommendations as asked for and as answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from recommender.domain.recommendation import (
    Challenge,
    DifficultyFit,
    Fallback,
    Query,
    ReasonCode,
    Rule,
    Scenario,
)
from serving.schemas.fields import SIMULATED, Closed, Format, Id, Language, Positive


class RecommendationRequest(Closed):
    """A wish for one learner's next modules."""

    learner_id: Id = Field(description="Opaque; somebody unknown gets a cold start.")
    k: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(default=5, description="How many at most.")
    target_role_id: Id | None = Field(
        default=None, description="Role whose gaps count; absent means the one in the learner's profile."
    )
    minutes: Positive | None = Field(default=None, description="Longest module wanted, minutes.")
    formats: tuple[Format, ...] = Field(
        default=(), max_length=20, fail_fast=True, description="Allowed ones; empty means all."
    )
    languages: tuple[Language, ...] = Field(
        default=(), max_length=20, fail_fast=True, description="Allowed ones; empty means all."
    )
    challenge: Challenge = "balanced"
    exclude: tuple[Id, ...] = Field(
        default=(), max_length=1000, fail_fast=True, description="Modules not wanted."
    )
    scenario: Scenario = "next"

    def to_query(self) -> Query:
        """As the engine takes it."""
        return Query(
            k=self.k,
            target_role_id=self.target_role_id,
            minutes=self.minutes,
            formats=frozenset(self.formats),
            languages=frozenset(self.languages),
            challenge=self.challenge,
            exclude=frozenset(self.exclude),
            scenario=self.scenario,
        )


class ModelRef(Closed):
    """Which model answered."""

    bundle_id: str
    alias: str
    simulated: bool = Field(description=SIMULATED)


class AdjustmentOut(Closed):
    """A module swapped for a variant at a better difficulty."""

    from_module_id: str
    direction: Literal["easier", "harder"]
    why: str


class SkillOut(Closed):
    """A skill the module teaches; probabilities, null where not known."""

    skill_id: str
    mastery: float | None
    required: float | None
    expected_gain: float | None


class ReasonOut(Closed):
    """One of the largest terms of the score; `weight` is its share of the positive terms."""

    code: ReasonCode
    text: str
    weight: float


class ModuleOut(Closed):
    """One recommended module."""

    module_id: str
    title: str
    rank: int
    score: float
    success_probability: float | None = Field(description="Chance of passing a typical item of the module.")
    difficulty: float | None = Field(description="Share of the intended audience that does not pass.")
    difficulty_fit: DifficultyFit | None
    adjustment: AdjustmentOut | None
    prerequisites_met: bool
    duration_minutes: float | None
    skills: list[SkillOut]
    reasons: list[ReasonOut]


class RuleOut(Closed):
    """How many modules a rule removed, and modules that would lift it."""

    rule: Rule
    removed: int
    unlocked_by: list[str]


class RecommendationResponse(Closed):
    """The next modules for one learner, best first."""

    recommendation_id: UUID
    learner_id: str
    generated_at: datetime
    model: ModelRef | None = Field(description="Null while no model is loaded.")
    fallback: Fallback | None = Field(
        description="`cold_start`: nothing is known of the learner. `no_model`: no model is loaded."
    )
    recommendations: list[ModuleOut]
    empty_because: list[RuleOut] | None = Field(
        description="Which rules removed everything; null when there are recommendations or no model."
    )
