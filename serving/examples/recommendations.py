"""Recommendations, as asked for and as answered."""

from __future__ import annotations

from typing import Any

from serving.examples.common import AT, LEARNER_ID, MODEL, MODULE_ID, RECOMMENDATION_ID, SKILL_ID

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

RECOMMENDATION_RESPONSE: dict[str, Any] = {
    "recommendation_id": RECOMMENDATION_ID,
    "learner_id": LEARNER_ID,
    "generated_at": AT,
    "model": MODEL,
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

FEEDBACK_REQUESTS: dict[str, Any] = {
    "module": {
        "summary": "The learner found a module too hard",
        "value": {"kind": "too_hard", "module_id": MODULE_ID},
    },
    "answer": {"summary": "The list was shown", "value": {"kind": "shown"}},
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/recommendations"): RECOMMENDATION_RESPONSE,
    ("post", "/v1/recommendations/{recommendation_id}/feedback"): {"status": "stored"},
}
