"""The catalogue: what there is to learn and to become, put and listed."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypeAlias

from fastapi import Body, Query, Response

from serving.answers import JsonAnswer
from serving.catalog.listing import list_rows
from serving.catalog.put import put_rows
from serving.dependencies import AuditDep, ServicesDep
from serving.errors import documented
from serving.examples import catalog as examples
from serving.guarded_route import guarded_router
from serving.problems import FORBIDDEN, INVALID, MALFORMED, TOO_LARGE, UNAUTHENTICATED, UNAVAILABLE
from serving.schemas.catalog import (
    MAX_ROWS,
    ItemsList,
    ItemsPut,
    ModulesList,
    ModulesPut,
    PrerequisitesList,
    PrerequisitesPut,
    PutResponse,
    RoleSkillsList,
    RoleSkillsPut,
    RolesList,
    RolesPut,
    SkillsList,
    SkillsPut,
)
from serving.security.scopes import Scope

router = guarded_router(Scope.CATALOG, prefix="/v1", tags=["catalogue"])

_PUT = documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, INVALID, UNAVAILABLE)
_GET = documented(UNAUTHENTICATED, FORBIDDEN, INVALID, UNAVAILABLE)
Limit: TypeAlias = Annotated[int, Query(ge=1, le=MAX_ROWS, description="Rows at most.", examples=[100])]
Cursor: TypeAlias = Annotated[
    str | None,
    Query(
        max_length=4000,
        description="`next_cursor` of the page before; none for the first page.",
        examples=[examples.CURSOR],
    ),
]


@router.put("/modules", summary="Put modules", responses=_PUT)
async def put_modules(
    request: Annotated[ModulesPut, Body(openapi_examples=examples.MODULES)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutResponse:
    """Put up to 1,000 modules, all or none. What is new is recommended at once.

    A module is retired by `retired_at`: from then on nobody is recommended it, and what people did with it
    stays what it was.
    """
    return await services.writers.do(partial(put_rows, services, audit, "modules", request.rows))


@router.get("/modules", summary="List modules", responses=_GET, response_model=ModulesList)
def list_modules(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Modules of the catalogue that is served, by id, retired ones too."""
    return JsonAnswer(list_rows(services, "modules", limit, cursor))


@router.put("/skills", summary="Put skills", responses=_PUT)
async def put_skills(
    request: Annotated[SkillsPut, Body(openapi_examples=examples.SKILLS)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutResponse:
    """Put up to 1,000 skills, all or none."""
    return await services.writers.do(partial(put_rows, services, audit, "skills", request.rows))


@router.get("/skills", summary="List skills", responses=_GET, response_model=SkillsList)
def list_skills(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Skills of the catalogue that is served, by id."""
    return JsonAnswer(list_rows(services, "skills", limit, cursor))


@router.put("/roles", summary="Put roles", responses=_PUT)
async def put_roles(
    request: Annotated[RolesPut, Body(openapi_examples=examples.ROLES)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutResponse:
    """Put up to 1,000 roles, all or none. What they ask for is put by `/v1/role-skills`."""
    return await services.writers.do(partial(put_rows, services, audit, "roles", request.rows))


@router.get("/roles", summary="List roles", responses=_GET, response_model=RolesList)
def list_roles(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Roles of the catalogue that is served, by id."""
    return JsonAnswer(list_rows(services, "roles", limit, cursor))


@router.put("/role-skills", summary="Put what roles ask for", responses=_PUT)
async def put_role_skills(
    request: Annotated[RoleSkillsPut, Body(openapi_examples=examples.ROLE_SKILLS)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutResponse:
    """Put up to 1,000 skills of roles, all or none; one that is `removed` is asked for no longer."""
    return await services.writers.do(partial(put_rows, services, audit, "role_skills", request.rows))


@router.get("/role-skills", summary="List what roles ask for", responses=_GET, response_model=RoleSkillsList)
def list_role_skills(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Skills of roles of the catalogue that is served, by role."""
    return JsonAnswer(list_rows(services, "role_skills", limit, cursor))


@router.put("/prerequisites", summary="Put prerequisites", responses=_PUT)
async def put_prerequisites(
    request: Annotated[PrerequisitesPut, Body(openapi_examples=examples.PREREQUISITES)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutResponse:
    """Put up to 1,000 prerequisites, all or none; one that is `removed` holds nobody up any longer."""
    return await services.writers.do(partial(put_rows, services, audit, "prerequisites", request.rows))


@router.get("/prerequisites", summary="List prerequisites", responses=_GET, response_model=PrerequisitesList)
def list_prerequisites(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Prerequisites of the catalogue that is served, by module."""
    return JsonAnswer(list_rows(services, "prerequisites", limit, cursor))


@router.put("/items", summary="Put items", responses=_PUT)
async def put_items(
    request: Annotated[ItemsPut, Body(openapi_examples=examples.ITEMS)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutResponse:
    """Put up to 1,000 items, all or none; one that is `removed` is given to nobody any longer."""
    return await services.writers.do(partial(put_rows, services, audit, "items", request.rows))


@router.get("/items", summary="List items", responses=_GET, response_model=ItemsList)
def list_items(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Items of the catalogue that is served, by id."""
    return JsonAnswer(list_rows(services, "items", limit, cursor))
