"""Recommendations for many learners in one call: those of single calls, read together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from pydantic_core import to_json

from recommender.domain.catalog import Catalog
from serving import meter
from serving.answers import recommended, without_model
from serving.learner_states import known_learners, stranger
from serving.model import ServedModel
from serving.problems import USE_A_LISTED_ID, Fault
from serving.schemas.recommendations import RecommendationRequest
from serving.services import Services

# After each answer a single call gets its turn at the interpreter.
_PAUSE_SECONDS = 0.0001


def unknown_ids(requests: Sequence[RecommendationRequest], catalog: Catalog) -> list[Fault]:
    """Return roles and modules of requests that the catalogue does not hold."""
    faults = []
    for place, request in enumerate(requests):
        role_id = request.target_role_id
        if role_id is not None and role_id not in catalog.roles.index:
            faults.append(_unknown(f"requests[{place}].target_role_id", role_id))
        # One is enough to go by, as in a single call.
        module_id = next((i for i in request.exclude if i not in catalog.module_index), None)
        if module_id is not None:
            faults.append(_unknown(f"requests[{place}].exclude", module_id))
    return faults


def answers(
    services: Services,
    model: ServedModel,
    requests: Sequence[RecommendationRequest],
    *,
    now: datetime,
    language: str,
) -> bytes:
    """Answer each request as a single call does, and return the answers as a JSON list."""
    known = known_learners(services.database, model, [r.learner_id for r in requests], now=now)
    written = []
    for request in requests:
        learner = known.get(request.learner_id) or stranger(request.learner_id)
        answer = model.engine.recommend(
            learner.state, learner.profile, request.to_query(), now=now, language=language
        )
        recommendation_id = uuid4()
        meter.current().recommendation(answer.fallback)
        services.recommendations.add(recommendation_id, answer, simulated=model.simulated)
        written.append(to_json(recommended(recommendation_id, answer, model)))
        time.sleep(_PAUSE_SECONDS)
    return _list(written)


def answers_without_model(requests: Sequence[RecommendationRequest], now: datetime) -> bytes:
    """Answer while no model is loaded."""
    for _ in requests:
        meter.current().recommendation("no_model")
    return _list([to_json(without_model(request.learner_id, now)) for request in requests])


def _list(written: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(written) + b"]"


def _unknown(field: str, value: str) -> Fault:
    return Fault(field, f"{field} is not in the catalogue", USE_A_LISTED_ID, value)
