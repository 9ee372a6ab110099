"""What the service says of itself."""

from __future__ import annotations

from typing import Any

from serving.examples.common import AT, MODEL

_MODEL_RESPONSE: dict[str, Any] = {
    **MODEL,
    "version": 3,
    "loaded_at": AT,
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
    "catalog_revision": 17,
    "catalog_rows_unused": None,
    "refused": None,
}

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("get", "/v1/model"): _MODEL_RESPONSE,
    ("post", "/v1/model/reload"): _MODEL_RESPONSE,
    ("get", "/health/live"): {"status": "live"},
    ("get", "/health/ready"): {"status": "ready"},
}
