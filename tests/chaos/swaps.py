"""Swap the model again and again under load: no call fails, and no answer mixes two models.

``python -m tests.chaos.swaps --swaps 100``

Two bundles whose modules have different titles take turns behind the pointer, while askers ask for
recommendations and senders send evidence. Every answer names its bundle and tells titles, so one that mixes
the two is found. In the end every state is the replay of the log by the bundle that serves.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from recommender.engine import Engine
from serving.store.migrate import open_database
from tests.chaos.crashes import look
from tests.chaos.server import Server
from tests.chaos.traffic import N_LEARNERS, Sender
from tests.unit.serving.world import write_bundle, write_pointer

N_ASKERS, N_SENDERS = 4, 4
MARK = " (second edition)"


class Asker(threading.Thread):
    """Asks for recommendations without a pause.

    Attributes
    ----------
    answers : Counter of str
        By bundle id.
    faults : list of str
    """

    def __init__(self, url: str, key: str, marked: str, number: int) -> None:
        super().__init__(daemon=True)
        self._client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)
        self._marked, self._number = marked, number
        self._stopped = threading.Event()
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []

    def run(self) -> None:
        """Ask until stopped."""
        with self._client:
            at = self._number
            while not self._stopped.is_set():
                at += 1
                try:
                    answer = self._client.post(
                        "/v1/recommendations", json={"learner_id": f"learner-{at % N_LEARNERS}"}
                    )
                except httpx2.TransportError as error:
                    self.faults.append(repr(error))
                    continue
                if answer.status_code != 200:
                    self.faults.append(answer.text)
                    continue
                self._judge(answer.json())

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()

    def _judge(self, told: dict[str, Any]) -> None:
        bundle_id = told["model"]["bundle_id"]
        self.answers[bundle_id] += 1
        titles = [module["title"] for module in told["recommendations"]]
        if any(title.endswith(MARK) != (bundle_id == self._marked) for title in titles):
            self.faults.append(f"bundle {bundle_id} told {titles}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out; `answers` by bundle id."""

    swaps: int
    answers: dict[str, int]
    events: int
    failed_calls: int
    faults: tuple[str, ...]


def swap(folder: Path, swaps: int, *, workers: int = 1) -> Outcome:
    """Run askers and senders while the pointer moves `swaps` times; look at what is left."""
    paths = (folder / "first", folder / "second")
    write_bundle(paths[0], seed=0)
    write_bundle(paths[1], seed=1, mark=MARK)
    ids = [json.loads((path / "manifest.json").read_text())["id"] for path in paths]
    pointer, url = folder / "champion.json", f"sqlite:///{folder / 'store.db'}"
    write_pointer(pointer, paths[0])
    server = Server(
        url, pointer, folder / "service.log", workers=workers, rate_limit=0, pointer_poll_seconds=0.05
    )
    key = server.command("keys", "create", "--name", "chaos", "--scopes", "events,recommend")
    server.start()
    askers = [Asker(server.url, key, ids[1], number) for number in range(N_ASKERS)]
    senders = [Sender(server.url, key, number, most=3) for number in range(N_SENDERS)]
    for thread in (*askers, *senders):
        thread.start()
    faults = []
    with httpx2.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=30) as client:
        for i in range(1, swaps + 1):
            write_pointer(pointer, paths[i % 2], version=i + 1)
            end = time.monotonic() + 30
            while client.get("/v1/model").json()["bundle_id"] != ids[i % 2]:
                if time.monotonic() > end:
                    faults.append(f"swap {i} did not happen")
                    break
                time.sleep(0.02)
    for thread in (*askers, *senders):
        thread.stop()
    for thread in (*askers, *senders):
        thread.join(60)
    # What a swap left behind is replayed in the background; whoever is asked for now is replayed now.
    with httpx2.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=30) as client:
        for number in range(N_LEARNERS):
            client.get(f"/v1/learners/learner-{number}/mastery")
    server.stop()
    faults += [fault for thread in askers for fault in thread.faults]
    faults += [fault for thread in senders for fault in thread.surprises]
    database = open_database(url)
    try:
        stored, wrong = look(database, Engine.load(paths[swaps % 2]), senders)
    finally:
        database.close()
    answers = sum((asker.answers for asker in askers), Counter[str]())
    return Outcome(
        swaps, dict(answers), stored, sum(sender.n_failed for sender in senders), (*faults, *wrong)
    )


def main() -> None:
    """Print what came out; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = swap(Path(folder), given.swaps, workers=given.workers)
    print(  # noqa: T201
        f"swapped {outcome.swaps} times: {sum(outcome.answers.values()):,} answers of {len(outcome.answers)} "
        f"models, {outcome.events:,} events; {outcome.failed_calls} calls failed, "
        f"{len(outcome.faults)} faults"
    )
    for fault in outcome.faults[:20]:
        print(f"  {fault}")  # noqa: T201
    raise SystemExit(int(bool(outcome.faults or outcome.failed_calls)))


if __name__ == "__main__":
    main()
