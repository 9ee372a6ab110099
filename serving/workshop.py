"""Things that take seconds to make: one at a time, in a thread of their own, and nobody waits too long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from serving.problems import UNAVAILABLE, Problem

Thing = TypeVar("Thing")


class Workshop(Generic[Thing]):
    """Makes one thing at a time; who asks for what is being made waits for that.

    Parameters
    ----------
    what : str
        What is made, for who cannot wait for it.
    patience_seconds : float
        How long a call waits at most.
    """

    def __init__(self, what: str, patience_seconds: float = 20.0) -> None:
        self._what = what
        self._patience_seconds = patience_seconds
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="workshop")
        # Work that is done at once says so while it is being ordered.
        self._mutex = threading.RLock()
        self._in_work: dict[Hashable, Future[Thing]] = {}
        self._closed = threading.Event()

    def goes_on(self) -> bool:
        """Whether work is still wanted; asked by what is at work."""
        return not self._closed.is_set()

    def order(self, key: Hashable, work: Callable[[], Thing]) -> Future[Thing]:
        """Have `work` done, unless what `key` names is being made already."""
        with self._mutex:
            future = self._in_work.get(key)
            if future is None:
                future = self._in_work[key] = self._hands.submit(work)
                future.add_done_callback(lambda _: self._done(key))
            return future

    async def wait(self, future: Future[Thing]) -> Thing:
        """Wait for what was ordered.

        Raises
        ------
        Problem
            It takes longer than a call should; the work goes on.
        """
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await asyncio.shield(asyncio.wrap_future(future))
        except TimeoutError:
            raise Problem(UNAVAILABLE, f"{self._what} is still being made; try again in a moment") from None

    def close(self) -> None:
        """Wait for what is at work, and give up what waits."""
        self._closed.set()
        self._hands.shutdown(cancel_futures=True)

    def _done(self, key: Hashable) -> None:
        with self._mutex:
            self._in_work.pop(key, None)
