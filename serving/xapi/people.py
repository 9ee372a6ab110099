"""What names a learner in statements: by it all that is held of somebody is found, told and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from serving.store import aliases
from serving.store import statements_naming as store
from serving.store.aliases import Alias, spellings
from serving.xapi.agents import everybody_in
from serving.xapi.definitions import named_by
from serving.xapi.references import AGENT, RELATED_AGENT, keys_of, keys_related


def statements_naming(
    connection: Connection, learner_id: str, home_pages: frozenset[str]
) -> Iterator[Sequence[Row[Any]]]:
    """Statements about a learner or naming one, some at a time; see `serving.store.statements_naming`."""
    keys = keys_naming(connection, learner_id, home_pages)
    return store.rows_naming(connection, learner_id, keys, own_keys)


def remove_statements(connection: Connection, learner_id: str, home_pages: frozenset[str]) -> int:
    """Remove the statements that `statements_naming` finds, and what only they tell; how many there were."""
    gone: dict[str, int] = {}
    things: dict[bytes, tuple[bytes, ...]] = {}
    for rows in statements_naming(connection, learner_id, home_pages):
        for row in rows:
            gone[row.statement_id] = row.seq
            things |= named_by(json.loads(row.payload))
    store.remove(connection, gone, own_keys)
    store.undefine(connection, things)
    return len(gone)


def keys_naming(connection: Connection, learner_id: str, home_pages: frozenset[str]) -> list[bytes]:
    """Return the keys of statements that name a learner anywhere but in extensions.

    Parameters
    ----------
    home_pages : frozenset of str
        Where the names of accounts are ids of learners.
    """
    own = {*aliases.of_learner(connection, learner_id), *((page, learner_id) for page in home_pages)}
    said = _actors(connection, learner_id) - own
    # An alias that was taken from the learner, and is another's now, names that one.
    others = aliases.find(connection, said)
    own |= {
        alias for alias in said if others.get(alias, learner_id) == learner_id and alias[0] not in home_pages
    }
    ways = {way for alias in own for way in spellings(alias)}
    return sorted(its for way in ways for its in keys_related(AGENT, RELATED_AGENT, *way))


def _actors(connection: Connection, learner_id: str) -> set[Alias]:
    """Whom the statements about a learner name as who did something."""
    found: set[Alias] = set()
    for payload in store.payloads_about(connection, learner_id):
        found.update(everybody_in(json.loads(payload).get("actor")))
    return found


def own_keys(payload: str) -> frozenset[bytes]:
    """Return what a statement is found by of itself, and not by what it refers to."""
    statement = json.loads(payload)
    return frozenset(keys_of(statement, statement["authority"]))
