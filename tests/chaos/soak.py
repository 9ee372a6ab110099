"""Mixed load for an hour: memory and latency stay where they were, and no call fails.

``python -m tests.chaos.soak --minutes 60``

Every call of the API is made, see `tests.chaos.calls`: askers ask what pages ask, senders send evidence, a
reception lets people come and go, an office does the rest in turn, and now and then the pointer names another
model. Every few seconds the memory of the service is read: what only it has (proportional set size). After
a warm-up, `tests.chaos.flat` judges memory and the latency of pages and of events.

Also a fault: an answer other than 200, one without a model, a call that was never made, a model that a worker
did not come to serve, a line in the service's log that tells of an error, and a thread that died or hangs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from serving.security.scopes import Scope
from tests.chaos import calls, flat
from tests.chaos.calls import Ask, Crowd, Operation, name_of, profile_of
from tests.chaos.server import LogReader, Server
from tests.chaos.threads import Worker, faults_at_the_end
from tests.chaos.traffic import Sender
from tests.unit.serving.world import write_bundle, write_pointer

N_ASKERS, N_SENDERS = 4, 2
SWAP_SECONDS = 10.0
# What is loaded at first use is loaded by then: a share of the time, but no less than so many seconds.
WARM_UP_SHARE, WARM_UP_SECONDS = 0.1, 15.0


class Caller(Worker):
    """Makes the calls of a list that does not end.

    Attributes
    ----------
    took : list of (float, float)
        When each call ended, by the monotonic clock, and how long it took, seconds.
    well : Counter of Operation
        Calls that were answered as they should be.
    models : Counter of str
        Bundle ids that recommendations name.
    """

    def __init__(
        self, name: str, url: str, key: str, asks: Iterator[Ask], crowd: Crowd, *, pause_seconds: float
    ) -> None:
        super().__init__(name, pause_seconds=pause_seconds)
        headers = {"X-API-Key": key, "X-Experience-API-Version": "1.0.3"}
        self._client = httpx2.Client(base_url=url, headers=headers, timeout=60)
        self._credentials = (key.split("_")[1], key)
        self._asks, self._crowd = asks, crowd
        self.took: list[tuple[float, float]] = []
        self.well: Counter[Operation] = Counter()
        self.models: Counter[str] = Counter()

    def turn(self) -> None:
        ask, started = next(self._asks), time.monotonic()
        method, template = ask.operation
        if ask.form is None:
            answer = self._client.request(method, ask.path, json=ask.body)
        else:
            answer = self._client.request(method, ask.path, data=dict(ask.form), auth=self._credentials)
        self.took.append((time.monotonic(), time.monotonic() - started))
        if answer.status_code != ask.status:
            self.faults.append(f"{method} {ask.path}: {answer.status_code} {answer.text}")
            return
        self.well[ask.operation] += 1
        if template == "/v1/recommendations":
            self._note(answer)

    def close(self) -> None:
        self._client.close()

    def _note(self, answer: httpx2.Response) -> None:
        told = answer.json()
        if told["model"] is None:
            self.faults.append(f"{told['learner_id']} was answered without a model")
            return
        self.models[told["model"]["bundle_id"]] += 1
        if told["recommendations"]:
            self._crowd.shown.append((told["recommendation_id"], told["recommendations"][0]["module_id"]))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out; memory in MB and p99 in milliseconds, each of the first and of the last third."""

    calls: int
    events: int
    swaps: int
    memory: tuple[float, float]
    p99: dict[str, tuple[float, float]]
    faults: tuple[str, ...]


