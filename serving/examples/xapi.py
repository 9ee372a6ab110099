"""Examples of xAPI."""

from __future__ import annotations

from typing import Any

STATEMENT: dict[str, Any] = {
    "id": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
    "actor": {"account": {"homePage": "https://lms.example.com", "name": "ann"}},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "completed"}},
    "object": {"id": "https://lms.example.com/courses/ratios"},
    "result": {"completion": True, "score": {"scaled": 0.85}, "duration": "PT35M"},
    "timestamp": "2026-03-01T09:30:00Z",
}
