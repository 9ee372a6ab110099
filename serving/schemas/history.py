"""Rows of a dataset that no call of the API sends: what was recommended, and what learners did with it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from recommender.domain.events import FeedbackKind
from serving.schemas.fields import Closed, Fraction, Id, Time

RecommendationId = Annotated[Id, StringConstraints(max_length=36)]


class RecommendationRow(Closed):
    """One module of an answer."""

    recommendation_id: RecommendationId
    learner_id: Id
    module_id: Id
    rank: Annotated[int, Field(ge=1)]
    bundle_id: Annotated[Id, StringConstraints(max_length=128)] | None = None
    propensity: Fraction | None = None
    score: Annotated[float, Field(strict=True)] | None = None
    success_probability: Fraction | None = None
    occurred_at: Time | None = None


class FeedbackRow(Closed):
    """What a learner did with an answer, or with one module of it."""

    event_id: Id
    recommendation_id: RecommendationId
    kind: FeedbackKind
    module_id: Id | None = None
    occurred_at: Time | None = None
