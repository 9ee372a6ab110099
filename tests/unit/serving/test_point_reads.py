"""Single reads: threads come and go, the store is closed meanwhile, and nothing crashes or piles up."""

from __future__ import annotations

import threading

from serving.store import learners
from serving.store.migrate import open_database


def test_connections_go_with_their_threads(store_url: str) -> None:
    database = open_database(store_url)
    failed: list[BaseException] = []

    def read() -> None:
        try:
            learners.find(database, "ann")
        except BaseException as error:
            failed.append(error)

    # More than any pool holds.
    for _ in range(80):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert failed == []
    assert len(database._points._held) <= 1
    database.close()


def test_closing_waits_for_who_reads_and_later_reads_open_again(store_url: str) -> None:
    database = open_database(store_url)
    stop, failed = threading.Event(), list[BaseException]()

    def read() -> None:
        while not stop.is_set():
            try:
                assert learners.find(database, "ann").profile is None
            except BaseException as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        database._points.close()
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    database.close()
