"""Statements in a file: one a line, or a JSON array of them; plain, or compressed by gzip.

The file is read piece by piece, so memory does not grow with it. What cannot be read as JSON is told with its
line, and what comes after it is read all the same.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from recommender.errors import DatasetError
from serving.problems import Problem
from serving.xapi.bodies import read_json
from serving.xapi.checks import V1, V2
from serving.xapi.versions import version_of

MOST_BYTES: Final = 16_000_000
"""A statement that is longer is none."""
_GZIP, _MARK, _BLANK = b"\x1f\x8b", b"\xef\xbb\xbf", b" \t\r\n"
_PIECE = 1 << 20
# Texts, what opens and closes, what stands between members; a lone quote begins a text that is not there yet.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[][{},"]', re.DOTALL)


class Entry(NamedTuple):
    """What stands at one place of the file.

    Parameters
    ----------
    place : str
        For whoever mends it, such as ``line 7``.
    value : object
        What JSON says; None where it cannot be read.
    fault : str
        Why it cannot be read, else "".
    """

    place: str
    value: Any
    fault: str = ""

    @property
    def version(self) -> str:
        """Version of the specification that a statement names, 1.0.3 where it names none."""
        named = self.value.get("version") if isinstance(self.value, dict) else None
        return (version_of(named) if isinstance(named, str) else None) or V1


class StatementFile:
    """A file of statements, open for reading once.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DatasetError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            what = "is no file" if path.exists() else "does not exist"
            raise DatasetError(f"--file {path} {what}; name a file of statements")
        try:
            self._raw = path.open("rb")
            self.size = path.stat().st_size
            packed = self._raw.peek(2)[:2] == _GZIP
        except OSError as error:
            raise DatasetError(
                f"--file {path} cannot be read ({error.strerror}); name one that this user may read"
            ) from None
        self._stream = io.BufferedReader(gzip.GzipFile(fileobj=self._raw)) if packed else self._raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """How much of the file is read, of `size`."""
        return self._raw.tell()

    def entries(self) -> Iterator[Entry]:
        """Read what is in it, in its order; empty lines are nothing.

        Raises
        ------
        DatasetError
            If it breaks off, or is no list of statements from some place on.
        """
        try:
            start = self._stream.peek(_PIECE).removeprefix(_MARK).lstrip(_BLANK)
            yield from self._elements() if start.startswith(b"[") else self._lines()
        except (OSError, EOFError, zlib.error) as error:
            raise self._broken(f"cannot be read to its end ({error})", "copy or fetch it again") from None

    def _lines(self) -> Iterator[Entry]:
        number = 0
        while line := self._stream.readline(MOST_BYTES):
            number += 1
            place = f"line {number}"
            if len(line) == MOST_BYTES and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = self._stream.readline(_PIECE)
                yield Entry(place, None, f"is longer than {MOST_BYTES:,} bytes")
            elif text := line.removeprefix(_MARK).strip(_BLANK):
                yield _entry(place, text)

    def _elements(self) -> Iterator[Entry]:
        """Members of the array: a bracket, what is between commas, a bracket."""
        found = _Members()
        while piece := self._stream.read1(_PIECE):
            for number, line, text in found.of(piece):
                yield _entry(f"statement {number}, line {line}", text)
            if found.is_too_long:
                what = f"holds more than {MOST_BYTES:,} bytes without a statement, from line {found.line} on"
                raise self._broken(what, "look for a missing quote or bracket")
        if not found.ended:
            raise self._broken(f"ends within its array, at line {found.line}", "copy or fetch it again")
        if found.rest:
            what = f"goes on after the end of its array, at line {found.line}"
            raise self._broken(what, "give one array, or one statement a line")

    def _broken(self, what: str, remedy: str) -> DatasetError:
        return DatasetError(f"--file {self._path} {what}; {remedy}")


class _Members:
    """Cuts an array into its members as it comes."""

    def __init__(self) -> None:
        self.line, self.ended = 1, False
        self._number, self._depth = 0, 0
        self._text, self._seen = b"", 0

    @property
    def is_too_long(self) -> bool:
        return len(self._text) > MOST_BYTES

    @property
    def rest(self) -> bytes:
        """What comes after the end."""
        return self._text.strip(_BLANK)

    def of(self, piece: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Return number, line and text of each member that ends in this piece."""
        self._text += piece
        start, at = 0, self._seen
        while not self.ended and (token := _TOKEN.search(self._text, at)) is not None:
            what = token[0]
            if what == b'"':
                break
            at = token.end()
            closes = what in b"]}"
            self._depth += (what in b"[{") - closes
            if self._depth == 1 and what == b"[" and not self._number:
                self.line += self._text.count(b"\n", start, at)
                start, self._number = at, 1
            elif (self._depth == 1 and what == b",") or self._depth == 0:
                text = self._text[start : token.start()]
                leading = len(text) - len(text.lstrip(_BLANK))
                line = self.line + text.count(b"\n", 0, leading)
                self.line += self._text.count(b"\n", start, at)
                start, self.ended = at, self._depth == 0
                if text.strip(_BLANK) or not self.ended or self._number > 1:
                    yield self._number, line, text.strip(_BLANK)
                self._number += 1
        self._text, self._seen = self._text[start:], at - start


def _entry(place: str, text: bytes) -> Entry:
    try:
        entry = Entry(place, read_json(text))
        if entry.version == V2:
            read_json(text, each_once=True)
    except Problem as problem:
        return Entry(place, None, problem.faults[0].message.removeprefix("the body "))
    return entry
