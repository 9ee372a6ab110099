"""One learner: mastery, the next item of a test."""

from __future__ import annotations

from typing import Any

from serving.examples.common import AT, ITEM_ID, LEARNER_ID, MODEL, SKILL_ID

_MASTERY_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": AT,
    "model": MODEL,
    "n_events": 12,
    "skills": [
        {
            "skill_id": SKILL_ID,
            "name": "Fractions",
            "mastery": 0.42,
            "interval": [0.31, 0.54],
            "n_attempts": 9,
            "last_practised_at": AT,
            "trend": "rising",
        }
    ],
}

NEXT_ITEM_REQUESTS: dict[str, Any] = {
    "first": {"summary": "The first item of a test of what the role asks for", "value": {}},
    "another": {
        "summary": "The next item of a test of one skill",
        "value": {"skill_ids": [SKILL_ID], "given": [ITEM_ID]},
    },
}

_NEXT_ITEM_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": AT,
    "model": MODEL,
    "item_id": "item-fractions-2",
    "skill_id": SKILL_ID,
    "success_probability": 0.56,
    "expected_information": 0.006,
    "n_given": 1,
    "stop": False,
    "stop_reason": None,
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("get", "/v1/learners/{learner_id}/mastery"): _MASTERY_RESPONSE,
    ("post", "/v1/learners/{learner_id}/next-item"): _NEXT_ITEM_RESPONSE,
}
