"""The running service: the API with its database, its model and what surrounds every request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from serving import logs, meter
from serving.api import make_api
from serving.background import Writers
from serving.middleware import Entrance, Observed
from serving.model import ModelHolder
from serving.people_tables import MentorTables
from serving.recommendation_log import RecommendationLog
from serving.replay import keep_states_current
from serving.security.key_ring import KeyRing
from serving.security.limits import Limits
from serving.security.scopes import Scope
from serving.services import Clock, Services, utc_now
from serving.settings import Settings, read_settings
from serving.stopping import Stopping
from serving.team_reports import TeamReports
from serving.tracing import Tracing, exporter_to
from serving.xapi.consistency import Consistency
from serving.xapi.entrance import XapiEntrance


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """Return the service; database and model are opened when it starts, and closed when it stops.

    Parameters
    ----------
    clock : callable
        Tells the present time, aware, in UTC.
    """
    limits = Limits(settings.rate_limit, settings.wrong_key_limit)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = await asyncio.to_thread(_start, settings, clock, limits)
        app.state.services = services
        every = settings.pointer_poll_seconds
        tasks = [
            asyncio.create_task(services.models.watch(every)),
            asyncio.create_task(keep_states_current(services, every)),
            asyncio.create_task(services.recommendations.keep_writing(settings.recommendation_log_seconds)),
            asyncio.create_task(
                services.mentors.keep_current(services.models, settings.people_refresh_seconds)
            ),
        ]
        try:
            with services.stopping.noticed(asyncio.get_running_loop()), _observed(app, services):
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(services.mentors.close)
            await asyncio.to_thread(services.teams.close)
            await asyncio.to_thread(services.recommendations.close)
            services.database.close()

    app = make_api(lifespan=lifespan)
    _offer_metrics(app, settings)
    # The last one added is the outermost.
    app.add_middleware(XapiEntrance)
    besides = frozenset({meter.METRICS_PATH} if settings.metrics == "key" else ())
    app.add_middleware(Entrance, limits=limits, max_bytes=settings.max_body_bytes, besides=besides)
    if settings.origins:
        # Around those before: a browser asks for permission without a key, and its page reads every answer.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    app.add_middleware(Observed)
    app.state.tracing = None
    if settings.otel_endpoint is not None:
        app.state.tracing = Tracing(exporter_to(settings.otel_endpoint))
        app.state.tracing.follow_requests(app)
    return app


def _offer_metrics(app: FastAPI, settings: Settings) -> None:
    app.state.meter = None
    if settings.metrics == "off":
        return
    # Prometheus' library decides when it is imported whether several processes count together.
    from serving.prometheus import PrometheusMeter
    from serving.routers.metrics import metrics_router

    app.state.meter = PrometheusMeter()
    scope = Scope.ADMIN if settings.metrics == "key" else None
    app.include_router(metrics_router(app.state.meter, scope))


@contextmanager
def _observed(app: FastAPI, services: Services) -> Iterator[None]:
    """Count and trace what happens until the block ends."""
    tracing: Tracing | None = app.state.tracing
    if tracing is not None:
        tracing.follow_statements(services.database.engine)
    try:
        with meter.counting(app.state.meter):
            yield
    finally:
        if tracing is not None:
            tracing.close()


def from_environment() -> FastAPI:
    """Return the service as the environment sets it: what a worker process runs."""
    # Who answers takes over from threads that work in the background after 1 ms instead of 5.
    sys.setswitchinterval(0.001)
    settings = read_settings()
    logs.configure(settings.log_level)
    return create_app(settings)


def _start(settings: Settings, clock: Clock, limits: Limits) -> Services:
    # Alembic takes a quarter of a second to import: only once the service starts.
    from serving.store.migrate import open_database

    database = open_database(settings.database_url)
    models = ModelHolder(settings.pointer, clock, database)
    models.refresh()
    secret = settings.key_secret.get_secret_value()
    return Services(
        settings,
        database,
        models,
        clock,
        KeyRing(database, secret, settings.key_cache_seconds, clock),
        Consistency(database, clock),
        RecommendationLog(database, secret),
        MentorTables(database, clock),
        TeamReports(database, settings.team_report_seconds),
        asyncio.Semaphore(1),
        Writers(),
        limits,
        Stopping(settings.drain_seconds, settings.shutdown_seconds),
    )
