"""Evidence, as sent and as answered."""

from __future__ import annotations

from typing import Any

from serving.examples.common import AT, ITEM_ID, LEARNER_ID, MODULE_ID, SKILL_ID

EVENTS_REQUESTS: dict[str, Any] = {
    "one of each": {
        "summary": "An attempt, a completion and a self-assessment",
        "value": {
            "events": [
                {
                    "kind": "attempt",
                    "event_id": "quiz-88231",
                    "learner_id": LEARNER_ID,
                    "item_id": ITEM_ID,
                    "score": 0.75,
                    "skill_ids": [SKILL_ID],
                    "module_id": MODULE_ID,
                    "occurred_at": AT,
                    "duration_seconds": 41.5,
                },
                {
                    "kind": "completion",
                    "event_id": "course-1190",
                    "learner_id": LEARNER_ID,
                    "module_id": MODULE_ID,
                    "status": "completed",
                    "progress": 1,
                    "rating": 4,
                    "occurred_at": "2026-03-01T10:05:00+00:00",
                },
                {
                    "kind": "self_assessment",
                    "event_id": "survey-7",
                    "learner_id": LEARNER_ID,
                    "skill_id": SKILL_ID,
                    "level": 0.6,
                },
            ]
        },
    }
}

_EVENTS_RESPONSE: dict[str, Any] = {
    "results": [
        {"event_id": "quiz-88231", "status": "stored"},
        {"event_id": "course-1190", "status": "stored"},
        {"event_id": "survey-7", "status": "stored"},
    ],
    "stored": 3,
    "duplicates": 0,
    "rejected": 0,
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/events"): _EVENTS_RESPONSE,
}
