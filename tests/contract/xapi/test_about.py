"""GET /about: which versions the service speaks, for anybody who asks."""

import pytest

from tests.contract.xapi.statements import ONE, TWO, VERSION_HEADER, both_versions

ABOUT = pytest.mark.xapi("Communication 2.8", "2.0 4.1.6.7")


OF_ONE = {"0.9", "0.95", "1.0.0", "1.0.1", "1.0.2", ONE}


@ABOUT
@pytest.mark.parametrize("asked", [None, TWO])
def test_about_tells_the_latest_of_each_version(lrs, asked):
    """`version` is an array of strings with the latest patch of every version that is served."""
    answer = lrs.request("GET", "/about", headers={VERSION_HEADER: asked})
    assert answer.status_code == 200
    versions = answer.json()["version"]
    assert {ONE, TWO} <= set(versions) <= OF_ONE | {TWO}
    assert len(versions) == len(set(versions))


@ABOUT
@pytest.mark.parametrize("asked", ["1.0", "1.0.0", ONE])
def test_about_tells_those_who_ask_in_version_1_of_that_alone(lrs, asked):
    """An answer of 1.0.3 holds 0.9, 0.95 and versions that begin with 1.0. only (XAPI-00316)."""
    answer = lrs.request("GET", "/about", headers={VERSION_HEADER: asked})
    assert answer.status_code == 200
    assert {ONE} <= set(answer.json()["version"]) <= OF_ONE


@ABOUT
@both_versions
def test_about_has_no_other_properties(lrs, version):
    """Beside `version` there is at most `extensions`, an object with IRIs as keys."""
    found = lrs.request("GET", "/about", headers={VERSION_HEADER: version}).json()
    assert found.keys() <= {"version", "extensions"}
    assert all(":" in name for name in found.get("extensions", {}))


@ABOUT
@both_versions
def test_about_is_json(lrs, version):
    """The answer is application/json."""
    answer = lrs.request("GET", "/about", headers={VERSION_HEADER: version})
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"


@ABOUT
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("authorization", [None, "Basic Zm9vOmJhcg=="], ids=["no key", "wrong key"])
def test_about_asks_for_no_key(lrs, method, authorization):
    """Anybody may ask, with wrong credentials too."""
    headers = {"Authorization": authorization, VERSION_HEADER: None}
    assert lrs.request(method, "/about", headers=headers).status_code == 200


@ABOUT
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("asked", [None, "0.8", "0.95", "1.1.0", "3.0.0", "latest", ""])
def test_about_asks_for_no_version(lrs, method, asked):
    """A missing or unknown version is no reason to refuse; the answer names one that is served."""
    answer = lrs.request(method, "/about", headers={VERSION_HEADER: asked})
    assert answer.status_code == 200
    assert answer.headers[VERSION_HEADER] in (ONE, TWO)


@ABOUT
@pytest.mark.parametrize(
    ("asked", "expected"), [("1.0", ONE), ("1.0.1", ONE), (ONE, ONE), ("2.0", TWO), (TWO, TWO)]
)
def test_about_answers_in_the_version_asked_for(lrs, asked, expected):
    """A known version is answered with its latest patch, which is among those told."""
    answer = lrs.request("GET", "/about", headers={VERSION_HEADER: asked})
    assert answer.headers[VERSION_HEADER] == expected
    assert expected in answer.json()["version"]


@pytest.mark.xapi("Communication 1.1", "2.0 4.1")
def test_head_of_about_is_its_headers(lrs):
    """HEAD answers like GET, without the body."""
    whole, head = (lrs.request(method, "/about") for method in ("GET", "HEAD"))
    assert head.status_code == whole.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize("name", ["foo", "version"])
def test_about_has_no_parameters(lrs, version, name):
    """A parameter, which the resource does not have, is refused with 400."""
    answer = lrs.request("GET", "/about", params={name: "bar"}, headers={VERSION_HEADER: version})
    assert answer.status_code == 400


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_about_can_only_be_read(lrs, method):
    """Other methods are 405."""
    assert lrs.request(method, "/about").status_code == 405
