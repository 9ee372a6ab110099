"""What teams lack."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from fastapi.concurrency import run_in_threadpool

from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.examples.common import TEAM_ID
from serving.guarded_route import guarded_router
from serving.problems import FORBIDDEN, INVALID, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN_TEAM, Problem
from serving.routers.any_text import ANY_TEXT
from serving.schemas.fields import Id
from serving.schemas.people import TeamGapsResponse
from serving.security.scopes import Scope

router = guarded_router(Scope.REPORTS, prefix="/v1/teams", tags=["reports"])


@router.get(
    f"/{{team_id:{ANY_TEXT}}}/gaps",
    summary="What a team lacks",
    responses=documented(UNAUTHENTICATED, FORBIDDEN, UNKNOWN_TEAM, INVALID, UNAVAILABLE),
)
async def team_gaps(
    team_id: Annotated[Id, Path(examples=[TEAM_ID])], services: ServicesDep
) -> TeamGapsResponse:
    """Tell gaps of a team's people together, never of fewer than five, against the roles they aim at.

    The answer is a part of one report on all teams, which is made anew in a fixed rhythm. Whether a team is
    too small or not there at all is not told.
    """
    model = await run_in_threadpool(services.models.up_to_date)
    part = await services.teams.of(team_id, model, services.clock())
    if part.team is None:
        detail = "there is no team of this name, or too few people are in it for anything to be told"
        raise Problem(UNKNOWN_TEAM, detail)
    organisation = dict(part.organisation)
    return TeamGapsResponse.model_validate(
        {
            "team_id": team_id,
            "generated_at": part.made_at,
            "next_at": part.next_at,
            "model": organisation.pop("model"),
            "team": part.team,
            "organisation": organisation,
        }
    )
