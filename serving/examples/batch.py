"""Recommendations for many learners, as asked for and as answered."""

from __future__ import annotations

from typing import Any

from serving.examples.common import LEARNER_ID, ROLE_ID
from serving.examples.recommendations import RECOMMENDATION_RESPONSE

BATCH_REQUESTS: dict[str, Any] = {
    "two": {
        "summary": "Two learners, each with wishes of their own",
        "value": {
            "requests": [
                {"learner_id": LEARNER_ID, "k": 3},
                {"learner_id": "new-here", "k": 1, "target_role_id": ROLE_ID},
            ]
        },
    }
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/recommendations/batch"): {"results": [RECOMMENDATION_RESPONSE]},
}
