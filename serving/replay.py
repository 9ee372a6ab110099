"""States of learners after a swap of the model: replayed in the background, before anybody asks."""

from __future__ import annotations

import asyncio
import threading

import structlog

from serving.learner_states import rebuild
from serving.model import ServedModel
from serving.services import Services
from serving.store.faults import StoreUnavailableError

_log = structlog.get_logger(__name__)


async def keep_states_current(services: Services, every_seconds: float) -> None:
    """Replay for ever whatever states the model that serves cannot use; off the event loop.

    A learner who is asked for first is replayed then; both ways give the same state. Cancelled, it ends after
    the batch at hand.
    """
    done: str | None = None
    waits = False
    while True:
        model = services.models.current
        if model is not None and model.engine.difficulty_id != done:
            try:
                if await _replay(services, model):
                    done = model.engine.difficulty_id
                if waits:
                    _log.warning("the replay goes on, the store can be used again")
                waits = False
            except StoreUnavailableError as error:
                # What is left is tried again; that is told once, not every time.
                if not waits:
                    _log.warning("the replay waits for the store", fault=error.fault)
                waits = True
            except Exception:
                _log.exception("the replay was interrupted")
        await asyncio.sleep(every_seconds)


async def _replay(services: Services, model: ServedModel) -> bool:
    """Return whether it came to its end: not when another model serves meanwhile."""
    stopped = threading.Event()

    def goes_on() -> bool:
        now = services.models.current
        # A change of the catalogue is no reason to stop: it changes no state.
        return not stopped.is_set() and now is not None and now.trained is model.trained

    def replay() -> int:
        return rebuild(services.database, model, now=services.clock(), goes_on=goes_on)

    work = asyncio.create_task(asyncio.to_thread(replay))
    try:
        made = await asyncio.shield(work)
    except asyncio.CancelledError:
        # A thread cannot be cancelled: it is told, and the database stays open until it has heard.
        stopped.set()
        await asyncio.gather(work, return_exceptions=True)
        raise
    if made:
        _log.info("states replayed", learners=made, difficulty_id=model.engine.difficulty_id)
    return goes_on()
