"""Adaptive tests over HTTP: a real engine and store, answers sent as events between the items."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from recommender.bundle import ModelBundle
from recommender.domain.learner import LearnerProfile
from serving.security.scopes import Scope
from serving.store import learners
from tests.unit.serving.world import (
    ITEMS,
    ROLE,
    SKILLS,
    Service,
    attempt,
    catalog,
    fields,
    running_service,
    write_bundle,
)

# More than a test may be long, so that only what is known ends it.
MANY_ITEMS = tuple(f"question-{i}" for i in range(160))
MAX_ITEMS = 60
REASONS = {"precise", "max_items", "exhausted"}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("large")
    write_bundle(folder / "bundle", n_learners=120, items=MANY_ITEMS)
    with running_service(folder, folder / "bundle") as service:
        yield service


def post(service: Service, learner_id: str = "ann", **wish: Any) -> Any:
    return service.client.post(f"/v1/learners/{learner_id}/next-item", json=wish)


def ask(service: Service, learner_id: str = "ann", **wish: Any) -> dict[str, Any]:
    answer = post(service, learner_id, **wish)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def items_of(skill_id: str, items: Sequence[str] = ITEMS) -> list[str]:
    known = catalog(items)
    position = known.skill_index[skill_id]
    return [item for item, skills in zip(items, known.item_skills, strict=True) if position in skills]


def test_the_answer_has_the_agreed_shape(service: Service) -> None:
    service.post_events(attempt("a"))
    body = ask(service, given=[ITEMS[0]])
    assert set(body) == {
        "learner_id", "generated_at", "model", "item_id", "skill_id", "success_probability",
        "expected_information", "n_given", "stop", "stop_reason",
    }  # fmt: skip
    assert (body["learner_id"], body["generated_at"]) == ("ann", "2026-03-02T12:00:00Z")
    model = service.client.get("/v1/model").json()
    assert body["model"] == {name: model[name] for name in ("bundle_id", "alias", "simulated")}
    assert body["item_id"] in ITEMS[1:]
    assert body["skill_id"] in SKILLS
    assert 0 < body["success_probability"] < 1
    assert body["expected_information"] > 0
    assert (body["n_given"], body["stop"], body["stop_reason"]) == (1, False, None)


def test_it_needs_a_key_with_the_scope_recommend(service: Service) -> None:
    others = service.key_for(*(scope for scope in Scope if scope is not Scope.RECOMMEND))
    right = service.key_for(Scope.RECOMMEND)
    for key, status in (("", 401), ("wrong", 401), (others, 403), (right, 200)):
        answer = service.client.post("/v1/learners/ann/next-item", json={}, headers={"X-API-Key": key})
        assert answer.status_code == status


def test_somebody_unknown_is_tested_and_nothing_is_written(service: Service) -> None:
    body = ask(service, "nobody")
    assert body["item_id"] in ITEMS
    assert body["stop"] is False
    assert service.query("SELECT * FROM learners") == []
    assert (service.log(), service.states()) == ([], {})


def test_somebody_without_evidence_is_tested_as_somebody_unknown(service: Service) -> None:
    unknown = ask(service, "new")
    with service.database.write() as connection:
        learners.ensure(connection, ["new"])
    assert ask(service, "new") == unknown


def test_the_skills_wanted_are_assessed_else_those_of_the_role_else_all(service: Service) -> None:
    def assessed(learner_id: str, **wish: Any) -> set[str]:
        found, given = set(), []
        for _ in range(6):
            body = ask(service, learner_id, given=given, **wish)
            found.add(body["skill_id"])
            given.append(body["item_id"])
        return found

    with service.database.write() as connection:
        learners.save_profiles(connection, [LearnerProfile(learner_id="ann", target_role_id=ROLE)])
    assert assessed("bob") == set(SKILLS)
    assert assessed("ann") == set(SKILLS[:2])
    assert assessed("ann", skill_ids=[SKILLS[3]]) == {SKILLS[3]}


def test_a_retry_gets_the_same_answer_from_every_process(
    service: Service, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = list(ITEMS[:3])
    first = ask(service, given=given)
    assert ask(service, given=given) == first
    assert ask(service, given=given[::-1]) == first
    with running_service(tmp_path_factory.mktemp("other"), bundle) as other:
        assert ask(other, given=given) == first


def test_not_everybody_meets_the_same_item(service: Service) -> None:
    assert len({ask(service, f"learner-{i}")["item_id"] for i in range(30)}) > 1


def test_an_item_given_does_not_come_again_though_its_answer_was_never_sent(service: Service) -> None:
    given: list[str] = []
    while (body := ask(service, given=given))["item_id"] is not None:
        assert body["item_id"] not in given
        assert body["n_given"] == len(given)
        given.append(body["item_id"])
    assert (body["skill_id"], body["success_probability"], body["expected_information"]) == (None, None, 0)
    assert body["stop"]


def test_an_item_answered_before_the_test_waits_for_new_ones(service: Service) -> None:
    *known, fresh = items_of(SKILLS[0])
    service.post_events(*(attempt(f"e{i}", item_id=item) for i, item in enumerate(known)))
    assert ask(service, skill_ids=[SKILLS[0]])["item_id"] == fresh


def test_when_every_item_was_given_there_is_none_and_the_test_ends(service: Service) -> None:
    body = ask(service, given=list(ITEMS))
    assert (body["item_id"], body["stop"], body["n_given"]) == (None, True, len(ITEMS))
    assert body["stop_reason"] in ("exhausted", "precise")


def test_a_test_that_is_long_enough_ends_and_may_go_on(large: Service) -> None:
    wanted = items_of(SKILLS[0], MANY_ITEMS)
    elsewhere = [item for item in MANY_ITEMS if item not in wanted]
    body = ask(large, "long", skill_ids=[SKILLS[0]], given=elsewhere[:MAX_ITEMS])
    assert (body["stop"], body["stop_reason"], body["n_given"]) == (True, "max_items", MAX_ITEMS)
    assert body["item_id"] in wanted


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("wish", [{}, {"skill_ids": [SKILLS[1]]}, {"skill_ids": list(SKILLS[2:])}])
def test_a_test_stops_by_itself(large: Service, wish: dict[str, Any], share: float) -> None:
    learner_id = f"{share}-{len(wish.get('skill_ids', []))}"
    given = session(large, learner_id, share, wish)
    assert given
    assert len(given) == len(set(given)) <= MAX_ITEMS
    body = ask(large, learner_id, given=given, **wish)
    assert body["stop_reason"] in REASONS
    mastery = large.client.get(f"/v1/learners/{learner_id}/mastery").json()
    assert mastery["n_events"] == len(given)
    assert {skill["skill_id"] for skill in mastery["skills"]} == set(wish.get("skill_ids", SKILLS))


def session(service: Service, learner_id: str, share: float, wish: dict[str, Any]) -> list[str]:
    """Give items until the service says stop, to somebody who passes this share; return them."""
    given: list[str] = []
    rng, clock = np.random.default_rng(len(learner_id)), service.clock
    while not (body := ask(service, learner_id, given=given, **wish))["stop"]:
        assert len(given) < MAX_ITEMS
        assert body["stop_reason"] is None
        clock.advance(minutes=1)
        answered = attempt(
            f"{learner_id}-{len(given)}",
            learner_id,
            item_id=body["item_id"],
            score=float(rng.random() < share),
            occurred_at=clock.now.isoformat(),
        )
        assert service.post_events(answered).json()["stored"] == 1
        given.append(body["item_id"])
    return given


def test_less_is_expected_of_each_further_item(large: Service) -> None:
    wish = {"skill_ids": [SKILLS[3]]}
    first = ask(large, "less", **wish)["expected_information"]
    last = ask(large, "less", given=session(large, "less", 0.5, wish), **wish)["expected_information"]
    assert last < first / 2


def test_an_unknown_skill_or_item_is_named(service: Service) -> None:
    for wish, field in (({"skill_ids": [SKILLS[0], "zen"]}, "skill_ids"), ({"given": ["zen"]}, "given")):
        answer = post(service, **wish)
        assert answer.status_code == 422
        assert fields(answer) == [field]
        assert answer.json()["errors"][0]["value"] == "zen"


def test_an_id_may_be_an_address(service: Service) -> None:
    learner_id = "https://lms.example/users?u=1&x=ü 2"
    assert ask(service, quote(learner_id, safe=""))["learner_id"] == learner_id


def test_without_a_model_it_is_503(bare_service: Service) -> None:
    answer = post(bare_service)
    assert (answer.status_code, answer.json()["title"]) == (503, "Unavailable")
    assert "no model is loaded" in answer.json()["detail"]


def test_a_model_trained_without_attempts_is_503_and_says_so(bundle: Path, tmp_path: Path) -> None:
    replace(ModelBundle.open(bundle), skills=None).write(tmp_path / "without")
    with running_service(tmp_path, tmp_path / "without") as service:
        answer = post(service)
        assert (answer.status_code, answer.json()["title"]) == (503, "Unavailable")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "trained without attempts" in answer.json()["detail"]
