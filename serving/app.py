"""The running service: the API with its database, its model and what surrounds every request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI

from serving import logs
from serving.api import make_api
from serving.memory import set_aside
from serving.middleware import BodyLimit, KeyFirst, Observed
from serving.model import ModelHolder
from serving.recommendation_log import RecommendationLog
from serving.replay import keep_states_current
from serving.security.key_ring import KeyRing
from serving.services import Clock, Services, utc_now
from serving.settings import Settings, read_settings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """Return the service; database and model are opened when it starts, and closed when it stops.

    Parameters
    ----------
    clock : callable
        Tells the present time, aware, in UTC.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = await asyncio.to_thread(_start, settings, clock)
        set_aside()
        app.state.services = services
        every = settings.pointer_poll_seconds
        tasks = [
            asyncio.create_task(services.models.watch(every)),
            asyncio.create_task(keep_states_current(services, every)),
            asyncio.create_task(services.recommendations.keep_writing(settings.recommendation_log_seconds)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(services.recommendations.close)
            services.database.close()

    app = make_api(lifespan=lifespan)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(KeyFirst)
    app.add_middleware(Observed)
    app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID", validator=_is_request_id)
    return app


def from_environment() -> FastAPI:
    """Return the service as the environment sets it: what a worker process runs."""
    settings = read_settings()
    logs.configure(settings.log_level)
    return create_app(settings)


def _start(settings: Settings, clock: Clock) -> Services:
    # Alembic takes a quarter of a second to import: only once the service starts.
    from serving.store.migrate import open_database

    database = open_database(settings.database_url)
    models = ModelHolder(settings.pointer, clock)
    models.refresh()
    secret = settings.key_secret.get_secret_value()
    return Services(
        settings,
        database,
        models,
        clock,
        KeyRing(database, secret, settings.key_cache_seconds),
        RecommendationLog(database),
    )


def _is_request_id(value: str) -> bool:
    return _REQUEST_ID.fullmatch(value) is not None
