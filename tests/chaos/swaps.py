"""Swap the model again and again under load: no call fails, and no answer mixes two models.

``python -m tests.chaos.swaps --swaps 100``

Two bundles take turns behind the pointer of a service with several worker processes, while askers ask for
recommendations, one at a time and many at once, senders send evidence, and a publisher puts edition after
edition into the catalogue. `tests.chaos.mixes` holds each answer against what the bundle that it names says
itself. The next swap comes when every worker serves the last one. In the end every state is the replay of the
log by the bundle that serves.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from recommender.engine import Engine
from serving.store.migrate import open_database
from tests.chaos.crashes import look
from tests.chaos.mixes import Bundle, Judge, K, edition, steady_events
from tests.chaos.server import LogReader, Server
from tests.chaos.threads import Worker, faults_at_the_end
from tests.chaos.traffic import N_LEARNERS, Sender
from tests.unit.serving.world import write_bundle, write_pointer

N_ASKERS, N_SENDERS = 4, 4
MARK = " (second edition)"
# A connection stays with one process: who asks takes a new one after so many questions.
QUESTIONS_A_CONNECTION = 20
SWAP_SECONDS = 60.0


def everybody_there() -> list[str]:
    """Return the ids of all learners that are asked for."""
    return [*steady_events(), *(f"learner-{number}" for number in range(N_LEARNERS))]


class Publisher(Worker):
    """Puts edition after edition of one module.

    Attributes
    ----------
    begun, done : int
        The last edition that was sent, and that was answered.
    """

    def __init__(self, url: str, key: str) -> None:
        super().__init__("publisher", pause_seconds=0.2)
        self._client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)
        self.begun = self.done = 0

    def turn(self) -> None:
        self.begun += 1
        answer = self._client.put("/v1/modules", json={"rows": [edition(self.begun)]})
        if answer.status_code != 200:
            self.faults.append(f"edition {self.begun} was answered {answer.status_code}: {answer.text}")
            return
        self.done = self.begun

    def close(self) -> None:
        self._client.close()


class Asker(Worker):
    """Asks for recommendations without a pause.

    Attributes
    ----------
    answers : Counter of str
        By bundle id.
    """

    def __init__(self, url: str, key: str, number: int, judge: Judge, publisher: Publisher) -> None:
        super().__init__(f"asker {number}")
        self._client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)
        self._judge, self._publisher = judge, publisher
        self._at = number
        self._everybody = everybody_there()
        self.answers: Counter[str] = Counter()

    def turn(self) -> None:
        self._at += 1
        wishes = [{"learner_id": self._everybody[self._at % len(self._everybody)], "k": K}]
        last = {"Connection": "close"} if self._at % QUESTIONS_A_CONNECTION == 0 else {}
        since = self._publisher.done
        if self._at % 25:
            answer = self._client.post("/v1/recommendations", json=wishes[0], headers=last)
        else:
            wishes = [{"learner_id": learner_id, "k": K} for learner_id in self._everybody]
            answer = self._client.post("/v1/recommendations/batch", json={"requests": wishes}, headers=last)
        until = self._publisher.begun
        if answer.status_code != 200:
            self.faults.append(f"{answer.status_code}: {answer.text}")
            return
        told: list[dict[str, Any]] = answer.json().get("results", [answer.json()])
        if [one["learner_id"] for one in told] != [wish["learner_id"] for wish in wishes]:
            self.faults.append(f"{wishes} got answers for {[one['learner_id'] for one in told]}")
        for one in told:
            self.faults += self._judge.faults(one, (since, until))
            self.answers[one["model"]["bundle_id"] if one["model"] else "none"] += 1

    def close(self) -> None:
        self._client.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out; `answers` by bundle id, `editions` of the catalogue."""

    swaps: int
    answers: dict[str, int]
    editions: int
    events: int
    faults: tuple[str, ...]


