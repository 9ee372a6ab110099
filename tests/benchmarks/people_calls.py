"""How long calls about many people take over HTTP, and what single calls feel of them.

``python -m tests.benchmarks.people_calls --keep FOLDER``

A made organisation of 30,000 learners and 1,200 modules in a store (see `tests.benchmarks.api_throughput`),
one worker. Told are times of a batch of 1,000 learners, of the first and of later calls for mentors, and of
the first and of later calls for a team, which is when the report is made; and the 50th and 99th percentile of
single recommendations, asked one after the other, alone and while batches run one after the other.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import numpy as np
from rich.console import Console

from tests.benchmarks.api_throughput import environment, running
from tests.benchmarks.service_world import dataset_at, served_world

PORT = 8803
N_SINGLE = 1_500


def timed(ask: Callable[[], httpx2.Response]) -> float:
    """Milliseconds that a call takes."""
    started = time.perf_counter()
    ask().raise_for_status()
    return 1e3 * (time.perf_counter() - started)


def single(client: httpx2.Client, n_learners: int, first: int) -> list[float]:
    """Milliseconds of single recommendations for one learner after the other."""
    ids = (f"learner-{(first + 7919 * i) % n_learners:06d}" for i in range(N_SINGLE))
    return [
        timed(lambda i=i: client.post("/v1/recommendations", json={"learner_id": i, "k": 5}))  # type: ignore[misc]
        for i in ids
    ]


def batch(client: httpx2.Client, n_learners: int, first: int) -> float:
    """Milliseconds of a batch of 1,000 learners."""
    wishes = [{"learner_id": f"learner-{(first + 31 * i) % n_learners:06d}", "k": 5} for i in range(1_000)]
    return timed(lambda: client.post("/v1/recommendations/batch", json={"requests": wishes}))


def told(console: Console, name: str, times: list[float]) -> None:
    """Print a row."""
    middle, tail = np.percentile(times, [50, 99])
    console.print(f"| {name} | {len(times):,} | {middle:,.1f} | {tail:,.1f} |")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for bundle, dataset and store")
    parser.add_argument("--database", help="address of the store, filled already")
    parser.add_argument("--modules", type=int, default=1_200)
    parser.add_argument("--learners", type=int, default=30_000)
    parser.add_argument("--attempts", type=int, default=18, help="of each learner")
    given, console = parser.parse_args(), Console()
    sizes = {"n_modules": given.modules, "n_learners": given.learners, "n_attempts": given.attempts}
    pointer = served_world(given.keep, **sizes)
    dataset = dataset_at(given.keep, given.modules, given.learners, given.attempts)
    env = environment(given.database or f"sqlite:///{given.keep / dataset.name}.db", pointer, given.keep)
    # Each run makes a report of its own.
    env["SERVING_TEAM_REPORT_SECONDS"] = "1"
    serving = [sys.executable, "-m", "serving"]
    key = subprocess.run(
        [*serving, "keys", "create", "--name", "benchmark", "--scopes", "recommend,reports"],
        env=env, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    url = f"http://127.0.0.1:{PORT}"
    client = httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=120)
    with running([*serving, "run", "--port", str(PORT)], env, f"{url}/health/live"), client:
        console.print("| calls | n | p50, ms | p99, ms |\n| --- | ---: | ---: | ---: |")
        single(client, given.learners, 0)
        batch(client, given.learners, 0)
        told(console, "single recommendation", single(client, given.learners, 1))
        told(console, "batch of 1,000", [batch(client, given.learners, i) for i in range(8)])
        ended, batches = threading.Event(), []

        def keep_asking() -> None:
            with httpx2.Client(base_url=url, headers={"X-API-Key": key}, timeout=120) as other:
                while not ended.is_set():
                    batches.append(batch(other, given.learners, len(batches)))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        told(console, "single recommendation while batches run", single(client, given.learners, 2))
        ended.set()
        asking.join()
        told(console, "batch of 1,000 while single calls run", batches)
        mentors = "/v1/learners/learner-000004/mentors"
        told(console, "mentors, the first time", [timed(lambda: client.get(mentors))])
        told(console, "mentors, later", [timed(lambda: client.get(mentors)) for _ in range(200)])
        ended, others = threading.Event(), list[float]()

        def report() -> None:
            others.append(timed(lambda: client.get("/v1/teams/team-00000/gaps")))
            ended.set()

        asking = threading.Thread(target=report)
        asking.start()
        meanwhile = []
        with httpx2.Client(base_url=url, headers={"X-API-Key": key}) as other:
            while not ended.is_set():
                wish = {"learner_id": f"learner-{len(meanwhile):06d}", "k": 5}
                meanwhile.append(timed(lambda wish=wish: other.post("/v1/recommendations", json=wish)))  # type: ignore[misc]
        asking.join()
        told(console, "team, where the report is due", others)
        told(console, "single recommendation while a report is made", meanwhile)


if __name__ == "__main__":
    main()
