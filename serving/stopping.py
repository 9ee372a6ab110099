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
_SIGNALS = (int(signal.SIGTERM), int(signal.SIGINT))


class Stopping:
    """Whether the service has been told to stop.

    Parameters
    ----------
    drain_seconds : float
        How long calls are still taken after SIGTERM, so that whoever sends them here can notice. None
        are after SIGINT, which somebody at a keyboard sends.
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
        """Notice SIGTERM and SIGINT until the block ends, before the server, which stops as it would anyway.

        Does nothing where signals are not this thread's business, or no server waits for one.
        """
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        of_server = {number: handler for number, handler in before.items() if callable(handler)}
        if threading.current_thread() is not threading.main_thread() or len(of_server) < len(before):
            yield
            return

        def on_signal(number: int, frame: FrameType | None) -> None:
            first, self._told = not self._told, True
            drain_seconds = self._drain_seconds if first and number == signal.SIGTERM else 0.0
            # A second one that ends the draining has a deadline of its own.
            self._end_in_time(drain_seconds)
            pass_on = of_server[number]
            if drain_seconds > 0:
                loop.call_soon_threadsafe(loop.call_later, drain_seconds, pass_on, number, None)
            else:
                pass_on(number, frame)

        for number in of_server:
            signal.signal(number, on_signal)
        try:
            yield
        finally:
            for number, handler in of_server.items():
                signal.signal(number, handler)

    def _end_in_time(self, drain_seconds: float) -> None:
        timer = threading.Timer(drain_seconds + self._shutdown_seconds + _WRITING_SECONDS, _end_now)
        # Where all goes well, the process is gone before, and does not wait for this.
        timer.daemon = True
        timer.start()


def _end_now() -> None:
    _log.error("stopped before everything had ended; raise SERVING_SHUTDOWN_SECONDS if that is often so")
    os._exit(1)
