"""Where the time of a recommendation goes, in the service and without a network.

``python -m tests.benchmarks.api_profile --keep FOLDER``

The store and the bundle are those of `api_throughput`, which makes them. The app is called as a server calls
it, one call after the other, each for another learner. Told is the processor time of the answering thread in
each part, less that of the parts within, as a median over rounds. Telling the time takes some itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.benchmarks.api_throughput import environment
from tests.benchmarks.service_world import dataset_at, served_world

N_ROUNDS, N_CALLS, N_WARM = 9, 300, 300
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/v1/recommendations",
    "raw_path": b"/v1/recommendations",
    "query_string": b"",
    "root_path": "",
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}


class Parts:
    """Processor time by part, without that of parts within, microseconds."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._open: list[tuple[float, list[float]]] = []

    def watch(self, owner: Any, name: str, part: str) -> None:
        """Count the time of a function of a module or class for a part."""
        call = getattr(owner, name)
        if asyncio.iscoroutinefunction(call):

            async def awaited(*given: Any, **named: Any) -> Any:
                self._begin()
                try:
                    return await call(*given, **named)
                finally:
                    self._end(part)

            setattr(owner, name, awaited)
            return

        def called(*given: Any, **named: Any) -> Any:
            self._begin()
            try:
                return call(*given, **named)
            finally:
                self._end(part)

        setattr(owner, name, called)

    def _begin(self) -> None:
        self._open.append((time.thread_time(), [0.0]))

    def _end(self, part: str) -> None:
        started, within = self._open.pop()
        took = time.thread_time() - started
        self.spent[part] += 1e6 * (took - within[0])
        if self._open:
            self._open[-1][1][0] += took


def watched(parts: Parts) -> Callable[..., Any]:
    """Make the app with its parts watched; returns it."""
    from recommender.answer import Words
    from recommender.blocks import kernel
    from recommender.blocks.recommend import BlockRecommender
    from recommender.embeddings.together import Together
    from recommender.engine import Engine
    from recommender.skills.state import LearnerState
    from serving import app, dependencies, learner_states, logs, middleware, quick_route
    from serving.routers import recommendations

    parts.watch(kernel, "recommend", "engine: rules, mastery, scores and choice (compiled)")
    parts.watch(Together, "score", "engine: views (compiled)")
    parts.watch(BlockRecommender, "choose", "engine: arrays in and out")
    parts.watch(Words, "modules", "engine: answer in words")
    parts.watch(Engine, "recommend", "engine: arrays in and out")
    parts.watch(LearnerState, "from_bytes", "store: state decoded")
    parts.watch(learner_states.learners, "find", "store: row read")
    parts.watch(recommendations, "learner_soon", "store: state decoded")
    parts.watch(recommendations, "recommended", "answer as JSON")
    parts.watch(recommendations, "JsonAnswer", "answer as JSON")
    parts.watch(quick_route, "read_body", "request read and judged")
    parts.watch(dependencies.Guard, "__call__", "key and limit")
    parts.watch(logs, "request_line", "log line")
    parts.watch(recommendations, "recommend", "endpoint, log of answers, metrics")
    for layer in ("Observed", "Entrance"):
        parts.watch(getattr(middleware, layer), "__call__", "layers around, routing")
    made = app.from_environment()
    called = made.__class__.__call__

    async def outermost(scope: Any, receive: Any, send: Any) -> None:
        parts._begin()
        try:
            await called(made, scope, receive, send)
        finally:
            parts._end("layers around, routing")

    outermost.lifespan = made.router.lifespan_context(made)  # type: ignore[attr-defined]
    return outermost


async def rounds(app: Any, parts: Parts, key: str, n_learners: int) -> dict[str, float]:
    """Call the app and return microseconds a call by part, medians over rounds."""
    at, told = 0, []

    async def call() -> None:
        nonlocal at
        at = (at + 7919) % n_learners
        body = json.dumps({"learner_id": f"learner-{at:06d}", "k": 5}).encode()
        headers = [
            (b"host", b"localhost"), (b"content-type", b"application/json"), (b"x-api-key", key.encode()),
            (b"content-length", str(len(body)).encode()),
        ]  # fmt: skip
        scope = SCOPE | {"headers": headers, "state": {}}
        answered: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            answered.append(message)

        await app(scope, receive, send)
        if answered[0]["status"] != 200:
            raise SystemExit(answered[1]["body"].decode())

    async with app.lifespan:
        for _ in range(N_WARM):
            await call()
        for _ in range(N_ROUNDS):
            parts.spent.clear()
            for _ in range(N_CALLS):
                await call()
                # The log of answers is written meanwhile, as in the service.
                await asyncio.sleep(0)
            told.append({part: spent / N_CALLS for part, spent in parts.spent.items()})
    return {part: statistics.median(one.get(part, 0.0) for one in told) for part in told[0]}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder of `api_throughput`")
    given, console = parser.parse_args(), Console()
    n_learners = 30_000
    pointer = served_world(given.keep, n_modules=1_200, n_learners=n_learners, n_attempts=18)
    dataset = dataset_at(given.keep, 1_200, n_learners, 18)
    if not (given.keep / f"{dataset.name}.filled").exists():
        raise SystemExit("run tests.benchmarks.api_throughput with this folder first: it fills the store")
    env = environment(f"sqlite:///{given.keep / dataset.name}.db", pointer, given.keep / "answer.json")
    make_key = [
        sys.executable,
        "-m",
        "serving",
        "keys",
        "create",
        "--name",
        "profile",
        "--scopes",
        "recommend",
    ]
    key = subprocess.run(make_key, env=env, check=True, capture_output=True, text=True).stdout.strip()
    os.environ.update(env | {"SERVING_LOG_LEVEL": "info"})
    # Log lines are written, and go nowhere.
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    parts = Parts()
    found = asyncio.run(rounds(watched(parts), parts, key, n_learners))
    total = sum(found.values())
    console.print("| part | microseconds | share |\n| --- | ---: | ---: |")
    for part, spent in sorted(found.items(), key=lambda pair: -pair[1]):
        console.print(f"| {part} | {spent:.0f} | {spent / total:.0%} |")
    console.print(f"| all | {total:.0f} | |")


if __name__ == "__main__":
    main()
