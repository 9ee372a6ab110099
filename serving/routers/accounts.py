"""Whose an account is."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from serving.aliases import owner_of
from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.examples.common import ACCOUNT
from serving.guarded_route import guarded_router
from serving.problems import FORBIDDEN, INVALID, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN_LEARNER, Problem
from serving.schemas.aliases import ISSUER, NAME, AliasText, LearnerFound
from serving.security.scopes import Scope
from serving.xapi.agents import identity

router = guarded_router(Scope.RECOMMEND, prefix="/v1/learners", tags=["learners"])


@router.get(
    "",
    summary="Whose an account is",
    responses=documented(UNAUTHENTICATED, FORBIDDEN, UNKNOWN_LEARNER, INVALID, UNAVAILABLE),
)
def find_learner(
    services: ServicesDep,
    issuer: Annotated[AliasText, Query(description=ISSUER, examples=[ACCOUNT["issuer"]])],
    name: Annotated[AliasText, Query(description=NAME, examples=[ACCOUNT["name"]])],
) -> LearnerFound:
    """Tell the id of the learner who has this account, mail address or the like.

    All other calls take that id.
    """
    with services.database.read() as connection:
        learner_id = owner_of(connection, identity(issuer, name), services.settings.home_pages)
    if learner_id is None:
        what = "nobody is known by this account; put it among the aliases of a learner, or send statements"
        raise Problem(UNKNOWN_LEARNER, what)
    return LearnerFound(learner_id=learner_id)
