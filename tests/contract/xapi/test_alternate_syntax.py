"""The alternate request syntax: any request as a POST with a form. 1.0.3 has it, 2.0 does not."""

import json

import pytest

from tests.contract.xapi.statements import (
    ONE,
    TWO,
    VERSION_HEADER,
    activity,
    agent,
    as_parameter,
    changed,
    fetch,
    ids_of,
    keep,
    listed,
    new_id,
    send,
    send_form,
    statement,
    verb,
    voiding,
)

ALTERNATE = pytest.mark.xapi("Communication 1.3")
REMOVED = pytest.mark.xapi("2.0 4.1.5")


def content(**parts):
    return json.dumps(statement(**parts))


@pytest.mark.xapi("Communication 1.3", "Communication 2.1.2")
def test_get_is_a_post_with_method_get(lrs):
    """A query sent as a form is answered with a StatementResult."""
    kept = keep(lrs, statement(), statement())
    answer = send_form(lrs, "GET", {"limit": "1"})
    assert answer.status_code == 200
    assert answer.json().keys() == {"statements", "more"}
    assert ids_of(answer.json()) == kept[1:]


@ALTERNATE
@pytest.mark.parametrize(
    "form",
    [
        {"verb": verb("passed")["id"]},
        {"agent": as_parameter(agent("bob"))},
        {"activity": activity("exam")["id"]},
        {"agent": as_parameter(agent("bob")), "limit": "7", "ascending": "true", "format": "ids"},
    ],
    ids=lambda form: "+".join(form),
)
def test_form_parameters_are_parameters(lrs, form):
    """Form parameters are treated as query parameters."""
    wanted = statement(actor=agent("bob"), verb=verb("passed"), object=activity("exam"))
    kept = keep(lrs, wanted, statement())
    assert ids_of(send_form(lrs, "GET", form).json()) == kept[:1]


@ALTERNATE
def test_one_statement_is_fetched_by_form(lrs):
    """statementId and voidedStatementId work as form parameters."""
    first, second = keep(lrs, statement(), statement())
    keep(lrs, voiding(second))
    assert send_form(lrs, "GET", {"statementId": first}).json() == fetch(lrs, first)
    assert send_form(lrs, "GET", {"voidedStatementId": second}).json()["id"] == second
    assert send_form(lrs, "GET", {"statementId": second}).status_code == 404


@ALTERNATE
def test_put_is_a_post_with_method_put(lrs):
    """statementId and content as form parameters store a Statement; the answer is 204."""
    given = new_id()
    answer = send_form(lrs, "PUT", {"statementId": given, "content": content(verb=verb("passed"))})
    assert answer.status_code == 204
    assert fetch(lrs, given)["verb"] == verb("passed")


@ALTERNATE
@pytest.mark.parametrize("count", [None, 1, 3])
def test_post_is_a_post_with_method_post(lrs, count):
    """One Statement or an array as form content is stored; the answer is 200 and the ids."""
    batch = [statement(id=new_id()) for _ in range(count or 1)]
    answer = send_form(lrs, "POST", {"content": json.dumps(batch if count else batch[0])})
    assert answer.status_code == 200
    assert answer.json() == [sent["id"] for sent in batch]
    assert set(listed(lrs)) == set(answer.json())


@ALTERNATE
def test_headers_may_be_in_the_form_only(lrs, key_with):
    """Authorization, version and the other listed headers count as form parameters."""
    given = new_id()
    body = content()
    form = {
        "statementId": given,
        "content": body,
        "Authorization": key_with("xapi:write", "xapi:read"),
        VERSION_HEADER: ONE,
        "Content-Type": "application/json",
        "Content-Length": str(len(body.encode())),
        "If-Match": '"abc"',
        "If-None-Match": "*",
    }
    answer = send_form(lrs, "PUT", form, headers={"Authorization": None, VERSION_HEADER: None})
    assert answer.status_code == 204
    assert fetch(lrs, given)["id"] == given


