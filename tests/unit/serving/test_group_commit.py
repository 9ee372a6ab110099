"""Writers that share a commit: each is answered what became of its own work, also when the disk is full."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from serving.store.database import Database
from serving.store.events import LoggedEvent, append
from serving.store.faults import StoreUnavailableError
from serving.store.migrate import open_database

N_BYTES = 500_000


def event(event_id: str, payload: str = "{}") -> LoggedEvent:
    return LoggedEvent(
        event_id=event_id,
        learner_id="ann",
        kind="attempt",
        occurred_at=1.0,
        received_at=1.0,
        payload=payload,
    )


def stored(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(text("SELECT event_id FROM events")).scalars())


def together(database: Database, works: dict[str, Callable[[Connection], Any]]) -> dict[str, Any]:
    """Do several works in one group, in this order; what each was answered, or what was raised."""
    told: dict[str, Any] = {}
    begun, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        begun.set()
        go_on.wait()

    def run(name: str, work: Callable[[Connection], Any]) -> None:
        try:
            told[name] = database.transact(work)
        except Exception as error:
            told[name] = error

    threads = [threading.Thread(target=run, args=("holds", hold))]
    threads[0].start()
    begun.wait()
    assert database._group is not None
    for n, (name, work) in enumerate(works.items(), start=1):
        threads.append(threading.Thread(target=run, args=(name, work)))
        threads[-1].start()
        while len(database._group._waiting) < n:
            time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join()
    return told


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


def adding(event_id: str, *, fails: Exception | None = None) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        append(connection, [event(event_id)])
        if fails is not None:
            raise fails
        return "stored"

    return work


def filling(connection: Connection) -> str:
    """Write more than the database may still grow by."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    try:
        append(connection, [event("large", "x" * N_BYTES)])
    finally:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    return "stored"


def test_the_work_of_one_that_fails_is_undone_alone(database: Database) -> None:
    told = together(
        database,
        {"a": adding("a"), "b": adding("b", fails=KeyError("of its own")), "c": adding("c")},
    )
    assert (told["a"], told["c"]) == ("stored", "stored")
    assert isinstance(told["b"], KeyError)
    assert stored(database) == {"a", "c"}


def test_nobody_is_told_stored_where_the_disk_became_full(database: Database) -> None:
    told = together(database, {"before": adding("a"), "full": filling, "after": adding("b")})
    answers = [told[name] for name in ("before", "full", "after")]
    assert [getattr(answer, "fault", answer) for answer in answers] == ["full"] * 3
    assert stored(database) == set()
    assert database.transact(adding("a")) == "stored"


def test_a_work_that_hides_the_fault_is_not_believed(database: Database) -> None:
    def hiding(connection: Connection) -> str:
        try:
            return filling(connection)
        except Exception:
            return "stored"

    told = together(database, {"before": adding("a"), "hides": hiding, "after": adding("b")})
    assert all(isinstance(told[name], StoreUnavailableError) for name in ("before", "hides", "after"))
    with pytest.raises(StoreUnavailableError):
        database.transact(hiding)
    assert stored(database) == set()
