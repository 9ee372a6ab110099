"""What names a learner in statements: by it all that is held of somebody is found."""

from __future__ import annotations

import json

from sqlalchemy import Connection

from serving.store import aliases
from serving.store import statements as store
from serving.store.aliases import Alias, spellings
from serving.xapi.agents import everybody_in
from serving.xapi.references import AGENT, RELATED_AGENT, keys_related


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