@ALTERNATE
def test_a_query_needs_no_real_headers(lrs, key_with):
    """A query with its key and version in the form is answered like any other."""
    kept = keep(lrs, statement())
    form = {"Authorization": key_with("xapi:read"), VERSION_HEADER: "1.0.0"}
    answer = send_form(lrs, "GET", form, headers={"Authorization": None, VERSION_HEADER: None})
    assert answer.status_code == 200
    assert answer.headers[VERSION_HEADER] == ONE
    assert ids_of(answer.json()) == kept


@ALTERNATE
@pytest.mark.parametrize("told", ["0.8", "1.1.0", ""])
def test_the_version_in_the_form_counts(lrs, told):
    """The form's version is the request's version, whatever the real header says."""
    given = new_id()
    form = {"statementId": given, "content": content(), VERSION_HEADER: told}
    assert send_form(lrs, "PUT", form).status_code == 400
    assert lrs.get(statementId=given).status_code == 404


@ALTERNATE
def test_the_version_must_be_told_somewhere(lrs):
    """Without a version in form or header the request is 400."""
    assert send_form(lrs, "GET", {"limit": "1"}, headers={VERSION_HEADER: None}).status_code == 400


@pytest.mark.xapi("Communication 1.3", "Communication 4.0")
@pytest.mark.parametrize("told", [None, "Basic Zm9vOmJhcg==", "Basic:Zm9vOmJhcg=="])
def test_a_wrong_key_in_the_form_is_refused(lrs, told):
    """Without a good key in form or header the request is 401."""
    form = {"limit": "1"} | ({"Authorization": told} if told else {})
    assert send_form(lrs, "GET", form, headers={"Authorization": None}).status_code == 401


@ALTERNATE
@pytest.mark.parametrize("extra", ["statementId", "limit", "foo", "X-Experience-API-Version"])
def test_the_query_has_the_method_only(lrs, extra):
    """Any query parameter beside `method` is refused with 400."""
    given = new_id()
    form = {"statementId": given, "content": content()}
    query = {extra: given if extra == "statementId" else ONE}
    assert send_form(lrs, "PUT", form, query=query).status_code == 400
    assert lrs.get(statementId=given).status_code == 404


@ALTERNATE
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_content_is_needed_where_something_is_stored(lrs, method):
    """PUT and POST without the form parameter `content` are refused with 400."""
    form = {"statementId": new_id()} if method == "PUT" else {"limit": "1"}
    assert send_form(lrs, method, form).status_code == 400
    assert send_form(lrs, method, {}).status_code == 400
    assert listed(lrs) == []


@ALTERNATE
def test_an_empty_request_is_refused(lrs):
    """method=PUT without any body or content type is 400."""
    answer = lrs.request("POST", "/statements", params={"method": "PUT"})
    assert answer.status_code == 400


@ALTERNATE
def test_the_form_must_be_a_form(lrs):
    """JSON sent as a form is refused with 400."""
    body = json.dumps({"statementId": new_id(), "content": content(), VERSION_HEADER: ONE}).encode()
    answer = send(lrs, "POST", body, "application/x-www-form-urlencoded", params={"method": "PUT"})
    assert answer.status_code == 400
    assert listed(lrs) == []


@ALTERNATE
@pytest.mark.parametrize("bad", ["no json", "[", "7", json.dumps(changed(statement(), "verb.id", "no iri"))])
def test_content_is_checked_like_a_body(lrs, bad):
    """Content that is no valid Statement is refused with 400."""
    given = new_id()
    assert send_form(lrs, "PUT", {"statementId": given, "content": bad}).status_code == 400
    assert lrs.get(statementId=given).status_code == 404


@ALTERNATE
def test_content_of_another_type_is_refused(lrs):
    """The form's Content-Type says what the content is; a Statement is application/json."""
    form = {"statementId": new_id(), "content": content(), "Content-Type": "text/plain"}
    assert send_form(lrs, "PUT", form).status_code == 400


@ALTERNATE
def test_ids_must_agree_in_a_form_too(lrs):
    """statementId in the form and id in the content must be the same."""
    form = {"statementId": new_id(), "content": content(id=new_id())}
    assert send_form(lrs, "PUT", form).status_code == 400


