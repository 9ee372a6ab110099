"""Everything wrong that can come over HTTP: the field is named, nothing of a rejected row is stored."""

import json
from datetime import timedelta
from typing import Any

import pytest

from serving.routers.learner_paths import PARTS
from tests.unit.serving.world import (
    NOW,
    Service,
    attempt,
    bare_service,
    bundle,
    completion,
    fields,
    service,
)

__all__ = ["bare_service", "bundle", "service"]

JSON = {"Content-Type": "application/json"}


def rejects(service: Service, content: bytes | str, *, status: int, field: str) -> Any:
    """The whole body is refused and nothing is stored."""
    answer = service.client.post("/v1/events", content=content, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert [error["field"] for error in body["errors"]][:1] == [field]
    assert all(error["message"] and error["remedy"] for error in body["errors"])
    assert service.log() == []
    return body


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"events": [}',
        b'{"events": ' + b"[" * 100_000,
        b'{"events": [' + b"1" * 5000 + b"]}",
        b"events=1",
    ],
)
def test_what_is_not_json_is_400(service: Service, content: bytes) -> None:
    status = 422 if content == b"" else 400
    rejects(service, content, status=status, field="")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ""),
        ("events", ""),
        (None, ""),
        (3, ""),
        ({}, "events"),
        ({"events": None}, "events"),
        ({"events": {}}, "events"),
        ({"events": "e"}, "events"),
        ({"events": []}, "events"),
        ({"events": [attempt("e")], "mode": "fast"}, "mode"),
    ],
)
def test_a_body_of_another_shape_is_422(service: Service, body: object, field: str) -> None:
    rejects(service, json.dumps(body), status=422, field=field)


def test_1001_events_are_422_and_1000_are_not(service: Service) -> None:
    events = [attempt(f"e{i:04d}") for i in range(1001)]
    problem = rejects(service, json.dumps({"events": events}), status=422, field="events")
    assert "1001" in problem["errors"][0]["message"]
    assert "1000" in problem["errors"][0]["remedy"]
    assert service.post_events(*events[:1000]).json()["stored"] == 1000


LATER = (NOW + timedelta(seconds=301)).isoformat()
LONG = "x" * 201
SELF = {
    "kind": "self_assessment",
    "event_id": "b",
    "learner_id": "ann",
    "skill_id": "skill-algebra",
    "level": 1,
}
BAD_ROWS: list[tuple[Any, str]] = [
    # not an event at all
    (None, ""),
    (7, ""),
    ([], ""),
    ("attempt", ""),
    ({}, ""),
    # kinds
    (attempt("b", kind=None), "kind"),
    (attempt("b", kind="answer"), "kind"),
    (attempt("b", kind=["attempt"]), "kind"),
    # missing and unknown fields
    ({"kind": "attempt", "event_id": "b", "learner_id": "ann", "score": 1}, "item_id"),
    (attempt("b", grade=1), "grade"),
    (completion("b", item_id="i"), "item_id"),
    # wrong types
    (attempt("b", score="0.5"), "score"),
    (attempt("b", score=True), "score"),
    (attempt("b", score=None), "score"),
    (attempt("b", passed="yes"), "passed"),
    (attempt("b", passed=1), "passed"),
    (attempt("b", item_id=5), "item_id"),
    (attempt("b", skill_ids="skill-algebra"), "skill_ids"),
    (attempt("b", skill_ids=[1]), "skill_ids[0]"),
    (attempt("b", duration_seconds="41"), "duration_seconds"),
    # out of range
    (attempt("b", score=1.0001), "score"),
    (attempt("b", score=-0.1), "score"),
    (attempt("b", score=10**400), "score"),
    (attempt("b", duration_seconds=-1), "duration_seconds"),
    (completion("b", progress=1.5), "progress"),
    (completion("b", rating=0), "rating"),
    (completion("b", rating=6), "rating"),
    (completion("b", status="done"), "status"),
    # no numbers
    (attempt("b", score=float("nan")), "score"),
    (attempt("b", score=float("inf")), "score"),
    (completion("b", rating=float("-inf")), "rating"),
    # times
    (attempt("b", occurred_at=LATER), "occurred_at"),
    (attempt("b", occurred_at="soon"), "occurred_at"),
    (attempt("b", occurred_at="20260101"), "occurred_at"),
    (attempt("b", occurred_at=1_700_000_000), "occurred_at"),
    (attempt("b", occurred_at="0001-01-01T00:00:00+14:00"), "occurred_at"),
    (attempt("b", occurred_at="2026-02-30"), "occurred_at"),
    # ids
    (attempt(""), "event_id"),
    (attempt(LONG), "event_id"),
    (attempt("b", learner_id=""), "learner_id"),
    (attempt("b", learner_id=LONG), "learner_id"),
    (attempt("b", learner_id="a\x00b"), "learner_id"),
    (attempt("b", learner_id="a\nb"), "learner_id"),
    (attempt("b", learner_id="\ud800"), "learner_id"),
    # the catalogue
    (completion("b", "module-nope"), "module_id"),
    (attempt("b", module_id="module-nope"), "module_id"),
    (attempt("b", skill_ids=["skill-algebra", "zen"]), "skill_ids[1]"),
    (SELF | {"skill_id": "zen"}, "skill_id"),
    (SELF | {"level": 2}, "level"),
    ({"kind": "credential", "event_id": "b", "learner_id": "ann", "credential_id": "zen"}, "credential_id"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "field"), BAD_ROWS)
