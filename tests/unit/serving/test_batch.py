"""Many answers at once are those of single calls, in order, and all or none."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from serving import learner_states
from serving.schemas.batch import BatchResponse
from serving.store import faults
from tests.unit.serving.company import answered, put
from tests.unit.serving.world import MODULES, ROLE, Service, attempt, completion, fields


def batch(service: Service, *requests: dict[str, Any], **headers: str) -> Any:
    return service.client.post(
        "/v1/recommendations/batch", json={"requests": list(requests)}, headers=headers
    )


WISHES: list[dict[str, Any]] = [
    {"learner_id": "ann"},
    {"learner_id": "bob", "k": 1},
    {"learner_id": "ann", "challenge": "harder", "minutes": 60},
    {"learner_id": "stranger"},
    {"learner_id": "eve", "target_role_id": ROLE, "scenario": "explore"},
    {"learner_id": "eve", "exclude": list(MODULES)},
    {"learner_id": "ann", "formats": ["video"], "languages": ["en"], "scenario": "review", "k": 100},
    {"learner_id": "ünï/✓ 'x'"},
]


def without_id(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "recommendation_id"}


@pytest.fixture
def people(service: Service) -> Service:
    answered(service, "ann", passed=True, n=30)
    service.post_events(*(completion(f"c{i}", MODULES[i], learner_id="bob") for i in range(4)))
    put(service, "bob", role_id=ROLE, language="de")
    put(service, "eve", target_role_id=ROLE)
    service.post_events(attempt("u", "ünï/✓ 'x'"))
    return service


def test_each_answer_is_that_of_a_single_call(people: Service) -> None:
    answer = batch(people, *WISHES)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert BatchResponse.model_validate(told).model_dump(mode="json") == told
    alone = [people.client.post("/v1/recommendations", json=wish).json() for wish in WISHES]
    assert [without_id(one) for one in told["results"]] == [without_id(one) for one in alone]
    assert any(one["empty_because"] for one in alone)
    ids = {one["recommendation_id"] for one in told["results"]}
    assert len(ids) == len(WISHES)
    people.client.app.state.services.recommendations.flush()  # type: ignore[attr-defined]
    assert ids <= {row.recommendation_id for row in people.query("SELECT * FROM recommendations")}


def test_feedback_can_be_given_on_each(people: Service) -> None:
    (told,) = batch(people, WISHES[0]).json()["results"]
    path = f"/v1/recommendations/{told['recommendation_id']}/feedback"
    assert people.client.post(path, json={"kind": "shown"}).json() == {"status": "stored"}


def test_a_thousand_are_answered_and_more_are_not(people: Service) -> None:
    many = [{"learner_id": f"learner-{i % 300}", "k": 1} for i in range(1000)]
    results = batch(people, *many).json()["results"]
    assert [one["learner_id"] for one in results] == [one["learner_id"] for one in many]
    refused = batch(people, *many, many[0])
    assert (refused.status_code, fields(refused)) == (422, ["requests"])
    assert fields(batch(people)) == ["requests"]


def test_states_that_are_not_there_are_made(people: Service) -> None:
    before = people.states()
    alone = [people.client.post("/v1/recommendations", json=wish).json() for wish in WISHES]
    with people.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM learner_states")
    told = batch(people, *WISHES).json()["results"]
    assert [without_id(one) for one in told] == [without_id(one) for one in alone]
    assert people.states() == before


def test_a_store_that_cannot_be_written_still_answers(
    people: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with people.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM learner_states")
    database = people.client.app.state.services.database  # type: ignore[attr-defined]

    tried = []

    def refused(work: partial[Any]) -> None:
        tried.append(work.func)
        raise faults.StoreUnavailableError("read_only")

    monkeypatch.setattr(database, "transact", refused)
    told = batch(people, *WISHES).json()["results"]
    assert [one["fallback"] for one in told] == [
        None, None, None, "cold_start", "cold_start", "cold_start", None, None
    ]  # fmt: skip
    # Not once for each learner: a store that is busy is waited for.
    assert tried.count(learner_states._rebuild_some) == 1
    monkeypatch.undo()


def test_one_wish_that_cannot_be_fails_all_and_is_named(people: Service) -> None:
    bad = [
        {"learner_id": "ann", "target_role_id": "no-such-role"},
        {"learner_id": "ann", "exclude": [MODULES[0], "no-such-module"]},
    ]
    answer = batch(people, WISHES[0], *bad)
    assert answer.status_code == 422
    assert fields(answer) == ["requests[1].target_role_id", "requests[2].exclude"]
    assert [error["value"] for error in answer.json()["errors"]] == ["no-such-role", "no-such-module"]
    for wish, place in (
        ({"learner_id": "ann", "k": 0}, "k"),
        ({"k": 1}, "learner_id"),
        ({"learner_id": 7}, "learner_id"),
    ):
        assert fields(batch(people, WISHES[0], wish)) == [f"requests[1].{place}"]
    many = batch(people, *[bad[0]] * 150)
    assert len(fields(many)) == 100
    assert "50 more" in many.json()["detail"]


def test_sentences_are_in_the_language_asked_for(people: Service) -> None:
    asked = {"Accept-Language": "de"}
    (told,) = batch(people, WISHES[0], **asked).json()["results"]
    alone = people.client.post("/v1/recommendations", json=WISHES[0], headers=asked).json()
    assert json.dumps(told["recommendations"]) == json.dumps(alone["recommendations"])


def test_without_a_model_each_is_told_so(bare_service: Service) -> None:
    told = batch(bare_service, *WISHES).json()
    assert BatchResponse.model_validate(told)
    assert {one["fallback"] for one in told["results"]} == {"no_model"}
    assert [one["learner_id"] for one in told["results"]] == [wish["learner_id"] for wish in WISHES]