def soak(
    folder: Path, seconds: float, limits: flat.Limits, *, workers: int = 1, swap_every: float = 30.0
) -> Outcome:
    """Keep a service busy for some time in an empty folder."""
    paths = (folder / "first", folder / "second")
    for seed, path in enumerate(paths):
        write_bundle(path, seed=seed)
    ids = [json.loads((path / "manifest.json").read_text())["id"] for path in paths]
    pointer, log = folder / "champion.json", folder / "service.log"
    write_pointer(pointer, paths[0])
    server = Server(
        f"sqlite:///{folder / 'store.db'}",
        pointer,
        log,
        workers=workers,
        rate_limit=0,
        # Made anew often enough to be part of the load.
        team_report_seconds=10,
        people_refresh_seconds=10,
        xapi_home_pages=calls.HOME_PAGE,
    )
    key = server.command("keys", "create", "--name", "soak", "--scopes", ",".join(scope for scope in Scope))
    server.start()
    reader, crowd = LogReader(log), Crowd()
    with httpx2.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=60) as client:
        for number in range(calls.N_ACTIVE):
            client.put(f"/v1/learners/{name_of(number)}", json=profile_of(number)).raise_for_status()
    askers = [
        Caller(f"asker {n}", server.url, key, calls.pages(crowd, n), crowd, pause_seconds=0.02)
        for n in range(N_ASKERS)
    ]
    others = [
        Caller("reception", server.url, key, calls.reception(crowd), crowd, pause_seconds=1.5),
        Caller("office", server.url, key, calls.office(crowd, 0), crowd, pause_seconds=0.5),
    ]
    senders = [
        Sender(server.url, key, n, most=5, pause_seconds=0.2, learner=crowd.somebody)
        for n in range(N_SENDERS)
    ]
    began = time.monotonic()
    workers_of_load = (*askers, *others, *senders)
    for worker in workers_of_load:
        worker.start()
    memory: list[tuple[float, float]] = []
    faults: list[str] = []
    swaps, wanted = 0, Counter({ids[0]: workers})
    while (passed := time.monotonic() - began) < seconds:
        # The last one has time to be served.
        if (swaps + 1) * swap_every < passed < seconds - SWAP_SECONDS:
            faults += _not_served(reader, wanted)
            swaps += 1
            wanted[ids[swaps % 2]] += workers
            write_pointer(pointer, paths[swaps % 2], version=swaps + 1)
        memory.append((time.monotonic(), _megabytes(server)))
        time.sleep(min(5.0, seconds / 60))
    end = time.monotonic()
    faults += faults_at_the_end(workers_of_load, 60)
    if (code := server.stop()) != 0:
        faults.append(f"the service ended with exit code {code}")
    faults += _not_served(reader, wanted)
    reader.close()
    well = sum((caller.well for caller in (*askers, *others)), Counter[Operation]())
    well[calls.SENDERS[0]] = sum(len(sender.took) for sender in senders)
    faults += [f"{method} {path} was never answered" for method, path in calls.EVERY_OPERATION - set(+well)]
    named = set().union(*(asker.models for asker in askers))
    faults += [f"bundle {i} never answered" for i in ids[: 1 + swaps] if i not in named]
    faults += [f"{sender.n_failed} calls of {sender.name} failed" for sender in senders if sender.n_failed]
    start = began + max(WARM_UP_SHARE * seconds, min(WARM_UP_SECONDS, seconds / 4))
    took = {
        "pages": [pair for asker in askers for pair in asker.took],
        "events": [pair for sender in senders for pair in sender.took],
    }
    megabytes = flat.thirds(memory, start, end, flat.median)
    p99 = {what: flat.thirds(_in_ms(rows), start, end, flat.median_p99) for what, rows in took.items()}
    return Outcome(
        calls=well.total(),
        events=sum(len(sender.acknowledged) for sender in senders),
        swaps=swaps,
        memory=megabytes,
        p99=p99,
        faults=(*faults, *reader.faults, *flat.not_flat(megabytes, p99, limits)),
    )


def _not_served(reader: LogReader, wanted: Counter[str]) -> list[str]:
    reader.read()
    if reader.served == wanted:
        return []
    return [f"bundles were served {dict(reader.served)} times, not {dict(wanted)}"]


def _in_ms(rows: list[tuple[float, float]]) -> flat.Rows:
    return [(at, 1e3 * seconds) for at, seconds in rows]


def _megabytes(server: Server) -> float:
    process = psutil.Process(server.pid)
    every = [process, *process.children(recursive=True)]
    return float(sum(one.memory_full_info().pss for one in every)) / 1e6


def main() -> None:
    """Print what came out; exit with 1 when anything is wrong, memory and latency included."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    limits = flat.LONG if 60 * given.minutes >= flat.LONG_SECONDS else flat.SHORT
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(Path(folder), 60 * given.minutes, limits, workers=given.workers)
    print(  # noqa: T201
        f"{given.minutes:g} minutes: {outcome.calls:,} calls, {outcome.events:,} events, "
        f"{outcome.swaps} swaps of the model; {len(outcome.faults)} faults\n"
        f"memory {outcome.memory[0]:.0f} MB in the first third, {outcome.memory[1]:.0f} MB in the last "
        f"(at most {limits.memory:g} times)"
    )
    for what, (first, last) in outcome.p99.items():
        print(f"p99 of {what} {first:.0f} ms and {last:.0f} ms (at most {limits.p99:g} times)")  # noqa: T201
    for fault in outcome.faults[:20]:
        print(f"  {fault}")  # noqa: T201
    raise SystemExit(int(bool(outcome.faults)))


if __name__ == "__main__":
    main()
