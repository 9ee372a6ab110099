"""Errors: which status says what, and that nothing changes when a request is refused."""

import pytest

from tests.contract.xapi.statements import (
    VERSION_HEADER,
    both_versions,
    changed,
    fetch,
    keep,
    listed,
    new_id,
    send,
    statement,
)

ERRORS = pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")

CAPITALS = {
    "StatementId": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "VoidedStatementId": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "Agent": '{"mbox": "mailto:ada@example.com"}',
    "Verb": "http://adlnet.gov/expapi/verbs/attended",
    "Activity": "http://www.example.com/meetings/occurances/34534",
    "Registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "Related_Activities": "true",
    "Related_Agents": "true",
    "Since": "2012-06-01T19:09:13.245Z",
    "Until": "2012-06-01T19:09:13.245Z",
    "Limit": "10",
    "Format": "ids",
    "Attachments": "true",
    "Ascending": "true",
}


@ERRORS
@both_versions
@pytest.mark.parametrize("name", CAPITALS)
def test_parameters_are_written_as_specified(lrs, version, name):
    """A parameter in another case than the specification's is refused with 400."""
    assert lrs.get(version=version, **{name: CAPITALS[name]}).status_code == 400
    assert lrs.get(version=version, **{name.upper(): CAPITALS[name]}).status_code == 400


@ERRORS
@both_versions
@pytest.mark.parametrize("name", ["foo", "statement", "relatedAgents", "cursor ", "verb.id", "method"])
def test_unknown_parameters_are_refused(lrs, version, name):
    """A parameter that GET does not know is refused with 400, also beside known ones."""
    assert lrs.get(version=version, **{name: "bar"}).status_code == 400
    assert lrs.get(version=version, limit="1", **{name: "bar"}).status_code == 400


@ERRORS
@both_versions
@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": None}], ids=["with key", "without key"])
def test_methods_that_there_are_not(lrs, version, method, headers):
    """DELETE and PATCH are 405 on the statement resource, with a key and without, and delete nothing."""
    kept = keep(lrs, statement(), version=version)
    answer = lrs.request(
        method, "/statements", params={"statementId": kept[0]}, headers={VERSION_HEADER: version} | headers
    )
    assert answer.status_code == 405
    assert {"GET", "POST", "PUT"} <= {name.strip() for name in answer.headers["Allow"].split(",")}
    assert listed(lrs, version=version) == kept


@ERRORS
@both_versions
@pytest.mark.parametrize("path", ["/nothing-here", "/statements/more/nothing", "/extensions/none"])
def test_what_is_not_there_is_not_found(lrs, version, path):
    """A resource that does not exist is 404."""
    assert lrs.request("GET", path, headers={VERSION_HEADER: version}).status_code == 404


REFUSALS = {
    "unknown parameter": (400, lambda lrs, version: lrs.get(version=version, foo="bar")),
    "unknown case": (400, lambda lrs, version: lrs.get(version=version, LIMIT="1")),
    "bad value": (400, lambda lrs, version: lrs.get(version=version, limit="-1")),
    "id and filter": (400, lambda lrs, version: lrs.get(version=version, statementId=new_id(), limit="1")),
    "malformed": (400, lambda lrs, version: send(lrs, "POST", b"{", "application/json", version=version)),
    "bad statement": (400, lambda lrs, version: lrs.post({"verb": {"id": "x"}}, version=version)),
    "content type": (400, lambda lrs, version: send(lrs, "POST", b"{}", "text/plain", version=version)),
    "not found": (404, lambda lrs, version: lrs.get(version=version, statementId=new_id())),
    "no key": (401, lambda lrs, version: lrs.request(
        "GET", "/statements", headers={VERSION_HEADER: version, "Authorization": None})),
}  # fmt: skip


@ERRORS
@both_versions
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_says_why(lrs, version, kind):
    """The answer to a refused request has a text that explains it."""
    status, ask = REFUSALS[kind]
    answer = ask(lrs, version)
    assert answer.status_code == status
    assert answer.text.strip()
    assert answer.headers["Content-Type"]


@ERRORS
@both_versions
@pytest.mark.parametrize(("params", "told"), [({"limit": "-1"}, "limit"), ({"foo": "bar"}, "foo")])
def test_the_reason_names_the_parameter(lrs, version, params, told):
    """The text names what was wrong with the request."""
    assert told in lrs.get(version=version, **params).text


@ERRORS
@both_versions
def test_the_reason_names_the_property(lrs, version):
    """The text names the property that was wrong in a Statement."""
    answer = lrs.post([statement(), changed(statement(), "actor.mbox", "ada@example.com")], version=version)
    assert answer.status_code == 400
    assert "mbox" in answer.text


@ERRORS
@both_versions
def test_a_conflict_says_which(lrs, version):
    """The text of a 409 names the id that is taken."""
    sent = statement(id=new_id())
    keep(lrs, sent, version=version)
    answer = lrs.post(changed(sent, "verb.id", "http://example.com/verbs/other"), version=version)
    assert answer.status_code == 409
    assert sent["id"] in answer.text


@ERRORS
@both_versions
def test_refused_requests_change_nothing(lrs, version):
    """After every kind of refusal the store is as it was."""
    kept = keep(lrs, statement(), version=version)
    before = fetch(lrs, kept[0], version=version)
    for status, ask in REFUSALS.values():
        assert ask(lrs, version).status_code == status
    assert lrs.get(version=version).json()["statements"] == [before]
