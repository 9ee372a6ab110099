"""Recommendations a second over HTTP, beside a bare FastAPI route that answers as many bytes.

``python -m tests.benchmarks.api_throughput --keep FOLDER``

A made organisation of 30,000 learners and 1,200 modules in a store, one worker. Both servers run at the same
time and are asked in turns by wrk (https://github.com/wg/wrk, Debian's package ``wrk``), each time for
another learner; told are the medians over the turns and of their ratios. ``--database`` names another store,
such as a PostgreSQL, ``--workers`` how many processes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import httpx2
import psutil
from rich.console import Console

from tests.benchmarks.bare_api import ANSWER
from tests.benchmarks.service_world import dataset_at, served_world

SECRET = "7c1f9e0b3a5d2846" * 4
SCRIPT = """
local n, step = %(learners)d, 7919
local at = %(first)d
request = function()
  at = (at + step) %% n
  local body = string.format('{"learner_id":"learner-%%06d","k":5}', at)
  local headers = {["Content-Type"]="application/json", ["X-API-Key"]="%(key)s"}
  return wrk.format("POST", "/v1/recommendations", headers, body)
end
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """What wrk saw of one server in one turn; latencies and processor time a call in milliseconds."""

    per_second: float
    p50: float
    p99: float
    processor: float


def environment(database: str, pointer: Path, answer: Path) -> dict[str, str]:
    """Return the environment that both servers run in."""
    return os.environ | {
        "SERVING_KEY_SECRET": SECRET,
        "SERVING_DATABASE_URL": database,
        "SERVING_POINTER": str(pointer),
        "SERVING_RATE_LIMIT": "0",
        ANSWER: str(answer),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


@contextmanager
def running(command: list[str], env: dict[str, str], url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block, which begins once it answers at all."""
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, env=env, stderr=log) as process:
        try:
            # The first one ever compiles what the engine is made of.
            for _ in range(3000):
                try:
                    if httpx2.get(url).status_code < 500:
                        break
                except httpx2.TransportError:
                    pass
                if process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(log.read().decode())
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            process.wait(30)


def load_with(server: psutil.Process, port: int, script: Path, seconds: int, connections: int) -> Turn:
    """Ask one server as fast as it answers."""
    before = _processor_seconds(server)
    wrk = [
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}"
    ]  # fmt: skip
    told = subprocess.run(wrk, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    spent = dict(re.findall(r"(50|99)%\s+([\d.]+(?:us|ms|s))", told))
    rate, calls = (re.search(p, told) for p in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in"))
    if rate is None or calls is None:
        raise SystemExit(told)
    processor = 1e3 * (_processor_seconds(server) - before) / int(calls[1])
    return Turn(float(rate[1]), _milliseconds(spent["50"]), _milliseconds(spent["99"]), processor)


def _processor_seconds(server: psutil.Process) -> float:
    every = [server, *server.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in every)


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for bundle, dataset and store")
    parser.add_argument("--database", help="address of the store, filled where it is empty")
    parser.add_argument("--modules", type=int, default=1_200)
    parser.add_argument("--learners", type=int, default=30_000)
    parser.add_argument("--attempts", type=int, default=18, help="of each learner")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--turns", type=int, default=7)
    given, console = parser.parse_args(), Console()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; install your system's package wrk")
    pointer = served_world(
        given.keep, n_modules=given.modules, n_learners=given.learners, n_attempts=given.attempts
    )
    dataset = dataset_at(given.keep, given.modules, given.learners, given.attempts)
    database = given.database or f"sqlite:///{given.keep / dataset.name}.db"
    answer = given.keep / "answer.json"
    env = environment(database, pointer, answer)
    serving = [sys.executable, "-m", "serving"]
    key = subprocess.run(
        [*serving, "keys", "create", "--name", "benchmark", "--scopes", "recommend"],
        env=env, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    if given.database is not None or not (given.keep / f"{dataset.name}.filled").exists():
        subprocess.run([*serving, "load", "--data", str(dataset)], env=env, check=True)
        (given.keep / f"{dataset.name}.filled").touch()
    ours, bare = 8801, 8802
    run = [*serving, "run", "--port", str(ours), "--workers", str(given.workers)]
    least = [sys.executable, "-m", "tests.benchmarks.bare_api", "--port", str(bare)]
    least += ["--workers", str(given.workers)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(run, env, f"http://127.0.0.1:{ours}/health/live") as service,
    ):
        asked = httpx2.post(
            f"http://127.0.0.1:{ours}/v1/recommendations",
            json={"learner_id": "learner-000001", "k": 5},
            headers={"X-API-Key": key},
        )
        answer.write_text(json.dumps(asked.raise_for_status().json()))
        with running(least, env, f"http://127.0.0.1:{bare}/docs") as other:
            servers = [(psutil.Process(service.pid), ours), (psutil.Process(other.pid), bare)]
            turns = []
            for turn in range(given.turns + 1):
                script = Path(folder) / f"{turn}.lua"
                script.write_text(SCRIPT % {"learners": given.learners, "first": turn * 101, "key": key})
                both = [load_with(*server, script, given.seconds, given.connections) for server in servers]
                if turn:  # the first is to warm up
                    turns.append(both)
    _print(console, turns, len(asked.content))


def _print(console: Console, turns: list[list[Turn]], n_bytes: int) -> None:
    console.print(
        "| server | calls/s | p50, ms | p99, ms | processor, ms a call |\n| --- | ---: | ---: | ---: | ---: |"
    )
    for name, of in zip(("service", "bare FastAPI"), zip(*turns, strict=True), strict=True):
        rate, p50, p99, processor = (statistics.median(getattr(t, f.name) for t in of) for f in fields(Turn))
        console.print(f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {processor:.2f} |")
    rates = statistics.median(a.per_second / b.per_second for a, b in turns)
    tails = statistics.median(a.p99 / b.p99 for a, b in turns)
    console.print(f"\nthroughput {rates:.3f} of bare, p99 {tails:.1f} times; answers of {n_bytes:,} bytes")


if __name__ == "__main__":
    main()
