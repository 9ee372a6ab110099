"""Stopping in good order: who asks whether the service is ready hears at once that it is not."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopping:
    """Whether the service has been told to stop.

    Parameters
    ----------
    drain_seconds : float
        How long calls are still taken after SIGTERM, so that whoever sends them here can notice.
    """

    def __init__(self, drain_seconds: float = 0.0) -> None:
        self._drain_seconds = drain_seconds
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
            if first and self._drain_seconds > 0:
                loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, of_server, number, None)
            else:
                of_server(number, frame)

        signal.signal(signal.SIGTERM, on_signal)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, of_server)
