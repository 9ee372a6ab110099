"""Ids and parts that several examples use."""

from __future__ import annotations

from typing import Any

LEARNER_ID = "learner-4711"
MODULE_ID = "module-fractions"
SKILL_ID = "skill-fractions"
ITEM_ID = "item-fractions-3"
RECOMMENDATION_ID = "0b0c5f0e-5d5c-4b51-9d42-0f6a0c1b2d3e"
ROLE_ID = "role-analyst"
TEAM_ID = "team-north"

MODEL: dict[str, Any] = {"bundle_id": "3f0c9a7d52e1", "alias": "champion", "simulated": False}
ACCOUNT: dict[str, str] = {"issuer": "https://lms.example.com", "name": "ann"}
AT = "2026-03-01T09:30:00Z"
