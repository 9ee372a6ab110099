"""Stopping in good order, and in time: who asks whether the service is ready hears at once that it is not."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog

_log = structlog.get_logger(__name__)
# For writing what is buffered, after the last request has ended or was given up.
_WRITING_SECONDS = 2.0


class Stopping:
    """Whether the service has been told to stop.

    Parameters
    ----------
    drain_seconds : float
        How long calls are still taken after SIGTERM, so that whoever sends them here can notice.
    shutdown_seconds : float
        How long requests may take to end after that. The server gives them up then; what waits for the store
        in a thread cannot be given up, so the process ends, as in a crash, two seconds later at the latest.
    """

    def __init__(self, drain_seconds: float, shutdown_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._shutdown_seconds = shutdown_seconds
        self._told = False

    @property
    def told(self) -> bool:
        """Whether it has."""
        return self._told

    @contextmanager
    def noticed(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Notice SIGTERM until the block ends, before the server does, which then stops as it would anyway.

        Does nothing where signals are not this thread's business, or no server waits for one.
        """
        of_server = signal.getsignal(signal.SIGTERM)
        if threading.current_thread() is not threading.main_thread() or not callable(of_server):
            yield
            return

        def on_signal(number: int, frame: FrameType | None) -> None:
            first, self._told = not self._told, True
            if first:
                self._end_in_time()
            if first and self._drain_seconds > 0:
                loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, of_server, number, None)
            else:
                of_server(number, frame)

        signal.signal(signal.SIGTERM, on_signal)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, of_server)

    def _end_in_time(self) -> None:
        seconds = self._drain_seconds + self._shutdown_seconds + _WRITING_SECONDS
        timer = threading.Timer(seconds, _end_now)
        # Where all goes well, the process is gone before, and does not wait for this.
        timer.daemon = True
        timer.start()


def _end_now() -> None:
    _log.error("stopped before everything had ended; raise SERVING_SHUTDOWN_SECONDS if that is often so")
    os._exit(0)
