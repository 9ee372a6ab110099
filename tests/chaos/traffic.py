"""Senders of evidence that never give up, and what they were promised."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.chaos.threads import Worker
from tests.unit.serving.world import ITEMS, MODULES

N_LEARNERS = 40
# Of each sender, how often it sends what was acknowledged once more, and how far back that may lie.
RESEND, N_RECENT = 0.05, 50
# The others nobody finishes, so there is always something to recommend.
FINISHED = MODULES[:8]


def one_of_the_crowd(rng: random.Random) -> str:
    """Id of one of so many learners who are there all the time."""
    return f"learner-{rng.randrange(N_LEARNERS)}"


class Sender(Worker):
    """Sends events in batches, each again and again until it is acknowledged, as an LMS's queue does.

    Attributes
    ----------
    sent : dict of str to event
        All that went out at least once.
    acknowledged : set of str
        Ids that the service answered for.
    n_calls, n_failed : int
        Failed are calls without an answer and answers of 5xx.
    took : list of (float, float)
        When each call that was answered with 200 ended, by the monotonic clock, and its duration, seconds.
    """

    def __init__(
        self,
        url: str,
        key: str,
        number: int,
        *,
        most: int = 20,
        pause_seconds: float = 0.0,
        learner: Callable[[random.Random], str] = one_of_the_crowd,
    ) -> None:
        super().__init__(f"sender {number}", pause_seconds=pause_seconds)
        self._client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)
        self._number, self._most, self._learner = number, most, learner
        self._rng = random.Random(number)
        self._recent: deque[str] = deque(maxlen=N_RECENT)
        self.sent: dict[str, dict[str, Any]] = {}
        self.acknowledged: set[str] = set()
        self.n_calls = self.n_failed = 0
        self.took: list[tuple[float, float]] = []

    def turn(self) -> None:
        batch = self._batch()
        while not self._deliver(batch):
            time.sleep(0.2)

    def close(self) -> None:
        self._client.close()

    def _batch(self) -> list[dict[str, Any]]:
        if self._recent and self._rng.random() < RESEND:
            some = self._rng.sample(list(self._recent), min(5, len(self._recent)))
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
            "learner_id": self._learner(rng),
            "occurred_at": at.isoformat(),
        }
        if rng.random() < 0.2:
            return event | {"kind": "completion", "module_id": rng.choice(FINISHED)}
        return event | {"kind": "attempt", "item_id": rng.choice(ITEMS), "score": rng.random()}

    def _deliver(self, batch: Sequence[dict[str, Any]]) -> bool:
        self.n_calls += 1
        started = time.monotonic()
        try:
            answer = self._client.post("/v1/events", json={"events": batch})
        except httpx2.TransportError:
            self.n_failed += 1
            return False
        if answer.status_code >= 500:
            self.n_failed += 1
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                self.faults.append(answer.text)
            return False
        if answer.status_code != 200:
            self.faults.append(answer.text)
            return True
        self.took.append((time.monotonic(), time.monotonic() - started))
        ids = [result["event_id"] for result in answer.json()["results"]]
        if ids != [event["event_id"] for event in batch]:
            self.faults.append(f"events {[event['event_id'] for event in batch]} were answered with {ids}")
        self.acknowledged |= set(ids)
        self._recent.extend(ids)
        return True
