"""PUT /statements: one statement under the id that the request names."""

import pytest

from tests.contract.xapi.statements import (
    VERSION_HEADER,
    both_versions,
    changed,
    fetch,
    keep,
    listed,
    new_id,
    statement,
)

PUT = pytest.mark.xapi("Communication 2.1.1", "2.0 4.1.6.1 PUT")


def put(lrs, version, body, **params):
    return lrs.request("PUT", "/statements", params=params, json=body, headers={VERSION_HEADER: version})


@PUT
@both_versions
def test_put_answers_204_without_a_body(lrs, version):
    """PUT stores the Statement under the id and answers 204 No Content."""
    sent = statement(id=new_id())
    answer = lrs.put(sent, sent["id"], version=version)
    assert answer.status_code == 204
    assert answer.content == b""
    assert fetch(lrs, sent["id"], version=version)["verb"] == sent["verb"]


@PUT
@both_versions
def test_the_id_may_be_in_the_request_only(lrs, version):
    """A Statement without an id gets the one of the statementId parameter."""
    given = new_id()
    assert lrs.put(statement(), given, version=version).status_code == 204
    assert fetch(lrs, given, version=version)["id"] == given


@PUT
@both_versions
def test_statement_id_is_required(lrs, version):
    """PUT without statementId is refused with 400, even if the Statement has an id."""
    assert put(lrs, version, statement(id=new_id())).status_code == 400
    assert listed(lrs, version=version) == []


@pytest.mark.xapi("Communication 2.1.1", "Data 2.2")
@both_versions
@pytest.mark.parametrize(
    "bad", ["true", "[object Object]", "12345", "", "MA97B177-9383-4934-8543-0F91A7A02836"]
)
def test_statement_id_is_a_uuid(lrs, version, bad):
    """A statementId that is no UUID is refused with 400."""
    assert put(lrs, version, statement(), statementId=bad).status_code == 400
    assert listed(lrs, version=version) == []


@PUT
@both_versions
def test_both_ids_must_agree(lrs, version):
    """A Statement whose id is not the statementId of the request is refused with 400."""
    assert lrs.put(statement(id=new_id()), new_id(), version=version).status_code == 400
    assert listed(lrs, version=version) == []


@PUT
@both_versions
@pytest.mark.parametrize("first", ["put", "post"])
def test_the_same_statement_again_is_204(lrs, version, first):
    """A Statement already stored under the id is taken as received; nothing changes."""
    sent = statement(id=new_id())
    stored = lrs.put(sent, sent["id"], version=version) if first == "put" else lrs.post(sent, version=version)
    assert stored.status_code in (200, 204)
    before = fetch(lrs, sent["id"], version=version)
    assert lrs.put(sent, sent["id"], version=version).status_code == 204
    assert fetch(lrs, sent["id"], version=version) == before
    assert listed(lrs, version=version) == [sent["id"]]


@PUT
@both_versions
@pytest.mark.parametrize("first", ["put", "post"])
@pytest.mark.parametrize("second", ["put", "post"])
def test_another_statement_under_the_id_is_a_conflict(lrs, version, first, second):
    """Whichever way two different Statements arrive under one id, the second is 409 and the first stays."""
    sent = statement(id=new_id())
    other = changed(sent, "verb.id", "http://example.com/verbs/other")
    answers = [
        lrs.put(body, body["id"], version=version) if how == "put" else lrs.post(body, version=version)
        for how, body in ((first, sent), (second, other))
    ]
    assert answers[0].status_code in (200, 204)
    assert answers[1].status_code == 409
    assert fetch(lrs, sent["id"], version=version)["verb"] == sent["verb"]


@PUT
@both_versions
def test_a_statement_that_is_bad_and_known_changes_nothing(lrs, version):
    """A broken Statement under a known id is refused with 400 or 409, and the stored one stays."""
    sent = statement(id=new_id())
    keep(lrs, sent, version=version)
    before = fetch(lrs, sent["id"], version=version)
    broken = changed(sent, "verb.id", "different value")
    assert lrs.put(broken, sent["id"], version=version).status_code in (400, 409)
    assert fetch(lrs, sent["id"], version=version) == before


@PUT
@both_versions
def test_put_takes_one_statement_not_an_array(lrs, version):
    """The content of PUT is the Statement itself; an array is refused with 400."""
    sent = statement(id=new_id())
    assert put(lrs, version, [sent], statementId=sent["id"]).status_code == 400
    assert listed(lrs, version=version) == []


@PUT
@both_versions
def test_a_bad_statement_is_refused(lrs, version):
    """A Statement that breaks the data model is refused with 400, and nothing is stored."""
    given = new_id()
    assert lrs.put(changed(statement(), "verb.id", "no iri"), given, version=version).status_code == 400
    assert lrs.get(version=version, statementId=given).status_code == 404


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize("extra", ["foo", "method", "verb", "StatementId"])
def test_put_knows_statement_id_only(lrs, version, extra):
    """Any other parameter is refused with 400."""
    given = new_id()
    answer = put(lrs, version, statement(), **{"statementId": given, extra: "POST"})
    assert answer.status_code == 400
    assert lrs.get(version=version, statementId=given).status_code == 404


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize("name", ["StatementId", "statementid", "STATEMENTID"])
def test_the_parameter_is_written_as_specified(lrs, version, name):
    """statementId in another case is refused with 400."""
    assert put(lrs, version, statement(), **{name: new_id()}).status_code == 400
    assert listed(lrs, version=version) == []


@pytest.mark.xapi("Data 4.4", "2.0 4.2.7 UUIDs")
@both_versions
def test_the_case_of_an_id_does_not_matter(lrs, version):
    """A UUID is the same one in capitals and in small letters."""
    given = new_id()
    assert lrs.put(statement(id=given), given.upper(), version=version).status_code == 204
    assert fetch(lrs, given, version=version)["id"].lower() == given
    assert fetch(lrs, given.upper(), version=version)["id"].lower() == given
