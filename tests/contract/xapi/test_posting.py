"""POST /statements: what is stored, what is answered, and what is refused as a whole."""

import uuid

import pytest

from tests.contract.xapi.statements import (
    ONE,
    TWO,
    activity,
    agent,
    both_versions,
    changed,
    fetch,
    group,
    keep,
    listed,
    new_id,
    send,
    statement,
    substatement,
    verb,
)

POST = pytest.mark.xapi("Communication 2.1.2", "2.0 4.1.6.1 POST")
COMPARISON = pytest.mark.xapi("Data 2.3.1", "2.0 4.2 Statement Immutability")


@POST
@both_versions
def test_one_statement_is_answered_with_an_array_of_its_id(lrs, version):
    """POST of a single Statement answers 200 and an array with its id."""
    sent = statement(id=new_id())
    answer = lrs.post(sent, version=version)
    assert answer.status_code == 200
    assert answer.json() == [sent["id"]]


@POST
@both_versions
def test_a_batch_is_answered_with_its_ids_in_order(lrs, version):
    """POST of an array answers 200 and the ids in the order of the Statements."""
    batch = [statement(id=new_id(), verb=verb(f"v{n}")) for n in range(60)]
    answer = lrs.post(batch, version=version)
    assert answer.status_code == 200
    assert answer.json() == [sent["id"] for sent in batch]


@pytest.mark.xapi("Data 2.4.1", "2.0 4.2.4.2")
@both_versions
def test_an_id_is_given_to_a_statement_without_one(lrs, version):
    """The LRS makes the id, a UUID, of a Statement that arrives without one."""
    (given,) = lrs.post(statement(), version=version).json()
    assert str(uuid.UUID(given)) == given
    assert fetch(lrs, given, version=version)["id"] == given


@pytest.mark.xapi("Data 2.4.1", "2.0 4.2.4.2")
@both_versions
def test_ids_sent_and_ids_made_stand_side_by_side(lrs, version):
    """In a batch every Statement keeps its id or gets one of its own."""
    mine = new_id()
    answer = lrs.post([statement(), statement(id=mine), statement()], version=version)
    first, second, third = answer.json()
    assert second == mine
    assert len({first, second, third}) == 3
    assert set(listed(lrs, version=version)) == {first, second, third}


@POST
@both_versions
def test_what_was_posted_is_what_is_returned(lrs, version):
    """Actor, verb, object, result and context come back as they were received."""
    sent = statement(
        actor=group("crew", "ada", "bob"),
        object=activity("quiz", name={"en": "Quiz", "de": "Rätsel"}, type="http://example.com/types/quiz"),
        result={
            "score": {"scaled": 0.95, "raw": 19, "min": 0, "max": 20},
            "success": True,
            "duration": "PT1234S",
        },
        context={
            "registration": new_id(),
            "extensions": {"http://example.com/ext": [None, "", {}, 0.1, 2**53 + 1]},
        },
    )
    (kept,) = keep(lrs, sent, version=version)
    assert {name: fetch(lrs, kept, version=version)[name] for name in sent} == sent


@COMPARISON
@both_versions
def test_the_same_statement_again_changes_nothing(lrs, version):
    """A Statement already stored is taken as received and nothing is modified."""
    sent = statement(id=new_id(), timestamp="2026-05-01T10:00:00.000Z")
    keep(lrs, sent, version=version)
    before = fetch(lrs, sent["id"], version=version)
    answer = lrs.post(sent, version=version)
    assert answer.status_code == 200
    assert answer.json() == [sent["id"]]
    assert fetch(lrs, sent["id"], version=version) == before
    assert listed(lrs, version=version) == [sent["id"]]


RICH = statement(
    actor=group("crew", "ada", "bob"),
    object=activity("quiz", name={"en": "Quiz"}),
    result={"success": True, "duration": "PT1.234S"},
    context={"contextActivities": {"parent": [activity("course")]}},
    timestamp="2026-05-01T10:00:00.000Z",
)
SAME_BUT = {
    "display of the verb": ("verb.display", {"de": "beantwortete"}),
    "no display": ("verb", {"id": verb()["id"]}),
    "definition of the activity": ("object.definition", {"name": {"en": "Another name"}}),
    "order of the members": ("actor.member", [agent("bob"), agent("ada")]),
    "time zone": ("timestamp", "2026-05-01T12:00:00.000+02:00"),
    "authority": ("authority", agent("somebody")),
    "stored": ("stored", "2020-01-01T00:00:00.000Z"),
    "one activity instead of an array": ("context.contextActivities.parent", activity("course")),
    "duration beyond hundredths": ("result.duration", "PT1.239S"),
}


@COMPARISON
@both_versions
@pytest.mark.parametrize("difference", SAME_BUT)
def test_differences_that_do_not_count_are_no_conflict(lrs, version, difference):
    """Statements that differ only where immutability has exceptions match."""
    sent = RICH | {"id": new_id()}
    keep(lrs, sent, version=version)
    before = fetch(lrs, sent["id"], version=version)
    answer = lrs.post(changed(sent, *SAME_BUT[difference]), version=version)
    assert answer.status_code == 200, answer.text
    assert fetch(lrs, sent["id"], version=version) == before


@COMPARISON
@both_versions
def test_what_the_lrs_returned_can_be_sent_back(lrs, version):
    """A Statement with all that the LRS added to it (stored, authority, version) is still the same one."""
    sent = changed(RICH, "id", new_id())
    del sent["timestamp"]
    keep(lrs, sent, version=version)
    returned = fetch(lrs, sent["id"], version=version)
    assert lrs.post(returned, version=version).status_code == 200
    assert lrs.post(sent, version=version).status_code == 200
    assert fetch(lrs, sent["id"], version=version) == returned


