"""Feedback is evidence: stored once, folded into the state, and what it names must have been recommended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from recommender.bundle import ModelBundle
from serving import meter
from serving.recommendation_log import RecommendationLog
from serving.schemas.recommendations import RecommendationResponse
from serving.store.faults import StoreUnavailableError
from serving.store.migrate import open_database
from tests.unit.serving.world import KEY_SECRET, Service, attempt, fields, running_service


def ask(service: Service, learner_id: str = "ann", **wishes: Any) -> dict[str, Any]:
    answer = service.client.post("/v1/recommendations", json={"learner_id": learner_id, "k": 3} | wishes)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def give(service: Service, answer: dict[str, Any], kind: str, **more: Any) -> Any:
    path = f"/v1/recommendations/{answer['recommendation_id']}/feedback"
    return service.client.post(path, json={"kind": kind} | more)


def first(answer: dict[str, Any]) -> str:
    return str(answer["recommendations"][0]["module_id"])


def test_an_answer_is_as_its_schema_says(service: Service) -> None:
    service.post_events(attempt("a"))
    told = ask(service)
    assert RecommendationResponse.model_validate(told).model_dump(mode="json") == told
    none = ask(service, exclude=[m["module_id"] for m in ask(service, k=100)["recommendations"]])
    assert none["empty_because"]
    assert RecommendationResponse.model_validate(none).model_dump(mode="json") == none


def test_feedback_is_stored_once(service: Service) -> None:
    answer = ask(service)
    assert give(service, answer, "dismissed", module_id=first(answer)).json() == {"status": "stored"}
    later = give(service, answer, "dismissed", module_id=first(answer), occurred_at="2026-03-01T00:00:00Z")
    assert later.json() == {"status": "duplicate"}
    assert give(service, answer, "too_hard", module_id=first(answer)).json() == {"status": "stored"}
    assert give(service, answer, "shown").json() == {"status": "stored"}
    assert [row.kind for row in service.log()] == ["feedback"] * 3
    assert {row.learner_id for row in service.log()} == {"ann"}


def test_what_was_dismissed_is_not_first_any_more(service: Service) -> None:
    service.post_events(attempt("a"))
    answer = ask(service)
    give(service, answer, "dismissed", module_id=first(answer))
    assert first(ask(service)) != first(answer)


def test_a_state_with_feedback_is_its_replay(service: Service, bundle: Path) -> None:
    from tests.unit.serving.test_events_api import replayed

    service.post_events(attempt("a"))
    answer = ask(service)
    give(service, answer, "too_hard", module_id=first(answer))
    service.post_events(attempt("late", occurred_at="2025-01-01T00:00:00Z"))
    assert service.states()["ann"] == replayed(service, bundle)


def test_what_nobody_recommended_is_404_and_what_was_not_in_it_is_422(service: Service) -> None:
    answer = ask(service)
    unknown = give(service, {"recommendation_id": str(uuid4())}, "shown")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/docs#unknown-recommendation")
    other = give(service, answer, "shown", module_id="no-such-module")
    assert (other.status_code, fields(other)) == (422, ["module_id"])
    assert fields(give(service, answer, "liked")) == ["kind"]
    ahead = give(service, answer, "shown", occurred_at="2027-01-01T00:00:00Z")
    assert (ahead.status_code, fields(ahead)) == (422, ["occurred_at"])
    assert give(service, {"recommendation_id": "7"}, "shown").status_code == 422
    assert service.log() == []


def test_answers_are_logged_behind_them_with_what_chance_did(tmp_path: Path, bundle: Path) -> None:
    trained = ModelBundle.open(bundle)
    exploring = replace(trained, ranking=trained.ranking.model_copy(update={"exploration": 0.5}))
    exploring.write(tmp_path / "exploring")
    with running_service(tmp_path, tmp_path / "exploring") as service:
        told = {a["recommendation_id"]: a for a in (ask(service, f"learner-{i}", k=2) for i in range(20))}
    log = RecommendationLog(database := open_database(service.settings.database_url), KEY_SECRET)
    chances = []
    for recommendation_id, answer in told.items():
        logged = log.find(recommendation_id)
        assert logged is not None
        assert logged.learner_id == answer["learner_id"]
        assert logged.bundle_id == answer["model"]["bundle_id"]
        assert logged.simulated is answer["model"]["simulated"]
        assert [m.module_id for m in logged.modules] == [m["module_id"] for m in answer["recommendations"]]
        assert [m.score for m in logged.modules] == [m["score"] for m in answer["recommendations"]]
        chances += [m.propensity for m in logged.modules]
    assert any(chance < 1 for chance in chances)
    database.close()


class Counted(meter.Meter):
    """Counts what the log took and what it gave up."""

    written = lost = 0

    def recommendations_logged(self, written: int = 0, lost: int = 0) -> None:
        self.written += written
        self.lost += lost


@pytest.mark.parametrize("lost", [0, 3])
def test_the_log_keeps_the_newest_while_it_cannot_be_written(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    monkeypatch.setattr("serving.recommendation_log._MOST_WAITING", 8 - lost)
    counted = Counted()
    with running_service(tmp_path, bundle) as service, meter.counting(counted):
        services = service.client.app.state.services  # type: ignore[attr-defined]
        (tmp_path / "test.db").rename(tmp_path / "away.db")
        answers = [services.models.current.engine.recommend(None, now=service.clock()) for _ in range(8)]
        ids = [uuid4() for _ in answers]
        for recommendation_id, answer in zip(ids, answers, strict=True):
            services.recommendations.add(recommendation_id, answer, simulated=False)
        with pytest.raises(StoreUnavailableError):
            services.recommendations.flush()
        assert counted.lost == lost
        (tmp_path / "away.db").rename(tmp_path / "test.db")
        services.recommendations.flush()
        found = [services.recommendations.find(str(recommendation_id)) for recommendation_id in ids]
        assert [one is not None for one in found] == [False] * lost + [True] * (8 - lost)
        assert counted.written == 8 - lost
