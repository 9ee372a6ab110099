"""Events a second over HTTP into a store with few and with many events in it, and by ``load`` into none.

``python -m tests.benchmarks.store_speed --keep FOLDER``

A made organisation of 30,000 learners and 1,200 modules, see `tests.benchmarks.service_world`; nothing in it
says anything of real people. Two services of one worker each run at the same time on SQLite, as they would
run anywhere: one on a store of about 10,000 events, one on all of them. They are sent new events in turns,
that noise is shared, every event acknowledged only once it is on disk and folded into its learner's state:

- batches of 100 events, from one client and from several at once, each on a connection that is kept;
- single events, likewise.

Both get events of the same few hundred learners, who did the same before in both: only what else is stored
differs. The large one gets batches of all of its learners besides, whose rows lie apart on disk.

Told are medians over the turns, and those of the ratios of one turn; and in brackets events a second of the
processor's time that the service took, for machines that are busy with other things. The small store is put
back before each turn, that it stays small. ``load`` is the whole command in a process of its own, from its
start to its end, with the states of all learners made.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console

from serving.store.backup import back_up, restore
from tests.benchmarks.api_throughput import environment, running
from tests.benchmarks.service_world import dataset_at, served_world

BATCH = 100
FEW = 10_000
SERVING = [sys.executable, "-m", "serving"]


@dataclass(frozen=True, slots=True)
class Way:
    """A way of sending: so many events a request, from so many clients at once, so many requests a turn."""

    name: str
    events: int
    clients: int
    requests: int
    least: float | None = None
    of_everybody: bool = False


WAYS = (
    Way("batches of 100, one client", BATCH, 1, 30),
    Way("batches of 100, 4 clients", BATCH, 4, 40, least=2_000),
    Way("batches of 100, 4 clients, all learners", BATCH, 4, 40, least=2_000, of_everybody=True),
    Way("single events, one client", 1, 1, 300),
    Way("single events, 16 clients", 1, 16, 800, least=250),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """Events a second of time that passed, and of the processor's time."""

    passed: float
    of_cpu: float


