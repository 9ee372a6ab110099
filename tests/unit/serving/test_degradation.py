"""What is answered while something the service needs is missing: a defined answer, soon."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url

from tests.contract.test_openapi_examples import examples, operations
from tests.postgres import Postgres
from tests.unit.serving.world import NOW, Service, attempt, fields, running_service

NEEDS_NO_STORE = {"/health/live"}
SOON_SECONDS = 15.0


def calls(service: Service) -> Iterator[tuple[str, Any]]:
    """Every documented call as its first example has it, and what was answered."""
    for method, path, operation in operations():
        asked = {
            p["name"]: p["schema"]["examples"][0]
            for p in operation.get("parameters", ())
            if p["in"] == "query"
        }
        named = path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                value = str(parameter["schema"]["examples"][0])
                named = re.sub(rf"{{{parameter['name']}}}", value, named)
        body = next(iter(examples(operation).values()), None)
        started = time.monotonic()
        answer = service.client.request(method, named, params=asked, json=body)
        assert time.monotonic() - started < SOON_SECONDS, path
        yield path, answer


def is_told_to_come_again(answer: Any) -> bool:
    return (
        answer.status_code == 503
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) > 0
    )


def pragma(service: Service, statement: str) -> None:
    """Set something on every connection that the service opens from now on."""
    engine = service.client.app.state.services.database.engine  # type: ignore[attr-defined]
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute(statement))


def test_while_the_store_is_gone_every_call_is_503_and_all_is_well_again_after(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"))
        (tmp_path / "test.db").rename(tmp_path / "away.db")
        for path, answer in calls(service):
            assert (answer.status_code == 200) == (path in NEEDS_NO_STORE), (path, answer.text)
            assert path in NEEDS_NO_STORE or is_told_to_come_again(answer), (path, answer.text)
        (tmp_path / "away.db").rename(tmp_path / "test.db")
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
        assert service.post_events(attempt("b")).json()["stored"] == 1


def test_a_store_in_place_of_another_is_noticed(tmp_path: Path, bundle: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with running_service(other, bundle) as elsewhere, running_service(tmp_path, bundle) as service:
        key = elsewhere.key
        elsewhere.post_events(attempt("a"), attempt("b"))
        service.post_events(attempt("x"))
        elsewhere.query("PRAGMA wal_checkpoint(TRUNCATE)")
        (other / "test.db").rename(tmp_path / "test.db")
        for left in ("test.db-wal", "test.db-shm"):
            (tmp_path / left).unlink(missing_ok=True)
        service.client.headers["X-API-Key"] = key
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 2


@pytest.mark.postgres
def test_a_database_server_that_dies_is_503_until_it_is_back(
    tmp_path: Path, bundle: Path, own_postgres: Postgres
) -> None:
    with running_service(tmp_path, bundle, database_url=own_postgres.new_store()) as service:
        service.post_events(attempt("a"))
        own_postgres.kill()
        for path, answer in calls(service):
            assert path in NEEDS_NO_STORE or is_told_to_come_again(answer), (path, answer.text)
        own_postgres.start_again()
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
        assert service.post_events(attempt("b")).json()["stored"] == 1


@pytest.mark.parametrize("statement", ["PRAGMA query_only=ON", "PRAGMA max_page_count=1"])
def test_a_store_that_cannot_be_written_is_still_read(tmp_path: Path, bundle: Path, statement: str) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"))
        pragma(service, statement)
        many = [attempt(f"e{i}", learner_id=f"learner-{i:05d}-{'x' * 150}") for i in range(100)]
        refused = service.post_events(*many)
        assert is_told_to_come_again(refused), refused.text
        assert "nothing was stored" in refused.json()["detail"]
        answer = service.client.post("/v1/recommendations", json={"learner_id": "ann"})
        assert (answer.status_code, answer.json()["fallback"]) == (200, None)
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
    assert len(service.states()) == 1


@pytest.mark.postgres
def test_a_read_only_database_server_is_still_read(
    tmp_path: Path, bundle: Path, own_postgres: Postgres
) -> None:
    url = own_postgres.new_store()
    with running_service(tmp_path, bundle, database_url=url) as service:
        service.post_events(attempt("a"))
        service.client.app.state.services.database.close()  # type: ignore[attr-defined]
        name = make_url(url).database
        own_postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        assert is_told_to_come_again(service.post_events(attempt("b")))
        assert service.client.post("/v1/recommendations", json={"learner_id": "ann"}).status_code == 200
        own_postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_a_state_that_cannot_be_stored_is_replayed_for_the_answer(
    tmp_path: Path, bundle: Path, other_bundle: Path
) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"), attempt("b"))
    with running_service(tmp_path, other_bundle, pointer_poll_seconds=3600) as service:
        pragma(service, "PRAGMA query_only=ON")
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 2


def test_without_a_model_evidence_is_taken_and_the_answer_says_so(bare_service: Service) -> None:
    assert bare_service.post_events(attempt("a")).json()["stored"] == 1
    answer = bare_service.client.post("/v1/recommendations", json={"learner_id": "ann"})
    assert (answer.status_code, answer.json()["fallback"]) == (200, "no_model")
    for path, told in calls(bare_service):
        assert told.status_code < 500 or is_told_to_come_again(told), (path, told.text)


@pytest.mark.parametrize("days", [-400, 4000])
def test_a_clock_that_is_wrong_makes_no_nonsense(service: Service, days: int) -> None:
    service.post_events(attempt("a"), attempt("b", occurred_at=(NOW - timedelta(days=2)).isoformat()))
    service.clock.advance(days=days)
    answer = service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()
    chances = [module["success_probability"] for module in answer["recommendations"]]
    assert chances
    assert all(chance is None or 0 <= chance <= 1 for chance in chances)
    for skill in service.client.get("/v1/learners/ann/mastery").json()["skills"]:
        low, high = skill["interval"]
        assert 0 <= low <= skill["mastery"] <= high <= 1
    sent = service.post_events(attempt("c", occurred_at=NOW.isoformat()))
    if days < 0:
        assert (sent.status_code, fields(sent)) == (422, ["events[0].occurred_at"])
        assert "check the sender's clock" in sent.json()["errors"][0]["remedy"]
    else:
        assert sent.json()["stored"] == 1