def test_a_bad_row_is_named_and_the_others_are_stored(service: Service, row: Any, field: str) -> None:
    content = json.dumps({"events": [attempt("first"), row, attempt("last")]})
    answer = service.client.post("/v1/events", content=content, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert fields(answer) == [f"events[1].{field}" if field else "events[1]"]
    assert body["errors"][0]["message"]
    assert body["errors"][0]["remedy"]
    assert [result["status"] for result in body["results"]] == ["stored", "rejected", "stored"]
    assert (body["stored"], body["duplicates"], body["rejected"]) == (2, 0, 1)
    assert [stored.event_id for stored in service.log()] == ["first", "last"]
    assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 2


def test_every_fault_of_a_row_is_named(service: Service) -> None:
    answer = service.post_events(attempt("b", score=2, passed="no", item_id=""))
    assert sorted(fields(answer)) == ["events[0].item_id", "events[0].passed", "events[0].score"]
    assert {error["value"] for error in answer.json()["errors"]} == {"", "no", 2}


def test_a_row_that_is_no_object_is_called_an_event(service: Service) -> None:
    answer = service.client.post("/v1/events", json={"events": [7]})
    assert answer.json()["errors"][0]["message"].startswith("the event ")


@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/events"])
def test_very_many_unknown_fields_are_answered_in_short(service: Service, path: str) -> None:
    unknown = json.dumps({"learner_id": "ann", **{f"k{i}": 1 for i in range(250_000)}})
    content = (
        unknown if path == "/v1/recommendations" else f'{{"events": [{unknown[:-1]}, "kind": "attempt"}}]}}'
    )
    answer = service.client.post(path, content=content, headers=JSON)
    assert answer.status_code == 422
    assert "250000 fields" in answer.json()["errors"][0]["message"]
    assert len(answer.content) < 30_000


def test_at_most_100_faults_are_named_and_the_others_counted(service: Service) -> None:
    answer = service.post_events(*(attempt(f"e{i}", score=2, item_id="") for i in range(60)))
    body = answer.json()
    assert len(body["errors"]) == 100
    assert body["detail"].endswith("(and 20 more faults than errors names)")
    assert body["rejected"] == len(body["results"]) == 60


def test_when_every_row_is_bad_nothing_is_stored(service: Service) -> None:
    answer = service.post_events(attempt("a", score=2), {"event_id": 5})
    assert answer.status_code == 422
    assert answer.json()["results"] == [
        {"event_id": "a", "status": "rejected"},
        {"event_id": None, "status": "rejected"},
    ]
    assert (service.log(), service.states()) == ([], {})


def test_a_time_within_the_tolerance_is_stored(service: Service) -> None:
    ahead = (NOW + timedelta(seconds=299)).isoformat()
    assert service.post_events(attempt("a", occurred_at=ahead)).status_code == 200


def test_new_items_and_learners_are_no_fault(service: Service) -> None:
    assert service.post_events(attempt("a", "never-seen", item_id="brand-new")).status_code == 200


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "learner_id"),
        ({"learner_id": ""}, "learner_id"),
        ({"learner_id": 5}, "learner_id"),
        ({"learner_id": "a", "k": 0}, "k"),
        ({"learner_id": "a", "k": 101}, "k"),
        ({"learner_id": "a", "k": "5"}, "k"),
        ({"learner_id": "a", "k": 2.5}, "k"),
        ({"learner_id": "a", "minutes": 0}, "minutes"),
        ({"learner_id": "a", "minutes": float("nan")}, "minutes"),
        ({"learner_id": "a", "formats": ["film"]}, "formats[0]"),
        ({"learner_id": "a", "formats": "video"}, "formats"),
        ({"learner_id": "a", "languages": ["english!"]}, "languages[0]"),
        ({"learner_id": "a", "challenge": "hard"}, "challenge"),
        ({"learner_id": "a", "scenario": "first"}, "scenario"),
        ({"learner_id": "a", "exclude": ["module-nope"]}, "exclude"),
        ({"learner_id": "a", "target_role_id": "king"}, "target_role_id"),
        ({"learner_id": "a", "n": 5}, "n"),
    ],
)
def test_a_bad_wish_is_named(service: Service, wish: dict[str, Any], field: str) -> None:
    answer = service.client.post("/v1/recommendations", content=json.dumps(wish), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert fields(answer) == [field]
    assert field in answer.json()["detail"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (None, ""),
        ([], ""),
        ("item-4", ""),
        ({"skill_ids": []}, "skill_ids"),
        ({"skill_ids": "skill-algebra"}, "skill_ids"),
        ({"skill_ids": {"skill-algebra": 1}}, "skill_ids"),
        ({"skill_ids": [1]}, "skill_ids[0]"),
        ({"skill_ids": ["skill-algebra", None]}, "skill_ids[1]"),
        ({"skill_ids": [""]}, "skill_ids[0]"),
        ({"skill_ids": [LONG]}, "skill_ids[0]"),
        ({"skill_ids": ["skill-algebra", "skill-geometry", "skill-algebra"]}, "skill_ids"),
        ({"skill_ids": [f"s{i}" for i in range(501)]}, "skill_ids"),
        ({"skill_ids": ["skill-algebra", "zen"]}, "skill_ids"),
        ({"given": None}, "given"),
        ({"given": "item-4"}, "given"),
        ({"given": [4]}, "given[0]"),
        ({"given": ["a\nb"]}, "given[0]"),
        ({"given": ["\ud800"]}, "given[0]"),
        ({"given": ["item-4", "item-4"]}, "given"),
        ({"given": [f"i{i}" for i in range(1001)]}, "given"),
        ({"given": ["item-4", "brand-new"]}, "given"),
        ({"learner_id": "ann"}, "learner_id"),
        ({"n_given": 3}, "n_given"),
    ],
)
def test_a_bad_wish_for_an_item_is_named(service: Service, wish: object, field: str) -> None:
    answer = service.client.post("/v1/learners/ann/next-item", content=json.dumps(wish), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert fields(answer) == [field]
    assert field in answer.json()["detail"]


def test_the_id_that_comes_twice_or_is_unknown_is_told(service: Service) -> None:
    twice = service.client.post("/v1/learners/ann/next-item", json={"given": ["item-5", "item-4", "item-5"]})
    assert twice.json()["errors"][0]["message"] == "given holds 'item-5' twice, the second time at [2]"
    unknown = service.client.post("/v1/learners/ann/next-item", json={"given": ["item-4", "brand-new"]})
    assert unknown.json()["errors"][0]["value"] == "brand-new"


def test_as_many_ids_as_are_allowed_are_looked_up(service: Service) -> None:
    for field, most in (("skill_ids", 500), ("given", 1000)):
        wish = {field: [f"unknown-{i}" for i in range(most)]}
        answer = service.client.post("/v1/learners/ann/next-item", json=wish)
        assert answer.json()["errors"][0]["message"] == f"{field} is not in the catalogue"


@pytest.mark.parametrize("learner_id", ["%00", "x" * 201, "a%0Ab", "%0A", "a%0D%0A", "a%0A/b%0A"])
def test_a_bad_id_in_the_address_is_named(service: Service, learner_id: str) -> None:
    for answer in (
        *(service.client.get(f"/v1/learners/{learner_id}/{part}") for part in sorted(PARTS - {"next-item"})),
        service.client.post(f"/v1/learners/{learner_id}/next-item", json={}),
        service.client.put(f"/v1/learners/{learner_id}", json={}),
        service.client.delete(f"/v1/learners/{learner_id}"),
    ):
        assert answer.status_code == 422
        assert fields(answer) == ["learner_id"]
    team = service.client.get(f"/v1/teams/{learner_id}/gaps")
    assert (team.status_code, fields(team)) == (422, ["team_id"])
