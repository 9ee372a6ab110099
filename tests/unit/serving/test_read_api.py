import json
import shutil
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest

from recommender.domain.learner import LearnerProfile
from serving.store import learners
from tests.unit.serving.world import (
    MODULES,
    NOW,
    ROLE,
    Service,
    attempt,
    completion,
    fields,
    running_service,
)


def test_recommendations_have_the_agreed_shape(service: Service) -> None:
    service.post_events(attempt("a"), completion("c", MODULES[1]))
    answer = service.client.post(
        "/v1/recommendations", json={"learner_id": "ann", "k": 3, "target_role_id": ROLE}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {
        "recommendation_id", "learner_id", "generated_at", "model", "fallback", "recommendations",
        "empty_because",
    }  # fmt: skip
    assert UUID(body["recommendation_id"]).version == 4
    assert (body["learner_id"], body["generated_at"], body["fallback"]) == (
        "ann",
        "2026-03-02T12:00:00Z",
        None,
    )
    modules = body["recommendations"]
    assert [module["rank"] for module in modules] == [1, 2, 3]
    assert MODULES[1] not in {module["module_id"] for module in modules}
    assert set(modules[0]) == {
        "module_id", "title", "rank", "score", "success_probability", "difficulty", "difficulty_fit",
        "adjustment", "prerequisites_met", "duration_minutes", "skills", "reasons",
    }  # fmt: skip
    assert modules[0]["reasons"]


def test_each_answer_has_an_id_of_its_own(service: Service) -> None:
    ids = {
        service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()["recommendation_id"]
        for _ in range(2)
    }
    assert len(ids) == 2


def test_somebody_unknown_gets_a_cold_start_and_is_not_stored(service: Service) -> None:
    body = service.client.post("/v1/recommendations", json={"learner_id": "nobody"}).json()
    assert body["fallback"] == "cold_start"
    assert len(body["recommendations"]) == 5
    assert service.query("SELECT * FROM learners") == []


def test_the_stored_profile_counts(service: Service) -> None:
    with service.database.write() as connection:
        learners.save_profiles(connection, [LearnerProfile(learner_id="ann", role_id=ROLE, language="de")])
    body = service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()
    # Every module is in English.
    assert body["recommendations"] == []
    removed = {rule["rule"]: rule["removed"] for rule in body["empty_because"]}
    assert removed["language"] == len(MODULES)


def test_without_a_model_the_answer_says_so(bare_service: Service) -> None:
    body = bare_service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()
    assert (body["fallback"], body["model"], body["recommendations"]) == ("no_model", None, [])
    model = bare_service.client.get("/v1/model").json()
    assert set(model.values()) == {None}


def test_an_unknown_role_or_module_in_the_request_is_named(service: Service) -> None:
    for wish, field in (({"target_role_id": "king"}, "target_role_id"), ({"exclude": ["m?"]}, "exclude")):
        answer = service.client.post("/v1/recommendations", json={"learner_id": "ann"} | wish)
        assert answer.status_code == 422
        assert fields(answer) == [field]


@pytest.mark.parametrize("field", ["formats", "languages", "exclude"])
def test_what_is_not_a_list_is_called_so(service: Service, field: str) -> None:
    answer = service.client.post("/v1/recommendations", json={"learner_id": "ann", field: "x"})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["field"], fault["message"], fault["remedy"]) == (
        field,
        f"{field} is not a list",
        "send a list",
    )


def test_mastery_has_the_agreed_shape_and_moves_with_evidence(service: Service) -> None:
    def mastery() -> dict[str, object]:
        skill: dict[str, object] = service.client.get("/v1/learners/ann/mastery").json()["skills"][0]
        return skill

    service.post_events(*(attempt(f"p{i}", score=1) for i in range(3)))
    high = mastery()
    assert set(high) == {
        "skill_id", "name", "mastery", "interval", "n_attempts", "last_practised_at", "trend",
    }  # fmt: skip
    assert (high["skill_id"], high["n_attempts"]) == ("skill-fractions", 3)
    service.post_events(*(attempt(f"q{i}", score=0, occurred_at=NOW.isoformat()) for i in range(3)))
    assert mastery()["mastery"] < high["mastery"]  # type: ignore[operator]


def test_mastery_of_somebody_unknown_is_404_and_of_an_empty_profile_empty(service: Service) -> None:
    answer = service.client.get("/v1/learners/nobody/mastery")
    assert (answer.status_code, answer.json()["title"]) == (404, "Unknown learner")
    assert answer.headers["content-type"] == "application/problem+json"
    with service.database.write() as connection:
        learners.ensure(connection, ["new"])
    assert service.client.get("/v1/learners/new/mastery").json()["skills"] == []


def test_an_id_may_be_an_address(service: Service) -> None:
    learner_id = "https://lms.example/users?u=1&x=ü 2"
    service.post_events(attempt("a", learner_id))
    answer = service.client.get(f"/v1/learners/{quote(learner_id, safe='')}/mastery")
    assert answer.json()["learner_id"] == learner_id


def test_the_model_is_described(service: Service) -> None:
    body = service.client.get("/v1/model").json()
    assert (body["alias"], body["version"], body["metrics"]) == ("champion", 1, {"skills": {"auc": 0.7}})
    assert body["catalog"]["n_modules"] == len(MODULES)


def test_probes_tell_whether_calls_can_be_answered(service: Service, bare_service: Service) -> None:
    assert service.client.get("/health/live").json() == {"status": "live"}
    assert service.client.get("/health/ready").json() == {"status": "ready"}
    waiting = bare_service.client.get("/health/ready")
    assert waiting.status_code == 503
    assert "no model is loaded: there is no pointer file yet" in waiting.json()["detail"]


def test_a_database_that_is_gone_is_not_ready(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle) as service:
        (tmp_path / "test.db").unlink()
        answer = service.client.get("/health/ready")
        assert (answer.status_code, answer.json()["title"]) == (503, "Unavailable")


@pytest.mark.parametrize(
    ("dataset", "simulated"),
    [
        ({"simulated": True}, True),
        ({"simulated": False}, False),
        ({"name": "before there was a label"}, False),
    ],
)
def test_every_answer_says_whether_its_model_was_trained_on_simulated_data(
    tmp_path: Path, bundle: Path, dataset: dict[str, object], simulated: bool
) -> None:
    labelled = Path(shutil.copytree(bundle, tmp_path / "labelled"))
    manifest = json.loads((labelled / "manifest.json").read_text())
    manifest["dataset"] = dataset
    (labelled / "manifest.json").write_text(json.dumps(manifest))
    with running_service(tmp_path, labelled) as service:
        service.post_events(attempt("a"))
        for answer in (
            service.client.post("/v1/recommendations", json={"learner_id": "ann"}),
            service.client.get("/v1/learners/ann/mastery"),
        ):
            assert answer.json()["model"]["simulated"] is simulated
        assert service.client.get("/v1/model").json()["simulated"] is simulated
        assert set(service.client.get("/health/ready").json()) == {"status"}
