"""Which model serves."""

from __future__ import annotations

from fastapi import APIRouter

from serving.dependencies import ServicesDep, requires
from serving.errors import documented
from serving.model import ServedModel
from serving.problems import FORBIDDEN, UNAUTHENTICATED
from serving.schemas.recommendations import ModelRef
from serving.schemas.service import ModelResponse
from serving.security.scopes import Scope

router = APIRouter(prefix="/v1", tags=["model"], dependencies=[requires(Scope.RECOMMEND)])


@router.get("/model", summary="Which model serves", responses=documented(UNAUTHENTICATED, FORBIDDEN))
async def get_model(services: ServicesDep) -> ModelResponse:
    """Bundle, registry alias, what it was trained on and how it did."""
    model, refused = services.models.current, services.models.refused
    return _nothing(refused) if model is None else _about(model, refused)


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
        refused=refused,
    )


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
        refused=refused,
    )
