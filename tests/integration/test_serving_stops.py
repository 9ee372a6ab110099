"""SIGTERM or SIGINT to a service: what is being answered ends, what is buffered is written, exit code 0."""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.chaos.server import Server
from tests.unit.serving.world import bundle, completion, write_pointer

__all__ = ["bundle"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stops by signal")
EACH_NUMBER_OF_WORKERS = pytest.mark.parametrize("workers", [1, 2])


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@contextmanager
def serving(tmp_path: Path, bundle: Path, **options: Any) -> Iterator[tuple[Server, dict[str, str]]]:
    write_pointer(tmp_path / "champion.json", bundle)
    database = f"sqlite:///{tmp_path / 'test.db'}"
    server = Server(database, tmp_path / "champion.json", tmp_path / "log", **options)
    key = server.command("keys", "create", "--name", "t", "--scopes", "recommend,events,admin")
    server.start()
    try:
        yield server, {"Authorization": f"Bearer {key}"}
    finally:
        with suppress(ProcessLookupError):
            server.kill()


def refuses(server: Server) -> bool:
    try:
        httpx2.get(f"{server.url}/health/live", timeout=1)
    except httpx2.ConnectError:
        return True
    except httpx2.TransportError:
        return False
    return False


def exit_code(server: Server) -> int:
    """Wait until it has ended by itself."""
    assert server._process is not None
    server._process.wait(60)
    return server.stop()


@EACH_NUMBER_OF_WORKERS
def test_a_service_that_is_told_to_stop_ends_what_it_began(
    tmp_path: Path, bundle: Path, workers: int
) -> None:
    with (
        serving(tmp_path, bundle, workers=workers, drain_seconds=1.5, recommendation_log_seconds=60) as (
            server,
            key,
        ),
        ThreadPoolExecutor(2) as threads,
        closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other,
    ):
        wish = {"learner_id": "ann", "k": 1}
        asked = httpx2.post(f"{server.url}/v1/recommendations", json=wish, headers=key).json()
        # A request that waits for the database until another writer lets go of it.
        other.execute("BEGIN IMMEDIATE")
        sent = {"events": [completion("c")]}
        posted = threads.submit(httpx2.post, f"{server.url}/v1/events", json=sent, headers=key, timeout=30)
        time.sleep(0.3)
        stopped = threads.submit(server.stop)
        # Not ready at once, and still taking calls from who has not noticed.
        wait_until(lambda: not server.is_ready(), 5)
        ready = httpx2.get(f"{server.url}/health/ready")
        assert ready.status_code == 503
        assert "told to stop" in ready.json()["detail"]
        late = httpx2.post(f"{server.url}/v1/recommendations", json=wish, headers=key)
        assert late.status_code == 200
        wait_until(lambda: refuses(server), 10)
        assert not posted.done()
        other.execute("ROLLBACK")
        assert posted.result(30).json()["stored"] == 1
        assert stopped.result(60) == 0
        written = {row[0] for row in other.execute("SELECT recommendation_id FROM recommendations")}
        assert written == {asked["recommendation_id"], late.json()["recommendation_id"]}
    log = (tmp_path / "log").read_text()
    assert log.count("Finished server process") == workers
    assert "Traceback" not in log


@EACH_NUMBER_OF_WORKERS
def test_a_service_with_nothing_to_do_stops_with_0(tmp_path: Path, bundle: Path, workers: int) -> None:
    with serving(tmp_path, bundle, workers=workers) as (server, _):
        assert server.stop() == 0


@EACH_NUMBER_OF_WORKERS
def test_from_the_keyboard_too(tmp_path: Path, bundle: Path, workers: int) -> None:
    with serving(tmp_path, bundle, workers=workers, drain_seconds=600) as (server, _):
        # As a terminal does: to all processes at once.
        os.killpg(server.pid, signal.SIGINT)
        assert exit_code(server) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_what_does_not_end_in_time_is_cut_off(tmp_path: Path, bundle: Path, number: signal.Signals) -> None:
    # Only SIGTERM drains.
    drain_seconds = 0 if number == signal.SIGTERM else 600
    with (
        serving(tmp_path, bundle, shutdown_seconds=1, drain_seconds=drain_seconds) as (server, key),
        ThreadPoolExecutor(1) as threads,
        closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        sent = {"events": [completion("c")]}
        posted = threads.submit(httpx2.post, f"{server.url}/v1/events", json=sent, headers=key, timeout=30)
        time.sleep(0.3)
        os.kill(server.pid, number)
        assert exit_code(server) == 1
        # The request would have waited for the other writer for longer than that.
        assert other.in_transaction
        answer = posted.result(30)
        assert answer.status_code == 503
        assert "stopped before it could answer" in answer.json()["detail"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        other.execute("ROLLBACK")
        assert other.execute("SELECT COUNT(*) FROM events").fetchone() == (0,)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert "stopped before everything had ended" in log


def test_two_workers_count_together_and_leave_no_files(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with serving(tmp_path, bundle, workers=2, metrics="public") as (server, key):
        wish = {"learner_id": "ann", "k": 1}
        for number in range(40):
            # A connection of its own each, so that both workers get some.
            sent = {"events": [completion(f"c{number}", f"module-{1 + number % 11}")]}
            httpx2.post(f"{server.url}/v1/events", json=sent, headers=key).raise_for_status()
            httpx2.post(f"{server.url}/v1/recommendations", json=wish, headers=key).raise_for_status()
        (folder,) = temporary.glob("serving-metrics-*")
        assert len({file.stem.rpartition("_")[2] for file in folder.glob("counter_*.db")}) == 2
        for _ in range(6):
            lines = httpx2.get(f"{server.url}/metrics").text.splitlines()
            told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
            assert told['recommender_events_total{kind="completion",outcome="stored"}'] == "40.0"
            assert (
                told['http_requests_total{method="POST",route="/v1/recommendations",status="200"}'] == "40.0"
            )
            answers = 'http_request_duration_seconds_count{method="POST",route="/v1/events",status="200"}'
            assert told[answers] == "40.0"
            assert sum(line.startswith("recommender_model_info{") for line in lines) == 1
            assert told["recommender_model_refused"] == "0.0"
        assert server.stop() == 0
    assert list(temporary.glob("serving-metrics-*")) == []
