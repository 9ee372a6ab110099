"""Which model serves."""

from __future__ import annotations

from collections.abc import Sequence

from recommender.errors import BundleError
from serving.audit import record_if_possible
from serving.catalog.overlay import UnusedRow
from serving.dependencies import AuditDep, ServicesDep, requires
from serving.errors import documented
from serving.guarded_route import guarded_router
from serving.model import ServedModel
from serving.problems import BUNDLE_REFUSED, FORBIDDEN, UNAUTHENTICATED, UNAVAILABLE, Problem
from serving.schemas.recommendations import ModelRef
from serving.schemas.service import ModelResponse, UnusedRows
from serving.security.scopes import Scope

router = guarded_router(prefix="/v1", tags=["model"])


@router.get(
    "/model",
    summary="Which model serves",
    responses=documented(UNAUTHENTICATED, FORBIDDEN, UNAVAILABLE),
    dependencies=[requires(Scope.RECOMMEND)],
)
def get_model(services: ServicesDep) -> ModelResponse:
    """Bundle, registry alias, what it was trained on and how it did, and the catalogue it serves."""
    model, refused = services.models.up_to_date(), services.models.refused
    return _nothing(refused) if model is None else _about(model, refused)


@router.post(
    "/model/reload",
    summary="Look at the pointer now",
    responses=documented(UNAUTHENTICATED, FORBIDDEN, BUNDLE_REFUSED, UNAVAILABLE),
    dependencies=[requires(Scope.ADMIN)],
)
def reload_model(services: ServicesDep, audit: AuditDep) -> ModelResponse:
    """Load and verify the bundle that the pointer names, and serve it; no running call notices.

    Where it serves already, nothing changes. One that was refused is tried again. Other worker processes
    follow the pointer by themselves, within `SERVING_POINTER_POLL_SECONDS`.
    """
    models = services.models
    try:
        models.reload()
    except BundleError as error:
        record_if_possible(services.database, audit.ended(BUNDLE_REFUSED.slug))
        goes_on = (
            f"the model before goes on, bundle {models.current.engine.bundle_id}"
            if models.current is not None
            else "no model is loaded"
        )
        raise Problem(BUNDLE_REFUSED, f"{error}; {goes_on}") from None
    model = models.up_to_date()
    if model is None:
        raise Problem(UNAVAILABLE, "no model is loaded; try again later")
    record_if_possible(services.database, audit.about(f"bundle:{model.engine.bundle_id}"))
    return _about(model, models.refused)


def model_ref(model: ServedModel) -> ModelRef:
    """Return what every answer says of the model it comes from."""
    return ModelRef(bundle_id=model.engine.bundle_id, alias=model.alias, simulated=model.simulated)


def _about(model: ServedModel, refused: str | None) -> ModelResponse:
    manifest = model.engine.manifest
    created_at = manifest.get("created_at")
    return ModelResponse(
        bundle_id=model.engine.bundle_id,
        alias=model.alias,
        simulated=model.simulated,
        version=model.version,
        loaded_at=model.loaded_at,
        created_at=None if created_at is None else str(created_at),
        dataset=manifest.get("dataset"),
        metrics=manifest.get("metrics"),
        catalog=model.engine.catalog.describe(),
        catalog_revision=model.catalog_revision,
        catalog_rows_unused=_unused(model.catalog_unused),
        refused=refused,
    )


def _unused(rows: Sequence[UnusedRow]) -> UnusedRows | None:
    if not rows:
        return None
    # A key of several ids has a line for each.
    return UnusedRows(rows=len(rows), table=rows[0].table, key=rows[0].key.split("\n"), reason=rows[0].reason)


def _nothing(refused: str | None) -> ModelResponse:
    return ModelResponse(
        bundle_id=None,
        alias=None,
        simulated=None,
        version=None,
        loaded_at=None,
        created_at=None,
        dataset=None,
        metrics=None,
        catalog=None,
        catalog_revision=None,
        catalog_rows_unused=None,
        refused=refused,
    )
