"""A learner on the way to a role: what is missing, and the way there."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import Query

from recommender.domain.recommendation import Query as AnyQuery
from recommender.questions import target_role
from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.examples.common import ROLE_ID
from serving.guarded_route import guarded_router
from serving.learner_states import KnownLearner, learner_or_stranger
from serving.model import ServedModel
from serving.problems import FORBIDDEN, INVALID, UNAUTHENTICATED, UNAVAILABLE, Fault, Problem
from serving.rounding import all_rounded
from serving.routers.learner_paths import LEARNER, LearnerPath
from serving.routers.model import model_ref
from serving.schemas.fields import Id
from serving.schemas.roles import GapsResponse, PathwayResponse
from serving.security.scopes import Scope
from serving.services import Services

router = guarded_router(Scope.RECOMMEND, of_one=True, prefix=LEARNER, tags=["learners"])
RoleQuery = Annotated[
    Id | None,
    Query(
        description="By default the learner's target role, else the present one.",
        examples=[ROLE_ID],
    ),
]
_PROBLEMS = documented(UNAUTHENTICATED, FORBIDDEN, INVALID, UNAVAILABLE)


@router.get("/gaps", summary="What is missing for a role", responses=_PROBLEMS)
def gaps(learner_id: LearnerPath, services: ServicesDep, role_id: RoleQuery = None) -> GapsResponse:
    """Tell what the learner lacks for a role, by skill, and how ready they are for it and for others.

    Of somebody unknown the answer tells what is expected of anybody.
    """
    now = services.clock()
    model, learner = _asked(services, learner_id, now)
    report = model.engine.gaps(learner.state, learner.profile, role_id=role_id, now=now)
    told = all_rounded(asdict(report)) | {"learner_id": learner_id}
    return GapsResponse.model_validate(told | {"generated_at": now, "model": model_ref(model)})


@router.get("/pathway", summary="The way to a role", responses=_PROBLEMS)
def pathway(
    learner_id: LearnerPath,
    services: ServicesDep,
    role_id: RoleQuery = None,
    weekly_minutes: Annotated[
        float | None,
        Query(
            ge=1,
            le=10_080,
            allow_inf_nan=False,
            description="By default those of the learner's profile, else those that the model has.",
            examples=[120.0],
        ),
    ] = None,
) -> PathwayResponse:
    """Plan which modules in which weeks close the gap to a role in the least time, prerequisites first.

    The service remembers no pathway. It is a forecast from estimates, made anew from the evidence of now.
    """
    now = services.clock()
    model, learner = _asked(services, learner_id, now)
    profile = learner.profile
    if role_id is None and target_role(model.engine.catalog, profile, AnyQuery()) < 0:
        message = "role_id is missing, and the learner's profile names no role of the catalogue"
        fault = Fault("role_id", message, "name a role that the catalogue lists", None)
        raise Problem(INVALID, f"{message}; {fault.remedy}", (fault,))
    way = model.engine.pathway(
        learner.state, profile, role_id=role_id, weekly_minutes=weekly_minutes, now=now
    )
    told = all_rounded(asdict(way))
    # There is no earlier pathway here that could have been kept.
    del told["kept"]
    about = {"learner_id": learner_id, "generated_at": now, "model": model_ref(model)}
    return PathwayResponse.model_validate(told | about)


def _asked(services: Services, learner_id: str, now: datetime) -> tuple[ServedModel, KnownLearner]:
    """Model that serves, and the learner, of whom nothing may be known."""
    model = services.models.up_to_date()
    if model is None:
        raise Problem(UNAVAILABLE, "no model is loaded, so nothing can be said of roles; try again later")
    return model, learner_or_stranger(services.database, model, learner_id, now=now)
