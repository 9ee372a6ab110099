"""The least that FastAPI does for a call of the size of a recommendation: what ours is held against."""

from __future__ import annotations

import json
import os
from pathlib import Path

from fastapi import FastAPI

from serving.schemas.recommendations import RecommendationRequest, RecommendationResponse

ANSWER = "BARE_API_ANSWER"


def app() -> FastAPI:
    """Return an app that answers every request with the answer in the file that `ANSWER` names."""
    answer = RecommendationResponse.model_validate(json.loads(Path(os.environ[ANSWER]).read_text()))
    bare = FastAPI()

    @bare.post("/v1/recommendations")
    async def recommend(request: RecommendationRequest) -> RecommendationResponse:
        return answer

    return bare
