"""Whoever waits to write keeps nobody from reading."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tests.unit.serving.world import Service, attempt, running_service

N_WRITERS = 60


def write(service: Service, n: int) -> int:
    path = "/v1/learners/bob" if n % 4 == 0 else "/v1/events"
    if n % 4 == 0:
        return service.client.put(path, json={"team_id": "t"}).status_code
    return service.client.post(path, json={"events": [attempt(f"e{n}")]}).status_code


def test_any_number_of_writers_may_wait_while_others_read(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, key_cache_seconds=60) as service:
        service.post_events(attempt("a"))
        with (
            closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other,
            ThreadPoolExecutor(N_WRITERS) as pool,
        ):
            other.execute("BEGIN IMMEDIATE")
            writing = [pool.submit(write, service, n) for n in range(N_WRITERS)]
            time.sleep(0.5)
            assert service.client.get("/health/ready").status_code == 200
            assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
            assert service.client.post("/v1/recommendations", json={"learner_id": "ann"}).is_success
            # All of them were answered while nobody who writes was.
            assert not any(future.done() for future in writing)
            other.execute("ROLLBACK")
        assert {future.result() for future in writing} == {200}
        assert len(service.log()) == 1 + N_WRITERS - len(range(0, N_WRITERS, 4))
