"""A learner on the way to a role."""

from __future__ import annotations

from typing import Any

from serving.examples.common import AT, LEARNER_ID, MODEL, MODULE_ID, ROLE_ID, SKILL_ID

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
    "generated_at": AT,
    "model": MODEL,
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
    "generated_at": AT,
    "model": MODEL,
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
    ("get", "/v1/learners/{learner_id}/gaps"): _GAPS_RESPONSE,
    ("get", "/v1/learners/{learner_id}/pathway"): _PATHWAY_RESPONSE,
}
