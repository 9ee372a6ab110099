"""Work in threads: what a cancelled task still waits for, and what writes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from serving.store.dialect import BUSY_TIMEOUT_MS
from serving.store.faults import StoreUnavailableError

# Of the connections to a database server, less than half.
_WRITERS = 20
Result = TypeVar("Result")


async def to_its_end(work: Callable[[], Result]) -> Result:
    """Do `work` in a thread; cancelled, wait until it is done all the same."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise


@asynccontextmanager
async def turn(turns: asyncio.Semaphore, seconds: float, too_late: Exception) -> AsyncIterator[None]:
    """Wait for a turn until the block begins, and give it back at its end; raise `too_late` after a time."""
    try:
        async with asyncio.timeout(seconds):
            await turns.acquire()
    except TimeoutError:
        raise too_late from None
    try:
        yield
    finally:
        turns.release()


class Writers:
    """Threads for what writes to the store, apart from those that answer everything else.

    Whoever writes may have to wait for somebody else's lock. However many do, nobody who only reads waits
    with them.
    """

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_WRITERS)
        self._threads = CapacityLimiter(math.inf)

    async def do(self, work: Callable[[], Result]) -> Result:
        """Do `work` in a thread and return what it returns.

        Raises
        ------
        StoreUnavailableError
            If the writers before it do not come to an end.
        """
        async with turn(self._turns, BUSY_TIMEOUT_MS / 1000, StoreUnavailableError("busy")):
            return await to_thread.run_sync(work, limiter=self._threads)