CONFLICTS = {
    "verb": ("verb.id", "http://example.com/verbs/other"),
    "actor": ("actor", agent("eve")),
    "object": ("object.id", "http://example.com/activities/other"),
    "kind of object": ("object", substatement()),
    "duration": ("result.duration", "PT2S"),
}
ONLY_ONE = {
    "result": ("result.success", False),
    "score": ("result.score", {"scaled": 0.5}),
    "registration": ("context.registration", "ec531277-b57b-4c15-8d91-d292c5b2b8f7"),
    "same duration in other words": ("result.duration", "PT0M1.234S"),
}


@COMPARISON
@pytest.mark.parametrize(
    ("version", "difference"),
    [(version, name) for version in (ONE, TWO) for name in CONFLICTS] + [(ONE, name) for name in ONLY_ONE],
)
def test_another_statement_under_a_known_id_is_a_conflict(lrs, version, difference):
    """A Statement that does not match the one stored under its id is refused with 409 and changes nothing."""
    sent = RICH | {"id": new_id()}
    keep(lrs, sent, version=version)
    before = fetch(lrs, sent["id"], version=version)
    other = changed(sent, *(CONFLICTS | ONLY_ONE)[difference])
    assert lrs.post(other, version=version).status_code == 409
    assert fetch(lrs, sent["id"], version=version) == before
    assert listed(lrs, version=version) == [sent["id"]]


@POST
@both_versions
@pytest.mark.parametrize("word", ["answered", "passed"], ids=["same content", "other content"])
def test_an_id_may_stand_once_in_a_batch(lrs, version, word):
    """A batch with two Statements of the same id is refused with 400, and nothing of it is stored."""
    twice = new_id()
    batch = [statement(), statement(id=twice), statement(id=twice, verb=verb(word))]
    assert lrs.post(batch, version=version).status_code == 400
    assert listed(lrs, version=version) == []


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_statement_refuses_the_batch(lrs, version, place):
    """If one Statement is rejected the whole batch is, and the store is as before."""
    earlier = keep(lrs, statement(), version=version)
    batch = [statement(id=new_id()) for _ in range(3)]
    batch[place] = changed(batch[place], "verb.id", "no iri")
    assert lrs.post(batch, version=version).status_code == 400
    assert listed(lrs, version=version) == earlier
    for sent in batch:
        assert lrs.get(version=version, statementId=sent["id"]).status_code == 404


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
def test_one_conflict_refuses_the_batch(lrs, version):
    """A batch in which one id is taken by another Statement is 409, and nothing of it is stored."""
    known = statement(id=new_id())
    keep(lrs, known, version=version)
    batch = [statement(id=new_id()), changed(known, "verb.id", "http://example.com/verbs/other")]
    assert lrs.post(batch, version=version).status_code == 409
    assert listed(lrs, version=version) == [known["id"]]


@POST
@both_versions
def test_a_retried_batch_stores_what_is_missing(lrs, version):
    """A batch of known and new Statements is accepted; the new ones are stored and all ids are answered."""
    known, new = statement(id=new_id()), statement(id=new_id())
    keep(lrs, known, version=version)
    answer = lrs.post([known, new], version=version)
    assert answer.status_code == 200
    assert answer.json() == [known["id"], new["id"]]
    assert set(listed(lrs, version=version)) == {known["id"], new["id"]}


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize("name", ["statementId", "foo", "limit", "StatementId"])
def test_post_knows_no_parameters(lrs, version, name):
    """Parameters that POST does not have are refused with 400, and nothing is stored."""
    answer = lrs.request(
        "POST",
        "/statements",
        params={name: "1"},
        json=statement(),
        headers={"X-Experience-API-Version": version},
    )
    assert answer.status_code == 400
    assert listed(lrs, version=version) == []


@pytest.mark.xapi("Communication 2.1.2", "Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize(
    "body", [b'"text"', b"7", b"true", b"null", b"[[]]", b"[null]", b'["id"]', b"{}", b"[{}]"]
)
def test_a_body_that_is_no_statement_is_refused(lrs, version, body):
    """The content is a Statement or an array of Statements; anything else is 400."""
    assert send(lrs, "POST", body, "application/json", version=version).status_code == 400
    assert listed(lrs, version=version) == []


BAD = {
    "property that the specification does not have": ("dummy", "dummy"),
    "null": ("timestamp", None),
    "key in another case": ("Timestamp", "2026-05-01T10:00:00Z"),
    "JSON inside a string": ("actor.objectType", '"objectType": "Agent"'),
    "id that is no UUID": ("id", "AA97B177-9383-4934-8543-0F91A7A028368"),
    "id that is a number": ("id", 12345),
    "verb without a scheme": ("verb.id", "answered"),
    "two identifiers": ("actor.openid", "http://example.com/ada"),
}


@pytest.mark.xapi("Data 2.2", "2.0 4.2.1")
@both_versions
@pytest.mark.parametrize("fault", BAD)
def test_a_statement_that_breaks_the_data_model_is_bad_input(lrs, version, fault):
    """A Statement that the data model rejects is answered with 400, not with any other status."""
    assert lrs.post(changed(statement(), *BAD[fault]), version=version).status_code == 400
    assert listed(lrs, version=version) == []
