"""What can be wrong with a store that works at other times, told from what drivers raise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from recommender.errors import RecommenderError

StoreFault: TypeAlias = Literal["busy", "read_only", "full", "gone"]

_SENTENCES: Mapping[StoreFault, str] = {
    "busy": "the database is locked by another writer, nothing was stored; try again in a few seconds, or "
    "stop what writes to it",
    "read_only": "the database can be read but not written, nothing was stored; give this service the right "
    "to write to SERVING_DATABASE_URL, then try again",
    "full": "the disk of the database is full, nothing was stored; make room on it, then try again",
    "gone": "the database does not answer; check SERVING_DATABASE_URL and that the database runs, then try "
    "again",
}
# The low byte of SQLite's code is the kind of error; what is above it tells variants of it apart.
_SQLITE: Mapping[int, StoreFault] = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "gone",
    sqlite3.SQLITE_CANTOPEN: "gone",
    sqlite3.SQLITE_CORRUPT: "gone",
    sqlite3.SQLITE_NOTADB: "gone",
}
# Codes of PostgreSQL's manual, appendix A, by their beginning: the longest that fits decides.
_POSTGRESQL: Mapping[str, StoreFault] = {
    "25006": "read_only",
    "42501": "read_only",
    "53100": "full",
    "53": "gone",
    "08": "gone",
    "57": "gone",
    "58": "gone",
    "55P03": "busy",
    "40": "busy",
}
_RETRIED = ("40001", "40P01", "23505")
_NO_ANSWER = ("OperationalError", "ConnectionTimeout", "InterfaceError")


class StoreUnavailableError(RecommenderError):
    """The store cannot do it now; nothing was stored.

    Parameters
    ----------
    fault : {"busy", "read_only", "full", "gone"}
    reason : str
        What the driver said; for operators, not for callers.
    collided : bool
        Whether the same transaction can succeed once another one that came in between is over.
    """

    def __init__(self, fault: StoreFault, reason: str = "", *, collided: bool = False) -> None:
        super().__init__(_SENTENCES[fault])
        self.fault: StoreFault = fault
        self.reason = reason or fault
        self.collided = collided


@contextmanager
def faults_told() -> Iterator[None]:
    """Turn what drivers raise of an unusable store into `StoreUnavailableError`."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreUnavailableError("busy") from None
    except DBAPIError as error:
        fault = fault_of(error.orig)
        if fault is None:
            raise
        raise StoreUnavailableError(fault, str(error.orig), collided=may_succeed_again(error)) from None


def is_unusable(error: BaseException) -> bool:
    """Whether this tells of the store and not of what was asked of it."""
    if isinstance(error, DBAPIError):
        return fault_of(error.orig) is not None
    return isinstance(error, StoreUnavailableError | PoolTimeoutError)


def fault_of(error: BaseException | None) -> StoreFault | None:
    """Tell what is wrong with the store from what a driver raised; None when it is not the store's fault."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF)
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        # Without a code it was no answer of a server: the connection failed or broke.
        return "gone" if type(error).__name__ in _NO_ANSWER else None
    fits = [start for start in _POSTGRESQL if state.startswith(start)]
    return _POSTGRESQL[max(fits, key=len)] if fits else None


def may_succeed_again(error: DBAPIError) -> bool:
    """Whether the same transaction can succeed once another one that came in between is over."""
    return getattr(error.orig, "sqlstate", None) in _RETRIED
