"""Headers of answers: version, consistent-through, last-modified and content type, whatever the status."""

from email.utils import parsedate_to_datetime

import pytest

from tests.contract.xapi.statements import (
    ONE,
    THROUGH_HEADER,
    VERSION_HEADER,
    agent,
    as_parameter,
    both_versions,
    changed,
    fetch,
    instant,
    keep,
    new_id,
    statement,
    voiding,
)

THROUGH = pytest.mark.xapi("Communication 2.1.3", "2.0 4.1.6.1 GET")
VERSION = pytest.mark.xapi("Communication 3.3", "2.0 4.1.7")
MODIFIED = pytest.mark.xapi("Communication 2.1.3", "2.0 4.1.6.1 GET")


def conflicting(lrs, version):
    sent = statement(id=new_id())
    keep(lrs, sent, version=version)
    return lrs.put(changed(sent, "verb.id", "http://example.com/verbs/other"), sent["id"], version=version)


def without_key(lrs, version):
    return lrs.request("GET", "/statements", headers={VERSION_HEADER: version, "Authorization": None})


ANSWERS = {
    "list": (200, lambda lrs, version: lrs.get(version=version)),
    "one": (200, lambda lrs, version: lrs.get(version=version, statementId=keep(lrs, statement())[0])),
    "head": (200, lambda lrs, version: lrs.head(version=version)),
    "stored by post": (200, lambda lrs, version: lrs.post(statement(), version=version)),
    "stored by put": (204, lambda lrs, version: lrs.put(statement(), new_id(), version=version)),
    "unknown parameter": (400, lambda lrs, version: lrs.get(version=version, foo="bar")),
    "parameter in capitals": (400, lambda lrs, version: lrs.get(version=version, LIMIT="1")),
    "bad value": (400, lambda lrs, version: lrs.get(version=version, since="yesterday")),
    "bad statement": (400, lambda lrs, version: lrs.post({"actor": agent()}, version=version)),
    "no statementId": (400, lambda lrs, version: lrs.request("PUT", "/statements", json=statement(),
                                                            headers={VERSION_HEADER: version})),
    "no key": (401, without_key),
    "not found": (404, lambda lrs, version: lrs.get(version=version, statementId=new_id())),
    "conflict": (409, conflicting),
}  # fmt: skip


@VERSION
@both_versions
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_tells_its_version(lrs, version, kind):
    """Whatever the status, the answer has the version header, once."""
    status, ask = ANSWERS[kind]
    answer = ask(lrs, version)
    assert answer.status_code == status
    assert answer.headers[VERSION_HEADER] == version


@VERSION
@both_versions
@pytest.mark.parametrize(("method", "path"), [("DELETE", "/statements"), ("GET", "/nothing-here")])
def test_answers_to_what_there_is_not_tell_a_version(lrs, version, method, path):
    """A method or path that does not exist is answered with the version header too."""
    answer = lrs.request(method, path, headers={VERSION_HEADER: version})
    assert answer.status_code in (404, 405)
    assert answer.headers[VERSION_HEADER] == version


@THROUGH
@both_versions
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_tells_through_when_it_is_consistent(lrs, version, kind):
    """All answers of the statement resource have the header, a moment in ISO 8601 with its time zone."""
    status, ask = ANSWERS[kind]
    answer = ask(lrs, version)
    assert answer.status_code == status
    assert "T" in answer.headers[THROUGH_HEADER]
    instant(answer.headers[THROUGH_HEADER])


@THROUGH
@both_versions
@pytest.mark.parametrize("asked", [None, "0.95"])
def test_a_refused_version_tells_it_too(lrs, version, asked):
    """Also the answer to a missing or refused version has the header."""
    keep(lrs, statement(), version=version)
    answer = lrs.request("GET", "/statements", headers={VERSION_HEADER: asked})
    assert answer.status_code == 400
    instant(answer.headers[THROUGH_HEADER])


