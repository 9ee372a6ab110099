"""Threads that make load, and whose end is looked at: one that died or hangs is a fault."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence


class Worker(threading.Thread):
    """Does its turn again and again until it is told to stop.

    Parameters
    ----------
    name : str
        Who it is, for whoever reads faults.
    pause_seconds : float
        Between turns.

    Attributes
    ----------
    faults : list of str
        What should not have been; that the thread died is among them.
    """

    def __init__(self, name: str, *, pause_seconds: float = 0.0) -> None:
        super().__init__(name=name, daemon=True)
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self.faults: list[str] = []

    def run(self) -> None:
        """Do turns until stopped; one that is under way then is still brought to its end."""
        try:
            while not self._stopped.is_set():
                self.turn()
                time.sleep(self._pause_seconds)
        except Exception as error:
            self.faults.append(f"{self.name} died: {error!r}")
        finally:
            self.close()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped.set()

    def turn(self) -> None:
        """Do what there is to do once."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what was opened."""


def faults_at_the_end(workers: Sequence[Worker], seconds: float) -> list[str]:
    """Stop workers, wait for them so long altogether, and return their faults and who did not end."""
    end = time.monotonic() + seconds
    for worker in workers:
        worker.stop()
    for worker in workers:
        worker.join(max(0.0, end - time.monotonic()))
    hang = [f"{worker.name} did not end" for worker in workers if worker.is_alive()]
    return hang + [fault for worker in workers for fault in worker.faults]
