"""Tracebacks without values: which lines of code were run, and what was raised there.

What an exception says may repeat what it stumbled over, such as the id of a learner. So its text is shown
only where its type is known to speak of code and not of data.
"""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Iterator
from typing import Any

from sqlalchemy.exc import DBAPIError

from serving.store.faults import StoreUnavailableError

_SPEAKS_OF_CODE = (
    ArithmeticError,
    AttributeError,
    ImportError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    StoreUnavailableError,
    TimeoutError,
    TypeError,
)
_WITHHELD = "(its text is withheld: it may hold values)"


def impersonal_traceback(error: BaseException) -> str:
    """Return the traceback of an error and of what led to it, oldest first."""
    return "\n".join(_lines(error)).rstrip()


def _lines(error: BaseException) -> Iterator[str]:
    for link, one in _chain(error):
        if link:
            yield f"\n{link}\n"
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_list(traceback.extract_tb(one.__traceback__))).rstrip("\n")
        yield f"{type(one).__module__}.{type(one).__qualname__}: {_text(one)}"


def _chain(error: BaseException) -> list[tuple[str, BaseException]]:
    """Each error with what links it to the one before."""
    found: list[tuple[str, BaseException]] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        before = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
        link = (
            "" if before is None else "raised from that:" if at.__cause__ else "raised while handling that:"
        )
        found.append((link, at))
        at = before
    return found[::-1]


def _text(error: BaseException) -> str:
    of_driver = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(of_driver, sqlite3.Error):
        return str(of_driver)
    if isinstance(getattr(of_driver, "sqlstate", None), str):
        return _of_server(of_driver)
    return str(error) if isinstance(error, _SPEAKS_OF_CODE) else _WITHHELD


def _of_server(error: Any) -> str:
    """Return what PostgreSQL said, without the detail, in which it repeats the row."""
    # Codes of class 22 are about values, and the message names them.
    if error.sqlstate.startswith("22"):
        return _WITHHELD
    return str(error.diag.message_primary or _WITHHELD)
