"""Work in threads: what a cancelled task still waits for, and what writes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from serving.store.faults import StoreUnavailableError

# Of the connections to a database server, less than half.
_WRITERS = 20
# As long as a writer waits for another one in the store.
_TURN_SECONDS = 5.0
Result = TypeVar("Result")


async def to_its_end(work: Callable[[], Result]) -> Result:
    """Do `work` in a thread; cancelled, wait until it is done all the same."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise


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
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise StoreUnavailableError("busy") from None
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._turns.release()
