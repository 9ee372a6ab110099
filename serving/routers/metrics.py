"""What the service counts, for Prometheus. There only where the operator wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from serving.dependencies import ServicesDep
from serving.prometheus import CONTENT_TYPE_LATEST, PrometheusMeter


def metrics_router(meter: PrometheusMeter, dependencies: Sequence[Any]) -> APIRouter:
    """Return the router.

    Parameters
    ----------
    dependencies : sequence
        What a caller needs.
    """
    router = APIRouter(dependencies=dependencies)

    @router.get("/metrics", include_in_schema=False)
    def metrics(services: ServicesDep) -> Response:
        return Response(meter.page(services), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
