"""Settings of the estimate of what modules teach."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class GainConfig(BaseModel):
    """Which answers tell what a module taught, and how far the estimate is trusted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_days: float = Field(
        180.0, gt=0, description="days after finishing a module in which answers tell of it"
    )
    max_answers: int = Field(
        8, ge=1, description="first answers on a skill after finishing a module that tell of it"
    )
    min_controls: int = Field(
        500,
        ge=1,
        description="answers after modules that do not teach the skill, without which nothing is estimated",
    )
    by_module: bool = Field(
        False, description="estimate what each module teaches beyond what its time tells, see ADR 0013"
    )
    min_learners: int = Field(
        5, ge=1, description="learners with answers after a module, without which it has no rate of its own"
    )
    max_own: int = Field(
        2000, ge=1, description="modules with a rate of their own at most, those with most learners"
    )
    n_folds: int = Field(3, ge=3, description="learner folds, so that no answer predicts itself")
    max_attempts: int = Field(400_000, ge=1, description="attempts looked at at most, of learners drawn")
    declared_error: float = Field(
        0.1, gt=0, description="standard error of the declared rate: how far the overall rate may be from it"
    )
