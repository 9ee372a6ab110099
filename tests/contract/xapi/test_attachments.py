"""Attachments: what statements say of them is kept, their data is not taken, and signatures are refused."""

import json
import re

import pytest

from tests.contract.xapi.statements import (
    BOUNDARY,
    SIGNATURE,
    attachment,
    both_versions,
    changed,
    fetch,
    keep,
    listed,
    multipart,
    parts_of,
    result_of,
    send,
    statement,
    voiding,
)

METADATA = pytest.mark.xapi("Data 2.4.11", "Communication 1.5.1", "2.0 4.1.3", "2.0 4.2.2.6")
READING = pytest.mark.xapi("Communication 2.1.3 attachments", "2.0 4.1.6.1 GET")
SIGNED = pytest.mark.xapi("Data 2.6", "2.0 4.2.6")

ESSAY = attachment(fileUrl="http://example.com/essay.txt", description={"en": "Long", "de": "Lang"})


@METADATA
@both_versions
def test_attachments_with_a_file_url_are_plain_json(lrs, version):
    """A Statement whose attachments all have a fileUrl is accepted as JSON and returned with them."""
    sent = statement(attachments=[ESSAY, ESSAY | {"fileUrl": "http://example.com/other.txt"}])
    (kept,) = keep(lrs, sent, version=version)
    assert fetch(lrs, kept, version=version)["attachments"] == sent["attachments"]


@METADATA
@both_versions
def test_a_batch_may_mix_them(lrs, version):
    """Statements with and without attachments may be sent together."""
    batch = [statement(), statement(attachments=[ESSAY])]
    assert lrs.post(batch, version=version).status_code == 200
    assert len(listed(lrs, version=version)) == 2


@METADATA
@both_versions
@pytest.mark.parametrize("found", [[attachment()], [ESSAY, attachment()], [attachment(), ESSAY]])
def test_an_attachment_without_data_or_file_url_is_refused(lrs, version, found):
    """In application/json every attachment needs a fileUrl; one without is 400."""
    assert lrs.post(statement(attachments=found), version=version).status_code == 400
    assert listed(lrs, version=version) == []


@METADATA
@both_versions
def test_such_an_attachment_refuses_the_batch(lrs, version):
    """One Statement with an attachment that is nowhere refuses its batch."""
    assert lrs.post([statement(), statement(attachments=[attachment()])], version=version).status_code == 400
    assert listed(lrs, version=version) == []


FAULTS = {
    "no array": ESSAY,
    "number": [12345],
    "text": ["should fail"],
    "usageType": [ESSAY | {"usageType": "should fail"}],
    "contentType": [ESSAY | {"contentType": "should fail"}],
    "length as text": [ESSAY | {"length": "27"}],
    "length in parts": [ESSAY | {"length": 2.5}],
    "sha2": [ESSAY | {"sha2": 12345}],
    "fileUrl": [ESSAY | {"fileUrl": "should fail"}],
    "display": [ESSAY | {"display": "should fail"}],
    "description": [ESSAY | {"description": 12345}],
    **{f"no {name}": [{key: ESSAY[key] for key in ESSAY if key != name}]
       for name in ("usageType", "display", "contentType", "length", "sha2")},
}  # fmt: skip


@METADATA
@both_versions
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_said_of_an_attachment_is_checked(lrs, version, fault):
    """Attachments that break the data model are refused with 400."""
    assert lrs.post(changed(statement(), "attachments", FAULTS[fault]), version=version).status_code == 400
    assert listed(lrs, version=version) == []


@READING
@both_versions
def test_attachments_true_is_answered_in_parts(lrs, version):
    """With attachments=true a list is multipart/mixed, its first part the StatementResult in JSON."""
    kept = keep(lrs, statement(), statement(attachments=[ESSAY]), version=version)
    answer = lrs.get(version=version, attachments="true")
    assert answer.status_code == 200
    (part,) = parts_of(answer)
    assert part.get_content_type() == "application/json"
    assert result_of(answer).keys() == {"statements", "more"}
    assert [one["id"] for one in result_of(answer)["statements"]] == kept[::-1]


@READING
@both_versions
@pytest.mark.parametrize("name", ["statementId", "voidedStatementId"])
def test_one_statement_in_parts(lrs, version, name):
    """With attachments=true a single Statement is the first part."""
    (kept,) = keep(lrs, statement(attachments=[ESSAY]), version=version)
    before = fetch(lrs, kept, version=version)
    if name == "voidedStatementId":
        keep(lrs, voiding(kept), version=version)
    answer = lrs.get(version=version, attachments="true", **{name: kept})
    assert answer.status_code == 200
    assert result_of(answer) == before


@READING
@both_versions
def test_the_parts_are_drawn_plainly(lrs, version):
    """The boundary is a plain word without quotes, lines end in CRLF, and the last one closes."""
    keep(lrs, statement(), version=version)
    answer = lrs.get(version=version, attachments="true")
    found = re.fullmatch(r"multipart/mixed; boundary=([0-9A-Za-z-]+)", answer.headers["Content-Type"])
    assert found
    assert answer.content.startswith(f"--{found[1]}\r\n".encode())
    assert answer.content.rstrip().endswith(f"\r\n--{found[1]}--".encode())
    assert answer.content.count(found[1].encode()) == 2


@READING
@both_versions
def test_an_empty_list_in_parts(lrs, version):
    """With attachments=true nothing found is still an empty StatementResult, in the first part."""
    assert result_of(lrs.get(version=version, attachments="true")) == {"statements": [], "more": ""}


@READING
@both_versions
@pytest.mark.parametrize("params", [{}, {"attachments": "false"}])
def test_without_attachments_the_answer_is_json(lrs, version, params):
    """attachments=false, the default, is answered with application/json."""
    (kept,) = keep(lrs, statement(attachments=[ESSAY]), version=version)
    for more in ({}, {"statementId": kept}):
        answer = lrs.get(version=version, **params, **more)
        assert answer.headers["Content-Type"].split(";")[0] == "application/json"
        assert ESSAY["sha2"] in answer.text


SIGNING = attachment(usageType=SIGNATURE, contentType="application/octet-stream")
SIGNATURES = {
    "as specified": multipart(
        statement(attachments=[SIGNING]), b"eyJhbGciOiJSUzI1NiJ9.e30.AAAA", of_type="application/octet-stream"
    ),
    "as text": multipart(statement(attachments=[SIGNING | {"contentType": "text/plain"}]), b"eyJ.e30.AA"),
    "no signature at all": multipart(statement(attachments=[SIGNING]), b"not a signature"),
}


@SIGNED
@both_versions
@pytest.mark.parametrize("kind", SIGNATURES)
def test_signed_statements_are_refused(lrs, version, kind):
    """Signed Statements are not offered: 400 with a text, and nothing is stored."""
    content_type = f"multipart/mixed; boundary={BOUNDARY}"
    answer = send(lrs, "POST", SIGNATURES[kind], content_type, version=version)
    assert answer.status_code == 400
    assert answer.text.strip()
    assert listed(lrs, version=version) == []


@SIGNED
@both_versions
def test_a_signature_that_is_nowhere_is_refused(lrs, version):
    """A Statement that speaks of a signature without bringing it is 400."""
    body = json.dumps(statement(attachments=[SIGNING])).encode()
    assert send(lrs, "POST", body, "application/json", version=version).status_code == 400
    assert listed(lrs, version=version) == []
