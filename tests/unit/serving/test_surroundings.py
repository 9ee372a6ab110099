"""What is around every request: sizes, ids, failures, the documentation."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from html import unescape
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from serving import logs
from serving.api import make_api
from serving.middleware import Entrance
from serving.problems import KINDS
from serving.routers.learner_paths import LEARNER, PARTS
from serving.security.limits import Limits
from serving.store import dialect
from tests.unit.serving.world import Service, attempt, running_service


def test_a_body_that_is_too_large_is_413_announced_or_not(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, max_body_bytes=2000) as service:
        body = json.dumps({"events": [attempt(f"e{i}") for i in range(50)]}).encode()
        announced = service.client.post("/v1/events", content=body)
        chunked = service.client.post("/v1/events", content=iter([body[:1500], body[1500:]]))
        # Who announces less than is sent in chunks is not believed.
        smuggled = service.client.post(
            "/v1/events",
            content=iter([body[:1500], body[1500:]]),
            headers={"Content-Length": "10", "Transfer-Encoding": "chunked"},
        )
        for answer in (announced, chunked, smuggled):
            assert answer.status_code == 413
            assert "more than 2000 bytes" in answer.json()["detail"]
            assert answer.headers["content-type"] == "application/problem+json"
        assert service.log() == []
        small = json.dumps({"events": [attempt("e")]}).encode()
        assert service.client.post("/v1/events", content=iter([small])).status_code == 200


def test_a_request_id_comes_back_and_a_bad_one_is_replaced(service: Service) -> None:
    def answered(sent: str) -> str:
        return str(service.client.get("/health/live", headers={"X-Request-ID": sent}).headers["x-request-id"])

    assert answered("trace-1:a.b") == "trace-1:a.b"
    assert answered("<script>") != "<script>"
    assert len(service.client.get("/health/live").headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/events", "/xapi/statements"])
@pytest.mark.parametrize("query", [b"", b"method=GET"])
def test_who_hangs_up_while_sending_is_no_failure(
    service: Service, path: str, query: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    headers = {"x-api-key": service.key, "content-type": "application/x-www-form-urlencoded"}
    headers |= {"x-experience-api-version": "1.0.3", "transfer-encoding": "chunked"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "app": service.client.app,
    }
    come: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return come.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    service.client.portal.call(service.client.app, scope, receive, send)  # type: ignore[union-attr]
    assert sent == []
    written = "".join(capsys.readouterr())
    assert "request failed" not in written
    assert '"status": 499' in written


def test_an_unforeseen_failure_tells_nothing_of_the_inside(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    with running_service(tmp_path, bundle) as service:
        with service.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE learner_states")
        answer = service.client.post(
            "/v1/recommendations", json={"learner_id": "private-name"}, headers={"X-Request-ID": "r-1"}
        )
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "r-1"
    assert "learner_states" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = next(line for line in lines if line["event"] == "request failed")
    assert (failed["request_id"], failed["route"]) == ("r-1", "/v1/recommendations")
    assert "no such table" in failed["exception"]
    assert "private-name" not in json.dumps(lines)


def test_a_database_that_somebody_else_locks_is_503_and_worth_another_try(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 50)
    with (
        running_service(tmp_path, bundle) as service,
        closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        answer = service.post_events(attempt("e"))
        assert answer.status_code == 503
        assert answer.json()["type"] == "/docs#unavailable"
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        other.execute("ROLLBACK")
        assert service.post_events(attempt("e")).json()["stored"] == 1


def test_a_writer_of_this_process_that_does_not_end_is_waited_for_in_vain(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 50)
    with running_service(tmp_path, bundle) as service:
        database = service.client.app.state.services.database  # type: ignore[attr-defined]
        with database.write():
            assert service.post_events(attempt("e")).status_code == 503
        assert service.post_events(attempt("e")).status_code == 200


def test_a_call_without_a_key_is_401_whatever_its_body(service: Service) -> None:
    service.client.headers.pop("X-API-Key")
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}, {"X-API-Key": ""}):
        answer = service.client.post("/v1/events", content=b"{", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_body_nobody_may_send_is_not_read() -> None:
    sent: list[Message] = []

    async def never() -> Message:
        raise AssertionError("the body was read")

    async def keep(message: Message) -> None:
        sent.append(message)

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    scope = {"type": "http", "method": "POST", "path": "/v1/events", "headers": []}
    asyncio.run(Entrance(behind, Limits(0, 0), max_bytes=0)(scope, never, keep))
    assert sent[0]["status"] == 401


def test_log_lines_hold_no_learner(tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("e", "private-name"))
        service.client.get("/v1/learners/private-name/mastery")
    err = capsys.readouterr().err
    assert "private-name" not in err
    requests = [line for line in map(json.loads, err.splitlines()) if line["event"] == "request"]
    assert [(r["method"], r["status"]) for r in requests] == [("POST", 200), ("GET", 200)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/events", 405),
        ("DELETE", "/health/live", 405),
        ("POST", "/v1/events/", 404),
        ("GET", "/v1/model/", 404),
    ],
)
def test_addresses_and_methods_that_are_none_are_problems(
    service: Service, method: str, path: str, status: int
) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == status == answer.json()["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/v1/items", "GET, PUT"),
        ("POST", "/v1/learners/ann", "DELETE, PUT"),
        ("PUT", "/v1/learners/ann/gaps", "GET"),
        ("DELETE", "/v1/learners/a/b/export", "GET"),
        ("POST", "/v1/learners/ann%2Fgaps", "DELETE, GET, PUT"),
        ("PATCH", "/v1/teams/a/gaps", "GET"),
    ],
)
def test_every_method_of_an_address_is_told(service: Service, method: str, path: str, allowed: str) -> None:
    answer = service.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_an_id_that_ends_like_a_part_is_meant_where_its_slash_is_encoded(service: Service) -> None:
    service.post_events(attempt("e", "ann/gaps"), attempt("f", "ann"))
    assert service.client.delete("/v1/learners/ann/gaps").status_code == 405
    assert service.client.delete("/v1/learners/ann%2Fgaps").json()["removed"]["events"] == 1
    assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1


def test_no_part_of_a_learner_is_forgotten() -> None:
    start = LEARNER.replace(":text", "") + "/"
    paths = make_api().openapi()["paths"]
    assert {path.removeprefix(start) for path in paths if path.startswith(start)} == PARTS


def test_the_documentation_page_lists_every_call_and_problem_and_loads_nothing(service: Service) -> None:
    page = service.client.get("/docs", headers={"X-API-Key": ""})
    assert page.status_code == 200
    text = unescape(page.text)
    for path in make_api().openapi()["paths"]:
        assert path in text
    for kind in KINDS:
        assert f"id='{kind.slug}'" in text
    assert re.findall(r"(?:src|href)='(?!/)", page.text) == []
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_importing_the_service_loads_nothing_that_trains() -> None:
    code = (
        "import sys; import serving.app; "
        "heavy = {'mlflow', 'pandas', 'sklearn', 'implicit', 'matplotlib', 'numba', 'training'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
