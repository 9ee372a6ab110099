"""What is known of one learner."""

from __future__ import annotations

from recommender.domain.recommendation import SkillMastery
from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.guarded_route import guarded_router
from serving.learner_states import known_learner
from serving.problems import FORBIDDEN, INVALID, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN_LEARNER, Problem
from serving.rounding import rounded
from serving.routers.learner_paths import LEARNER, LearnerPath
from serving.routers.model import model_ref
from serving.schemas.learners import MasteryOut, MasteryResponse
from serving.security.scopes import Scope

router = guarded_router(Scope.RECOMMEND, of_one=True, prefix=LEARNER, tags=["learners"])


@router.get(
    "/mastery",
    summary="Mastery per skill",
    responses=documented(UNAUTHENTICATED, FORBIDDEN, UNKNOWN_LEARNER, INVALID, UNAVAILABLE),
)
def mastery(learner_id: LearnerPath, services: ServicesDep) -> MasteryResponse:
    """How likely the learner passes a typical item of each skill now, and how sure that is."""
    model, now = services.models.up_to_date(), services.clock()
    if model is None:
        raise Problem(UNAVAILABLE, "no model is loaded, so nothing can be said of mastery; try again later")
    learner = known_learner(services.database, model, learner_id, now=now)
    if learner is None:
        raise Problem(UNKNOWN_LEARNER, "nothing has been recorded of this learner; send events first")
    state = learner.state or model.engine.fold(())
    return MasteryResponse(
        learner_id=learner_id,
        generated_at=now,
        model=model_ref(model),
        n_events=state.n_events,
        skills=[mastery_out(skill) for skill in model.engine.mastery(state, learner.profile, now=now)],
    )


def mastery_out(skill: SkillMastery) -> MasteryOut:
    """Return what is answered of one skill."""
    low, high = skill.interval
    return MasteryOut(
        skill_id=skill.skill_id,
        name=skill.name,
        mastery=rounded(skill.mastery),
        interval=(rounded(low), rounded(high)),
        n_attempts=skill.n_attempts,
        last_practised_at=skill.last_practised_at,
        trend=skill.trend,
    )
