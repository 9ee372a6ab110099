"""Profiles, what is held of somebody, mentors and teams."""

from __future__ import annotations

from typing import Any

from serving.examples.common import (
    ACCOUNT,
    AT,
    LEARNER_ID,
    MODEL,
    MODULE_ID,
    RECOMMENDATION_ID,
    ROLE_ID,
    SKILL_ID,
    TEAM_ID,
)
from serving.examples.xapi import STATEMENT

_WISHES: dict[str, Any] = {
    "target_role_id": ROLE_ID,
    "team_id": TEAM_ID,
    "segment": "builder",
    "language": "en",
    "weekly_minutes": 120.0,
    "can_mentor": True,
}
PROFILE_REQUESTS: dict[str, Any] = {
    "profile": {"summary": "On the way to a role, and willing to help others", "value": _WISHES},
    "aliases": {
        "summary": "Known by an account on a learning platform and a mail address",
        "value": {"role_id": ROLE_ID, "aliases": [ACCOUNT, {"issuer": "mailto", "name": "ann@example.com"}]},
    },
}
_PROFILE: dict[str, Any] = {"learner_id": LEARNER_ID, "role_id": None, **_WISHES}

_EXPORT_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": AT,
    "model": MODEL,
    "profile": _PROFILE,
    "state": {"n_events": 1, "difficulty_id": "8a9b14e04fc4", "updated_at": AT},
    "mastery": [
        {
            "skill_id": SKILL_ID,
            "name": "Fractions",
            "mastery": 0.42,
            "interval": [0.31, 0.54],
            "n_attempts": 0,
            "last_practised_at": None,
            "trend": "steady",
        }
    ],
    "events": [
        {
            "received_at": AT,
            "occurred_at": AT,
            "sent": {
                "event_id": "course-1190",
                "kind": "completion",
                "learner_id": LEARNER_ID,
                "module_id": MODULE_ID,
                "status": "started",
            },
        }
    ],
    "recommendations": [
        {
            "recommendation_id": RECOMMENDATION_ID,
            "generated_at": AT,
            "bundle_id": MODEL["bundle_id"],
            "simulated": MODEL["simulated"],
            "modules": [
                {
                    "module_id": MODULE_ID,
                    "rank": 1,
                    "score": 0.71,
                    "success_probability": 0.78,
                    "propensity": 1.0,
                }
            ],
        }
    ],
    "aliases": [ACCOUNT],
    "statements": [
        {
            "about_learner": True,
            "outcome": "used",
            "is_voided": False,
            "statement": {
                **STATEMENT,
                "version": "1.0.0",
                "authority": {
                    "objectType": "Agent",
                    "account": {"homePage": "https://learning.example.org", "name": "5f0c9a7d52e1"},
                },
                "stored": AT,
            },
        }
    ],
}

_ERASURE_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "erased_at": AT,
    "removed": {
        "events": 12,
        "learner_states": 1,
        "learners": 1,
        "recommendations": 3,
        "aliases": 2,
        "xapi_statements": 9,
    },
}

_MENTORS_RESPONSE: dict[str, Any] = {
    "learner_id": LEARNER_ID,
    "generated_at": AT,
    "model": MODEL,
    "as_of": AT,
    "mentors": [
        {
            "mentor_id": "learner-0815",
            "skills": [{"skill_id": SKILL_ID, "name": "Fractions", "level": "advanced"}],
            "covered": 0.62,
            "same_language": True,
            "same_team": False,
        }
    ],
}

_SKILL: dict[str, Any] = {"skill_id": SKILL_ID, "name": "Fractions"}
_TEAM_GAPS_RESPONSE: dict[str, Any] = {
    "team_id": TEAM_ID,
    "generated_at": "2026-03-01T00:00:09Z",
    "next_at": "2026-03-02T00:00:00Z",
    "model": MODEL,
    "team": {
        "n_learners": 10,
        "readiness": 0.74,
        "skills": [{**_SKILL, "n_learners": 10, "mean_gap": 0.21, "mean_mastery": 0.6, "share_below": 0.55}],
        "n_withheld": 1,
    },
    "organisation": {
        "n_learners": 245,
        "readiness": 0.78,
        "skills": [
            {**_SKILL, "n_learners": 245, "mean_gap": 0.17, "mean_mastery": 0.64, "share_below": 0.45}
        ],
        "n_withheld": 0,
        "n_teams_withheld": 2,
        "n_without_profile": 15,
    },
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("get", "/v1/learners"): {"learner_id": LEARNER_ID},
    ("put", "/v1/learners/{learner_id}"): {**_PROFILE, "aliases": [ACCOUNT], "merged": []},
    ("get", "/v1/learners/{learner_id}/export"): _EXPORT_RESPONSE,
    ("delete", "/v1/learners/{learner_id}"): _ERASURE_RESPONSE,
    ("get", "/v1/learners/{learner_id}/mentors"): _MENTORS_RESPONSE,
    ("get", "/v1/teams/{team_id}/gaps"): _TEAM_GAPS_RESPONSE,
}
