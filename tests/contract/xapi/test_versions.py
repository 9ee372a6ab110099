"""Versions: what a request may ask for, what an answer says, and what a statement keeps."""

import pytest

from tests.contract.xapi.statements import (
    ONE,
    TWO,
    VERSION_HEADER,
    activity,
    agent,
    fetch,
    keep,
    listed,
    new_id,
    statement,
)

HEADER = pytest.mark.xapi("Communication 3.3", "2.0 4.1.7")
PROPERTY = pytest.mark.xapi("Data 2.4.10", "2.0 4.2.4.3")

ACCEPTED = {
    "1.0": ONE,
    "1.0.0": ONE,
    "1.0.1": ONE,
    "1.0.2": ONE,
    "1.0.3": ONE,
    "1.0.9": ONE,
    "2.0": TWO,
    "2.0.0": TWO,
    "2.0.1": TWO,
}
REFUSED = [
    "0.8",
    "0.9",
    "0.95",
    "0.9.9",
    "1",
    "1.1",
    "1.1.0",
    "10.0.0",
    "2",
    "2.1",
    "2.1.0",
    "3.0.0",
    "latest",
    "",
]
METHODS = ["GET", "POST", "PUT", "HEAD"]


def ask(lrs, method, version):
    """Send a request that is right but for its version, which None leaves out."""
    body = {"json": statement(id=new_id())} if method in ("POST", "PUT") else {}
    params = {"statementId": body["json"]["id"]} if method == "PUT" else {}
    return lrs.request(method, "/statements", params=params, headers={VERSION_HEADER: version}, **body)


@HEADER
@pytest.mark.parametrize("asked", ACCEPTED)
def test_an_answer_says_the_latest_patch_of_what_was_asked(lrs, asked):
    """1.0 and every 1.0.x are served as 1.0.3; 2.0 and 2.0.x as 2.0.0; the answer names that version."""
    for method in METHODS:
        answer = ask(lrs, method, asked)
        assert answer.status_code in (200, 204), method
        assert answer.headers[VERSION_HEADER] == ACCEPTED[asked], method


@HEADER
@pytest.mark.parametrize("asked", REFUSED)
def test_other_versions_are_refused(lrs, asked):
    """A version that is not supported is 400; the answer names one that is."""
    for method in METHODS:
        answer = ask(lrs, method, asked)
        assert answer.status_code == 400, method
        assert answer.headers[VERSION_HEADER] in (ONE, TWO), method
    assert listed(lrs) == []


@HEADER
@pytest.mark.parametrize("method", METHODS)
def test_the_version_must_be_told(lrs, method):
    """A request without the version header is 400; the answer names a version all the same."""
    answer = ask(lrs, method, None)
    assert answer.status_code == 400
    assert answer.headers[VERSION_HEADER] in (ONE, TWO)
    assert listed(lrs) == []


@HEADER
@pytest.mark.parametrize("asked", [None, "1.1.0"])
def test_the_refusal_says_why(lrs, asked):
    """The 400 has a short description of the problem that names the header."""
    answer = ask(lrs, "GET", asked)
    assert answer.status_code == 400
    assert VERSION_HEADER.lower() in answer.text.lower()


@HEADER
@pytest.mark.parametrize("name", ["x-experience-api-version", "X-EXPERIENCE-API-VERSION"])
def test_the_name_of_the_header_has_no_case(lrs, name):
    """Header names are the same in capitals and small letters."""
    answer = lrs.request("GET", "/statements", headers={name: TWO})
    assert answer.status_code == 200
    assert answer.headers[VERSION_HEADER] == TWO


@PROPERTY
@pytest.mark.parametrize(
    ("asked", "expected"),
    [("1.0", "1.0.0"), ("1.0.0", "1.0.0"), (ONE, "1.0.0"), ("1.0.9", "1.0.0"), ("2.0", TWO), (TWO, TWO)],
)
def test_a_statement_without_a_version_gets_that_of_its_data_model(lrs, asked, expected):
    """Without a version a Statement is 1.0.0 if it came by 1.0.x, and 2.0.0 if it came by 2.0."""
    (kept,) = keep(lrs, statement(), version=asked)
    assert fetch(lrs, kept, version=asked)["version"] == expected


@PROPERTY
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (ONE, "1.0.0"),
        (ONE, "1.0.1"),
        (ONE, "1.0.3"),
        (ONE, "1.0.9"),
        (ONE, "1.0"),
        (TWO, TWO),
        (TWO, "1.0.3"),
    ],
)
def test_a_statement_keeps_its_version(lrs, asked, told):
    """A Statement is returned with the version that it was accepted with."""
    (kept,) = keep(lrs, statement(version=told), version=asked)
    assert fetch(lrs, kept, version=asked)["version"] == told


@PROPERTY
@pytest.mark.parametrize(
    ("asked", "told"),
    [(ONE, told) for told in ("0.9.9", "1.1.0", "2.0.0", "1", "")]
    + [(version, told) for version in (ONE, TWO) for told in ("should fail", 1.0, None, ["1.0.0"])],
)
def test_a_statement_of_no_known_version_is_refused(lrs, asked, told):
    """By 1.0.x a version must start with 1.0; by any version it must be a version."""
    assert lrs.post(statement(version=told), version=asked).status_code == 400
    assert listed(lrs, version=asked) == []


@pytest.mark.xapi("Communication 3.3", "2.0 4.1.7")
@pytest.mark.parametrize(("wrote", "reads"), [(ONE, TWO), (TWO, ONE)])
def test_statements_are_not_converted(lrs, wrote, reads):
    """Read by another version, a Statement is as it was; only the answer's header differs."""
    (kept,) = keep(lrs, statement(), version=wrote)
    assert fetch(lrs, kept, version=reads) == fetch(lrs, kept, version=wrote)
    answer = lrs.get(version=reads)
    assert answer.headers[VERSION_HEADER] == reads
    assert answer.json()["statements"] == [fetch(lrs, kept, version=wrote)]


@pytest.mark.xapi("Communication 3.3", "2.0 4.1.7")
def test_what_only_the_newer_version_has_is_kept_for_the_older(lrs):
    """contextAgents of a 2.0 Statement are returned to a client of 1.0.3."""
    context = {"contextAgents": [{"objectType": "contextAgent", "agent": agent("mentor")}]}
    (kept,) = keep(lrs, statement(context=context), version=TWO)
    assert fetch(lrs, kept, version=ONE)["context"] == context


@PROPERTY
@pytest.mark.parametrize(("first", "second"), [(ONE, TWO), (TWO, ONE)])
def test_the_same_statement_by_another_version_is_no_conflict(lrs, first, second):
    """The version that the LRS added is no difference between two Statements."""
    sent = statement(id=new_id(), object=activity("exam"))
    keep(lrs, sent, version=first)
    before = fetch(lrs, sent["id"], version=first)
    assert lrs.put(sent, sent["id"], version=second).status_code == 204
    assert fetch(lrs, sent["id"], version=first) == before
