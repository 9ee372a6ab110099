"""HEAD: the answer to GET without its body."""

import pytest

from tests.contract.xapi.statements import (
    THROUGH_HEADER,
    VERSION_HEADER,
    agent,
    as_parameter,
    both_versions,
    follow,
    instant,
    keep,
    listed,
    new_id,
    statement,
    verb,
    voiding,
)

HEAD = pytest.mark.xapi("Communication 1.1", "2.0 4.1")

QUERIES = {
    "all": {},
    "agent": {"agent": as_parameter(agent())},
    "verb": {"verb": verb()["id"]},
    "nothing found": {"verb": "http://example.com/verbs/never"},
    "limit": {"limit": "1"},
    "ids": {"format": "ids"},
    "canonical": {"format": "canonical"},
    "ascending": {"ascending": "true", "since": "2012-06-01T19:09:13.245Z"},
    "unknown parameter": {"foo": "bar"},
    "capitals": {"Limit": "1"},
    "bad value": {"since": "yesterday"},
    "unknown id": {"statementId": "ec531277-b57b-4c15-8d91-d292c5b2b8f7"},
    "bad id": {"statementId": "first"},
}


def same_but_for_the_body(whole, head):
    assert head.status_code == whole.status_code
    assert head.content == b""
    for name in ("Content-Type", VERSION_HEADER, "Last-Modified"):
        assert head.headers.get(name) == whole.headers.get(name), name
    instant(head.headers[THROUGH_HEADER])


@HEAD
@both_versions
@pytest.mark.parametrize("query", QUERIES)
def test_head_of_a_query(lrs, version, query):
    """HEAD has the status and the headers of the same GET, whether it succeeds or fails, and no body."""
    keep(lrs, statement(), statement(), version=version)
    params = QUERIES[query]
    same_but_for_the_body(lrs.get(version=version, **params), lrs.head(version=version, **params))


@HEAD
@both_versions
def test_head_tells_whether_a_statement_is_there(lrs, version):
    """HEAD answers 200 for a Statement that is there, and 404 for one that is not or is voided."""
    kept, gone = keep(lrs, statement(), statement(), version=version)
    keep(lrs, voiding(gone), version=version)
    expected = {
        ("statementId", kept): 200,
        ("statementId", gone): 404,
        ("statementId", new_id()): 404,
        ("voidedStatementId", gone): 200,
        ("voidedStatementId", kept): 404,
    }
    for (name, value), status in expected.items():
        head = lrs.head(version=version, **{name: value})
        assert head.status_code == status
        same_but_for_the_body(lrs.get(version=version, **{name: value}), head)


@HEAD
@both_versions
def test_the_length_is_that_of_the_body(lrs, version):
    """Content-Length may be left out of HEAD; if it is there it is the length of the body of GET."""
    (kept,) = keep(lrs, statement(), version=version)
    whole = lrs.get(version=version, statementId=kept)
    head = lrs.head(version=version, statementId=kept)
    assert head.headers.get("Content-Length", str(len(whole.content))) == str(len(whole.content))


@HEAD
@both_versions
def test_head_in_parts(lrs, version):
    """HEAD of a query with attachments is multipart/mixed like its GET."""
    keep(lrs, statement(), version=version)
    head = lrs.head(version=version, attachments="true")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Type"].startswith("multipart/mixed; boundary=")


@HEAD
@both_versions
def test_head_of_more(lrs, version):
    """`more` supports GET, so it supports HEAD."""
    keep(lrs, statement(), statement(), version=version)
    more = lrs.get(version=version, limit="1").json()["more"]
    same_but_for_the_body(
        follow(lrs, more, version=version), follow(lrs, more, method="HEAD", version=version)
    )


@HEAD
@both_versions
@pytest.mark.parametrize(
    "headers", [{"Authorization": None}, {VERSION_HEADER: None}, {VERSION_HEADER: "0.95"}]
)
def test_head_is_refused_like_get(lrs, version, headers):
    """HEAD without a key or a version that is served has the status of GET, and no body."""
    told = {VERSION_HEADER: version} | headers
    whole, head = (lrs.request(method, "/statements", headers=told) for method in ("GET", "HEAD"))
    assert whole.status_code in (400, 401)
    same_but_for_the_body(whole, head)


@HEAD
@both_versions
def test_head_changes_nothing(lrs, version):
    """HEAD leaves the store as it was."""
    kept = keep(lrs, statement(), version=version)
    lrs.head(version=version, statementId=kept[0])
    assert listed(lrs, version=version) == kept
