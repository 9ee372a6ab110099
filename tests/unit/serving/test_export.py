"""Everything that is held of a learner is handed out, of one moment, without holding it all in memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from serving.export import exported
from serving.schemas.people import ExportResponse
from serving.store import events as log
from serving.store import learners
from serving.store.events import LoggedEvent
from serving.store.migrate import open_database
from tests.unit.serving.company import put, swap
from tests.unit.serving.world import (
    CREDENTIAL,
    NOW,
    ROLE,
    SKILLS,
    Service,
    attempt,
    completion,
    running_service,
)


def export(service: Service, learner_id: str = "ann") -> Any:
    return service.client.get(f"/v1/learners/{learner_id}/export")


def test_it_holds_all_there_is(service: Service) -> None:
    sent = [
        attempt("b", skill_ids=[SKILLS[0]], duration_seconds=3.5),
        completion("a", occurred_at="2026-01-01T00:00:00Z"),
        {
            "kind": "self_assessment",
            "event_id": "s",
            "learner_id": "ann",
            "skill_id": SKILLS[0],
            "level": 0.5,
        },
        {"kind": "credential", "event_id": "c", "learner_id": "ann", "credential_id": CREDENTIAL},
    ]
    service.post_events(*sent, attempt("of bob", "bob"))
    put(service, "ann", role_id=ROLE, can_mentor=True)
    asked = service.client.post("/v1/recommendations", json={"learner_id": "ann", "k": 2}).json()
    path = f"/v1/recommendations/{asked['recommendation_id']}/feedback"
    given = {"kind": "too_hard", "module_id": asked["recommendations"][0]["module_id"]}
    assert service.client.post(path, json=given).is_success
    answer = export(service)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert ExportResponse.model_validate(told).model_dump(mode="json") == told
    assert told["profile"]["role_id"] == ROLE
    assert told["state"]["n_events"] == 5
    assert told["mastery"] == service.client.get("/v1/learners/ann/mastery").json()["skills"]
    assert [event["sent"]["event_id"] for event in told["events"][:2]] == ["a", "b"]
    for event in told["events"]:
        if event["sent"]["kind"] == "feedback":
            assert event["sent"]["feedback"] == "too_hard"
            continue
        (as_sent,) = [one for one in sent if one["event_id"] == event["sent"]["event_id"]]
        again = event["sent"] | {"occurred_at": as_sent.get("occurred_at")}
        assert again == {"occurred_at": None} | as_sent
        assert event["received_at"] == "2026-03-02T12:00:00Z"
        assert event["occurred_at"] == as_sent.get("occurred_at", event["received_at"]).replace("+00:00", "Z")
    (logged,) = told["recommendations"]
    assert logged["recommendation_id"] == asked["recommendation_id"]
    assert [m["module_id"] for m in logged["modules"]] == [m["module_id"] for m in asked["recommendations"]]
    assert "bob" not in answer.text


def test_it_holds_aliases_and_statements(tmp_path: Path, bundle: Path, store_url: str) -> None:
    settings = {"xapi_mode": "lenient", "xapi_home_pages": "https://ids.example.com"}
    with running_service(tmp_path, bundle, database_url=store_url, **settings) as service:
        account = {"issuer": "https://lms.example.com", "name": "4711"}
        put(service, "ann", aliases=[account])
        agents = [
            {"account": {"homePage": account["issuer"], "name": account["name"]}},
            {"account": {"homePage": "https://ids.example.com", "name": "ann"}},
            {"account": {"homePage": "https://ids.example.com", "name": "bob"}},
        ]
        ids = [said(service, agent) for agent in agents]
        ids += [said(service, agents[2], context={"instructor": agent}) for agent in agents]
        told = export(service).json()
        assert ExportResponse.model_validate(told).model_dump(mode="json") == told
        assert told["aliases"] == [account]
        assert [(one["statement"]["id"], one["about_learner"]) for one in told["statements"]] == [
            (ids[0], True),
            (ids[1], True),
            (ids[3], False),
            (ids[4], False),
        ]
        assert {one["outcome"] for one in told["statements"]} == {"used"}
        headers = {"X-Experience-API-Version": "1.0.3"}
        for one in told["statements"]:
            params = {"statementId": one["statement"]["id"]}
            kept = service.client.get("/xapi/statements", params=params, headers=headers).json()
            assert kept == one["statement"]


def said(service: Service, actor: dict[str, Any], **more: Any) -> str:
    """Let a statement tell of a completed module; its id."""
    verb = {"id": "http://adlnet.gov/expapi/verbs/completed"}
    sent = {"actor": actor, "verb": verb, "object": {"id": "module-1"}} | more
    headers = {"X-Experience-API-Version": "1.0.3"}
    (statement_id,) = service.client.post("/xapi/statements", json=sent, headers=headers).json()
    return str(statement_id)


def test_who_is_only_named_is_held(tmp_path: Path, bundle: Path, store_url: str) -> None:
    settings = {"xapi_mode": "lenient", "xapi_home_pages": "https://ids.example.com"}
    with running_service(tmp_path, bundle, database_url=store_url, **settings) as service:
        assert export(service).status_code == 404
        ann = {"account": {"homePage": "https://ids.example.com", "name": "ann"}}
        said(service, {"objectType": "Group", "member": [ann]})
        assert len(export(service).json()["statements"]) == 1
        assert service.client.delete("/v1/learners/ann").json()["removed"]["xapi_statements"] == 1
        assert export(service).status_code == 404


@pytest.mark.parametrize("held", ["profile", "recommendation", "events"])
def test_any_part_alone_is_held(service: Service, held: str) -> None:
    assert (export(service).status_code, export(service).json()["type"]) == (404, "/docs#unknown-learner")
    if held == "profile":
        put(service, "ann")
    elif held == "events":
        service.post_events(attempt("e"))
    else:
        service.client.post("/v1/recommendations", json={"learner_id": "ann"})
    told = export(service).json()
    assert [bool(told[name]) for name in ("profile", "events", "recommendations")] == [
        held != "recommendation",
        held == "events",
        held == "recommendation",
    ]


def test_without_a_model_it_says_nothing_of_mastery(bare_service: Service) -> None:
    bare_service.post_events(attempt("e"))
    told = export(bare_service).json()
    assert (told["model"], told["mastery"], told["state"]) == (None, None, None)
    assert len(told["events"]) == 1


def test_an_event_without_a_clock_has_no_time(service: Service) -> None:
    with service.database.write() as connection:
        learners.ensure(connection, ["ann"])
        log.append(connection, [event(0, None)])
    assert export(service).json()["events"][0]["occurred_at"] is None


def event(number: int, at: float | None) -> LoggedEvent:
    payload = {
        "event_id": f"e{number:07d}",
        "item_id": "i",
        "kind": "attempt",
        "learner_id": "ann",
        "score": 1.0,
    }
    return LoggedEvent(
        event_id=f"e{number:07d}",
        learner_id="ann",
        kind="attempt",
        occurred_at=at,
        received_at=1.0,
        payload=json.dumps(payload),
    )


def test_memory_does_not_grow_with_what_is_held(store_url: str) -> None:
    database = open_database(store_url)
    with database.write() as connection:
        learners.ensure(connection, ["ann"])
        for start in range(0, 60_000, 5_000):
            log.append(connection, [event(i, float(i)) for i in range(start, start + 5_000)])
    list(exported(database, None, "ann", now=NOW))
    tracemalloc.start()
    size = sum(len(piece) for piece in exported(database, None, "ann", now=NOW))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 10_000_000
    assert peak < 2_000_000
    database.close()


def test_it_is_of_one_moment(service: Service) -> None:
    service.post_events(*(attempt(f"e{i}") for i in range(5)))
    pieces = exported(service.database, None, "ann", now=NOW)
    head = next(pieces)
    service.client.delete("/v1/learners/ann")
    told = json.loads(head + b"".join(pieces))
    assert [event["sent"]["event_id"] for event in told["events"]] == [f"e{i}" for i in range(5)]
    assert export(service).status_code == 404


def test_who_does_not_read_to_the_end_holds_no_connection(service: Service) -> None:
    service.post_events(attempt("e"))
    before = service.database.engine.pool.checkedout()  # type: ignore[attr-defined]
    pieces = exported(service.database, None, "ann", now=NOW)
    next(pieces)
    assert service.database.engine.pool.checkedout() == before + 1  # type: ignore[attr-defined]
    del pieces
    assert service.database.engine.pool.checkedout() == before  # type: ignore[attr-defined]


def test_mastery_is_that_of_the_model_whatever_state_is_stored(
    tmp_path: Path, bundle: Path, other_bundle: Path, store_url: str
) -> None:
    with running_service(tmp_path, bundle, database_url=store_url) as service:
        service.post_events(attempt("e"))
        model = swap(service, other_bundle)
        told = export(service).json()
        assert told["model"]["bundle_id"] == model.engine.bundle_id
        assert told["mastery"] == service.client.get("/v1/learners/ann/mastery").json()["skills"]