@dataclass(slots=True)
class Store:
    """A store with a service on it."""

    name: str
    url: str
    port: int
    learners: list[str]
    key: str = ""
    saved: Path | None = None
    pid: int = 0
    rates: dict[str, list[Rate]] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """Time that the processor gave the service so far (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client:
    """One connection that is kept; requests are made before the clock starts."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, requests: Sequence[bytes]) -> None:
        """Send one after the other, each when the one before was answered."""
        for request in requests:
            self._socket.sendall(request)
            answer = self._socket.recv(1 << 20)
            while b"\r\n\r\n" not in answer:
                answer += self._socket.recv(1 << 20)
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(answer.decode(errors="replace"))
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += self._socket.recv(1 << 20)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class Sender:
    """Makes new events of learners who are in a store, of now: six answers to five modules finished."""

    def __init__(self, dataset: Path, rng: random.Random) -> None:
        self._items = pc.unique(pq.read_table(dataset / "attempts.parquet")["item_id"]).to_pylist()
        self._modules = pc.unique(pq.read_table(dataset / "completions.parquet")["module_id"]).to_pylist()
        self._rng = rng
        self._ids = count()

    def request(self, store: Store, learners: list[str], n_events: int) -> bytes:
        """Return one request with so many events of some of these learners."""
        body = json.dumps({"events": [self._event(learners) for _ in range(n_events)]}).encode()
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{store.port}\r\nX-API-Key: {store.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _event(self, learners: list[str]) -> dict[str, Any]:
        event = {
            "event_id": f"new-{time.time_ns()}-{next(self._ids)}",
            "learner_id": self._rng.choice(learners),
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        if self._rng.random() < 6 / 11:
            score = float(self._rng.random() < 0.7)
            return {**event, "kind": "attempt", "item_id": self._rng.choice(self._items), "score": score}
        return {**event, "kind": "completion", "module_id": self._rng.choice(self._modules)}


def rate(way: Way, store: Store, sender: Sender, learners: list[str]) -> Rate:
    """Events a second that one service acknowledges."""
    # What one learner does comes from one client, in its order.
    shares = [
        [
            sender.request(store, learners[client :: way.clients], way.events)
            for _ in range(way.requests // way.clients)
        ]
        for client in range(way.clients)
    ]
    clients = [Client(store.port) for _ in shares]
    threads = [threading.Thread(target=c.send, args=(s,)) for c, s in zip(clients, shares, strict=True)]
    started, before = time.perf_counter(), store.cpu_seconds()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, used = time.perf_counter() - started, store.cpu_seconds() - before
    for client in clients:
        client.close()
    n = sum(len(share) for share in shares) * way.events
    return Rate(n / seconds, n / max(used, 1e-9))


def part_of(dataset: Path, n_events: int, out: Path) -> Path:
    """Write a dataset of the first learners of another, with about so many events."""
    tables = {file.stem: pq.read_table(file) for file in sorted(dataset.glob("*.parquet"))}
    ids = sorted(tables["learners"]["learner_id"].to_pylist())
    n_all = sum(table.num_rows for name, table in tables.items() if name != "learners")
    chosen = ids[: -(-n_events * len(ids) // n_all)]
    out.mkdir(exist_ok=True)
    for name, table in tables.items():
        kept = table.filter(pc.is_in(table["learner_id"], pa.array(chosen)))
        pq.write_table(kept, out / f"{name}.parquet")
    return out


def n_events(dataset: Path) -> int:
    """How many events a dataset has."""
    return sum(
        pq.read_metadata(file).num_rows for file in dataset.glob("*.parquet") if file.stem != "learners"
    )


def command(env: dict[str, str], *words: str) -> str:
    """Run a command of the service and return what it prints."""
    done = subprocess.run([*SERVING, *words], env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def filled(name: str, dataset: Path, folder: Path, port: int, pointer: Path) -> tuple[Store, float]:
    """Make a store of a dataset; returns it and how many events a second were loaded."""
    file = folder / f"{name}.db"
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    learners = pq.read_table(dataset / "learners.parquet")["learner_id"].to_pylist()
    store = Store(name, f"sqlite:///{file}", port, learners)
    env = environment(store.url, pointer, Path())
    store.key = command(env, "keys", "create", "--name", "benchmark", "--scopes", "events")
    started = time.perf_counter()
    command(env, "load", "--data", str(dataset))
    return store, n_events(dataset) / (time.perf_counter() - started)


def medians(rates: Sequence[Rate]) -> str:
    """Write medians of the two."""
    if not rates:
        return ""
    passed, of_cpu = (statistics.median(getattr(r, name) for r in rates) for name in ("passed", "of_cpu"))
    return f"{passed:,.0f} ({of_cpu:,.0f})"


def main() -> None:
    """Print tables and what was to be reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for bundle, dataset and stores")
    parser.add_argument("--modules", type=int, default=1_200)
    parser.add_argument("--learners", type=int, default=30_000)
    parser.add_argument("--attempts", type=int, default=18, help="of each learner, besides 15 modules")
    parser.add_argument("--turns", type=int, default=9)
    given, console = parser.parse_args(), Console()
    size = {"n_modules": given.modules, "n_learners": given.learners}
    pointer = served_world(given.keep, **size, n_attempts=given.attempts).resolve()
    dataset = dataset_at(given.keep, *size.values(), given.attempts)
    few = part_of(dataset, FEW, given.keep / f"{dataset.name}-few")
    small, _ = filled("few", few, given.keep, 8811, pointer)
    large, loaded = filled("many", dataset, given.keep, 8812, pointer)
    small.saved = given.keep / "few.saved"
    small.saved.unlink(missing_ok=True)
    back_up(small.url, small.saved)
    console.print(f"load: {n_events(dataset):,} events, [bold]{loaded:,.0f}[/] a second (at least 20,000)")
    sender, stores = Sender(dataset, random.Random(1)), [small, large]
    with ExitStack() as services:
        for store in stores:
            run = [*SERVING, "run", "--port", str(store.port)]
            env = environment(store.url, pointer, Path())
            process = running(run, env, f"http://127.0.0.1:{store.port}/health/ready")
            store.pid = services.enter_context(process).pid
        for turn in range(given.turns + 1):
            restore(small.url, small.saved, force=True)
            for way in WAYS:
                sent_to = [large] if way.of_everybody else stores
                for store in sent_to if turn % 2 else sent_to[::-1]:
                    found = rate(way, store, sender, store.learners if way.of_everybody else small.learners)
                    if turn:  # The first one warms up.
                        store.rates.setdefault(way.name, []).append(found)
    console.print(f"\n| what | {n_events(few):,} stored | {n_events(dataset):,} stored | ratio | at least |")
    console.print("| --- | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        rates = [store.rates.get(way.name, []) for store in stores]
        figures = " | ".join(medians(found) for found in rates)
        ratios = [many.passed / few.passed for few, many in zip(*rates, strict=False)]
        ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
        least = [] if way.least is None else [f"{way.least:,.0f}"]
        console.print(
            f"| {way.name} | {figures} | {ratio} | {', '.join(least + ['ratio .80'] * bool(ratios))} |",
            highlight=False,
            soft_wrap=True,
        )


if __name__ == "__main__":
    main()
