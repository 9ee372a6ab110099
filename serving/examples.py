"""Examples of the API's documentation. A test sends each request and compares the shape of the answer."""

from __future__ import annotations

from typing import Any

LEARNER_ID = "learner-4711"
MODULE_ID = "module-fractions"
SKILL_ID = "skill-fractions"
ITEM_ID = "item-fractions-3"
ROLE_ID = "role-analyst"

_MODEL = {"bundle_id": "3f0c9a7d52e1", "alias": "champion", "simulated": False}
_AT = "2026-03-01T09:30:00Z"

RECOMMENDATION_REQUESTS: dict[str, Any] = {
    "next": {"summary": "The next three modules", "value": {"learner_id": LEARNER_ID, "k": 3}},
    "wishes": {
        "summary": "Short English videos or texts, easier than usual",
        "value": {
            "learner_id": LEARNER_ID,
            "k": 5,
            "minutes": 60,
            "formats": ["video", "reading"],
            "languages": ["en"],
            "challenge": "easier",
            "exclude": [MODULE_ID],
            "scenario": "next",
        },
    },
    "unknown learner": {
        "summary": "Somebody of whom nothing is known: a cold start",
        "value": {"learner_id": "new-here"},
    },
}

_RECOMMENDATION_RESPONSE: dict[str, Any] = {
    "recommendation_id": "0b0c5f0e-5d5c-4b51-9d42-0f6a0c1b2d3e",
    "learner_id": LEARNER_ID,
    "generated_at": _AT,
    "model": _MODEL,
    "fallback": None,
    "recommendations": [
        {
            "module_id": MODULE_ID,
            "title": "Fractions",
            "rank": 1,
            "score": 0.71,
            "success_probability": 0.78,
            "difficulty": 0.35,
            "difficulty_fit": "on_level",
            "adjustment": None,
            "prerequisites_met": True,
            "duration_minutes": 45.0,
            "skills": [{"skill_id": SKILL_ID, "mastery": 0.42, "required": 0.8, "expected_gain": 0.09}],
            "reasons": [
                {
                    "code": "closes_gap",
                    "text": "It builds Fractions, where your target role asks 0.80 and you are at 0.42.",
                    "weight": 0.6,
                }
            ],
        }
    ],
    "empty_because": None,
}

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
                    "occurred_at": _AT,
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

_MASTERY_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": _AT,
    "model": _MODEL,
    "n_events": 12,
    "skills": [
        {
            "skill_id": SKILL_ID,
            "name": "Fractions",
            "mastery": 0.42,
            "interval": [0.31, 0.54],
            "n_attempts": 9,
            "last_practised_at": _AT,
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
    "generated_at": _AT,
    "model": _MODEL,
    "item_id": "item-fractions-2",
    "skill_id": SKILL_ID,
    "success_probability": 0.56,
    "expected_information": 0.006,
    "n_given": 1,
    "stop": False,
    "stop_reason": None,
}

_MODEL_RESPONSE: dict[str, Any] = {
    **_MODEL,
    "version": 3,
    "loaded_at": _AT,
    "created_at": "2026-02-28T21:14:00+00:00",
    "dataset": {"name": "autumn", "simulated": False},
    "metrics": {"skills": {"auc": 0.79}},
    "catalog": {
        "n_modules": 120,
        "n_skills": 34,
        "n_items": 900,
        "n_roles": 12,
        "n_prerequisites": 80,
    },
    "refused": None,
}

_ROLE: dict[str, Any] = {
    "role_id": ROLE_ID,
    "title": "Analyst",
    "priority": 0.5,
    "readiness": 0.71,
    "interval": [0.62, 0.79],
    "kind": "reskill",
}

_GAPS_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": _AT,
    "model": _MODEL,
    "role": _ROLE,
    "skills": [
        {
            "skill_id": SKILL_ID,
            "name": "Fractions",
            "required": 0.8,
            "mastery": 0.42,
            "interval": [0.31, 0.54],
            "gap": 0.38,
            "importance": 0.9,
            "n_attempts": 9,
        }
    ],
    "present": None,
    "target": _ROLE,
    "neighbours": [],
}

_PATHWAY_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": _AT,
    "model": _MODEL,
    "role_id": ROLE_ID,
    "kind": "reskill",
    "weekly_minutes": 120.0,
    "steps": [
        {
            "module_id": MODULE_ID,
            "title": "Fractions",
            "minutes": 45.0,
            "minutes_known": True,
            "starts_week": 1,
            "ends_week": 1,
            "quarter": 1,
            "why": "gap",
            "needed_by": None,
            "skills": [
                {"skill_id": SKILL_ID, "mastery_before": 0.42, "mastery_after": 0.51, "required": 0.8}
            ],
        }
    ],
    "total_minutes": 45.0,
    "weeks": 1,
    "readiness": 0.71,
    "readiness_expected": 0.78,
    "open_skills": [{"skill_id": SKILL_ID, "mastery": 0.51, "required": 0.8, "why": "not_enough"}],
    "unreviewed": [],
    "credential_id": None,
    "beyond_horizon": [],
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/recommendations"): _RECOMMENDATION_RESPONSE,
    ("post", "/v1/events"): _EVENTS_RESPONSE,
    ("get", "/v1/learners/{learner_id}/mastery"): _MASTERY_RESPONSE,
    ("get", "/v1/learners/{learner_id}/gaps"): _GAPS_RESPONSE,
    ("get", "/v1/learners/{learner_id}/pathway"): _PATHWAY_RESPONSE,
    ("post", "/v1/learners/{learner_id}/next-item"): _NEXT_ITEM_RESPONSE,
    ("get", "/v1/model"): _MODEL_RESPONSE,
    ("get", "/health/live"): {"status": "live"},
    ("get", "/health/ready"): {"status": "ready"},
}
