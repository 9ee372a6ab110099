"""Files of statements are read one at a time, whatever their form, and what is wrong has its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import DatasetError
from serving.xapi import files
from serving.xapi.files import StatementFile, _Members

STATEMENTS: list[Any] = [
    {"id": "a", "text": 'brackets ]}{[ , and "quotes" \\ in a text'},
    {"within": {"list": [[1, 2], {"x": []}]}, "ünï": "学生"},
    {},
]


def read(path: Path) -> list[tuple[str, Any, str]]:
    with StatementFile(path) as source:
        found = [tuple(entry) for entry in source.entries()]
        assert source.position == source.size
    return found


def written(folder: Path, content: bytes, *, packed: bool = False) -> Path:
    path = folder / "statements"
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_form_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, packed: bool, mark: bytes
) -> None:
    monkeypatch.setattr(files, "_PIECE", piece)
    lines = "\r\n\n".join(json.dumps(one, ensure_ascii=False) for one in STATEMENTS).encode()
    forms = [lines, lines + b"\n", *(json.dumps(STATEMENTS, indent=i).encode() for i in (None, 2))]
    for content in forms:
        found = read(written(tmp_path, mark + content, packed=packed))
        assert [value for _, value, _ in found] == STATEMENTS


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    assert [place for place, *_ in read(written(tmp_path, b"\n{}\n\n{}\n"))] == ["line 2", "line 4"]
    array = b"\n[\n {\n },\n\n {}, {}\n]\n"
    found = [place for place, *_ in read(written(tmp_path, array))]
    assert found == ["statement 1, line 3", "statement 2, line 6", "statement 3, line 6"]


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (b"{}\n{oops}\n{}\n", ["line 2"]),
        (b'{}\n{"a": NaN}\n\xff\n{"a": "\n', ["line 2", "line 3", "line 4"]),
        (b"[{}, {oops}, {}]", ["statement 2, line 1"]),
        (b"[{},, {},]", ["statement 2, line 1", "statement 4, line 1"]),
        (b"[" + b"[" * 100_000 + b"]" * 100_000 + b"]", ["statement 1, line 1"]),
        (b'{"version": "2.0.0", "a": 1, "a": 1}\n{"a": 1, "a": 1}', ["line 1"]),
    ],
)
def test_what_is_no_json_is_told_and_the_rest_is_read(
    tmp_path: Path, content: bytes, places: list[str]
) -> None:
    found = read(written(tmp_path, content))
    assert [place for place, _, fault in found if fault] == places
    assert all(value is None for _, value, fault in found if fault)


def test_a_line_without_end_is_no_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    found = read(written(tmp_path, b"{}\n" + b"x" * 100_000 + b"\n{}"))
    assert [(place, bool(fault)) for place, _, fault in found] == [
        ("line 1", False),
        ("line 2", True),
        ("line 3", False),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[{}, {}", "ends within its array, at line 1"),
        (b"[{}]\n{}", "goes on after the end of its array, at line 1"),
        (b'[{}, {"a": "' + b"x" * 200, "ends within its array"),
        (gzip.compress(b"{}\n" * 1000, mtime=0)[:-9], "cannot be read to its end"),
        (gzip.compress(b"{}\n" * 1000, mtime=0)[:20] + b"damaged" * 9, "cannot be read to its end"),
    ],
)
def test_a_file_that_breaks_off_says_where(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read(written(tmp_path, content))


def test_an_array_without_a_statement_for_very_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    with pytest.raises(DatasetError, match="without a statement, from line 1 on; look for a missing quote"):
        read(written(tmp_path, b'[{},\n"' + b"x" * 5000 + b"]"))


@pytest.mark.parametrize("content", [b"", b"\n \n", b"[]", b" [ ] \n"])
def test_nothing_is_nothing(tmp_path: Path, content: bytes) -> None:
    assert read(written(tmp_path, content)) == []


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, what in ((tmp_path, "is no file"), (tmp_path / "no", "does not exist")):
        with pytest.raises(DatasetError, match=what):
            StatementFile(path)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(ANY_JSON), st.integers(1, 50), st.sampled_from([None, 1]), st.booleans())
def test_members_are_cut_as_json_has_them(
    values: list[Any], piece: int, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "backslashreplace")
    members = _Members()
    pieces = [text[i : i + piece] for i in range(0, len(text), piece)]
    found = [one for some in pieces for one in members.of(some)]
    assert [json.loads(part) for *_, part in found] == json.loads(text)
    assert [number for number, *_ in found] == list(range(1, len(values) + 1))
    assert members.ended
    assert not members.rest
    lines = text.split(b"\n")
    assert all(part.split(b"\n")[0] in lines[line - 1] for _, line, part in found)
