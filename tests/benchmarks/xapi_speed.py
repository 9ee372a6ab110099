"""xAPI statements a second over HTTP, acknowledged once they are on disk and folded into states.

``python -m tests.benchmarks.xapi_speed --keep FOLDER``

A made organisation of 30,000 learners and 1,200 modules, see `tests.benchmarks.service_world`; nothing in it
says anything of real people. One worker on SQLite, strict, takes statements of now: answers to known items,
and known modules that were completed, so that every one becomes an event. In brackets, statements a second of
the processor's time that the service took, for machines that are busy with other things; medians over the
turns.

Another record store on this machine gets statements of the same kind in turns with the service:
``--beside PORT:PID:PATH:USER:PASSWORD``, such as ``8100:4711:/xAPI/statements/:me:secret``.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from rich.console import Console
from sqlalchemy import select

from serving.store.database import Database
from serving.store.tables import xapi_statements
from tests.benchmarks.api_throughput import environment, running
from tests.benchmarks.service_world import dataset_at, served_world
from tests.benchmarks.store_speed import (
    BATCH,
    SERVING,
    Sender,
    Store,
    Way,
    command,
    filled,
    medians,
    part_of,
    rate,
)

HOME = "https://lms.example.com"
_SCOPES = "xapi:write,xapi:read,catalog"
WAYS = (
    Way("batches of 100, one client", BATCH, 1, 30, least=1_500),
    Way("batches of 100, 4 clients", BATCH, 4, 40, least=1_500),
    Way("batches of 100, 4 clients, all learners", BATCH, 4, 40, of_everybody=True),
    Way("single statements, one client", 1, 1, 300, least=200),
    Way("single statements, 16 clients", 1, 16, 800, least=200),
)


class StatementSender(Sender):
    """Makes new statements of learners who are in a store.

    Parameters
    ----------
    heads : mapping of str to tuple of str
        For the store of each name the address of statements, and the header that says who sends.
    """

    def __init__(
        self, dataset: Path, rng: random.Random, heads: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        super().__init__(dataset, rng)
        self._heads = heads or {}

    def request(self, store: Store, learners: list[str], n_events: int) -> bytes:
        """Return one request with so many statements of some of these learners."""
        content: Any = [self._statement(learners) for _ in range(n_events)]
        body = json.dumps(content if n_events > 1 else content[0]).encode()
        path, login = self._heads.get(store.name, ("/xapi/statements", f"X-API-Key: {store.key}"))
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{store.port}\r\n{login}\r\n"
            "X-Experience-API-Version: 1.0.3\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _statement(self, learners: list[str]) -> dict[str, Any]:
        event = self._event(learners)
        answers = "item_id" in event
        place = event["item_id"] if answers else event["module_id"]
        verb = "answered" if answers else "completed"
        kind = "items" if answers else "modules"
        course = {
            "id": f"{HOME}/courses/1",
            "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
        }
        return {
            "id": str(UUID(int=self._rng.getrandbits(128), version=4)),
            "actor": {"objectType": "Agent", "account": {"homePage": HOME, "name": event["learner_id"]}},
            "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"en-US": verb}},
            "object": {
                "objectType": "Activity",
                "id": f"{HOME}/{kind}/{place}",
                "definition": {"name": {"en-US": f"{kind} {place}"}},
            },
            "result": {"score": {"scaled": event["score"]}, "success": event["score"] >= 0.5}
            if answers
            else {"completion": True, "duration": "PT30M"},
            "context": {
                "registration": str(UUID(int=self._rng.getrandbits(128), version=4)),
                "contextActivities": {"grouping": [course]},
            },
            "timestamp": event["occurred_at"],
        }


def with_addresses(store: Store) -> None:
    """Give every module and item of the catalogue an address, as an integrator does."""
    headers = {"X-API-Key": store.key}
    with httpx2.Client(base_url=f"http://127.0.0.1:{store.port}", headers=headers, timeout=60) as client:
        for kind, name in (("modules", "module_id"), ("items", "item_id")):
            for rows in _pages(client, kind):
                told = [row | {"framework_uri": f"{HOME}/{kind}/{row[name]}"} for row in rows]
                client.put(f"/v1/{kind}", json={"rows": told}).raise_for_status()


def _pages(client: httpx2.Client, kind: str) -> Iterator[list[dict[str, Any]]]:
    cursor: str | None = None
    while True:
        asked = {"limit": "500"} | ({} if cursor is None else {"cursor": cursor})
        page = client.get(f"/v1/{kind}", params=asked).raise_for_status().json()
        yield [{n: v for n, v in row.items() if v is not None and n != "retired"} for row in page["rows"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _beside(text: str) -> tuple[Store, tuple[str, str]]:
    """Return another record store, and how statements are sent to it."""
    port, pid, path, login = text.split(":", 3)
    basic = f"Authorization: Basic {base64.b64encode(login.encode()).decode()}"
    return Store("beside", "", int(port), [], pid=int(pid)), (path, basic)


def _all_used(store: Store) -> None:
    """Refuse figures of statements that said nothing."""
    database = Database(store.url)
    with database.read() as connection:
        outcomes = set(connection.execute(select(xapi_statements.c.outcome).distinct()).scalars())
    database.close()
    if outcomes != {"used"}:
        raise SystemExit(f"not all statements became events: {sorted(outcomes)}")


def main() -> None:
    """Print a table, and what was to be reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for bundle, dataset and stores")
    parser.add_argument("--modules", type=int, default=1_200)
    parser.add_argument("--learners", type=int, default=30_000)
    parser.add_argument("--attempts", type=int, default=18, help="of each learner, besides 15 modules")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--beside", type=_beside, help="another record store, see above")
    given, console = parser.parse_args(), Console()
    size = {"n_modules": given.modules, "n_learners": given.learners}
    pointer = served_world(given.keep, **size, n_attempts=given.attempts).resolve()
    dataset = dataset_at(given.keep, *size.values(), given.attempts)
    few = part_of(dataset, 10_000, given.keep / f"{dataset.name}-few")
    store, _ = filled("xapi", few, given.keep, 8821, pointer)
    env = environment(store.url, pointer, Path()) | {"SERVING_XAPI_HOME_PAGES": HOME}
    store.key = command(env, "keys", "create", "--name", "benchmark", "--scopes", _SCOPES)
    stores, heads = [store], {}
    if given.beside is not None:
        stores.append(given.beside[0])
        heads["beside"] = given.beside[1]
    sender = StatementSender(dataset, random.Random(1), heads)
    everybody = Store("all", "", 0, [f"learner-{i:06d}" for i in range(given.learners)]).learners
    with running(
        [*SERVING, "run", "--port", str(store.port)], env, f"http://127.0.0.1:{store.port}/health/ready"
    ) as process:
        store.pid = process.pid
        with_addresses(store)
        for turn in range(given.turns + 1):
            for way in WAYS:
                learners = everybody if way.of_everybody else store.learners
                for one in stores if turn % 2 else stores[::-1]:
                    made = rate(way, one, sender, learners)
                    if turn:  # the first is to warm up
                        one.rates.setdefault(way.name, []).append(made)
    _all_used(store)
    others = "".join(f" {one.name} |" for one in stores[1:])
    console.print(f"| what | statements/s (of processor time) |{others} at least |")
    console.print(f"| --- | ---: |{' ---: |' * len(stores[1:])} ---: |")
    for way in WAYS:
        figures = " | ".join(medians(one.rates[way.name]) for one in stores)
        console.print(f"| {way.name} | {figures} | {f'{way.least:,.0f}' if way.least else ''} |")


if __name__ == "__main__":
    main()
