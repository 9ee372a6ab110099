"""Mixed load for an hour: memory and latency stay where they were, and no call fails.

``python -m tests.chaos.soak --minutes 60``

Askers ask for recommendations, mastery, gaps and pathways and tell what they think of the answers; senders
send evidence; and now and then the model is swapped. Every few seconds the memory of the service is read.
Told are medians of the first and of the last third of the time, after a warm-up: memory that grows and
latency that creeps up would show there. Memory counts what only the service has (proportional set size).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from serving.security.scopes import Scope
from tests.chaos.server import Server
from tests.chaos.traffic import N_LEARNERS, Sender
from tests.unit.serving.world import ROLE, write_bundle, write_pointer

N_ASKERS, N_SENDERS = 4, 2
WARM_UP_SHARE = 0.1
PAUSE_SECONDS = 0.02


class MixedAsker(threading.Thread):
    """Makes every kind of call that a learning platform makes, one after the other.

    Attributes
    ----------
    took : list of (float, float)
        When each call ended, by the monotonic clock, and how long it took, seconds.
    faults : list of str
    """

    def __init__(self, url: str, key: str, number: int) -> None:
        super().__init__(daemon=True)
        self._client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=60)
        self._rng = random.Random(number)
        self._stopped = threading.Event()
        self.took: list[tuple[float, float]] = []
        self.faults: list[str] = []

    def run(self) -> None:
        """Ask until stopped."""
        with self._client:
            while not self._stopped.is_set():
                learner = f"learner-{self._rng.randrange(N_LEARNERS)}"
                path = f"/v1/learners/{learner}"
                match self._rng.randrange(8):
                    case 0:
                        self._call("GET", f"{path}/mastery", may_be=(200, 404))
                    case 1:
                        self._call("GET", f"{path}/gaps?role_id={ROLE}")
                    case 2:
                        self._call("GET", f"{path}/pathway?role_id={ROLE}")
                    case 3:
                        self._call("POST", f"{path}/next-item", {})
                    case _:
                        told = self._call("POST", "/v1/recommendations", {"learner_id": learner})
                        if told is not None and told.json()["recommendations"] and self._rng.random() < 0.3:
                            kind = self._rng.choice(["shown", "accepted", "dismissed", "too_easy"])
                            name = told.json()["recommendation_id"]
                            self._call("POST", f"/v1/recommendations/{name}/feedback", {"kind": kind})
                time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()

    def _call(
        self, method: str, path: str, body: object = None, may_be: tuple[int, ...] = (200,)
    ) -> httpx2.Response | None:
        started = time.monotonic()
        try:
            answer = self._client.request(method, path, json=body)
        except httpx2.TransportError as error:
            self.faults.append(f"{method} {path}: {error!r}")
            return None
        self.took.append((time.monotonic(), time.monotonic() - started))
        if answer.status_code not in may_be:
            self.faults.append(f"{method} {path}: {answer.status_code} {answer.text}")
            return None
        return answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out; memory in MB and p99 in milliseconds, each of the first and of the last third."""

    calls: int
    events: int
    memory: tuple[float, float]
    p99: tuple[float, float]
    faults: tuple[str, ...]


def soak(folder: Path, seconds: float, *, workers: int = 1, swap_every: float = 30.0) -> Outcome:
    """Keep a service busy for some time in an empty folder."""
    paths = (folder / "first", folder / "second")
    for seed, path in enumerate(paths):
        write_bundle(path, seed=seed)
    pointer = folder / "champion.json"
    write_pointer(pointer, paths[0])
    server = Server(
        f"sqlite:///{folder / 'store.db'}", pointer, folder / "service.log", workers=workers, rate_limit=0
    )
    key = server.command("keys", "create", "--name", "soak", "--scopes", ",".join(scope for scope in Scope))
    server.start()
    askers = [MixedAsker(server.url, key, number) for number in range(N_ASKERS)]
    senders = [Sender(server.url, key, number, most=5, pause_seconds=0.2) for number in range(N_SENDERS)]
    began = time.monotonic()
    for thread in (*askers, *senders):
        thread.start()
    memory: list[tuple[float, float]] = []
    swaps = 0
    while (passed := time.monotonic() - began) < seconds:
        if passed > (swaps + 1) * swap_every:
            swaps += 1
            write_pointer(pointer, paths[swaps % 2], version=swaps + 1)
        memory.append((time.monotonic(), _megabytes(server.pid)))
        time.sleep(min(5.0, seconds / 60))
    for thread in (*askers, *senders):
        thread.stop()
    for thread in (*askers, *senders):
        thread.join(60)
    server.stop()
    end = time.monotonic()
    took = [pair for asker in askers for pair in asker.took]
    faults = [fault for asker in askers for fault in asker.faults]
    faults += [fault for sender in senders for fault in sender.surprises]
    faults += [f"{sender.n_failed} calls of a sender failed" for sender in senders if sender.n_failed]
    warm = began + WARM_UP_SHARE * seconds
    return Outcome(
        calls=len(took) + sum(sender.n_calls for sender in senders),
        events=sum(len(sender.acknowledged) for sender in senders),
        memory=_thirds(memory, warm, end, statistics.median),
        p99=_thirds(took, warm, end, lambda values: 1e3 * statistics.quantiles(values, n=100)[98]),
        faults=tuple(faults),
    )


def _thirds(
    rows: list[tuple[float, float]], start: float, end: float, of: Callable[[list[float]], float]
) -> tuple[float, float]:
    third = (end - start) / 3
    first = [value for at, value in rows if start <= at < start + third]
    last = [value for at, value in rows if at >= end - third]
    return of(first), of(last)


def _megabytes(pid: int) -> float:
    process = psutil.Process(pid)
    every = [process, *process.children(recursive=True)]
    return sum(one.memory_full_info().pss for one in every) / 1e6


def main() -> None:
    """Print what came out; exit with 1 when a call failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(Path(folder), 60 * given.minutes, workers=given.workers)
    print(  # noqa: T201
        f"{given.minutes:g} minutes: {outcome.calls:,} calls, {outcome.events:,} events, "
        f"{len(outcome.faults)} faults\n"
        f"memory {outcome.memory[0]:.0f} MB in the first third, {outcome.memory[1]:.0f} MB in the last; "
        f"p99 {outcome.p99[0]:.0f} ms and {outcome.p99[1]:.0f} ms"
    )
    for fault in outcome.faults[:20]:
        print(f"  {fault}")  # noqa: T201
    raise SystemExit(int(bool(outcome.faults)))


if __name__ == "__main__":
    main()
