"""Who a learner is elsewhere: given, found, and of two learners who are one person one is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serving import learner_states
from serving.security.scopes import Scope
from serving.store.audit import entries
from tests.unit.serving.company import put
from tests.unit.serving.world import MODULES, NOW, ROLE, Service, attempt, completion, fields, running_service

HOME = "https://lms.example.com"
ADL = "http://adlnet.gov/expapi/verbs/"
ACCOUNT = {"issuer": HOME, "name": "ann"}
MAIL = {"issuer": "mailto", "name": "ann@example.com"}


@pytest.fixture
def lenient(tmp_path: Path, bundle: Path, store_url: str) -> Iterator[Service]:
    with running_service(tmp_path, bundle, database_url=store_url, xapi_mode="lenient") as running:
        yield running


def found(service: Service, issuer: str, name: str) -> Any:
    return service.client.get("/v1/learners", params={"issuer": issuer, "name": name})


def whose(service: Service, issuer: str = HOME, name: str = "ann") -> str:
    answer = found(service, issuer, name)
    assert answer.status_code == 200, answer.text
    learner_id: str = answer.json()["learner_id"]
    return learner_id


def said(service: Service, actor: dict[str, Any] | None = None, n: int = 1) -> str:
    """Let statements tell of completed modules; the id of the first."""
    whom = actor or {"account": {"homePage": HOME, "name": "ann"}}
    sent = [
        {
            "actor": whom,
            "verb": {"id": f"{ADL}completed"},
            "object": {"id": MODULES[1 + i]},
            "timestamp": (NOW - timedelta(days=3, minutes=i)).isoformat(),
        }
        for i in range(n)
    ]
    headers = {"X-Experience-API-Version": "1.0.3"}
    answer = service.client.post("/xapi/statements", json=sent, headers=headers)
    assert answer.status_code == 200, answer.text
    statement_id: str = answer.json()[0]
    return statement_id


def test_aliases_are_put_with_a_profile_and_lead_to_it(lenient: Service) -> None:
    answer = put(lenient, "ann", role_id=ROLE, aliases=[ACCOUNT, MAIL, ACCOUNT])
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["role_id"], told["merged"]) == (ROLE, [])
    assert told["aliases"][:2] == [ACCOUNT, MAIL]
    (hashed,) = told["aliases"][2:]
    assert hashed["issuer"] == "mbox_sha1sum"
    for alias in told["aliases"]:
        assert whose(lenient, **alias) == "ann"
    assert whose(lenient, "mailto", "mailto:ann@EXAMPLE.com") == "ann"
    assert whose(lenient, "mbox_sha1sum", hashed["name"].upper()) == "ann"
    said(lenient)
    said(lenient, {"mbox": "mailto:ann@example.com"})
    said(lenient, {"mbox_sha1sum": hashed["name"]})
    assert {row.learner_id for row in lenient.log()} == {"ann"}


def test_left_out_they_stay_and_a_list_replaces_all(lenient: Service) -> None:
    put(lenient, "ann", aliases=[ACCOUNT, MAIL])
    assert len(put(lenient, "ann").json()["aliases"]) == 3
    assert len(put(lenient, "ann", aliases=None).json()["aliases"]) == 3
    assert put(lenient, "ann", aliases=[ACCOUNT]).json()["aliases"] == [ACCOUNT]
    assert found(lenient, **MAIL).status_code == 404
    assert put(lenient, "ann", aliases=[]).json()["aliases"] == []
    assert found(lenient, **ACCOUNT).status_code == 404


def test_an_account_that_nobody_has_is_a_404(lenient: Service) -> None:
    answer = found(lenient, HOME, "nobody")
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs#unknown-learner")
    assert "nobody is known by this account" in answer.json()["detail"]


@pytest.mark.parametrize(
    "params", [{}, {"issuer": "x"}, {"issuer": "x", "name": ""}, {"issuer": "x" * 501, "name": "y"}]
)
def test_what_cannot_be_an_account_is_422(lenient: Service, params: dict[str, str]) -> None:
    assert lenient.client.get("/v1/learners", params=params).status_code == 422


def test_a_key_needs_the_scope_recommend(lenient: Service) -> None:
    weak = {"X-API-Key": lenient.key_for(Scope.EVENTS, Scope.ADMIN)}
    assert lenient.client.get("/v1/learners", params=ACCOUNT, headers=weak).status_code == 403


def test_who_is_named_takes_over_what_statements_had_said_before(lenient: Service) -> None:
    first = said(lenient, n=3)
    made = whose(lenient)
    assert made != "ann"
    lenient.post_events(attempt("a"), attempt("of the made one", made), attempt("of bob", "bob"))
    lenient.client.post("/v1/recommendations", json={"learner_id": made})
    answer = put(lenient, "ann", team_id="north", aliases=[ACCOUNT])
    assert (answer.status_code, answer.json()["merged"]) == (200, [made])
    assert whose(lenient) == "ann"
    for table in ("events", "learner_states", "learners", "recommendations", "aliases", "xapi_statements"):
        ids = {row.learner_id for row in lenient.query(f"SELECT learner_id FROM {table}")}  # noqa: S608
        assert made not in ids, table
    told = lenient.client.get("/v1/learners/ann/mastery").json()
    assert told["n_events"] == 5
    states = lenient.states()
    model = lenient.client.app.state.services.models.current  # type: ignore[attr-defined]
    with lenient.database.read() as connection:
        assert states["ann"] == learner_states.replayed(connection, model, "ann").to_bytes()
    assert lenient.client.get(f"/v1/learners/{made}/mastery").status_code == 404
    export = lenient.client.get("/v1/learners/ann/export")
    assert len(export.json()["recommendations"]) == 1
    assert {event["sent"]["learner_id"] for event in export.json()["events"]} == {"ann"}
    with lenient.database.read() as connection:
        found_ = [(e.action, e.outcome) for e, _ in entries(connection) if e.action == "put_profile"]
    assert found_ == [("put_profile", "merged 1")]
    # What was said before is known, and can be taken back.
    said(lenient)
    assert lenient.client.get("/v1/learners/ann/mastery").json()["n_events"] == 6
    voiding = {
        "actor": {"mbox": "mailto:admin@example.com"},
        "verb": {"id": f"{ADL}voided"},
        "object": {"objectType": "StatementRef", "id": first},
    }
    headers = {"X-Experience-API-Version": "1.0.3"}
    assert lenient.client.post("/xapi/statements", json=voiding, headers=headers).status_code == 200
    assert lenient.client.get("/v1/learners/ann/mastery").json()["n_events"] == 5


def test_several_who_were_made_become_one(lenient: Service) -> None:
    said(lenient)
    said(lenient, {"mbox": "mailto:ann@example.com"}, n=2)
    assert whose(lenient) != whose(lenient, **MAIL)
    answer = put(lenient, "ann", aliases=[ACCOUNT, MAIL]).json()
    assert len(answer["merged"]) == 2
    assert lenient.client.get("/v1/learners/ann/mastery").json()["n_events"] == 3
    assert {row.learner_id for row in lenient.query("SELECT learner_id FROM learners")} == {"ann"}


def test_a_mail_address_and_its_hash_are_one(lenient: Service) -> None:
    put(lenient, "ann", aliases=[MAIL])
    hashed = next(row.name for row in lenient.query("SELECT * FROM aliases") if row.issuer == "mbox_sha1sum")
    put(lenient, "ann", aliases=[])
    said(lenient, {"mbox_sha1sum": hashed})
    made = whose(lenient, **MAIL)
    assert put(lenient, "ann", aliases=[MAIL]).json()["merged"] == [made]


@pytest.mark.parametrize("known_by", ["alias", "profile"])
def test_who_was_named_is_never_made_another(lenient: Service, known_by: str) -> None:
    if known_by == "alias":
        put(lenient, "bob", aliases=[MAIL])
        bob = "bob"
    else:
        said(lenient, {"mbox": "mailto:ann@example.com"})
        bob = whose(lenient, **MAIL)
        put(lenient, bob, role_id=ROLE)
    answer = put(lenient, "ann", role_id=ROLE, aliases=[ACCOUNT, MAIL])
    assert (answer.status_code, answer.json()["type"]) == (409, "/docs#alias-taken")
    assert list(fields(answer)) == ["aliases[1]"]
    (error,) = answer.json()["errors"]
    assert error["message"] == f"aliases[1] is that of the learner {bob!r}"
    assert error["value"] == MAIL["name"]
    assert "take it from that one first" in error["remedy"]
    assert found(lenient, **ACCOUNT).status_code == 404
    assert lenient.query("SELECT * FROM learners WHERE learner_id = 'ann'") == []
    put(lenient, bob, aliases=[])
    assert put(lenient, "ann", aliases=[ACCOUNT, MAIL]).json()["merged"] == []


def test_who_was_made_can_be_named_as_such(lenient: Service) -> None:
    said(lenient)
    made = whose(lenient)
    assert put(lenient, made, aliases=[ACCOUNT]).json()["merged"] == []
    assert put(lenient, "ann", aliases=[ACCOUNT]).status_code == 409


def test_at_some_home_pages_names_are_learner_ids(tmp_path: Path, bundle: Path, store_url: str) -> None:
    pages = {"xapi_mode": "lenient", "xapi_home_pages": f"{HOME},https://other.example"}
    with running_service(tmp_path, bundle, database_url=store_url, **pages) as service:
        assert found(service, HOME, "ann").status_code == 404
        said(service)
        assert whose(service) == "ann"
        answer = put(service, "bob", aliases=[MAIL, ACCOUNT])
        assert (answer.status_code, list(fields(answer))) == (422, ["aliases[1].name"])
        assert "SERVING_XAPI_HOME_PAGES" in answer.json()["detail"]
        assert put(service, "ann", aliases=[MAIL, ACCOUNT]).status_code == 200
        assert whose(service, "https://other.example", "ann") == "ann"


@pytest.mark.parametrize(
    ("aliases", "named"),
    [
        ([{"issuer": HOME}], ["aliases[0].name"]),
        ([{"issuer": "", "name": "x"}], ["aliases[0].issuer"]),
        ([ACCOUNT, {"issuer": HOME, "name": "x" * 501}], ["aliases[1].name"]),
        ([{"issuer": HOME, "name": "x\x00"}], ["aliases[0].name"]),
        ([ACCOUNT | {"kind": "x"}], ["aliases[0].kind"]),
        ("ann", ["aliases"]),
        ([ACCOUNT] * 101, ["aliases"]),
    ],
)
def test_what_cannot_be_an_alias_is_422(lenient: Service, aliases: Any, named: list[str]) -> None:
    answer = put(lenient, "ann", aliases=aliases)
    assert (answer.status_code, list(fields(answer))) == (422, named)
    assert lenient.query("SELECT * FROM learners") == []


def test_completions_that_were_posted_and_said_are_told_apart(lenient: Service) -> None:
    """Nothing of who was merged hides what the other has: both learners' events are there."""
    said(lenient, n=2)
    lenient.post_events(completion("c", MODULES[1]))
    put(lenient, "ann", aliases=[ACCOUNT])
    assert lenient.client.get("/v1/learners/ann/mastery").json()["n_events"] == 3
