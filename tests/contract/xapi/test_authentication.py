"""Authentication: HTTP Basic, what is refused with 401, and what with 403."""

import base64

import pytest

from tests.contract.xapi.statements import (
    VERSION_HEADER,
    both_versions,
    keep,
    listed,
    new_id,
    statement,
)

AUTHENTICATION = pytest.mark.xapi("Communication 4.0", "2.0 4.1.8")
PERMISSION = pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
METHODS = ["GET", "HEAD", "POST", "PUT"]


def ask(lrs, method, version, authorization):
    body = {"json": statement()} if method in ("POST", "PUT") else {}
    params = {"statementId": new_id()} if method == "PUT" else {}
    headers = {VERSION_HEADER: version, "Authorization": authorization}
    return lrs.request(method, "/statements", params=params, headers=headers, **body)


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


WRONG = {
    "nothing": None,
    "unknown": basic("RobCIsNot:AUserOnThisLRS"),
    "colon after Basic": "Basic:" + base64.b64encode(b"RobCIsNot:AUserOnThisLRS").decode(),
    "no base64": "Basic ***",
    "no colon": basic("foo"),
    "empty name and password": basic(":"),
    "only the scheme": "Basic",
    "empty": "",
    "another scheme": 'Digest username="ada"',
}


@AUTHENTICATION
@both_versions
@pytest.mark.parametrize("kind", WRONG)
def test_without_a_good_key_nothing_is_answered(lrs, version, kind):
    """Missing, unknown or malformed credentials are 401, with a challenge; nothing is stored."""
    for method in METHODS:
        answer = ask(lrs, method, version, WRONG[kind])
        assert answer.status_code == 401, method
        assert answer.headers["WWW-Authenticate"], method
    assert listed(lrs, version=version) == []


@AUTHENTICATION
@both_versions
def test_http_basic_is_understood(lrs, version, key_with):
    """A key sent by HTTP Basic is accepted, whatever the case of the scheme."""
    good = key_with("xapi:read", "xapi:write")
    scheme, _, secret = good.partition(" ")
    assert scheme == "Basic"
    for method in METHODS:
        for authorization in (good, f"basic {secret}"):
            assert ask(lrs, method, version, authorization).status_code in (200, 204), method


@PERMISSION
@both_versions
@pytest.mark.parametrize(
    ("scope", "method"),
    [("xapi:read", "POST"), ("xapi:read", "PUT"), ("xapi:write", "GET"), ("xapi:write", "HEAD")],
)
def test_a_key_does_what_it_may(lrs, version, scope, method, key_with):
    """A good key without the permission is refused with 403, not 401, and nothing is stored."""
    assert ask(lrs, method, version, key_with(scope)).status_code == 403
    assert listed(lrs, version=version) == []


@PERMISSION
@both_versions
def test_what_one_key_wrote_another_may_read(lrs, version, key_with):
    """Keys with the permission to read see the Statements of all."""
    kept = keep(lrs, statement(), version=version)
    answer = ask(lrs, "GET", version, key_with("xapi:read"))
    assert [one["id"] for one in answer.json()["statements"]] == kept


@AUTHENTICATION
@both_versions
@pytest.mark.parametrize("version_told", [None, "0.95"])
def test_neither_key_nor_version(lrs, version, version_told):
    """With neither a key nor a version that is served, the request is refused and says which versions are."""
    answer = ask(lrs, "GET", version_told, None)
    assert answer.status_code in (400, 401)
    assert answer.headers[VERSION_HEADER]
    assert listed(lrs, version=version) == []