@THROUGH
@both_versions
@pytest.mark.parametrize(
    "params",
    [
        {"agent": as_parameter(agent())},
        {"verb": "http://adlnet.gov/expapi/non/existent"},
        {"activity": "http://www.example.com/meetings/occurances/12345"},
        {"registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7"},
        {"related_activities": "true"},
        {"related_agents": "true"},
        {"since": "2012-06-01T19:09:13.245Z"},
        {"until": "2012-06-01T19:09:13.245Z"},
        {"limit": "1"},
        {"ascending": "true"},
        {"format": "ids"},
        {"attachments": "true"},
    ],
    ids=lambda params: next(iter(params)),
)
def test_every_query_tells_it(lrs, version, params):
    """Each parameter alone is a good query, and its answer has the header."""
    keep(lrs, statement(), version=version)
    answer = lrs.get(version=version, **params)
    assert answer.status_code == 200
    instant(answer.headers[THROUGH_HEADER])


@THROUGH
@both_versions
def test_what_was_stored_is_covered(lrs, version):
    """Consistent-through is not before the stored time of any Statement that was returned."""
    keep(lrs, *(statement() for _ in range(3)), version=version)
    answer = lrs.get(version=version)
    through = instant(answer.headers[THROUGH_HEADER])
    assert all(instant(one["stored"]) <= through for one in answer.json()["statements"])


@THROUGH
@both_versions
def test_it_never_goes_back(lrs, version):
    """Of two answers the later one is consistent through no earlier a moment."""
    moments = [instant(lrs.get(version=version).headers[THROUGH_HEADER]) for _ in range(3)]
    assert moments == sorted(moments)


@MODIFIED
@both_versions
def test_one_statement_was_modified_when_it_was_stored(lrs, version):
    """Last-Modified of a single Statement is its stored time, to the second, as an HTTP date."""
    (kept,) = keep(lrs, statement(), version=version)
    answer = lrs.get(version=version, statementId=kept)
    stored = instant(answer.json()["stored"]).replace(microsecond=0)
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == stored


@MODIFIED
@both_versions
def test_a_voided_statement_was_modified_when_it_was_stored(lrs, version):
    """Last-Modified of a voided Statement is its own stored time, not that of the voiding."""
    (kept,) = keep(lrs, statement(), version=version)
    stored = instant(fetch(lrs, kept, version=version)["stored"]).replace(microsecond=0)
    keep(lrs, voiding(kept), version=version)
    answer = lrs.get(version=version, voidedStatementId=kept)
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == stored


@MODIFIED
@both_versions
@pytest.mark.parametrize("ascending", ["true", "false"])
def test_a_list_was_modified_with_its_newest(lrs, version, ascending):
    """Last-Modified of a list is the latest stored time in it."""
    keep(lrs, *(statement() for _ in range(4)), version=version)
    answer = lrs.get(version=version, limit="3", ascending=ascending)
    newest = max(instant(one["stored"]) for one in answer.json()["statements"])
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == newest.replace(microsecond=0)


@pytest.mark.xapi("Communication 1.5.1", "2.0 4.1.3")
@both_versions
def test_answers_are_json(lrs, version):
    """Lists, Statements and the ids of stored ones are application/json."""
    (kept,) = keep(lrs, statement(), version=version)
    for answer in (
        lrs.get(version=version),
        lrs.get(version=version, statementId=kept),
        lrs.get(version=version, attachments="false"),
        lrs.post(statement(), version=version),
    ):
        assert answer.headers["Content-Type"].split(";")[0] == "application/json"


@pytest.mark.xapi("Communication 1.2", "2.0 4.1.1")
@pytest.mark.parametrize("content_type", ["application/json", "multipart/mixed; boundary=x", "text/plain"])
def test_the_content_type_of_a_get_request_is_nothing(lrs, content_type):
    """GET has no content, so a Content-Type header on it is ignored."""
    kept = keep(lrs, statement())
    headers = {VERSION_HEADER: ONE, "Content-Type": content_type}
    answer = lrs.request("GET", "/statements", params={"limit": "1"}, headers=headers)
    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["statements"]] == kept
