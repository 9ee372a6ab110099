"""A profile is put in place as a whole, and counts from the next call on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.serving.company import put
from tests.unit.serving.world import ROLE, Service, attempt, fields

NOTHING: dict[str, Any] = {
    "role_id": None,
    "target_role_id": None,
    "team_id": None,
    "segment": None,
    "language": None,
    "weekly_minutes": None,
    "can_mentor": False,
}
WHOLE: dict[str, Any] = {
    "role_id": ROLE,
    "target_role_id": ROLE,
    "team_id": "north",
    "segment": "builder",
    "language": "en-GB",
    "weekly_minutes": 90.5,
    "can_mentor": True,
}

NOWHERE_ELSE: dict[str, Any] = {"aliases": [], "merged": []}


def stored(service: Service) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in service.query("SELECT * FROM learners ORDER BY learner_id")]


def test_a_profile_is_stored_as_a_whole(service: Service) -> None:
    answer = put(service, "ann", **WHOLE)
    assert (answer.status_code, answer.json()) == (200, {"learner_id": "ann", **WHOLE, **NOWHERE_ELSE})
    assert put(service, "bob", learner_id="bob", language="de").status_code == 200
    assert [row["learner_id"] for row in stored(service)] == ["ann", "bob"]
    again = put(service, "ann", team_id="south")
    assert again.json() == {"learner_id": "ann", **NOTHING, "team_id": "south", **NOWHERE_ELSE}
    assert stored(service)[0]["team_id"] == "south"
    assert not stored(service)[0]["can_mentor"]


def test_evidence_stays_where_a_profile_is_put(service: Service) -> None:
    service.post_events(attempt("e"))
    before = service.states()
    put(service, "ann", role_id=ROLE)
    assert service.states() == before
    assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1


def test_it_counts_from_the_next_recommendation_on(service: Service) -> None:
    def asked() -> list[Any]:
        answer = service.client.post("/v1/recommendations", json={"learner_id": "ann", "k": 100}).json()
        return [skill["required"] for m in answer["recommendations"] for skill in m["skills"]]

    assert not any(asked())
    put(service, "ann", target_role_id=ROLE)
    assert any(asked())
    put(service, "ann", language="fr")
    assert asked() == []


def test_ids_may_hold_slashes(service: Service) -> None:
    for learner_id in ("https://lms.example/u/7", "ünï ✓"):
        assert put(service, learner_id.replace(" ", "%20"), team_id="t").json()["learner_id"] == learner_id
    assert put(service, "a%2Fmastery", team_id="t").json()["learner_id"] == "a/mastery"
    assert len(stored(service)) == 3


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"role_id": "no-such-role"}, ["role_id"]),
        ({"role_id": "x", "target_role_id": "y"}, ["role_id", "target_role_id"]),
        ({"learner_id": "bob"}, ["learner_id"]),
        ({"gender": "f"}, ["gender"]),
        ({"segment": "boss"}, ["segment"]),
        ({"weekly_minutes": -1}, ["weekly_minutes"]),
        ({"weekly_minutes": "90"}, ["weekly_minutes"]),
        ({"can_mentor": "yes"}, ["can_mentor"]),
        ({"can_mentor": None}, ["can_mentor"]),
        ({"team_id": ""}, ["team_id"]),
        ({"language": "e\x00n"}, ["language"]),
    ],
)
def test_what_cannot_be_is_422_and_nothing_is_stored(
    service: Service, sent: dict[str, Any], named: list[str]
) -> None:
    answer = put(service, "ann", **sent)
    assert (answer.status_code, list(fields(answer))) == (422, named)
    assert stored(service) == []


def test_without_a_model_any_role_goes(bare_service: Service) -> None:
    assert put(bare_service, "ann", role_id="anything").status_code == 200


def test_an_id_that_is_too_long_is_422(service: Service) -> None:
    assert put(service, "x" * 201).status_code == 422
    assert put(service, "").status_code == 422
