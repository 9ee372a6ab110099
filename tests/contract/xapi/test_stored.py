"""What the service itself writes into a statement: stored, timestamp and authority."""

import re

import pytest

from tests.contract.xapi.statements import (
    TWO,
    agent,
    both_versions,
    changed,
    fetch,
    group,
    instant,
    keep,
    listed,
    new_id,
    statement,
    substatement,
)

STORED = pytest.mark.xapi("Data 2.4.8", "2.0 4.2.4.2")
TIMESTAMP = pytest.mark.xapi("Data 2.4.7", "Data 4.5", "2.0 4.2.4.2")
AUTHORITY = pytest.mark.xapi("Data 2.4.9", "2.0 4.2.4.2")
LONG_AGO = "2011-07-15T00:00:00.000Z"


@STORED
@both_versions
@pytest.mark.parametrize("method", ["post", "put"])
def test_stored_is_set_whatever_was_sent(lrs, version, method):
    """The LRS overwrites a stored property that it receives."""
    sent = statement(id=new_id(), stored=LONG_AGO)
    answer = (
        lrs.put(sent, sent["id"], version=version) if method == "put" else lrs.post(sent, version=version)
    )
    assert answer.status_code in (200, 204)
    assert instant(fetch(lrs, sent["id"], version=version)["stored"]) > instant(LONG_AGO)


@STORED
@both_versions
def test_stored_is_a_timestamp_with_milliseconds_in_utc(lrs, version):
    """Stored is an ISO 8601 timestamp, told to the millisecond at least, in UTC."""
    (kept,) = keep(lrs, statement(), version=version)
    stored = fetch(lrs, kept, version=version)["stored"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|\+00:00)", stored)


@STORED
@both_versions
def test_stored_never_changes(lrs, version):
    """A Statement reads the same alone, in a list and after others have come."""
    (kept,) = keep(lrs, statement(), version=version)
    before = fetch(lrs, kept, version=version)
    keep(lrs, statement(), statement(), version=version)
    assert fetch(lrs, kept, version=version) == before
    assert before in lrs.get(version=version).json()["statements"]


@STORED
@both_versions
def test_stored_does_not_go_back(lrs, version):
    """What arrives later has no earlier stored time."""
    kept = keep(lrs, *(statement() for _ in range(5)), version=version)
    times = [instant(fetch(lrs, one, version=version)["stored"]) for one in kept]
    assert times == sorted(times)


@TIMESTAMP
@both_versions
def test_a_missing_timestamp_is_the_stored_time(lrs, version):
    """Without a timestamp the Statement gets the value of stored."""
    (kept,) = keep(lrs, statement(), version=version)
    found = fetch(lrs, kept, version=version)
    assert instant(found["timestamp"]) == instant(found["stored"])


@TIMESTAMP
@both_versions
def test_a_substatement_gets_no_timestamp(lrs, version):
    """Only the Statement is completed; a SubStatement stays as it was received."""
    (kept,) = keep(lrs, statement(object=substatement()), version=version)
    assert fetch(lrs, kept, version=version)["object"] == substatement()


@TIMESTAMP
@both_versions
@pytest.mark.parametrize(
    "text",
    [
        "2013-05-18T05:32:34.804Z",
        "2013-05-18T05:32:34.804+00:00",
        "2013-05-18T07:32:34.804+02:00",
        "2013-05-18T00:02:34.804-05:30",
        "2013-05-18T05:32:34Z",
        "1969-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00.001Z",
    ],
)
def test_a_timestamp_keeps_its_moment(lrs, version, text):
    """Time zones may be changed, the moment not; the past and the future are accepted."""
    (kept,) = keep(lrs, statement(timestamp=text), version=version)
    assert instant(fetch(lrs, kept, version=version)["timestamp"]) == instant(text)


@TIMESTAMP
@both_versions
def test_a_timestamp_keeps_its_milliseconds(lrs, version):
    """More than three decimals may be cut or rounded, but three are kept."""
    (kept,) = keep(lrs, statement(timestamp="2013-05-18T05:32:34.8041239Z"), version=version)
    found = fetch(lrs, kept, version=version)["timestamp"]
    assert re.match(r"2013-05-18T05:32:34\.804", found)