def swap(folder: Path, swaps: int, *, workers: int = 2) -> Outcome:
    """Run askers, senders and a publisher while the pointer moves `swaps` times; look at what is left."""
    paths = (folder / "first", folder / "second")
    write_bundle(paths[0], seed=0)
    write_bundle(paths[1], seed=1, mark=MARK)
    ids = [json.loads((path / "manifest.json").read_text())["id"] for path in paths]
    pointer, url = folder / "champion.json", f"sqlite:///{folder / 'store.db'}"
    write_pointer(pointer, paths[0])
    log = folder / "service.log"
    server = Server(url, pointer, log, workers=workers, rate_limit=0, pointer_poll_seconds=0.05)
    key = server.command("keys", "create", "--name", "chaos", "--scopes", "events,recommend,catalog")
    server.start()
    steady, reader = steady_events(), LogReader(log)
    publisher = Publisher(server.url, key)
    with httpx2.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=30) as client:
        sent = [event for events in steady.values() for event in events]
        client.post("/v1/events", json={"events": sent}).raise_for_status()
        publisher.turn()
    bundles = {i: Bundle.of(path, steady) for i, path in zip(ids, paths, strict=True)}
    judge = Judge(bundles, dict(zip(ids, ("", MARK), strict=True)))
    askers = [Asker(server.url, key, number, judge, publisher) for number in range(N_ASKERS)]
    senders = [Sender(server.url, key, number, most=3) for number in range(N_SENDERS)]
    everybody = (*askers, *senders, publisher)
    for thread in everybody:
        thread.start()
    faults, asked = _swapped(swaps, server, pointer, paths, ids, reader)
    faults += faults_at_the_end(everybody, 60)
    processes = {process.pid for process in server.processes()}
    if left := processes - asked:
        faults.append(f"{len(left)} of {len(processes)} processes were never asked")
    # What a swap left behind is replayed in the background; whoever is asked for now is replayed now.
    with httpx2.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=30) as client:
        for learner_id in everybody_there():
            client.get(f"/v1/learners/{learner_id}/mastery")
    if (code := server.stop()) != 0:
        faults.append(f"the service ended with exit code {code}")
    reader.read()
    reader.close()
    answers = sum((asker.answers for asker in askers), Counter[str]())
    faults += [f"bundle {i} never answered" for i in ids[: 1 + swaps] if not answers[i]]
    faults += [f"{sender.n_failed} calls of {sender.name} failed" for sender in senders if sender.n_failed]
    database = open_database(url)
    try:
        stored, wrong = look(database, Engine.load(paths[swaps % 2]), senders, others=sent)
    finally:
        database.close()
    return Outcome(swaps, dict(answers), publisher.done, stored, (*faults, *reader.faults, *wrong))


def _swapped(
    swaps: int, server: Server, pointer: Path, paths: tuple[Path, Path], ids: list[str], reader: LogReader
) -> tuple[list[str], set[int]]:
    """Move the pointer so often, each time until every process serves what it names.

    Returns what went wrong, and which processes were asked by somebody.
    """
    faults, asked, n_processes = [], server.asked(), len(server.processes())
    wanted = Counter({ids[0]: n_processes})
    for i in range(swaps + 1):
        if i:
            wanted[ids[i % 2]] += n_processes
            write_pointer(pointer, paths[i % 2], version=i + 1)
        end = time.monotonic() + SWAP_SECONDS
        while reader.served != wanted and time.monotonic() < end:
            time.sleep(0.02)
            reader.read()
        if reader.served != wanted:
            faults.append(f"swap {i}: bundles were served {dict(reader.served)} times, not {dict(wanted)}")
            break
        asked |= server.asked()
    return faults, asked


def main() -> None:
    """Print what came out; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = swap(Path(folder), given.swaps, workers=given.workers)
    print(  # noqa: T201
        f"swapped {outcome.swaps} times: {sum(outcome.answers.values()):,} answers of {len(outcome.answers)} "
        f"models, {outcome.editions:,} editions of the catalogue, {outcome.events:,} events; "
        f"{len(outcome.faults)} faults"
    )
    for fault in outcome.faults[:20]:
        print(f"  {fault}")  # noqa: T201
    raise SystemExit(int(bool(outcome.faults)))


if __name__ == "__main__":
    main()
