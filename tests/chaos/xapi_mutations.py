"""Statements with something broken in them: no fault of the service, and nothing kept of a refused batch.

``python -m tests.chaos.xapi_mutations --statements 100000``

Batches of statements, some of which have a part that was changed at random, go to a service of its own, in
both versions and both modes. Every answer has to be one that is documented and no 5xx; at the end the store
has to hold the statements of the batches that were taken, and no other.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import httpx2
from sqlalchemy import select

from serving.store.database import Database
from serving.store.tables import xapi_statements
from tests.chaos.fuzz import fuzzed_service, odd_value

Mode = Literal["strict", "lenient"]
_MOST_AT_ONCE = 20
_DOCUMENTED = {200, 400, 409, 413}
_VERBS = ("completed", "answered", "passed", "failed", "voided", "interacted", "danced")


@dataclass
class Mutated:
    """What came of it.

    Parameters
    ----------
    statuses : Counter of int
    faults : list of str
    stored, expected : int
        Statements in the store, and those of batches that were taken.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    stored: int = 0
    expected: int = 0


def mutated_statements(folder: Path, n: int, seed: int, mode: Mode) -> Mutated:
    """Send so many statements to a service that runs in an empty folder until they are through."""
    rng, found, taken = random.Random(seed), Mutated(), set[str]()
    service = fuzzed_service(folder, xapi_mode=mode)
    try:
        with httpx2.Client(
            base_url=service.server.url, headers={"X-API-Key": service.key}, timeout=60
        ) as client:
            for batch in _batches(rng, n, taken):
                answer = client.post(
                    "/xapi/statements",
                    content=json.dumps(batch).encode("utf-8", "surrogatepass"),
                    headers={
                        "Content-Type": "application/json",
                        "X-Experience-API-Version": rng.choice(("1.0.3", "2.0.0")),
                    },
                )
                found.statuses[answer.status_code] += 1
                if answer.status_code not in _DOCUMENTED:
                    found.faults.append(f"{answer.status_code}: {json.dumps(batch)[:300]}")
                elif answer.status_code == 200:
                    taken.update(answer.json())
    finally:
        service.server.stop()
    database = Database(f"sqlite:///{folder / 'store.db'}")
    with database.read() as connection:
        stored = set(connection.execute(select(xapi_statements.c.statement_id)).scalars())
    database.close()
    found.stored, found.expected = len(stored), len(taken)
    found.faults += [
        f"in the store, and of no batch that was taken: {i}" for i in sorted(stored - taken)[:10]
    ]
    found.faults += [f"taken, and not in the store: {i}" for i in sorted(taken - stored)[:10]]
    return found


def _batches(rng: random.Random, n: int, taken: set[str]) -> Iterator[list[Any]]:
    left = n
    while left:
        size = min(left, rng.choice((1, 1, 2, 5, _MOST_AT_ONCE)))
        left -= size
        # Now and then all are good, and now and then one that is there is sent again.
        broken = rng.random() < 0.7
        batch = [_statement(rng) for _ in range(size)]
        if broken:
            at = rng.randrange(size)
            batch[at] = _changed(rng, batch[at])
        if taken and rng.random() < 0.05 and isinstance(batch[0], dict):
            batch[0]["id"] = next(iter(taken))
        yield batch


def _statement(rng: random.Random) -> Any:
    """A statement that is good."""
    activity = {"id": f"https://lms.example.com/{rng.randrange(50)}", "definition": {"name": {"en": "A"}}}
    actor = {"account": {"homePage": "https://lms.example.com", "name": str(rng.randrange(100))}}
    statement: dict[str, Any] = {
        "id": str(UUID(int=rng.getrandbits(128), version=4)),
        "actor": actor,
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{rng.choice(_VERBS)}", "display": {"en-US": "did"}},
        "object": activity,
        "result": {"score": {"scaled": rng.random()}, "success": True, "duration": "PT5M"},
        "context": {
            "registration": str(UUID(int=rng.getrandbits(128), version=4)),
            "contextActivities": {"parent": [activity], "category": activity},
            "instructor": {"mbox": "mailto:i@example.com"},
            "team": {"objectType": "Group", "member": [actor]},
            "extensions": {"https://example.com/x": [None, {"a": 1}]},
        },
        "timestamp": "2026-01-31T12:00:00.123Z",
        "attachments": [
            {
                "usageType": "https://example.com/t",
                "display": {"en": "A"},
                "contentType": "text/plain",
                "length": 1,
                "sha2": "0" * 64,
                "fileUrl": "https://example.com/f",
            }
        ],
    }
    if statement["verb"]["id"].endswith("voided") or rng.random() < 0.1:
        target = str(UUID(int=rng.getrandbits(128), version=4))
        statement["object"] = {"objectType": "StatementRef", "id": target}
        del statement["context"], statement["result"]
    elif rng.random() < 0.1:
        inner = {name: statement[name] for name in ("actor", "verb", "object", "result")}
        statement["object"] = {"objectType": "SubStatement", **inner}
    return statement


def _changed(rng: random.Random, value: Any) -> Any:
    """Return a copy in which one part, however deep, is another thing, is missing, or has another name."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(sorted(value))
        kind = rng.random()
        if kind < 0.1:
            return {n: v for n, v in value.items() if n != name}
        if kind < 0.2:
            return {(n.upper() if n == name else n): v for n, v in value.items()}
        if kind < 0.25:
            return {**value, rng.choice(("x", "objectType", "id", "stored", "member")): odd_value(rng, 2)}
        return {**value, name: _changed(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        return [_changed(rng, one) if i == at else one for i, one in enumerate(value)]
    return odd_value(rng, 2)


def main() -> None:
    """Print what came out; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--statements", type=int, default=100_000, help="in all, half of them in each mode")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faults = 0
    modes: tuple[Mode, ...] = ("strict", "lenient")
    for place, mode in enumerate(modes):
        with tempfile.TemporaryDirectory() as name:
            found = mutated_statements(Path(name), given.statements // 2, given.seed + place, mode)
        faults += len(found.faults)
        answers = dict(sorted(found.statuses.items()))
        print(f"{mode}: {given.statements // 2:,} statements, answers {answers}, {found.stored:,} stored of")  # noqa: T201
        print(f"  {found.expected:,} that were taken, {len(found.faults)} faults")  # noqa: T201
        for fault in found.faults[:20]:
            print(f"  {fault}")  # noqa: T201
    raise SystemExit(int(bool(faults)))


if __name__ == "__main__":
    main()