@TIMESTAMP
@both_versions
@pytest.mark.parametrize("name", ["timestamp", "stored"])
@pytest.mark.parametrize(
    "text", ["should fail", "01/011/2015", "2008-09-15T15:53:00.601-00:00", "", 1221493980]
)
def test_what_is_no_timestamp_is_refused(lrs, version, name, text):
    """A timestamp that is not ISO 8601, or whose offset is minus nothing, is 400, also as stored."""
    assert lrs.post(statement(**{name: text}), version=version).status_code == 400
    assert listed(lrs, version=version) == []


@pytest.mark.xapi("2.0 4.2.7 Timestamps")
def test_a_space_may_stand_before_the_time(lrs):
    """In 2.0 a timestamp may be written as RFC 3339 allows, with a space instead of the T."""
    text = "2008-09-15 15:53:00.601+00:00"
    (kept,) = keep(lrs, statement(timestamp=text), version=TWO)
    assert instant(fetch(lrs, kept, version=TWO)["timestamp"]) == instant(text)


@AUTHORITY
@both_versions
def test_every_statement_gets_an_authority(lrs, version):
    """The authority is one Agent with one identifier, that of the credentials."""
    (kept,) = keep(lrs, statement(), version=version)
    authority = fetch(lrs, kept, version=version)["authority"]
    assert authority.get("objectType", "Agent") == "Agent"
    assert len(authority.keys() & {"mbox", "mbox_sha1sum", "openid", "account"}) == 1


@AUTHORITY
@both_versions
def test_the_authority_follows_from_the_credentials(lrs, version, key_with):
    """The same credentials always give the same authority, other credentials another one."""
    first, second = keep(lrs, statement(), statement(), version=version)
    headers = {"Authorization": key_with("xapi:write"), "X-Experience-API-Version": version}
    (third,) = lrs.request("POST", "/statements", json=statement(), headers=headers).json()
    one, two, three = (fetch(lrs, kept, version=version)["authority"] for kept in (first, second, third))
    assert one == two
    assert one != three


TWO_AGENTS = {
    "objectType": "Group",
    "member": [
        {"account": {"homePage": "http://example.com/xAPI/OAuth/Token", "name": "oauth_consumer_x75db"}},
        {"mbox": "mailto:bob@example.com"},
    ],
}


@AUTHORITY
@both_versions
@pytest.mark.parametrize("claimed", [agent("somebody"), TWO_AGENTS], ids=["agent", "two agents"])
def test_a_claimed_authority_is_overwritten(lrs, version, claimed):
    """A Statement may bring an authority; the one of the credentials takes its place."""
    plain, claiming = keep(lrs, statement(), statement(authority=claimed), version=version)
    found = fetch(lrs, claiming, version=version)["authority"]
    assert found == fetch(lrs, plain, version=version)["authority"]


BAD_AUTHORITIES = {
    "identified group": group("crew", "ada", "bob"),
    "identified group of two": TWO_AGENTS | {"mbox": "mailto:crew@example.com"},
    "one member": changed(TWO_AGENTS, "member", TWO_AGENTS["member"][1:]),
    "three members": changed(TWO_AGENTS, "member", [*TWO_AGENTS["member"], agent("eve")]),
    "no member": {"objectType": "Group"},
    "nobody": {"objectType": "Agent"},
    "text": "mailto:ada@example.com",
}


@AUTHORITY
@both_versions
@pytest.mark.parametrize("claimed", BAD_AUTHORITIES)
def test_an_authority_that_cannot_be_one_is_refused(lrs, version, claimed):
    """An authority is an Agent, or an anonymous Group of exactly two; anything else is 400."""
    assert lrs.post(statement(authority=BAD_AUTHORITIES[claimed]), version=version).status_code == 400
    assert listed(lrs, version=version) == []
