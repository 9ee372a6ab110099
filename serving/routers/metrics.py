"""What the service counts, for Prometheus. There only where the operator wants it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.dependencies import ServicesDep
from serving.guarded_route import guarded_router
from serving.meter import METRICS_PATH
from serving.prometheus import CONTENT_TYPE_LATEST, PrometheusMeter
from serving.security.scopes import Scope


def metrics_router(meter: PrometheusMeter, scope: Scope | None) -> APIRouter:
    """Return the router.

    Parameters
    ----------
    scope : Scope, optional
        What a caller's key needs; None lets everybody read.
    """
    router = guarded_router(scope)

    @router.get(METRICS_PATH, include_in_schema=False)
    def metrics(services: ServicesDep) -> Response:
        return Response(meter.page(services), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
