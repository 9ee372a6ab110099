"""What erasing a learner takes out of the statements, and what of others it leaves."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from serving.xapi.mapping import Places
from serving.xapi.people import own_keys
from serving.xapi.prepared import prepare
from tests.unit.serving.world import Service
from tests.unit.serving.xapi.lms import HOME, MODULE, account, learner_of, send, statement, voiding

HEADERS = {"X-Experience-API-Version": "1.0.3"}


def listed(service: Service, **asked: Any) -> list[str]:
    answer = service.client.get("/xapi/statements", params=asked, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["statements"]]


def erase(service: Service, name: str = "ann") -> dict[str, int]:
    answer = service.client.delete(f"/v1/learners/{learner_of(service, name)}")
    assert answer.status_code == 200, answer.text
    removed: dict[str, int] = answer.json()["removed"]
    return removed


def exported(service: Service, name: str) -> list[str]:
    answer = service.client.get(f"/v1/learners/{learner_of(service, name)}/export")
    return [one["statement"]["id"] for one in answer.json()["statements"]]


def comment_on(sent: dict[str, Any], **parts: Any) -> dict[str, Any]:
    target = {"objectType": "StatementRef", "id": sent["id"]}
    return statement("http://adlnet.gov/expapi/verbs/commented", object=target, **parts)


def test_what_others_say_of_a_statement_is_theirs(lms: Service) -> None:
    """It is found by whom the statement names, but neither handed out to that learner nor removed."""
    of_ann = statement()
    of_bob = comment_on(of_ann, actor=account("bob"))
    of_eve = comment_on(of_bob, actor=account("eve"))
    naming_ann = comment_on(of_ann, actor=account("bob"), context={"instructor": account()})
    send(lms, of_ann, of_bob, of_eve, naming_ann)
    asked = json.dumps(account())
    everything = [naming_ann["id"], of_eve["id"], of_bob["id"], of_ann["id"]]
    assert listed(lms, agent=asked) == everything
    assert sorted(exported(lms, "ann")) == sorted([of_ann["id"], naming_ann["id"]])
    assert sorted(exported(lms, "bob")) == sorted([of_bob["id"], naming_ann["id"]])

    assert erase(lms)["xapi_statements"] == 2

    assert listed(lms) == [of_eve["id"], of_bob["id"]]
    assert listed(lms, agent=asked) == listed(lms, agent=asked, related_agents="true") == []
    assert listed(lms, activity=MODULE) == []
    assert listed(lms, agent=json.dumps(account("bob"))) == [of_eve["id"], of_bob["id"]]
    assert exported(lms, "bob") == [of_bob["id"]]


def test_what_only_an_erased_learner_told_of_things_is_forgotten(lms: Service) -> None:
    own, shared = f"{HOME}/people/ann/diary", f"{HOME}/courses/1"
    verb = {"id": "http://example.org/wrote", "display": {"en": "wrote as Ann"}}
    diary = {"id": own, "definition": {"name": {"en": "Diary of Ann"}}}
    course = {"id": shared, "definition": {"name": {"en": "Fractions"}}}
    around = {"contextActivities": {"parent": [course]}}
    send(lms, statement(verb=verb["id"], object=diary, context=around) | {"verb": verb})
    send(lms, statement(actor=account("bob"), object={"id": shared}))
    erase(lms)
    left = [json.loads(row.payload) for row in lms.query("SELECT payload FROM xapi_definitions")]
    assert left == [course["definition"]]
    erase(lms, "bob")
    assert lms.query("SELECT payload FROM xapi_definitions") == []


def test_a_voiding_that_is_erased_keeps_nothing_out_that_comes_later(lms: Service) -> None:
    kept_out, late = statement(actor=account("bob")), statement(actor=account("bob"))
    send(lms, statement(), kept_out, voiding(kept_out), voiding(late))
    assert erase(lms)["xapi_statements"] == 3
    send(lms, late)
    assert listed(lms) == [late["id"]]


def test_whoever_is_named_in_several_ways_is_found_by_each(lenient_lms: Service) -> None:
    ways: list[dict[str, Any]] = [account(), {"mbox": "mailto:ann@example.org"}]
    sent = statement(actor=ways[0] | ways[1])
    beside = statement(actor=account("bob"), context={"instructor": account("eve") | ways[1]})
    send(lenient_lms, sent, beside)
    assert [listed(lenient_lms, agent=json.dumps(way)) for way in ways] == [[sent["id"]]] * 2
    related = [listed(lenient_lms, agent=json.dumps(way), related_agents="true") for way in ways]
    assert related == [[sent["id"]], [beside["id"], sent["id"]]]
    assert erase(lenient_lms)["xapi_statements"] == 2
    assert listed(lenient_lms) == []


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"object": account("eve") | {"objectType": "Agent"}},
        {"context": {"contextActivities": {"parent": {"id": "a:1"}}, "registration": str(uuid4()).upper()}},
        {"context": {"team": {"objectType": "Group", "member": [account("eve")]}}, "authority": account("x")},
        {"object": {"objectType": "SubStatement", "actor": account("eve"), "verb": {"id": "v:1"}}},
    ],
)
@pytest.mark.parametrize("keeps_authority", [True, False])
def test_what_was_kept_tells_what_it_is_found_by_of_itself(
    parts: dict[str, Any], keeps_authority: bool
) -> None:
    (one,) = prepare(
        [statement(**parts)],
        version="1.0.3",
        lenient=True,
        authority=account("key"),
        places=Places({}, {}, {}),
        keeps_authority=keeps_authority,
    )
    assert own_keys(one.payload) == one.keys
