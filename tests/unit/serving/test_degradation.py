"""What is answered while something the service needs is missing: a defined answer, soon."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.audit import CALLER
from serving.examples.common import ACCOUNT, LEARNER_ID, MODULE_ID, ROLE_ID, TEAM_ID
from tests.contract.test_openapi_examples import ask, examples, operations
from tests.postgres import Postgres
from tests.unit.serving.world import NOW, Service, attempt, completion, fields, running_service

Operation = tuple[str, str]

NEEDS_NO_STORE = {("GET", "/health/live"), ("GET", "/xapi/about"), ("HEAD", "/xapi/about")}
# A token is given to whoever has a key, which is looked up each time.
NEEDS_NO_KEY = {*NEEDS_NO_STORE, ("GET", "/health/ready"), ("POST", "/oauth2/token")}
WRITES = {
    ("POST", "/v1/events"),
    ("POST", "/v1/recommendations/{recommendation_id}/feedback"),
    ("POST", "/xapi/statements"),
    *((method, path) for method, path, _ in operations() if method in ("PUT", "DELETE")),
}
SOON_SECONDS = 15.0
# A key that was good stays so for a while: what is asked of a store that is gone is asked by the handlers.
KEY_IS_KNOWN = {"key_cache_seconds": 60}


class LetIn:
    """Counts the requests whose key was found good, by method and path as OpenAPI has them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.let_in: set[Operation] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        if CALLER in scope:
            self.let_in.add((scope["method"], scope["route"].path_format))


def prepared(service: Service) -> LetIn:
    """Let there be what the examples ask for, ask for it once, and count from now on who is let in."""
    place = {"team_id": TEAM_ID, "role_id": ROLE_ID}
    for i in range(6):
        assert service.client.put(f"/v1/learners/colleague-{i}", json=place).is_success
    assert service.post_events(completion("start", MODULE_ID, learner_id=LEARNER_ID)).is_success
    assert service.client.put(f"/v1/learners/{LEARNER_ID}", json={"aliases": [ACCOUNT]}).is_success
    asked = {"learner_id": LEARNER_ID, "k": 12, "scenario": "review"}
    answer = service.client.post("/v1/recommendations", json=asked).json()
    service.client.recommendation_id = answer["recommendation_id"]  # type: ignore[attr-defined]
    service.client.app.state.services.recommendations.flush()  # type: ignore[attr-defined]
    for path in (f"/v1/teams/{TEAM_ID}/gaps", f"/v1/learners/{LEARNER_ID}/mentors"):
        assert service.client.get(path).is_success
    app: Any = service.client.app
    app.middleware_stack = counting = LetIn(app.middleware_stack)
    return counting


def calls(service: Service) -> Iterator[tuple[Operation, Any]]:
    """Every documented call as its first example has it, and what was answered."""
    known = {"recommendation_id": getattr(service.client, "recommendation_id", None)}
    # Who was erased is known to no other call.
    for method, path, operation in sorted(operations(), key=lambda operation: operation[0] == "DELETE"):
        named = path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                value = known.get(parameter["name"]) or str(parameter["schema"]["examples"][0])
                named = re.sub(rf"{{{parameter['name']}}}", value, named)
        body = next(iter(examples(operation).values()), None)
        started = time.monotonic()
        answer = ask(service, method, path, named, operation, body)
        assert time.monotonic() - started < SOON_SECONDS, path
        yield (method, path), answer


def is_told_to_come_again(answer: Any) -> bool:
    return (
        answer.status_code == 503
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) > 0
    )


@contextmanager
def pragma(service: Service, statement: str, undone: str) -> Iterator[None]:
    """Set something on every connection that the service opens from now on, until the block ends."""
    engine = service.client.app.state.services.database.engine  # type: ignore[attr-defined]
    statements = [statement]
    event.listen(engine, "connect", lambda connection, _: connection.execute(statements[0]))
    # Those that are open are used no more.
    engine.dispose()
    yield
    statements[0] = undone
    engine.dispose()


def all_but_live_are_told_to_come_again(service: Service, counting: LetIn) -> None:
    """Every handler that needs the store says so, and none was kept from it by the look-up of the key."""
    for operation, answer in calls(service):
        assert answer.is_success == (operation in NEEDS_NO_STORE), (operation, answer.text)
        assert operation in NEEDS_NO_STORE or is_told_to_come_again(answer), (operation, answer.text)
    assert counting.let_in == {(method, path) for method, path, _ in operations()} - NEEDS_NO_KEY


