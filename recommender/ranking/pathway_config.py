"""How pathways are planned."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PathwayConfig(BaseModel):
    """How pathways are planned, see `recommender.pathways`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekly_minutes: float = Field(
        120.0, gt=0, description="minutes for learning per week where neither question nor profile say"
    )
    default_minutes: float = Field(60.0, gt=0, description="minutes of a module of unknown duration")
    stability: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of minutes that a new pathway must save to replace the previous one",
    )
    credential_share: float = Field(
        0.5, ge=0, le=1, description="share of a credential's skills that the role must ask for to end in it"
    )
    review_weeks: int = Field(
        13,
        ge=1,
        description="weeks at least between what teaches a skill and its review, and between reviews",
    )
