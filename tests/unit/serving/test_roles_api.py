"""Gaps and pathways over HTTP: what the engine says, nothing of anybody stored."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from recommender.domain.learner import LearnerProfile
from serving.store import learners
from tests.unit.serving.world import MODULES, ROLE, SKILLS, Service, attempt, fields


def gaps(service: Service, learner_id: str = "ann", **params: object) -> dict[str, Any]:
    answer = service.client.get(f"/v1/learners/{learner_id}/gaps", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def give_role(service: Service, **profile: Any) -> None:
    with service.database.write() as connection:
        learners.save_profiles(connection, [LearnerProfile(learner_id="ann", **profile)])


def test_gaps_move_with_evidence(service: Service) -> None:
    service.post_events(*(attempt(f"p{i}", score=1) for i in range(4)))
    able = gaps(service, role_id=ROLE)
    service.post_events(*(attempt(f"q{i}", score=0) for i in range(8)))
    worse = gaps(service, role_id=ROLE)
    fractions = [
        next(skill for skill in body["skills"] if skill["skill_id"] == SKILLS[0]) for body in (able, worse)
    ]
    assert fractions[1]["mastery"] < fractions[0]["mastery"]
    assert fractions[1]["gap"] > fractions[0]["gap"]
    assert worse["role"]["readiness"] < able["role"]["readiness"]
    assert {skill["skill_id"] for skill in worse["skills"]} == set(SKILLS[:2])


def test_the_role_is_that_of_the_profile(service: Service) -> None:
    assert gaps(service)["role"] is None
    give_role(service, role_id=ROLE)
    body = gaps(service)
    assert body["role"]["role_id"] == body["present"]["role_id"] == ROLE
    assert body["target"] is None


def test_a_pathway_is_planned_in_weeks(service: Service) -> None:
    give_role(service, target_role_id=ROLE)
    service.post_events(*(attempt(f"q{i}", score=0) for i in range(8)))
    slow, fast = (
        service.client.get("/v1/learners/ann/pathway", params={"weekly_minutes": minutes}).json()
        for minutes in (20, 500)
    )
    assert slow["role_id"] == ROLE
    assert slow["steps"]
    assert {step["module_id"] for step in slow["steps"]} <= set(MODULES)
    assert slow["total_minutes"] == sum(step["minutes"] for step in slow["steps"])
    assert slow["readiness_expected"] > slow["readiness"]
    assert slow["weeks"] > fast["weeks"]


def test_somebody_unknown_gets_an_answer_and_is_not_stored(service: Service) -> None:
    assert gaps(service, "nobody", role_id=ROLE)["skills"]
    answer = service.client.get("/v1/learners/nobody/pathway", params={"role_id": ROLE})
    assert answer.json()["steps"]
    assert service.query("SELECT * FROM learners") == []


@pytest.mark.parametrize(
    ("what", "params", "field"),
    [
        ("gaps", {"role_id": "king"}, "role_id"),
        ("pathway", {"role_id": "king"}, "role_id"),
        ("pathway", {}, "role_id"),
        ("pathway", {"role_id": ROLE, "weekly_minutes": 0}, "weekly_minutes"),
        ("pathway", {"role_id": ROLE, "weekly_minutes": "nan"}, "weekly_minutes"),
        ("pathway", {"role_id": ROLE, "weekly_minutes": "two"}, "weekly_minutes"),
    ],
)
def test_what_cannot_be_answered_is_named(
    service: Service, what: str, params: dict[str, object], field: str
) -> None:
    answer = service.client.get(f"/v1/learners/ann/{what}", params=params)
    assert answer.status_code == 422
    assert fields(answer) == [field]


def test_without_a_model_it_is_a_503(bare_service: Service) -> None:
    for what in ("gaps", "pathway"):
        answer = bare_service.client.get(f"/v1/learners/ann/{what}", params={"role_id": ROLE})
        assert (answer.status_code, answer.json()["title"]) == (503, "Unavailable")


def test_an_id_may_be_an_address(service: Service) -> None:
    learner_id = "https://lms.example/users?u=1&x=ü 2"
    body = gaps(service, quote(learner_id, safe=""), role_id=ROLE)
    assert body["learner_id"] == learner_id
