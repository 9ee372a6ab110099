"""Send what nobody expects: generated calls of every operation, and bodies of noise.

``python -m tests.chaos.fuzz --cases 20000 --bodies 100000``

Schemathesis makes calls from the API's own OpenAPI description, valid ones and broken ones, and runs all of
its checks on the answers. Only one of them is told more: a call that fits the description may still be a 422,
since a schema cannot say which ids a catalogue lists. Bodies of noise are bytes, JSON of other shapes, and
good bodies with something broken in them; no answer to them may be a 5xx or of a kind nobody documented.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from serving.api import make_api
from serving.examples import REQUESTS
from serving.security.scopes import Scope
from tests.chaos.server import Server
from tests.unit.serving.world import write_bundle, write_pointer

_CONFIG = """
continue-on-failure = true
[auth.openapi.api_key]
api_key = "{key}"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "413", "422", "429", "503"]
# Nor can it say all that xAPI asks of a statement.
[[operations]]
include-path-regex = "^/(xapi|oauth2)/"
checks.positive_data_acceptance.expected-statuses = [
  "2xx", "400", "401", "403", "404", "409", "413", "429", "503"
]
"""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A service to send things to, and a key of it that opens everything."""

    server: Server
    key: str


def fuzzed_service(folder: Path, **settings: Any) -> Fuzzed:
    """Start a service with a small model in an empty folder, set as it has to be and as `settings` say."""
    write_bundle(folder / "bundle")
    write_pointer(folder / "champion.json", folder / "bundle")
    server = Server(
        f"sqlite:///{folder / 'store.db'}",
        folder / "champion.json",
        folder / "service.log",
        # Many calls are made with a wrong key, to see them refused.
        rate_limit=0,
        wrong_key_limit=0,
        # Exports, and feedback on what nobody was answered, wait half as long again.
        recommendation_log_seconds=0.02,
        **settings,
    )
    key = server.command("keys", "create", "--name", "fuzz", "--scopes", ",".join(scope for scope in Scope))
    server.start()
    return Fuzzed(server, key)


def generated_calls(service: Fuzzed, folder: Path, cases: int, seed: int) -> tuple[int, str]:
    """Let Schemathesis make calls; return its exit code and report.

    Parameters
    ----------
    cases : int
        In all; each operation gets its share.
    """
    n_operations = sum(len(methods) for methods in make_api().openapi()["paths"].values())
    config = folder / "schemathesis.toml"
    config.write_text(_CONFIG.format(key=service.key))
    options = f"--checks all --max-examples {max(1, cases // n_operations)} --seed {seed} --no-color"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)]
    done = subprocess.run(
        [*command, "run", f"{service.server.url}/openapi.json", *options.split()],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr


def noisy_bodies(service: Fuzzed, n: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send bodies of noise to every operation that takes one; return answers by status, and faults."""
    rng, statuses, faults = random.Random(seed), Counter[int](), []
    description = make_api().openapi()["paths"]
    targets = [
        (method, path, {int(status) for status in operation["responses"]})
        for path, methods in description.items()
        for method, operation in methods.items()
        if "requestBody" in operation
    ]
    good = [example["value"] for examples in REQUESTS for example in examples.values()]
    with httpx2.Client(base_url=service.server.url, headers={"X-API-Key": service.key}, timeout=60) as client:
        for _ in range(n):
            method, path, documented = rng.choice(targets)
            body = _body(rng, good)
            named = path.replace("{recommendation_id}", "0b0c5f0e-5d5c-4b51-9d42-0f6a0c1b2d3e")
            named = named.replace("{learner_id}", "noise")
            answer = client.request(
                method.upper(),
                named,
                content=body,
                headers={"Content-Type": "application/json", "X-Experience-API-Version": "1.0.3"},
            )
            statuses[answer.status_code] += 1
            if answer.status_code >= 500 or answer.status_code not in documented:
                faults.append(f"{method} {path} {answer.status_code}: {body[:200]!r}")
    return statuses, faults


def _body(rng: random.Random, good: list[Any]) -> bytes:
    kind = rng.random()
    if kind < 0.2:
        return rng.randbytes(rng.randrange(200))
    if kind < 0.4:
        return json.dumps(odd_value(rng, 4)).encode()
    text = json.dumps(_broken(rng, rng.choice(good)))
    if kind < 0.5:
        at = rng.randrange(len(text))
        text = text[:at] + chr(rng.randrange(1, 0x3000)) + text[at + rng.randrange(3) :]
    return text.encode("utf-8", "surrogatepass")


def _broken(rng: random.Random, value: Any) -> Any:
    """Return a copy in which something may be another thing."""
    if rng.random() < 0.1:
        return odd_value(rng, 2)
    if isinstance(value, dict):
        return {name: _broken(rng, child) for name, child in value.items() if rng.random() > 0.02}
    if isinstance(value, list):
        return [_broken(rng, child) for child in value] * rng.choice([1, 1, 1, 0, 3])
    return value


def odd_value(rng: random.Random, depth: int) -> Any:
    """Return a value of JSON that hardly anybody expects."""
    if depth and rng.random() < 0.4:
        n = rng.randrange(4)
        if rng.random() < 0.5:
            return [odd_value(rng, depth - 1) for _ in range(n)]
        return {_text(rng): odd_value(rng, depth - 1) for _ in range(n)}
    odd: list[Any] = [
        None,
        True,
        0,
        -1,
        1e308,
        10**30,
        float("nan"),
        float("inf"),
        "",
        "x" * 201,
        "2026-13-45",
        "\ud800",
        [],
    ]
    return rng.choice([*odd, _text(rng), rng.random(), rng.randrange(-(10**6), 10**6)])


def _text(rng: random.Random) -> str:
    return "".join(
        chr(rng.choice([rng.randrange(128), rng.randrange(0xD800)])) for _ in range(rng.randrange(8))
    )


def main() -> None:
    """Print what came out; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        service = fuzzed_service(folder)
        try:
            statuses, faults = noisy_bodies(service, given.bodies, given.seed)
            print(f"{given.bodies:,} bodies of noise: {dict(sorted(statuses.items()))}, {len(faults)} faults")  # noqa: T201
            for fault in faults[:20]:
                print(f"  {fault}")  # noqa: T201
            code, report = generated_calls(service, folder, given.cases, given.seed)
            print(report)  # noqa: T201
        finally:
            service.server.stop()
    raise SystemExit(int(bool(faults) or code != 0))


if __name__ == "__main__":
    main()
