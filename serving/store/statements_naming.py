"""Statements that say something of a learner, or name one: told, given to another learner, and removed.

A statement that refers to another one is found by what that names, but says nothing of it itself. So it is
neither told as one of whom the other names, nor removed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    select,
    union,
    update,
)

from serving.store.database import CHUNK, chunks, streamed
from serving.store.direct import among, upsert
from serving.store.statements import SET_KEYS, TOLD, joined, keys_in, turn
from serving.store.tables import STATEMENTS, revisions, xapi_definitions, xapi_references, xapi_statements

Keys: TypeAlias = frozenset[bytes]
OwnKeys: TypeAlias = Callable[[str], Keys]
"""What the statement of a payload is found by of itself, not by what it refers to."""
_OF = xapi_statements.c


def give(connection: Connection, old: str, new: str) -> None:
    """Make the statements about a learner those about another."""
    connection.execute(update(xapi_statements).where(_OF.learner_id == old).values(learner_id=new))


def payloads_about(connection: Connection, learner_id: str) -> Iterator[str]:
    """Return what was sent of a learner, statement by statement."""
    statement = select(_OF.payload).where(_OF.learner_id == learner_id)
    for rows in streamed(connection, statement, CHUNK):
        yield from (payload for (payload,) in rows)


def rows_naming(
    connection: Connection, learner_id: str, keys: Iterable[bytes], own_keys: OwnKeys
) -> Iterator[Sequence[Row[Any]]]:
    """Statements about a learner, and those that themselves name one by any of some keys, oldest first.

    `statement_id`, `learner_id`, `outcome` and `is_voided` beside what `Told` holds, some at a time.
    """
    keys = frozenset(keys)
    columns = (*TOLD, _OF.statement_id, _OF.learner_id, _OF.outcome, _OF.is_voided)
    wanted = select(*columns).where(_OF.seq.in_(_found(learner_id, keys))).order_by(_OF.seq)
    for rows in streamed(connection, wanted, CHUNK):
        yield [row for row in rows if row.learner_id == learner_id or keys & own_keys(row.payload)]


def remove(connection: Connection, gone: Mapping[str, int], own_keys: OwnKeys) -> None:
    """Remove statements.

    Those that refer to one of them stay, and are not found any more by what it named. A voiding statement
    that is removed keeps nothing out that comes later.

    Parameters
    ----------
    gone : mapping of str to int
        Their numbers by their ids.
    """
    if not gone:
        return
    upsert(connection, revisions, [{"name": STATEMENTS, "revision": turn(connection)[0]}])
    for numbers in chunks([*gone.values()]):
        is_one = _OF.seq.in_(numbers)
        rows = connection.execute(select(_OF.seq, _OF.found_by).where(is_one)).all()
        _unlink(connection, ((seq, keys_in(found_by)) for seq, found_by in rows))
        connection.execute(delete(xapi_statements).where(is_one))
    _take_from_referrers(connection, [*gone], own_keys)


def undefine(connection: Connection, named_by: Mapping[bytes, Sequence[bytes]]) -> None:
    """Forget what is told of activities and verbs that no statement names.

    Parameters
    ----------
    named_by : mapping of bytes to sequence of bytes
        For each definition, the keys of statements that name what it is of.
    """
    for refs in chunks([ref for ref, keys in named_by.items() if not _is_found(connection, keys)]):
        connection.execute(delete(xapi_definitions).where(xapi_definitions.c.ref.in_(refs)))


def _is_found(connection: Connection, keys: Sequence[bytes]) -> bool:
    of = xapi_references.c
    return connection.execute(select(of.seq).where(of.ref.in_(keys)).limit(1)).first() is not None


def _take_from_referrers(connection: Connection, removed: Sequence[str], own_keys: OwnKeys) -> None:
    """Find those that refer to removed statements by what they name themselves, and so on from them."""
    # None goes round in a circle: each has one target, and the first of them is gone.
    given: dict[str, Keys] = dict.fromkeys(removed, frozenset())
    columns = [_OF.statement_id, _OF.seq, _OF.refers_to, _OF.found_by, _OF.payload]
    while given:
        left, rows, lost = {}, [], []
        for statement_id, seq, target, found_by, payload in among(
            connection, columns, _OF.refers_to, [*given]
        ):
            before, keys = keys_in(found_by), own_keys(payload) | given[target]
            if keys != before:
                left[statement_id] = keys
                rows.append({"its_id": statement_id, "its_keys": joined(keys)})
                lost.append((seq, before - keys))
        if rows:
            connection.execute(SET_KEYS, rows)
            _unlink(connection, lost)
        given = left


def _unlink(connection: Connection, found_by: Iterable[tuple[int, Keys]]) -> None:
    refs = [{"its_ref": ref, "its_seq": seq} for seq, keys in found_by for ref in keys]
    of = xapi_references.c
    its_own = and_(of.ref == bindparam("its_ref"), of.seq == bindparam("its_seq"))
    for some in chunks(refs):
        connection.execute(delete(xapi_references).where(its_own), some)


def _found(learner_id: str, keys: Iterable[bytes]) -> CompoundSelect[Any]:
    # Each half along an index of its own.
    return union(
        select(_OF.seq).where(_OF.learner_id == learner_id),
        select(xapi_references.c.seq).where(xapi_references.c.ref.in_(keys)),
    )
