"""Text: everything is UTF-8, and every string comes back as it was sent."""

import json

import pytest

from tests.contract.xapi.statements import (
    activity,
    both_versions,
    fetch,
    keep,
    listed,
    send,
    statement,
    verb,
)

ENCODING = pytest.mark.xapi("Communication 1.4", "2.0 4.1.2")

DISPLAY = {
    "en-GB": "attended",
    "ja-JP": "出席した",
    "ko-KR": "참석",
    "is-IS": "sótti",
    "ru-RU": "участие",
    "ar-EG": "حضر",
    "hy-AM": "ներկա է գտնվել",
    "kn-IN": "ಹಾಜರಿದ್ದರು",
}
TEXTS = {
    "beyond the basic plane": "🎓 𐎠𐎢",
    "composed and not": "é e\u0301",
    "right to left": "\u202eabc\u202c",
    "controls": "a\tb\nc\r\nd\u0007\u001f",
    "nothing": "\u0000",
    "separators": "a\u2028b\u2029c",
    "byte order mark": "\ufefftext",
    "quotes": "\"'\\/<>&;--%_",
    "spaces": "  two  ",
    "empty": "",
}


@ENCODING
@both_versions
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "plain"])
def test_language_maps_keep_every_script(lrs, version, ascii_only):
    """Strings are read as UTF-8, escaped or not, and returned the same."""
    body = json.dumps(statement(verb=verb() | {"display": DISPLAY}), ensure_ascii=ascii_only).encode()
    (kept,) = send(lrs, "POST", body, "application/json", version=version).json()
    assert fetch(lrs, kept, version=version)["verb"]["display"] == DISPLAY


@ENCODING
@both_versions
@pytest.mark.parametrize("kind", TEXTS)
def test_every_string_comes_back(lrs, version, kind):
    """A string in an extension is never a reason to refuse a Statement, and is not changed."""
    extensions = {"http://example.com/ext": [TEXTS[kind], {TEXTS[kind]: TEXTS[kind]}]}
    (kept,) = keep(lrs, statement(result={"extensions": extensions}), version=version)
    assert fetch(lrs, kept, version=version)["result"]["extensions"] == extensions


@ENCODING
@both_versions
def test_answers_are_utf_8(lrs, version):
    """The bytes of an answer are UTF-8."""
    (kept,) = keep(lrs, statement(verb=verb() | {"display": DISPLAY}), version=version)
    answer = lrs.get(version=version, statementId=kept)
    assert json.loads(answer.content.decode("utf-8"))["verb"]["display"] == DISPLAY


@ENCODING
@both_versions
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_bytes_that_are_not_utf_8_are_refused(lrs, version, encoding):
    """Content in another encoding is 400."""
    body = json.dumps(statement(verb=verb() | {"display": {"is": "sótti"}}), ensure_ascii=False).encode(
        encoding
    )
    assert send(lrs, "POST", body, "application/json", version=version).status_code == 400
    assert listed(lrs, version=version) == []


@ENCODING
@both_versions
@pytest.mark.parametrize("text", [r"\ud800", r"\udc00x", r"\ud800\ud800"])
def test_half_a_character_breaks_nothing(lrs, version, text):
    """A lone surrogate, which UTF-8 cannot write, is refused with 400 or returned as it came."""
    extensions = {"http://example.com/ext": "TEXT"}
    body = json.dumps(statement(result={"extensions": extensions})).replace("TEXT", text).encode()
    answer = send(lrs, "POST", body, "application/json", version=version)
    assert answer.status_code in (200, 400)
    listing = lrs.get(version=version)
    assert listing.status_code == 200
    found = [one["result"]["extensions"]["http://example.com/ext"] for one in listing.json()["statements"]]
    assert found == ([json.loads(f'"{text}"')] if answer.status_code == 200 else [])


@ENCODING
@both_versions
@pytest.mark.parametrize(
    "name",
    [
        "http://example.com/läs/出席",
        "http://example.com/l%C3%A4s",
        "http://example.com/a+b%20c?x=1&y=2#z",
        "urn:a:b",
    ],
)
def test_iris_are_compared_letter_by_letter(lrs, version, name):
    """Filters find an IRI with any letters; escaped and plain ones are different."""
    kept = keep(lrs, statement(verb={"id": name}, object={"id": name}), statement(), version=version)
    assert listed(lrs, version=version, verb=name) == kept[:1]
    assert listed(lrs, version=version, activity=name) == kept[:1]
    assert listed(lrs, version=version, verb=name + "x") == []
    assert fetch(lrs, kept[0], version=version)["object"]["id"] == name


@ENCODING
@both_versions
@pytest.mark.parametrize("name", ["Ægir", "山田 太郎", "a&b=c+d", '"quoted"', "🎓"])
def test_accounts_are_found_in_any_script(lrs, version, name):
    """The agent filter finds an account whatever letters its name has."""
    mine = {"account": {"homePage": "http://example.com/lms", "name": name}}
    other = {"account": {"homePage": "http://example.com/lms", "name": name + "x"}}
    kept = keep(lrs, statement(actor=mine), statement(actor=other), version=version)
    assert listed(lrs, version=version, agent=mine) == kept[:1]


@pytest.mark.xapi("Data 4.1", "2.0 4.2.7 Extensions")
@both_versions
@pytest.mark.parametrize("value", [None, "", {}, [], 0, False, [[None]], {"": {"": ""}}])
def test_extensions_hold_anything(lrs, version, value):
    """Extension values of any kind, null and empty ones too, are accepted and returned."""
    extensions = {"http://example.com/ext": value}
    sent = statement(
        result={"extensions": extensions},
        context={"extensions": extensions},
        object=activity("quiz", extensions=extensions),
    )
    (kept,) = keep(lrs, sent, version=version)
    found = fetch(lrs, kept, version=version)
    assert [found["result"]["extensions"], found["context"]["extensions"]] == [extensions] * 2
    assert found["object"]["definition"]["extensions"] == extensions
