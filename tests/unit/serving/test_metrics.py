"""What Prometheus is told: counts that add up, and nobody in a label."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving import meter
from serving.prometheus import PrometheusMeter
from serving.security.scopes import Scope
from serving.store import dialect
from tests.unit.serving.world import (
    Service,
    attempt,
    completion,
    running_service,
    write_pointer,
)

DOCS = Path(__file__).parents[3] / "docs" / "guides" / "operations.md"
Labels = frozenset[tuple[str, str]]


@pytest.fixture
def counted(tmp_path: Path, bundle: Path) -> Iterator[Service]:
    with running_service(tmp_path, bundle, metrics="public", pointer_poll_seconds=60) as service:
        yield service


def samples(service: Service) -> dict[tuple[str, Labels], float]:
    answer = service.client.get("/metrics", headers={"X-API-Key": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(service: Service, name: str, **labels: str) -> float:
    return samples(service).get((name, frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_pattern_method_and_status(counted: Service) -> None:
    for learner in ("ann", "bob", "a/b"):
        counted.client.get(f"/v1/learners/{learner}/mastery")
    counted.client.get("/nowhere/ann")
    counted.client.request("INVENTED", "/v1/model")
    pattern = "/v1/learners/{learner_id:text}/mastery"
    mastery = {"method": "GET", "route": pattern, "status": "404"}
    assert value(counted, "http_requests_total", **mastery) == 3
    assert value(counted, "http_request_duration_seconds_count", **mastery) == 3
    assert value(counted, "http_request_duration_seconds_bucket", **mastery, le="+Inf") == 3
    assert value(counted, "http_request_duration_seconds_sum", **mastery) > 0
    assert value(counted, "http_requests_total", method="GET", route="other", status="404") == 1
    assert value(counted, "http_requests_total", method="other", route="/v1/model", status="405") == 1


def test_events_are_counted_by_kind_and_outcome(counted: Service) -> None:
    counted.post_events(attempt("a"), attempt("b"), completion("c"))
    counted.post_events(attempt("a"), attempt("d", score=7), {"kind": "invented"}, {"kind": ["x"]}, {})
    name = "recommender_events_total"
    assert value(counted, name, kind="attempt", outcome="stored") == 2
    assert value(counted, name, kind="completion", outcome="stored") == 1
    assert value(counted, name, kind="attempt", outcome="duplicate") == 1
    assert value(counted, name, kind="attempt", outcome="rejected") == 1
    assert value(counted, name, kind="other", outcome="rejected") == 3


def test_recommendations_are_counted_by_fallback_and_as_logged(counted: Service) -> None:
    counted.post_events(completion("c"))
    for learner in ("ann", "nobody"):
        answer = counted.client.post("/v1/recommendations", json={"learner_id": learner}).json()
    wishes = {"requests": [{"learner_id": "ann"}]}
    assert counted.client.post("/v1/recommendations/batch", json=wishes).status_code == 200
    assert value(counted, "recommender_recommendations_total", fallback="none") == 2
    assert value(counted, "recommender_recommendations_total", fallback="cold_start") == 1
    log = counted.client.app.state.services.recommendations  # type: ignore[attr-defined]
    log.flush()
    assert value(counted, "recommender_recommendation_log_written_total") == 3
    assert value(counted, "recommender_recommendation_log_lost_total") == 0
    counted.client.post(f"/v1/recommendations/{answer['recommendation_id']}/feedback", json={"kind": "shown"})
    assert value(counted, "recommender_events_total", kind="feedback", outcome="stored") == 1


def test_without_a_model_that_is_counted_too(tmp_path: Path) -> None:
    with running_service(tmp_path, None, metrics="public") as service:
        service.client.post("/v1/recommendations", json={"learner_id": "ann"})
        service.client.post("/v1/recommendations/batch", json={"requests": [{"learner_id": "ann"}] * 2})
        assert value(service, "recommender_recommendations_total", fallback="no_model") == 3
        assert "recommender_model_info" not in {name for name, _ in samples(service)}


def test_replays_are_counted_by_their_reason(counted: Service, other_bundle: Path) -> None:
    name = "recommender_replays_total"
    for number in range(3):
        counted.post_events(attempt(f"e{number}", occurred_at=f"2026-02-0{3 + number}T12:00:00Z"))
    assert not [key for key in samples(counted) if key[0] == name]
    counted.post_events(attempt("late", occurred_at="2026-01-01T12:00:00Z"))
    assert value(counted, name, reason="late") == 1
    write_pointer(counted.settings.pointer, other_bundle, version=2)
    assert counted.client.post("/v1/model/reload").status_code == 200
    counted.client.get("/v1/learners/ann/mastery")
    assert value(counted, name, reason="table_changed") == 1
    meter.current().replays("background", 5)
    assert value(counted, name, reason="background") == 5


def test_faults_of_the_store_and_waiting_for_it_are_counted(
    counted: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 20)
    database = counted.client.app.state.services.database  # type: ignore[attr-defined]
    with database.write():
        assert counted.post_events(attempt("e")).status_code == 503
    assert counted.post_events(attempt("e")).status_code == 200
    assert value(counted, "recommender_store_faults_total", fault="busy") == 1
    assert value(counted, "recommender_store_write_wait_seconds_count") == 1


def test_the_model_is_told_with_its_age(counted: Service, bundle: Path) -> None:
    about = counted.client.get("/v1/model").json()
    labels = {"bundle_id": about["bundle_id"], "alias": "champion", "version": "1", "simulated": "false"}
    assert value(counted, "recommender_model_info", **labels) == 1
    before = value(counted, "recommender_model_age_seconds")
    counted.clock.advance(hours=1)
    assert value(counted, "recommender_model_age_seconds") == before + 3600
    assert value(counted, "recommender_model_refused") == 0
    write_pointer(counted.settings.pointer, bundle, bundle_id="another", version=2)
    counted.client.post("/v1/model/reload")
    assert value(counted, "recommender_model_refused") == 1


def test_the_revision_of_the_catalogue_is_told_where_the_store_answers(counted: Service) -> None:
    assert value(counted, "recommender_catalog_revision") == 0
    with counted.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO revisions (name, revision) VALUES ('catalog', 7)")
    assert value(counted, "recommender_catalog_revision") == 7


def test_no_learner_and_no_key_is_in_a_label(counted: Service) -> None:
    counted.post_events(attempt("private-event", "private-person"))
    counted.client.get("/v1/learners/private-person/mastery")
    counted.client.get("/private-person")
    counted.client.request("PRIVATE", "/v1/model")
    page = counted.client.get("/metrics").text
    for secret in ("private", counted.key, counted.key.split("_")[1]):
        assert secret not in page.lower()


# Who may read them


def test_by_default_there_are_none(service: Service) -> None:
    assert service.client.get("/metrics").status_code == 404
    assert type(meter.current()) is meter.Meter


def test_with_a_key_only_an_admin_may_read(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, metrics="key") as service:
        weak = service.key_for(*(scope for scope in Scope if scope is not Scope.ADMIN))
        for key, status in (("", 401), ("wrong", 401), (weak, 403), (service.key_for(Scope.ADMIN), 200)):
            assert service.client.get("/metrics", headers={"X-API-Key": key}).status_code == status
        admin = {"X-API-Key": "", "Authorization": f"Bearer {service.key_for(Scope.ADMIN)}"}
        assert service.client.get("/metrics", headers=admin).status_code == 200


def test_counting_ends_with_the_service(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, metrics="public"):
        assert isinstance(meter.current(), PrometheusMeter)
    assert type(meter.current()) is meter.Meter


def test_a_service_that_ends_stops_nobody_elses_counting(tmp_path: Path, bundle: Path) -> None:
    folders = [tmp_path / name for name in ("with", "without")]
    for folder in folders:
        folder.mkdir()
    with running_service(folders[0], bundle, metrics="public") as service:
        for metrics in ("off", "public"):
            with running_service(folders[1], bundle, metrics=metrics):
                pass
            before = value(service, "recommender_events_total", kind="attempt", outcome="stored")
            service.post_events(attempt(metrics))
            after = value(service, "recommender_events_total", kind="attempt", outcome="stored")
            assert after == before + 1


# Their names


def test_names_keep_to_the_conventions_and_are_documented(counted: Service) -> None:
    counted.post_events(attempt("e"))
    families = list(text_string_to_metric_families(counted.client.get("/metrics").text))
    named = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert len(named) >= 13
    for family in families:
        assert re.fullmatch(r"(http|recommender)_[a-z_]+", family.name)
        assert family.documentation
    rows = re.findall(r"^\| `((?:http|recommender)_\w+)` \| (.*?) \|", DOCS.read_text(), flags=re.M)
    assert {name for name, _ in rows} == named
    labels = {name: set(re.findall(r"`(\w+)`", text)) for name, text in rows}
    for family in families:
        name = family.name + ("_total" if family.type == "counter" else "")
        for sample in family.samples:
            assert set(sample.labels) - {"le"} <= labels[name], name
