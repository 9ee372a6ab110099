"""Recommendations for many learners, as asked for and as answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serving.schemas.fields import Closed
from serving.schemas.recommendations import RecommendationRequest, RecommendationResponse

MAX_REQUESTS = 1000


class BatchRequest(Closed):
    """Up to 1,000 wishes, each as in a single call."""

    requests: Annotated[list[RecommendationRequest], Field(min_length=1, max_length=MAX_REQUESTS)]


class BatchResponse(Closed):
    """One answer for each wish, in their order."""

    results: list[RecommendationResponse]
