"""A learner among others: the profile, and who can help."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Body, Query
from fastapi.concurrency import run_in_threadpool

from recommender.domain.learner import LearnerProfile
from recommender.domain.people import Mentor
from recommender.people.mentors import find_mentors
from recommender.people.table import spoken
from serving.aliases import AliasTakenError, fault_of_home
from serving.dependencies import AuditDep, ServicesDep, requires
from serving.errors import documented
from serving.examples.common import SKILL_ID
from serving.examples.people import PROFILE_REQUESTS
from serving.guarded_route import guarded_router
from serving.learner_states import KnownLearner, learner_soon
from serving.people_tables import Mentors
from serving.problems import (
    ALIAS_TAKEN,
    FORBIDDEN,
    INVALID,
    MALFORMED,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    Fault,
    Problem,
)
from serving.profiles import judged, put
from serving.rounding import rounded
from serving.routers.learner_paths import LEARNER, LearnerPath, WholeLearner
from serving.routers.model import model_ref
from serving.routers.roles import RoleQuery
from serving.schemas.aliases import AliasOut
from serving.schemas.fields import Id
from serving.schemas.people import MentorOut, MentorSkillOut, MentorsResponse
from serving.schemas.profiles import ProfileRequest, PutProfileResponse
from serving.security.scopes import Scope
from serving.store import people
from serving.store.aliases import Alias
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError

router = guarded_router(prefix=LEARNER, tags=["learners"])
SkillQuery = Annotated[
    Id | None,
    Query(description="The one skill to find help with; by default all that is lacked.", examples=[SKILL_ID]),
]


async def put_profile(
    learner_id: LearnerPath,
    request: Annotated[ProfileRequest, Body(openapi_examples=PROFILE_REQUESTS)],
    services: ServicesDep,
    audit: AuditDep,
) -> PutProfileResponse:
    """Store role, team, wishes and consent, in the place of the whole profile there is.

    It counts from the next call on. Who takes back `can_mentor` is not named from then on.

    With `aliases`, statements of xAPI that name one of them are about this learner, those included that came
    before: a learner whom they had made becomes part of this one.
    """
    model = await run_in_threadpool(services.models.up_to_date)
    profile = judged(learner_id, request, None if model is None else model.engine.catalog)
    if not isinstance(profile, LearnerProfile):
        raise Problem(INVALID, f"{profile[0].message}; {profile[0].remedy}", profile)
    aliases = _aliases(learner_id, request, services.settings.home_pages)
    if aliases:
        with suppress(StoreUnavailableError):
            # So that answers go where the learner goes.
            await services.writers.do(services.recommendations.flush)
    try:
        done = await services.writers.do(partial(put, services.database, profile, aliases, audit))
    except AliasTakenError as error:
        raise _taken(request, error) from None
    told = [AliasOut(issuer=issuer, name=name) for issuer, name in done.aliases]
    return PutProfileResponse(**asdict(profile), aliases=told, merged=done.merged)


def _aliases(learner_id: str, request: ProfileRequest, home_pages: frozenset[str]) -> list[Alias] | None:
    if request.aliases is None:
        return None
    named = [one.identity() for one in request.aliases]
    faults = [
        fault.under(f"aliases[{place}]")
        for place, alias in enumerate(named)
        if (fault := fault_of_home(alias, learner_id, home_pages)) is not None
    ]
    if faults:
        raise Problem(INVALID, f"{faults[0].message}; {faults[0].remedy}", faults)
    return list(dict.fromkeys(named))


def _taken(request: ProfileRequest, error: AliasTakenError) -> Problem:
    remedy = "send it for that learner, or take it from that one first, by a PUT without it"
    faults = [
        Fault(f"aliases[{place}]", f"aliases[{place}] is that of the learner {other!r}", remedy, one.name)
        for place, one in enumerate(request.aliases or ())
        if (other := error.taken.get(one.identity())) is not None
    ]
    return Problem(ALIAS_TAKEN, f"{faults[0].message}; {faults[0].remedy}", faults)


router.add_api_route(
    "",
    put_profile,
    methods=["PUT"],
    summary="Put a profile in place",
    dependencies=[requires(Scope.EVENTS)],
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, ALIAS_TAKEN, TOO_LARGE, INVALID, UNAVAILABLE),
    route_class_override=WholeLearner,
)


@router.get(
    "/mentors",
    summary="Who can help",
    dependencies=[requires(Scope.RECOMMEND)],
    responses=documented(UNAUTHENTICATED, FORBIDDEN, INVALID, UNAVAILABLE),
)
async def mentors(
    learner_id: LearnerPath, services: ServicesDep, skill_id: SkillQuery = None, role_id: RoleQuery = None
) -> MentorsResponse:
    """Name people who agreed to be mentors and master what the learner lacks, best first.

    Of them only an id, skills and a word for each are told.
    """
    model, now = await run_in_threadpool(services.models.up_to_date), services.clock()
    if model is None:
        raise Problem(UNAVAILABLE, "no model is loaded, so nobody can be named; try again later")
    known = await services.mentors.of(model)
    learner = await learner_soon(services.database, model, learner_id, now=now)
    named = await run_in_threadpool(_named, services.database, known, learner, skill_id, role_id, now)
    return MentorsResponse(
        learner_id=learner_id,
        generated_at=now,
        model=model_ref(model),
        as_of=known.made_at,
        mentors=[_out(mentor, profile, learner.profile) for mentor, profile in named],
    )


def _named(
    database: Database,
    known: Mentors,
    learner: KnownLearner,
    skill_id: str | None,
    role_id: str | None,
    now: datetime,
) -> list[tuple[Mentor, LearnerProfile]]:
    """Find mentors, of whom each agrees at this moment, whenever the table was made."""
    unwilling: set[str] = set()
    while True:
        found = find_mentors(
            known.table,
            learner.state,
            learner.profile,
            skill_id=skill_id,
            role_id=role_id,
            exclude=unwilling,
            now=now,
        )
        with database.read() as connection:
            profiles = people.profiles(connection, [mentor.mentor_id for mentor in found])
            willing = {i for i, profile in profiles.items() if profile.can_mentor}
            left = {mentor.mentor_id for mentor in found} - willing
            if not left:
                return [(mentor, profiles[mentor.mentor_id]) for mentor in found]
            unwilling |= left | (set(known.table.ids) - people.mentor_ids(connection))


def _out(mentor: Mentor, theirs: LearnerProfile, own: LearnerProfile) -> MentorOut:
    return MentorOut(
        mentor_id=mentor.mentor_id,
        skills=[MentorSkillOut(skill_id=s.skill_id, name=s.name, level=s.level) for s in mentor.skills],
        covered=rounded(mentor.covered),
        same_language=_same(spoken(theirs.language), spoken(own.language)),
        same_team=_same(theirs.team_id, own.team_id),
    )


def _same(one: str | None, other: str | None) -> bool | None:
    return None if one is None or other is None else one == other
