"""Who learners are elsewhere: accounts on learning platforms, mail addresses, and the like."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, delete, select

from serving.store.direct import among, upsert
from serving.store.tables import aliases

MAILTO = "mailto"
MAILBOX_HASH = "mbox_sha1sum"
Alias = tuple[str, str]
"""Issuer and name."""


class Owner(NamedTuple):
    """Whose an alias is.

    Parameters
    ----------
    learner_id : str
    made : bool
        Whether a statement made the learner, and nobody has given the alias to one since.
    """

    learner_id: str
    made: bool


def alias_key(issuer: str, name: str) -> str:
    """Return the key of the row of an alias."""
    return hashlib.blake2b(f"{issuer}\0{name}".encode(), digest_size=16).hexdigest()


def spellings(alias: Alias) -> tuple[Alias, ...]:
    """Return the ways in which somebody is named who has this alias: a mail address may come as its hash."""
    issuer, name = alias
    if issuer != MAILTO:
        return (alias,)
    # xAPI, Data 2.4.2.3: the hash is of the whole address, with mailto.
    return alias, (MAILBOX_HASH, hashlib.sha1(f"mailto:{name}".encode(), usedforsecurity=False).hexdigest())


def find(connection: Connection, wanted: Iterable[Alias]) -> dict[Alias, str]:
    """Ids of the learners who have these aliases; what nobody has is left out."""
    keys = {alias: [alias_key(*one) for one in spellings(alias)] for alias in wanted}
    every = [key for its in keys.values() for key in its]
    found = dict(among(connection, [aliases.c.alias_key, aliases.c.learner_id], aliases.c.alias_key, every))
    return {
        alias: next(found[key] for key in its if key in found)
        for alias, its in keys.items()
        if any(key in found for key in its)
    }


def owners(connection: Connection, wanted: Iterable[Alias]) -> dict[Alias, set[Owner]]:
    """Everybody who has these aliases in any spelling; what nobody has is left out."""
    keys = {alias: [alias_key(*one) for one in spellings(alias)] for alias in wanted}
    columns = [aliases.c.alias_key, aliases.c.learner_id, aliases.c.made]
    every = [key for its in keys.values() for key in its]
    found = {
        key: Owner(learner_id, bool(made))
        for key, learner_id, made in among(connection, columns, aliases.c.alias_key, every)
    }
    whose = {alias: {found[key] for key in its if key in found} for alias, its in keys.items()}
    return {alias: its for alias, its in whose.items() if its}


def find_or_make(connection: Connection, wanted: Iterable[Alias]) -> dict[Alias, str]:
    """Do as `find`; whoever is new becomes a learner, whose id tells nothing of them."""
    every = sorted(set(wanted))
    known = find(connection, every)
    new: dict[Alias, str] = {}
    ids: dict[Alias, str] = {}
    for alias in every:
        if alias not in known:
            # A mail address and its hash may come together.
            new[alias] = next((ids[one] for one in spellings(alias) if one in ids), None) or str(uuid4())
            ids |= dict.fromkeys(spellings(alias), new[alias])
    if not new:
        return known
    add(connection, new, made=True)
    # Whoever was quicker is right.
    return known | find(connection, new)


def add(
    connection: Connection, new: Mapping[Alias, str], *, overwrite: bool = False, made: bool = False
) -> None:
    """Say that these aliases are of these learners; one that there is stays as it is, or is overwritten.

    Parameters
    ----------
    made : bool
        Whether the learners are new, made for the aliases.
    """
    rows = {}
    for alias, learner_id in new.items():
        for issuer, name in spellings(alias):
            key = alias_key(issuer, name)
            whose = {"learner_id": learner_id, "issuer": issuer, "name": name, "made": made}
            rows[key] = {"alias_key": key, **whose}
    # In one order, so that no two writers wait for each other.
    upsert(connection, aliases, [rows[key] for key in sorted(rows)], overwrite=overwrite)


def of_learner(connection: Connection, learner_id: str) -> list[Alias]:
    """All aliases of a learner, in the order of their names."""
    statement = (
        select(aliases.c.issuer, aliases.c.name)
        .where(aliases.c.learner_id == learner_id)
        .order_by(aliases.c.issuer, aliases.c.name)
    )
    return [(issuer, name) for issuer, name in connection.execute(statement)]


def remove(connection: Connection, learner_id: str) -> int:
    """Take all aliases from a learner; how many there were."""
    return connection.execute(delete(aliases).where(aliases.c.learner_id == learner_id)).rowcount


def replace(connection: Connection, learner_id: str, new: Iterable[Alias]) -> None:
    """Give a learner these aliases, and no others."""
    remove(connection, learner_id)
    add(connection, dict.fromkeys(new, learner_id), overwrite=True)