def refused(service: Service, counting: LetIn) -> set[Operation]:
    """Make every call, and return those that were told to come again: none but such as write."""
    again = set()
    for operation, answer in calls(service):
        if not answer.is_success:
            assert operation in WRITES, (operation, answer.text)
            assert is_told_to_come_again(answer), (operation, answer.text)
            assert operation[0] == "HEAD" or "nothing was stored" in answer.json()["detail"], operation
            again.add(operation)
    assert counting.let_in == {(method, path) for method, path, _ in operations()} - NEEDS_NO_KEY
    return again


def test_while_the_store_is_gone_every_call_is_503_and_all_is_well_again_after(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle, **KEY_IS_KNOWN) as service:
        service.post_events(attempt("a"))
        counting = prepared(service)
        (tmp_path / "test.db").rename(tmp_path / "away.db")
        all_but_live_are_told_to_come_again(service, counting)
        (tmp_path / "away.db").rename(tmp_path / "test.db")
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
        assert service.post_events(attempt("b")).json()["stored"] == 1


def test_a_key_that_cannot_be_looked_up_is_told_to_come_again(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"))
        (tmp_path / "test.db").rename(tmp_path / "away.db")
        for operation, answer in calls(service):
            assert operation in NEEDS_NO_STORE or is_told_to_come_again(answer), (operation, answer.text)
        (tmp_path / "away.db").rename(tmp_path / "test.db")
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1


def test_who_comes_again_while_the_store_is_gone_is_not_taken_for_a_guesser(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=2) as service:
        (tmp_path / "test.db").rename(tmp_path / "away.db")
        for _ in range(5):
            assert is_told_to_come_again(service.client.get("/v1/learners/ann/mastery"))
        (tmp_path / "away.db").rename(tmp_path / "test.db")
        assert service.post_events(attempt("a")).is_success
        wrong = [service.client.get("/v1/model", headers={"X-API-Key": "alr_0_0"}) for _ in range(3)]
        assert [answer.status_code for answer in wrong] == [401, 401, 429]


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
    url = own_postgres.new_store()
    with running_service(tmp_path, bundle, database_url=url, **KEY_IS_KNOWN) as service:
        service.post_events(attempt("a"))
        counting = prepared(service)
        own_postgres.kill()
        all_but_live_are_told_to_come_again(service, counting)
        own_postgres.start_again()
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
        assert service.post_events(attempt("b")).json()["stored"] == 1


def test_a_store_that_cannot_be_written_answers_every_call_that_only_reads(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle, **KEY_IS_KNOWN) as service:
        counting, before = prepared(service), service.log()
        with pragma(service, "PRAGMA query_only=ON", "PRAGMA query_only=OFF"):
            assert refused(service, counting) == WRITES
        assert service.log() == before
        assert refused(service, counting) == set()


def test_a_full_store_answers_every_call_that_only_reads(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, **KEY_IS_KNOWN) as service:
        counting, before = prepared(service), service.log()
        with pragma(service, "PRAGMA max_page_count=1", "PRAGMA max_page_count=1000000"):
            # What finds room in pages that are there is stored.
            many = [attempt(f"e{i}", learner_id=f"learner-{i:05d}-{'x' * 150}") for i in range(100)]
            assert is_told_to_come_again(service.post_events(*many))
            assert service.log() == before
            assert refused(service, counting) <= WRITES
        assert service.post_events(*many).json()["stored"] == 100
        states = {
            learner_id: state for learner_id, state in service.states().items() if learner_id[-1] == "x"
        }
        assert len(states) == 100


@pytest.mark.postgres
def test_a_read_only_database_server_answers_every_call_that_only_reads(
    tmp_path: Path, bundle: Path, own_postgres: Postgres
) -> None:
    url = own_postgres.new_store()
    name = make_url(url).database
    # Sessions that are open stay as they began.
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    with running_service(tmp_path, bundle, database_url=url, **KEY_IS_KNOWN) as service:
        counting, before = prepared(service), service.log()
        own_postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        own_postgres.run(end)
        assert refused(service, counting) == WRITES
        assert service.log() == before
        own_postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        own_postgres.run(end)
        assert refused(service, counting) == set()


def test_a_state_that_cannot_be_stored_is_replayed_for_the_answer(
    tmp_path: Path, bundle: Path, other_bundle: Path
) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"), attempt("b"))
    with (
        running_service(tmp_path, other_bundle, pointer_poll_seconds=3600) as service,
        pragma(service, "PRAGMA query_only=ON", "PRAGMA query_only=OFF"),
    ):
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
