"""Examples of xAPI, and of tokens."""

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

_KEPT: dict[str, Any] = {
    **STATEMENT,
    "authority": {
        "objectType": "Agent",
        "account": {"homePage": "https://learning.example.com", "name": "9f3a61c02b7d"},
    },
    "version": "1.0.0",
    "stored": "2026-03-01T09:30:01.250Z",
}

STATEMENTS: dict[str, Any] = {
    "one": {"summary": "A learner completed a module", "value": STATEMENT},
    "several": {"summary": "Several statements at once", "value": [STATEMENT]},
}
STATEMENT_TO_PUT: dict[str, Any] = {"one": STATEMENTS["one"]}
TOKENS: dict[str, Any] = {
    "all": {
        "summary": "A token that may do what the key may",
        "value": {"grant_type": "client_credentials"},
    },
    "one learner": {
        "summary": "A token for the browser of one learner",
        "value": {"grant_type": "client_credentials", "scope": "recommend", "learner_id": "learner-4711"},
    },
}

RESPONSES: dict[tuple[str, str], Any] = {
    ("post", "/xapi/statements"): [STATEMENT["id"]],
    ("get", "/xapi/statements"): {"statements": [_KEPT], "more": ""},
    ("get", "/xapi/about"): {"version": ["1.0.3", "2.0.0"], "extensions": {}},
    ("post", "/oauth2/token"): {
        "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI5ZjNhIn0.c2lnbmF0dXJl",
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "recommend",
    },
}
