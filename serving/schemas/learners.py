"""What is answered about one learner."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.schemas.fields import Closed
from serving.schemas.recommendations import ModelRef


class MasteryOut(Closed):
    """Mastery of one skill now."""

    skill_id: str
    name: str
    mastery: float = Field(description="Probability of passing a typical item of the skill now.")
    interval: tuple[float, float] = Field(description="80% interval of it.")
    n_attempts: int
    last_practised_at: datetime | None
    trend: Literal["rising", "steady", "falling"]


class MasteryResponse(Closed):
    """Mastery of every skill there is evidence of."""

    learner_id: str
    generated_at: datetime
    model: ModelRef
    n_events: int = Field(description="Events the answer rests on.")
    skills: list[MasteryOut]