@ALTERNATE
def test_statement_id_is_needed_for_put(lrs):
    """method=PUT without statementId is refused with 400, as PUT is."""
    assert send_form(lrs, "PUT", {"content": content(id=new_id())}).status_code == 400


@ALTERNATE
def test_conflicts_are_conflicts(lrs):
    """Another Statement under a known id is 409, the same one 204."""
    sent = statement(id=new_id())
    keep(lrs, sent)
    form = {"statementId": sent["id"]}
    assert send_form(lrs, "PUT", form | {"content": json.dumps(sent)}).status_code == 204
    assert send_form(lrs, "PUT", form | {"content": content(verb=verb("other"))}).status_code == 409


@pytest.mark.xapi("Communication 1.3", "Communication 3.2")
@pytest.mark.parametrize("name", ["foo", "Limit", "StatementId"])
def test_unknown_form_parameters_are_refused(lrs, name):
    """A form parameter that GET does not know, or knows in another case, is 400."""
    assert send_form(lrs, "GET", {name: "1"}).status_code == 400


@pytest.mark.xapi("Communication 1.3", "Communication 1.4")
def test_content_is_utf_8(lrs):
    """The content is read as UTF-8, and as form text: plus, percent and ampersand survive."""
    given = new_id()
    display = {"ja-JP": "出席した", "ru-RU": "участие", "en": "100% & 1+1=2", "en-GB": "🎓"}
    form = {"statementId": given, "content": content(verb=verb() | {"display": display})}
    assert send_form(lrs, "PUT", form).status_code == 204
    assert fetch(lrs, given)["verb"]["display"] == display


@pytest.mark.xapi("Communication 1.3", "Communication 3.2")
def test_a_form_without_a_method_is_refused(lrs):
    """A form that does not say which method it stands for is 400."""
    assert send_form(lrs, None, {"content": content()}).status_code == 400
    assert listed(lrs) == []


@ALTERNATE
@pytest.mark.parametrize("method", ["DELETE", "PATCH", "put", ""])
def test_a_method_that_there_is_not_is_refused(lrs, method):
    """A method that the resource does not have is refused, with 400 or 405."""
    form = {"statementId": new_id(), "content": content()}
    answer = send_form(lrs, None, form, query={"method": method})
    assert answer.status_code in (400, 405)
    assert listed(lrs) == []


@ALTERNATE
@pytest.mark.parametrize("real", ["PUT", "GET"])
def test_the_real_method_is_post(lrs, real):
    """The alternate syntax sent by another method than POST is 400."""
    form = f"content={new_id()}".encode() if real == "PUT" else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = lrs.request(real, "/statements", params={"method": "POST"}, content=form, headers=headers)
    assert answer.status_code == 400


@REMOVED
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_two_has_no_alternate_syntax(lrs, method):
    """Version 2.0 knows no parameter `method`: 400, and nothing is stored."""
    form = {"GET": {"limit": "1"}, "PUT": {"statementId": new_id(), "content": content()}}
    answer = send_form(lrs, method, form.get(method, {"content": content()}), headers={VERSION_HEADER: TWO})
    assert answer.status_code == 400
    assert answer.headers[VERSION_HEADER] == TWO
    assert listed(lrs, version=TWO) == []


@REMOVED
@pytest.mark.parametrize("real", ["POST", "PUT"])
def test_two_refuses_the_parameter_with_a_json_body_too(lrs, real):
    """`method` is an unknown parameter in 2.0, whatever the body."""
    answer = send(lrs, real, content().encode(), "application/json", params={"method": "PUT"}, version=TWO)
    assert answer.status_code == 400
    assert listed(lrs, version=TWO) == []


@REMOVED
def test_a_form_cannot_ask_for_two(lrs):
    """2.0 named inside a form is refused: there are no forms in 2.0."""
    form = {"statementId": new_id(), "content": content(), VERSION_HEADER: TWO}
    assert send_form(lrs, "PUT", form, headers={VERSION_HEADER: None}).status_code == 400
    assert listed(lrs) == []
