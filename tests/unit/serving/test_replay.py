"""States that are made again after a swap of the model, also where the store is away meanwhile."""

import json
import time
from pathlib import Path

import pytest

from serving import logs
from serving.store import dialect
from tests.unit.serving.company import swap, until
from tests.unit.serving.world import attempt, running_service


def test_a_store_that_is_away_for_long_is_told_once_and_once_that_it_is_back(
    tmp_path: Path,
    bundle: Path,
    other_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 5)
    logs.configure("info")
    written: list[str] = []

    def is_over() -> bool:
        written.append(capsys.readouterr().err)
        return "the replay goes on" in "".join(written)

    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("e"))
        before = service.states()
        with service.database.write():
            swap(service, other_bundle)
            # Many rounds of the replay, one every 20 ms.
            time.sleep(0.5)
        until(is_over)
        until(lambda: service.states() != before)
    lines = [json.loads(line) for line in "".join(written).splitlines()]
    told = [line for line in lines if line["logger"] == "serving.replay" and line["level"] != "info"]
    assert [(line["event"], line["level"], line.get("fault")) for line in told] == [
        ("the replay waits for the store", "warning", "busy"),
        ("the replay goes on, the store can be used again", "warning", None),
    ]
