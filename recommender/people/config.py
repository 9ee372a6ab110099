"""How mentors and champions are found. Nothing here is learned: it may change from call to call."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PeopleConfig(BaseModel):
    """How mentors and champions are found.

    Every threshold is held against the lower end of the 80% interval of mastery.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_mentors: int = Field(5, ge=1, le=100, description="mentors proposed to one learner at most")
    capacity: int = Field(3, ge=1, le=1000, description="learners that one mentor has at a time at most")
    margin: float = Field(
        0.15,
        gt=0,
        lt=1,
        description="mastery above the learner's own, of a skill the role does not ask",
    )
    coverage_step: float = Field(
        0.1, ge=0.01, le=1, description="shares of a gap covered that differ by less count as one"
    )
    n_champions: int = Field(3, ge=1, le=100, description="champions named for a skill at most")
    champion_mastery: float = Field(0.7, gt=0, lt=1, description="mastery of a champion at least")
    min_attempts: int = Field(8, ge=1, description="attempts on the skill that a champion has at least")
    max_interval: float = Field(0.35, gt=0, le=1, description="width of a champion's interval at most")
    advanced_from: float = Field(0.65, gt=0, lt=1, description="mastery from which one is called advanced")
    expert_from: float = Field(0.8, gt=0, lt=1, description="mastery from which one is called expert")

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        if self.expert_from <= self.advanced_from:
            raise ValueError(
                f"expert_from {self.expert_from:g} must be above advanced_from {self.advanced_from:g}"
            )
        return self
