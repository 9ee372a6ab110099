"""Who a learner is elsewhere: aliases are given, and two learners who are one person become one.

A statement of somebody who is new makes a learner with an id that tells nothing. Whoever gives the alias to a
learner later says that they are the same person: then events, statements and what was recommended move to the
learner who was named. A learner whom somebody has named is never made part of another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from recommender.domain.learner import LearnerProfile
from serving.evidence import CANONICAL
from serving.problems import Fault
from serving.store import aliases as store
from serving.store import events as log
from serving.store import learners, people, recommendations, statements, statements_naming
from serving.store.aliases import Alias


class AliasTakenError(Exception):
    """Aliases are those of other learners, who stay who they are; nothing is changed.

    Parameters
    ----------
    taken : mapping of alias to str
        Ids of those learners.
    """

    def __init__(self, taken: Mapping[Alias, str]) -> None:
        super().__init__(f"{len(taken)} aliases are those of other learners")
        self.taken = taken


def give(connection: Connection, wanted: Mapping[Alias, str]) -> dict[str, str]:
    """Give aliases to learners, besides those that they have.

    Parameters
    ----------
    wanted : mapping of alias to str
        Ids of the learners, by alias as `serving.xapi.agents.identity` spells it.

    Returns
    -------
    dict of str to str
        Learners whom statements had made, and who they are now; nothing is held under the old ids any more.

    Raises
    ------
    AliasTakenError
        If any is the alias of a learner who has been named.
    """
    # Before any learner is locked, as whoever takes statements in does it; until the end nobody is made.
    statements.turn(connection)
    owners = store.owners(connection, wanted)
    others = {
        alias: {owner for owner in its if owner.learner_id != wanted[alias]} for alias, its in owners.items()
    }
    named = set(wanted.values())
    made = _without_profile(connection, {owner.learner_id for its in others.values() for owner in its})
    taken = {
        alias: owner.learner_id
        for alias, its in others.items()
        for owner in its
        if not (owner.made and owner.learner_id in made - named)
    }
    if taken:
        raise AliasTakenError(taken)
    merged = {owner.learner_id: wanted[alias] for alias, its in others.items() for owner in its}
    learners.ensure(connection, sorted({*wanted.values(), *merged}))
    for old, new in merged.items():
        _move(connection, old, new)
    learners.leave(connection, sorted(merged))
    learners.forget_states(connection, sorted(set(merged.values())))
    store.add(connection, wanted, overwrite=True)
    return merged


def replace(connection: Connection, learner_id: str, wanted: Collection[Alias]) -> dict[str, str]:
    """Give a learner these aliases and no others; see `give`."""
    merged = give(connection, dict.fromkeys(wanted, learner_id))
    store.replace(connection, learner_id, wanted)
    return merged


def fault_of_home(alias: Alias, learner_id: str, home_pages: frozenset[str]) -> Fault | None:
    """Return what is wrong with an alias at a home page where the name of an account is a learner's id."""
    issuer, name = alias
    if issuer not in home_pages or name == learner_id:
        return None
    message = "issuer is one of SERVING_XAPI_HOME_PAGES: the name of an account there is a learner id"
    return Fault("name", message, f"send {learner_id!r}, or leave the alias out", name)


def owner_of(connection: Connection, alias: Alias, home_pages: frozenset[str]) -> str | None:
    """Return the id of the learner who has an alias, None where nothing is known of one."""
    issuer, name = alias
    if issuer in home_pages:
        return name if people.profiles(connection, [name]) else None
    return store.find(connection, [alias]).get(alias)


def _without_profile(connection: Connection, learner_ids: Collection[str]) -> set[str]:
    """Those of these learners of whom no profile tells anything."""
    known = people.profiles(connection, sorted(learner_ids))
    empty = {i: LearnerProfile(learner_id=i) for i in learner_ids}
    return {i for i, profile in empty.items() if known.get(i, profile) == profile}


def _move(connection: Connection, old: str, new: str) -> None:
    moved = {event.event_id: _of(new, event.payload) for event in log.history(connection, old)}
    log.give(connection, new, moved)
    statements_naming.give(connection, old, new)
    recommendations.give(connection, old, new)
    store.remove(connection, old)


def _of(learner_id: str, payload: str) -> str:
    sent = json.loads(payload)
    return CANONICAL.encode({**sent, "learner_id": learner_id} if "learner_id" in sent else sent)
