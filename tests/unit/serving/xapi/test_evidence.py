"""What statements say counts as evidence: at once, exactly once, and not any more once it is voided."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest

from serving.evidence import RowRules
from serving.xapi.mapping import places_of
from serving.xapi.prepared import prepare
from serving.xapi.receiving import receive
from tests.unit.serving.world import CREDENTIAL, ITEMS, MODULES, NOW, Service, running_service
from tests.unit.serving.xapi.conftest import with_addresses
from tests.unit.serving.xapi.lms import (
    HOME,
    ITEM,
    MODULE,
    account,
    learner_of,
    n_events,
    outcomes,
    send,
    statement,
    voiding,
)


def events(service: Service) -> list[tuple[str, dict[str, Any]]]:
    return [(row.kind, json.loads(row.payload)) for row in service.log()]


def without_ids(sent: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in sent.items()
        if name not in ("event_id", "learner_id", "occurred_at", "kind")
    }


@pytest.mark.parametrize(
    ("verb", "target", "result", "expected"),
    [
        ("initialized", MODULE, None, [{"module_id": MODULES[1], "status": "started"}]),
        ("completed", MODULE, None, [{"module_id": MODULES[1]}]),
        (
            "completed",
            MODULE,
            {"score": {"scaled": 0.5}, "duration": "PT1M"},
            [
                {"item_id": MODULES[1], "module_id": MODULES[1], "score": 0.5, "duration_seconds": 60.0},
                {"module_id": MODULES[1], "score": 0.5, "duration_seconds": 60.0},
            ],
        ),
        (
            "progressed",
            MODULE,
            {"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 40}},
            [{"module_id": MODULES[1], "status": "started", "progress": 0.4}],
        ),
        ("interacted", MODULE, {"completion": True}, [{"module_id": MODULES[1]}]),
        # No number holds so many seconds.
        ("completed", MODULE, {"duration": f"PT{'9' * 400}S"}, [{"module_id": MODULES[1]}]),
        (
            "https://w3id.org/xapi/adl/verbs/abandoned",
            MODULE,
            None,
            [{"module_id": MODULES[1], "status": "abandoned"}],
        ),
        (
            "passed",
            MODULE,
            None,
            [{"item_id": MODULES[1], "module_id": MODULES[1], "score": 1.0, "passed": True}],
        ),
        (
            "failed",
            MODULE,
            {"score": {"raw": 12, "min": 0, "max": 20}},
            [{"item_id": MODULES[1], "module_id": MODULES[1], "score": 0.6, "passed": False}],
        ),
        ("answered", ITEM, {"success": True}, [{"item_id": ITEMS[0], "score": 1.0, "passed": True}]),
        ("answered", ITEM, {"score": {"scaled": -0.5}}, [{"item_id": ITEMS[0], "score": 0.0}]),
    ],
)
def test_a_statement_becomes_what_it_says(
    lms: Service, verb: str, target: str, result: Any, expected: list[dict[str, Any]]
) -> None:
    send(lms, statement(verb, target, result=result))
    assert outcomes(lms) == ["used"]
    assert [without_ids(sent) for _, sent in events(lms)] == expected


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (statement("registered"), "no_evidence"),
        (statement("https://example.org/verbs/danced"), "unknown_verb"),
        (statement(target="https://example.org/unknown"), "unknown_activity"),
        (statement("answered", ITEM), "no_result"),
        (statement("answered", ITEM, result={"score": {"raw": 3}}), "no_result"),
        (statement(actor={"objectType": "Group", "member": [account()]}), "group"),
        (statement(object={"objectType": "Agent", **account("bob")}), "no_activity"),
        (statement(timestamp="2099-01-01T00:00:00Z"), "refused"),
        (statement(timestamp="9999-12-31T23:59:59.999999Z"), "refused"),
        (statement("http://specification.openbadges.org/xapi/verbs/earned"), "no_evidence"),
        (statement("http://id.tincanapi.com/verb/earned", f"{HOME}/badges/1"), "unknown_activity"),
        (statement(actor={"account": {"homePage": HOME, "name": "x" * 501}}), "no_learner"),
        (statement(actor={"account": {"homePage": HOME, "name": "a\u0000b"}}), "no_learner"),
    ],
)
def test_what_says_nothing_is_kept_with_the_reason(lms: Service, sent: dict[str, Any], outcome: str) -> None:
    send(lms, sent)
    assert outcomes(lms) == [outcome]
    assert lms.log() == []


def test_a_question_of_a_known_module_is_an_item(lms: Service) -> None:
    question = {"id": f"{HOME}/questions/9", "definition": {"interactionType": "choice"}}
    around = {"contextActivities": {"parent": [{"id": MODULE}]}}
    send(lms, statement("answered", object=question, context=around, result={"success": False}))
    ((_, sent),) = events(lms)
    assert (sent["item_id"], sent["module_id"], sent["score"]) == (question["id"], MODULES[1], 0.0)


def test_ids_of_the_catalogue_are_activities_too(lenient_lms: Service) -> None:
    send(lenient_lms, statement(target=MODULES[2]), statement("answered", ITEMS[5], result={"success": True}))
    earned = "http://id.tincanapi.com/verb/earned"
    send(lenient_lms, statement(earned, CREDENTIAL))
    assert outcomes(lenient_lms) == ["used"] * 3
    assert [kind for kind, _ in events(lenient_lms)].count("credential") == 1


def test_evidence_counts_at_once_and_once(lms: Service) -> None:
    sent = [statement("answered", ITEM, result={"success": True}) for _ in range(3)]
    send(lms, *sent)
    learner_id = learner_of(lms)
    before = lms.client.get(f"/v1/learners/{learner_id}/mastery").json()
    assert before["n_events"] == 3
    send(lms, *sent)
    send(lms, sent[0])
    assert lms.client.get(f"/v1/learners/{learner_id}/mastery").json() == before


def test_what_is_voided_does_not_count_any_more(lms: Service) -> None:
    right, wrong = (statement("answered", ITEM, result={"success": success}) for success in (True, False))
    send(lms, right)
    learner_id = learner_of(lms)
    before = lms.client.get(f"/v1/learners/{learner_id}/mastery").json()
    send(lms, wrong)
    assert n_events(lms, learner_id) == 2
    send(lms, voiding(wrong))
    assert lms.client.get(f"/v1/learners/{learner_id}/mastery").json() == before
    assert outcomes(lms) == ["used", "voided", "voiding"]


def test_what_is_voided_before_it_comes_never_counts(lms: Service) -> None:
    wrong = statement("answered", ITEM, result={"success": False})
    send(lms, voiding(wrong))
    send(lms, wrong)
    together = statement("answered", ITEM, result={"success": False})
    send(lms, together, voiding(together))
    assert lms.log() == []
    assert outcomes(lms) == ["voiding", "voided", "voided", "voiding"]


def test_the_same_person_by_other_names(lms: Service) -> None:
    mbox = {"mbox": "mailto:ann@Example.com"}
    hashed = {"mbox_sha1sum": hashlib.sha1(b"mailto:ann@example.com", usedforsecurity=False).hexdigest()}
    same = [
        mbox,
        {"mbox": "mailto:ann@example.com"},
        hashed,
        {"mbox_sha1sum": hashed["mbox_sha1sum"].upper()},
    ]
    send(lms, *(statement(actor=actor) for actor in same))
    assert len({row.learner_id for row in lms.query("SELECT learner_id FROM xapi_statements")}) == 1
    send(lms, statement(actor={"openid": "https://ann.example.com/"}), statement())
    assert len({row.learner_id for row in lms.query("SELECT learner_id FROM xapi_statements")}) == 3


def test_accounts_of_a_home_page_may_be_learners_as_they_are(tmp_path: Any, bundle: Any) -> None:
    with running_service(tmp_path, bundle, xapi_home_pages=f"https://other.example.com, {HOME}") as service:
        send(with_addresses(service), statement())
        assert n_events(service, "ann") == 1
        assert service.query("SELECT * FROM aliases") == []


def test_without_a_model_statements_are_kept_and_say_so(bare_service: Service) -> None:
    send(bare_service, statement())
    assert outcomes(bare_service) == ["no_model"]


@pytest.mark.parametrize(
    "broken",
    [
        {"actor": {"account": {"homePage": HOME, "name": "ann"}}, "verb": "completed", "object": MODULE},
        {"verb": {"id": "completed"}},
        statement(result={"score": {"scaled": 0.5}}) | {"verb": {"id": ["completed"]}},
        statement() | {"verb": {"id": {"en": "completed"}}},
        {},
        statement(verb="completed", object={"id": MODULE, "objectType": "Course"}),
        statement(context={"contextActivities": [1, {"parent": None}], "team": 5}),
        statement(result={"score": "high", "duration": 5, "extensions": [], "completion": "yes"}),
        statement(timestamp="yesterday"),
    ],
)
def test_lenient_takes_what_breaks_rules(lenient_lms: Service, broken: dict[str, Any]) -> None:
    (kept,) = send(lenient_lms, broken)
    headers = {"X-Experience-API-Version": "1.0.3"}
    found = lenient_lms.client.get("/xapi/statements", params={"statementId": kept}, headers=headers)
    assert {name: found.json()[name] for name in broken if name != "timestamp"} == {
        name: value for name, value in broken.items() if name != "timestamp"
    }
    for wanted in ("ids", "canonical"):
        asked = {"statementId": kept, "format": wanted}
        assert lenient_lms.client.get("/xapi/statements", params=asked, headers=headers).status_code == 200


@pytest.mark.parametrize("bad", [5, "text", None, [], {"id": "no uuid"}, {"actor": {"name": "\ud800"}}])
def test_lenient_has_its_limits(lenient_lms: Service, bad: Any) -> None:
    headers = {"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json"}
    body = json.dumps([statement(), bad]).encode()
    answer = lenient_lms.client.post("/xapi/statements", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith("statements[1]")
    assert outcomes(lenient_lms) == []


def test_a_refused_batch_says_nothing_of_anybody(lms: Service) -> None:
    taken = statement()
    send(lms, taken)
    other = {**taken, "verb": {"id": "http://adlnet.gov/expapi/verbs/failed"}}
    send(lms, statement(actor=account("bob")), other, status=409)
    send(lms, statement(actor=account("bob")), {"id": str(uuid4())}, status=400)
    assert lms.query("SELECT name FROM aliases") == [("ann",)]
    assert len(outcomes(lms)) == len(lms.log()) == 1


def test_what_is_voided_in_the_import_that_reads_it_again_says_nothing(tmp_path: Any, bundle: Any) -> None:
    wrong = statement()
    with running_service(tmp_path, None) as service:
        send(service, wrong)
        assert outcomes(service) == ["no_model"]
    with running_service(tmp_path, bundle) as service:
        model = with_addresses(service).client.app.state.services.models.up_to_date()  # type: ignore[attr-defined]
        ready = prepare(
            [wrong, voiding(wrong)],
            version="1.0.3",
            lenient=False,
            authority=account("key"),
            places=places_of(model.engine.catalog),
        )
        rules = RowRules(received_at=NOW, future_tolerance_seconds=300, catalog=model.engine.catalog)
        receive(service.database, model, ready, rules, frozenset(), service.clock, is_import=True)
        assert outcomes(service) == ["voided", "voiding"]
        assert service.log() == []


def test_numbers_of_statements_are_given_once(lms: Service) -> None:
    send(lms, statement(actor=account("bob")))
    send(lms, statement(), statement())
    headers = {"X-Experience-API-Version": "1.0.3"}
    asked = {"limit": "2", "ascending": "true"}
    more = lms.client.get("/xapi/statements", params=asked, headers=headers).json()["more"]
    assert lms.client.delete(f"/v1/learners/{learner_of(lms)}").status_code == 200
    later = statement(actor=account("bob"))
    send(lms, later)
    page = lms.client.get(more, headers=headers).json()
    assert [one["id"] for one in page["statements"]] == [later["id"]]


def test_what_was_said_beside_somebody_erased_can_be_taken_back(lms: Service) -> None:
    send(lms, statement(actor=account("coach")))
    sent = statement("answered", ITEM, result={"success": True}, context={"instructor": account("coach")})
    send(lms, sent)
    learner_id = learner_of(lms)
    assert lms.client.delete(f"/v1/learners/{learner_of(lms, 'coach')}").status_code == 200
    assert n_events(lms, learner_id) == 1
    send(lms, voiding(sent))
    assert n_events(lms, learner_id) == 0


def test_what_comes_since_misses_nothing_of_the_same_millisecond(lms: Service) -> None:
    headers = {"X-Experience-API-Version": "1.0.3"}
    since = ""
    for _ in range(3):
        sent = statement()
        send(lms, sent)
        answer = lms.client.get("/xapi/statements", params={"since": since} if since else {}, headers=headers)
        assert [one["id"] for one in answer.json()["statements"]] == [sent["id"]]
        since = answer.headers["X-Experience-API-Consistent-Through"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"result": {"score": {"scaled": 1.0}}}, {"result": {"score": {"scaled": 1}}}),
        ({"result": {"duration": "PT1.5S"}}, {"result": {"duration": "PT1.50S"}}),
        ({"result": {"duration": "PT1.001S"}}, {"result": {"duration": "PT1S"}}),
        ({"context": {"language": "en-us"}}, {"context": {"language": "en-US"}}),
    ],
)
def test_a_retry_that_says_the_same_in_other_letters_is_none_too_many(
    lms: Service, one: Any, other: Any
) -> None:
    sent = statement()
    send(lms, sent | one)
    send(lms, sent | other)
    assert len(outcomes(lms)) == 1


def test_definitions_of_one_request_are_put_together(lms: Service) -> None:
    names: list[dict[str, Any]] = [
        {"name": {"de": "Brüche"}, "type": "http://example.com/t"},
        {"name": {"en": "Fractions"}},
    ]
    send(lms, *(statement(object={"id": MODULE, "definition": name}) for name in names))
    headers = {"X-Experience-API-Version": "1.0.3", "Accept-Language": "de"}
    found = lms.client.get("/xapi/statements", params={"format": "canonical"}, headers=headers).json()
    expected = {"name": {"de": "Brüche"}, "type": "http://example.com/t"}
    assert [one["object"]["definition"] for one in found["statements"]] == [expected] * 2
