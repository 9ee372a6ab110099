"""Probes, for whoever runs the service. They need no key and tell nothing but whether it works."""

from __future__ import annotations

from fastapi import APIRouter

from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.problems import UNAVAILABLE, Problem
from serving.schemas.service import Health

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="Is the process alive?")
async def live() -> Health:
    """Answer as long as the process runs; restart it when this fails."""
    return Health(status="live")


@router.get("/ready", summary="Can it answer calls now?", responses=documented(UNAVAILABLE))
def ready(services: ServicesDep) -> Health:
    """200 when the database answers and a model is loaded; else 503 with the reason.

    A service that was told to stop is not ready. One whose store can be read but not written is: it goes on
    recommending, and answers 503 to what it cannot store.
    """
    if services.stopping.told:
        raise Problem(UNAVAILABLE, "this process was told to stop; send calls to another one")
    services.database.ping()
    if services.models.current is None:
        reason = services.models.refused or "there is no pointer file yet; train and promote a model"
        raise Problem(UNAVAILABLE, f"no model is loaded: {reason}")
    return Health(status="ready")
