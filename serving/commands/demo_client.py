"""The demo's view of the API: what it asks and what it posts. Every number it shows comes from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx2

from serving.commands.demo_server import DemoError

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one learner stands at one moment, as answered.

    Parameters
    ----------
    mastery : mapping of str to dict
        By skill id.
    modules : list of dict
        The next modules, best first.
    """

    mastery: dict[str, Json]
    modules: list[Json]


class DemoClient:
    """Talks to the service as an LMS would.

    Parameters
    ----------
    client : httpx2.Client
        Knows address and key.
    """

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def model(self) -> Json:
        """Answer of GET /v1/model."""
        return self._call("GET", "/v1/model")

    def recommend(self, learner_id: str, k: int, *, role_id: str | None = None) -> Json:
        """Answer of POST /v1/recommendations; without a role, that of the learner's profile counts."""
        body = {"learner_id": learner_id, "k": k} | ({"target_role_id": role_id} if role_id else {})
        return self._call("POST", "/v1/recommendations", body)

    def standing(self, learner_id: str, k: int, *, role_id: str | None = None) -> Standing:
        """Mastery and next modules of a learner that is known; the role as in `recommend`."""
        skills = self._call("GET", f"/v1/learners/{learner_id}/mastery")["skills"]
        modules = self.recommend(learner_id, k, role_id=role_id)["recommendations"]
        return Standing({skill["skill_id"]: skill for skill in skills}, modules)

    def pathway(self, learner_id: str, role_id: str) -> Json:
        """Answer of GET /v1/learners/{learner_id}/pathway."""
        return self._call("GET", f"/v1/learners/{learner_id}/pathway?role_id={quote(role_id)}")

    def answer_items(self, learner_id: str, item_ids: Sequence[str], *, passed: bool, label: str) -> Json:
        """Post one attempt per item, all passed or all failed."""
        events = [
            {
                "kind": "attempt",
                "event_id": f"demo-{learner_id}-{label}-{number}",
                "learner_id": learner_id,
                "item_id": item_id,
                "score": 0.95 if passed else 0.1,
                "passed": passed,
            }
            for number, item_id in enumerate(item_ids, start=1)
        ]
        return self._call("POST", "/v1/events", {"events": events})

    def complete(self, learner_id: str, module_id: str) -> Json:
        """Post the completion of a module."""
        event = {
            "kind": "completion",
            "event_id": f"demo-{learner_id}-completed-{module_id}",
            "learner_id": learner_id,
            "module_id": module_id,
        }
        return self._call("POST", "/v1/events", {"events": [event]})

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._client.request(method, path, json=body)
        content: Json = answer.json()
        if not answer.is_success:
            raise DemoError(f"{method} {path} answered {answer.status_code}: {content.get('detail')}")
        return content
