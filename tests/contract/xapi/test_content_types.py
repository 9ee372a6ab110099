"""Content types of requests to store: JSON is taken, everything else is refused with a reason."""

import json

import pytest

from tests.contract.xapi.statements import (
    BOUNDARY,
    attachment,
    both_versions,
    fetch,
    listed,
    multipart,
    new_id,
    send,
    statement,
)

JSON = pytest.mark.xapi("Communication 1.5.1", "2.0 4.1.3")
MISMATCH = pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
BODY = json.dumps(statement()).encode()


def sent_both_ways(lrs, body, content_type, version):
    """Return the answers to POST and to PUT of the same bytes."""
    by_post = send(lrs, "POST", body, content_type, version=version)
    by_put = send(lrs, "PUT", body, content_type, version=version, params={"statementId": new_id()})
    return by_post, by_put


@JSON
@both_versions
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
    ],
)
def test_json_is_taken(lrs, version, content_type):
    """Statements are application/json, with or without a parameter, in any case."""
    assert [one.status_code for one in sent_both_ways(lrs, BODY, content_type, version)] == [200, 204]
    assert len(listed(lrs, version=version)) == 2


@MISMATCH
@both_versions
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/html",
        "application/xml",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        f"multipart/form-data; boundary={BOUNDARY}",
        f"multipart/mixed; boundary={BOUNDARY}",
        "multipart/mixed;",
    ],
)
def test_json_under_another_name_is_refused(lrs, version, content_type):
    """A content type that does not match the content, or none at all, is 400, and nothing is stored."""
    assert [one.status_code for one in sent_both_ways(lrs, BODY, content_type, version)] == [400, 400]
    assert listed(lrs, version=version) == []


@MISMATCH
@both_versions
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"actor",
        BODY[:-1],
        BODY + b"]",
        BODY + BODY,
        b"[" + BODY + b",]",
        BODY.replace(b'"', b"'"),
        BODY.replace(b'"actor"', b"actor"),
        b"verb=answered&actor=ada",
    ],
)
def test_what_is_no_json_is_refused(lrs, version, body):
    """Content that is no JSON text is 400."""
    assert [one.status_code for one in sent_both_ways(lrs, body, "application/json", version)] == [400, 400]
    assert listed(lrs, version=version) == []


@MISMATCH
@both_versions
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1.", ".5", "0x10", "01", "+1"])
def test_numbers_that_json_does_not_have_are_refused(lrs, version, number):
    """A number that JSON cannot write is malformed JSON: 400, also inside an extension."""
    result = {"extensions": {"http://example.com/ext": "NUMBER"}}
    body = json.dumps(statement(result=result)).replace('"NUMBER"', number).encode()
    assert send(lrs, "POST", body, "application/json", version=version).status_code == 400
    assert listed(lrs, version=version) == []


@pytest.mark.xapi("2.0 4.2.1")
def test_a_property_stands_once(lrs):
    """In 2.0 a Statement that has a property twice is refused with 400."""
    body = BODY.replace(b'{"actor"', b'{"verb": {"id": "http://example.com/verbs/other"}, "actor"', 1)
    assert send(lrs, "POST", body, "application/json", version="2.0.0").status_code == 400
    assert listed(lrs, version="2.0.0") == []


@pytest.mark.xapi("Data 2.2", "2.0 4.2.4.1")
@both_versions
def test_the_order_of_properties_is_free(lrs, version):
    """Properties may come in any order."""
    turned = json.dumps(dict(reversed(statement().items()))).encode()
    (kept,) = send(lrs, "POST", turned, "application/json", version=version).json()
    assert fetch(lrs, kept, version=version)["actor"] == statement()["actor"]


@pytest.mark.xapi("Data 2.2", "2.0 4.2.4.2")
@both_versions
def test_numbers_keep_their_precision(lrs, version):
    """Numbers are kept at least as precisely as 32-bit floating point; here as they were sent."""
    numbers = [0.1, 1e-7, 2.5e30, 123456.789, -0.25, 2**53 + 1, 0]
    sent = statement(result={"extensions": {"http://example.com/ext": numbers}})
    (kept,) = send(lrs, "POST", json.dumps(sent).encode(), "application/json", version=version).json()
    assert fetch(lrs, kept, version=version)["result"]["extensions"]["http://example.com/ext"] == numbers


MULTIPART = f"multipart/mixed; boundary={BOUNDARY}"
WITH_DATA = statement(attachments=[attachment()])
DATA = b"here is a simple attachment"
MULTIPARTS = {
    "as specified": (MULTIPART, multipart(WITH_DATA, DATA)),
    "boundary in quotes": (f'multipart/mixed; boundary="{BOUNDARY}"', multipart(WITH_DATA, DATA)),
    "batch": (MULTIPART, multipart([WITH_DATA, statement()], DATA)),
    "file as well": (
        MULTIPART,
        multipart(statement(attachments=[attachment(fileUrl="http://a.example/f")]), DATA),
    ),
    "form data": (f"multipart/form-data; boundary={BOUNDARY}", multipart(WITH_DATA, DATA)),
    "no boundary in the header": ("multipart/mixed;", multipart(WITH_DATA, DATA)),
    "no boundary in the body": (MULTIPART, multipart(WITH_DATA, DATA).split(b"\r\n", 1)[1]),
    "part too many": (MULTIPART, multipart(WITH_DATA, DATA, b"nothing says a word of this")),
    "part missing": (MULTIPART, multipart(WITH_DATA)),
    "hash of something else": (MULTIPART, multipart(WITH_DATA, DATA, sha2="0" * 64)),
    "statements second": (
        MULTIPART,
        multipart(WITH_DATA, DATA).replace(b"application/json", b"text/plain", 1),
    ),
    "base64": (MULTIPART, multipart(WITH_DATA, DATA).replace(b"Encoding: binary", b"Encoding: base64")),
}


@pytest.mark.xapi("Communication 1.5.2", "Data 2.4.11", "2.0 4.1.3")
@both_versions
@pytest.mark.parametrize("kind", MULTIPARTS)
def test_attachment_data_is_refused_with_a_reason(lrs, version, kind):
    """The service takes no attachment data: 400, a text that says so, and nothing is stored."""
    content_type, body = MULTIPARTS[kind]
    for answer in sent_both_ways(lrs, body, content_type, version):
        assert answer.status_code == 400
        assert "multipart" in answer.text.lower() or "attachment" in answer.text.lower()
    assert listed(lrs, version=version) == []
