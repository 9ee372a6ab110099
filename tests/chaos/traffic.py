"""Senders of evidence that never give up, and what they were promised."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.unit.serving.world import ITEMS, MODULES

N_LEARNERS = 40
# Of each sender, how often it sends what was acknowledged once more.
RESEND = 0.05


class Sender(threading.Thread):
    """Sends events in batches, each again and again until it is acknowledged, as an LMS's queue does.

    Attributes
    ----------
    sent : dict of str to event
        All that went out at least once.
    acknowledged : set of str
        Ids that the service answered for.
    n_calls, n_failed : int
        Failed are calls without an answer and answers of 5xx.
    surprises : list of str
        Answers that nobody should get.
    """

    def __init__(
        self, url: str, key: str, number: int, *, most: int = 20, pause_seconds: float = 0.0
    ) -> None:
        super().__init__(daemon=True)
        self._client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)
        self._number, self._most, self._pause_seconds = number, most, pause_seconds
        self._rng = random.Random(number)
        self._stopped = threading.Event()
        self.sent: dict[str, dict[str, Any]] = {}
        self.acknowledged: set[str] = set()
        self.n_calls = self.n_failed = 0
        self.surprises: list[str] = []

    def run(self) -> None:
        """Send until stopped; what is under way then is still brought to its end."""
        with self._client:
            while not self._stopped.is_set():
                batch = self._batch()
                while not self._deliver(batch):
                    time.sleep(0.05)
                time.sleep(self._pause_seconds)

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped.set()

    def _batch(self) -> list[dict[str, Any]]:
        if self.acknowledged and self._rng.random() < RESEND:
            some = self._rng.sample(sorted(self.acknowledged), min(5, len(self.acknowledged)))
            return [self.sent[event_id] for event_id in some]
        batch = [self._event() for _ in range(self._rng.randint(1, self._most))]
        self.sent |= {event["event_id"]: event for event in batch}
        return batch

    def _event(self) -> dict[str, Any]:
        rng = self._rng
        # Some come late, so that states are replayed as well as folded on.
        at = datetime.now(UTC) - timedelta(seconds=rng.choice([0, 0, 0, rng.uniform(0, 3_000_000)]))
        event = {
            "event_id": f"{self._number}-{len(self.sent)}-{rng.getrandbits(32):08x}",
            "learner_id": f"learner-{rng.randrange(N_LEARNERS)}",
            "occurred_at": at.isoformat(),
        }
        if rng.random() < 0.2:
            return event | {"kind": "completion", "module_id": rng.choice(MODULES)}
        return event | {"kind": "attempt", "item_id": rng.choice(ITEMS), "score": rng.random()}

    def _deliver(self, batch: list[dict[str, Any]]) -> bool:
        self.n_calls += 1
        try:
            answer = self._client.post("/v1/events", json={"events": batch})
        except httpx2.TransportError:
            self.n_failed += 1
            return False
        if answer.status_code >= 500:
            self.n_failed += 1
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                self.surprises.append(answer.text)
            return False
        if answer.status_code != 200:
            self.surprises.append(answer.text)
            return True
        self.acknowledged |= {result["event_id"] for result in answer.json()["results"]}
        return True
