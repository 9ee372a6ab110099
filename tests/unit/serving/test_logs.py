"""Log lines: JSON, one a line, and whatever happens nothing personal and no secret in them."""

import asyncio
import gc
import json
import logging
import sqlite3
import traceback
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from recommender.errors import InputError
from serving import logs
from serving.api import make_api
from serving.examples.common import LEARNER_ID
from serving.store import tables
from serving.store.migrate import open_database
from serving.tracebacks import impersonal_traceback
from tests.unit.serving.world import KEY_SECRET, NOW, Service, attempt

PRIVATE = "private-person"


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


# The line of every request


def test_a_request_has_one_line_with_these_fields(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    service.client.get("/v1/learners/ann/mastery", headers={"X-Request-ID": "r-1"})
    service.client.get("/nowhere/ann")
    known, nowhere = lines_of(capsys)
    assert list(known) == [
        *("status", "milliseconds", "method", "route", "event", "level", "logger", "timestamp", "request_id")
    ]
    assert (known["status"], known["method"], known["request_id"]) == (404, "GET", "r-1")
    assert known["route"] == "/v1/learners/{learner_id:text}/mastery"
    assert (known["event"], known["level"], known["logger"]) == ("request", "info", "serving.requests")
    assert known["milliseconds"] > 0
    assert (nowhere["status"], nowhere["route"]) == (404, None)
    assert len(nowhere["request_id"]) == 32


def test_of_a_request_in_the_alternate_syntax_the_one_is_told_that_was_meant(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    form = {"X-Experience-API-Version": "1.0.3", "limit": "1"}
    assert service.client.post("/xapi/statements?method=GET", data=form).status_code == 200
    (line,) = lines_of(capsys)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/xapi/statements", 200)


def test_the_short_way_gives_what_the_long_one_would(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    token = logs.request_id.set('odd"id')
    try:
        logs.request_line('GE"T', "/a/{b}", 200, 1.234)
        structlog.get_logger("serving.other").info(
            "request", status=200, milliseconds=1.23, method='GE"T', route="/a/{b}"
        )
    finally:
        logs.request_id.reset(token)
    short, long = lines_of(capsys)
    assert list(short) == list(long)
    assert short | {"timestamp": ""} == long | {"timestamp": "", "logger": "serving.requests"}
    assert len(short["timestamp"]) == len(long["timestamp"])


def test_above_its_level_there_is_no_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    assert service.client.get("/health/live").status_code == 200
    assert capsys.readouterr().err == ""


# What may never be in one


def calls() -> Iterator[tuple[str, str, Any]]:
    """Every call of the API as its examples have it, of a private person."""
    for path, methods in make_api().openapi()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            bodies = [example["value"] for example in content.get("examples", {}).values()] or [None]
            of = {p["name"]: PRIVATE for p in operation.get("parameters", ()) if p["in"] == "path"}
            if "recommendation_id" in of:
                of["recommendation_id"] = str(uuid4())
            for body in bodies:
                private = json.loads(json.dumps(body).replace(LEARNER_ID, PRIVATE))
                yield method.upper(), path.format(**of), private


def misuse(service: Service) -> None:
    """Send what is wrong in as many ways as there are, always with something private in it."""
    client, wrong = service.client, service.key[:-8] + "deadbeef"
    for method, path, body in calls():
        client.request(method, path, json=body)
        client.request(method, path, json=body, headers={"X-API-Key": wrong})
        client.request(method, path, json=body, headers={"Authorization": f"Bearer {wrong}"})
        client.request(method, path, json={PRIVATE: PRIVATE}, params={PRIVATE: PRIVATE})
        client.request(method, path, content=b'{"learner_id": "private-person')
        client.request("PATCH", path, json=body)
        client.request(method, f"/{PRIVATE}{path}", json=body)
    client.get(f"/v1/learners/{PRIVATE}/gaps", params={"role_id": PRIVATE})
    client.get(f"/v1/learners/{PRIVATE}/pathway", params={"weekly_minutes": PRIVATE})
    service.post_events(
        attempt("e1", PRIVATE, score=PRIVATE),
        attempt("e2", PRIVATE, module_id=PRIVATE),
        attempt("e2", PRIVATE, kind=PRIVATE),
        {PRIVATE: PRIVATE},
    )
    client.get("/health/live", headers={"X-Request-ID": f"<{PRIVATE}>"})


def test_no_line_of_any_call_holds_a_learner_or_a_secret(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")

    def raises(learner_id: str) -> None:
        local = {"secret": KEY_SECRET, "key": service.key}
        try:
            local[learner_id]
        except KeyError as error:
            raise ValueError(f"no {learner_id} in {local}") from error

    service.client.app.add_api_route("/raises/{learner_id}", raises)  # type: ignore[attr-defined]
    misuse(service)
    assert service.client.get(f"/raises/{PRIVATE}").status_code == 500
    with service.database.write() as connection:
        for table in ("learner_states", "learners", "events", "recommendations"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    misuse(service)
    written = capsys.readouterr()
    lines = [json.loads(line) for line in written.err.splitlines()]
    failed = [line for line in lines if line["event"] == "request failed"]
    assert len(failed) >= 5
    assert all("Traceback" in line["exception"] for line in failed)
    told = written.err + written.out
    secrets = (PRIVATE, KEY_SECRET, service.key, service.key.split("_")[2], "deadbeef")
    assert [secret for secret in secrets if secret in told] == []


def test_failures_of_tasks_hold_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")

    async def fails() -> None:
        raise KeyError(PRIVATE)

    async def nobody_waits() -> None:
        task = asyncio.create_task(fails())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(nobody_waits())
    (line,) = [line for line in lines_of(capsys) if line["logger"] == "asyncio"]
    assert line["event"] == "Task exception was never retrieved"
    assert "builtins.KeyError: (its text is withheld" in line["exception"]
    assert PRIVATE not in json.dumps(line)


def test_a_library_that_logs_an_exception_tells_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    try:
        raise LookupError(PRIVATE)
    except LookupError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    (line,) = lines_of(capsys)
    assert "builtins.LookupError: (its text is withheld" in line["exception"]
    assert PRIVATE not in json.dumps(line)


# Tracebacks


def raised(cause: BaseException, error: BaseException, *, hidden: bool = False) -> BaseException:
    try:
        try:
            raise cause
        except type(cause):
            if hidden:
                raise error from None
            raise error  # noqa: B904
    except type(error) as caught:
        return caught


def test_a_traceback_shows_code_and_causes_as_pythons_own_does() -> None:
    error = raised(KeyError(PRIVATE), ZeroDivisionError("division by zero"))
    told = impersonal_traceback(error)
    lines = [line for line in "".join(traceback.format_exception(error)).splitlines() if "File " in line]
    assert lines
    assert [line for line in told.splitlines() if "File " in line] == lines
    assert told.index("builtins.KeyError: (its text") < told.index("raised while handling that:")
    assert told.endswith("builtins.ZeroDivisionError: division by zero")
    assert "KeyError" not in impersonal_traceback(raised(KeyError(1), NameError("x"), hidden=True))


def test_a_cause_is_told_and_circles_end() -> None:
    first, second = ValueError(PRIVATE), InputError(PRIVATE)
    second.__cause__, first.__cause__ = first, second
    told = impersonal_traceback(second)
    assert "raised from that:" in told
    assert told.count("Traceback") == 2
    assert PRIVATE not in told


def test_what_a_database_says_of_rows_is_withheld(store_url: str) -> None:
    database = open_database(store_url)
    profile = {"learner_id": PRIVATE, "can_mentor": False}
    row = {"learner_id": PRIVATE, "state": b"", "difficulty_id": "d", "updated_at": NOW.timestamp()}
    for table, values in ((tables.learners, profile), (tables.learner_states, row)):
        with pytest.raises(DBAPIError) as caught, database.write() as connection:
            connection.execute(insert(table), [values, values])
        told = impersonal_traceback(caught.value)
        assert PRIVATE not in told
        assert "unique" in told.lower()
    database.close()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (sqlite3.OperationalError("no such table: x"), "no such table: x"),
        (AttributeError("no attribute 'x'"), "no attribute 'x'"),
        (ValueError(PRIVATE), "(its text is withheld: it may hold values)"),
        (
            UnicodeDecodeError("utf-8", PRIVATE.encode(), 0, 1, "bad"),
            "(its text is withheld: it may hold values)",
        ),
        (InputError(PRIVATE), "(its text is withheld: it may hold values)"),
    ],
)
def test_only_texts_that_speak_of_code_are_shown(error: Exception, text: str) -> None:
    assert impersonal_traceback(error).endswith(f"{type(error).__qualname__}: {text}")
