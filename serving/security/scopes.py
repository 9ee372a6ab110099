"""Scopes: what a key may do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from recommender.errors import InputError


class Scope(StrEnum):
    """One permission. None implies another: a key lists each it has."""

    RECOMMEND = "recommend"
    EVENTS = "events"
    CATALOG = "catalog"
    REPORTS = "reports"
    ADMIN = "admin"
    XAPI_WRITE = "xapi:write"
    XAPI_READ = "xapi:read"


def parse_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Turn names into scopes.

    Raises
    ------
    InputError
        If there is none, or a name is not a scope.

    Examples
    --------
    >>> sorted(parse_scopes(["recommend", "events"]))
    [<Scope.EVENTS: 'events'>, <Scope.RECOMMEND: 'recommend'>]
    """
    wanted = [name.strip() for name in names if name.strip()]
    known = {scope.value for scope in Scope}
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        got = f"scope {unknown[0]!r} is not known" if unknown else "no scope was given"
        raise InputError(f"{got}; use one or more of {', '.join(known_in_order())}")
    return frozenset(Scope(name) for name in wanted)


def known_in_order() -> list[str]:
    """Every scope's name, in the order of the documentation."""
    return [scope.value for scope in Scope]
