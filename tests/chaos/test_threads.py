"""Threads that make load do not end unnoticed."""

from __future__ import annotations

import threading

from tests.chaos.threads import Worker, faults_at_the_end


class Dies(Worker):
    def turn(self) -> None:
        raise KeyError("model")


class Hangs(Worker):
    def __init__(self, held: threading.Event) -> None:
        super().__init__("who hangs")
        self._held = held

    def turn(self) -> None:
        self._held.wait()


class Works(Worker):
    n_turns = 0

    def turn(self) -> None:
        self.n_turns += 1


def test_who_dies_and_who_hangs_is_told() -> None:
    held = threading.Event()
    dies, hangs, works = Dies("who dies"), Hangs(held), Works("who works", pause_seconds=0.001)
    for worker in (dies, hangs, works):
        worker.start()
    dies.join()
    while not works.n_turns:
        assert works.is_alive()
    assert faults_at_the_end([dies, hangs, works], 0.5) == [
        "who hangs did not end",
        "who dies died: KeyError('model')",
    ]
    held.set()
    hangs.join()
