"""The next item of an adaptive test of one learner."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated

import numpy as np
from fastapi import Body

from serving.dependencies import ServicesDep
from serving.errors import documented
from serving.examples.learners import NEXT_ITEM_REQUESTS
from serving.guarded_route import guarded_router
from serving.learner_states import learner_or_stranger
from serving.problems import FORBIDDEN, INVALID, MALFORMED, TOO_LARGE, UNAUTHENTICATED, UNAVAILABLE, Problem
from serving.rounding import rounded
from serving.routers.learner_paths import LEARNER, LearnerPath
from serving.routers.model import model_ref
from serving.schemas.next_item import NextItemRequest, NextItemResponse
from serving.security.scopes import Scope

router = guarded_router(Scope.RECOMMEND, tags=["learners"])


@router.post(
    f"{LEARNER}/next-item",
    summary="Most informative item to assess now",
    responses=documented(MALFORMED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, INVALID, UNAVAILABLE),
)
def next_item(
    learner_id: LearnerPath,
    request: Annotated[NextItemRequest, Body(openapi_examples=NEXT_ITEM_REQUESTS)],
    services: ServicesDep,
) -> NextItemResponse:
    """Which item would tell most of the learner now, and whether enough is known to stop.

    The service remembers no test: `given` says what was part of it. The same question about the same evidence
    gets the same item, so a call may be sent again. Somebody unknown is tested as somebody of whom nothing is
    known, and nothing is stored.
    """
    model, now = services.models.up_to_date(), services.clock()
    if model is None:
        raise Problem(UNAVAILABLE, "no model is loaded, so no item can be chosen; try again later")
    engine = model.engine
    if engine.bundle.skills is None:
        raise Problem(
            UNAVAILABLE,
            "the model that serves was trained without attempts, so no item can be chosen; "
            "promote one that was trained on attempts",
        )
    learner = learner_or_stranger(services.database, model, learner_id, now=now)
    answer = engine.next_item(
        learner.state,
        learner.profile,
        skill_ids=request.skill_ids,
        given=request.given,
        now=now,
        rng=_rng(learner_id, engine.bundle_id, request.given),
    )
    return NextItemResponse(
        learner_id=learner_id,
        generated_at=now,
        model=model_ref(model),
        item_id=answer.item_id,
        skill_id=answer.skill_id,
        success_probability=rounded(answer.success_probability),
        expected_information=rounded(answer.expected_information),
        n_given=len(request.given),
        stop=answer.stop,
        stop_reason=answer.stop_reason or None,
    )


def _rng(learner_id: str, bundle_id: str, given: Iterable[str]) -> np.random.Generator:
    """Chance that is the same at a retry, in every process, and whatever the order of `given`."""
    # No id holds a line break.
    text = "\n".join((learner_id, bundle_id, *sorted(given)))
    return np.random.default_rng(int.from_bytes(sha256(text.encode()).digest(), "big"))
