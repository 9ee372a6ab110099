"""xAPI statements as they are kept: in the order in which they came, found by hashes of what they name.

Whoever adds some holds `turn` until the transaction ends. So numbers, and the times told of them, grow in the
order in which transactions commit, and nobody who has read up to one of them misses what comes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    union,
    update,
)

from serving.store.database import CHUNK, chunks, streamed
from serving.store.dialect import keep_writers_out
from serving.store.direct import among, insert, upsert
from serving.store.tables import STATEMENTS, revisions, xapi_definitions, xapi_references, xapi_statements

KEY_BYTES = 16
_OF = xapi_statements.c
_TOLD = (_OF.seq, _OF.stored_ms, _OF.occurred_at, _OF.payload)


class NewStatement(NamedTuple):
    """A statement to be kept; see `tables.xapi_statements`."""

    statement_id: str
    occurred_at: float | None
    learner_id: str | None
    fingerprint: str
    voids: str | None
    is_voided: bool
    outcome: str
    found_by: frozenset[bytes]
    payload: str


class Kept(NamedTuple):
    """What is compared with a statement that has the same id."""

    fingerprint: str
    occurred_at: float | None
    outcome: str
    learner_id: str | None


class Told(NamedTuple):
    """A statement that is told again; `occurred_at` is None where it was not sent."""

    seq: int
    stored_ms: int
    occurred_at: float | None
    payload: str


class Voided(NamedTuple):
    """A statement that was voided."""

    statement_id: str
    learner_id: str | None
    outcome: str


_REMOVED = select(revisions.c.revision).where(revisions.c.name == STATEMENTS)


def turn(connection: Connection) -> tuple[int, int]:
    """Keep others from adding statements until the transaction ends; the last number, and its time."""
    keep_writers_out(connection, xapi_statements)
    statement = select(_OF.seq, _OF.stored_ms).order_by(_OF.seq.desc()).limit(1)
    row = connection.execute(statement).first()
    # Numbers of removed statements are not given again: a page may go on behind one of them.
    removed = connection.execute(_REMOVED).scalar() or 0
    return (removed, 0) if row is None else (max(row.seq, removed), row.stored_ms)


def last_stored_ms(connection: Connection) -> int:
    """Time of the last statement, 0 where there is none."""
    return connection.execute(select(func.max(_OF.stored_ms))).scalar() or 0


def kept(connection: Connection, statement_ids: Sequence[str]) -> dict[str, Kept]:
    """Those of these statements that are kept."""
    columns = [_OF.statement_id, _OF.fingerprint, _OF.occurred_at, _OF.outcome, _OF.learner_id]
    return {i: Kept(*rest) for i, *rest in among(connection, columns, _OF.statement_id, statement_ids)}


def append(connection: Connection, new: Sequence[NewStatement], *, after: int, stored_ms: int) -> None:
    """Keep statements; the first gets the number after `after`."""
    rows = [
        one._asdict() | {"seq": seq, "stored_ms": stored_ms, "found_by": b"".join(sorted(one.found_by))}
        for seq, one in enumerate(new, after + 1)
    ]
    insert(connection, xapi_statements, rows)
    insert(
        connection,
        xapi_references,
        [{"ref": key, "seq": seq} for seq, one in enumerate(new, after + 1) for key in one.found_by],
    )


def voided_among(connection: Connection, statement_ids: Sequence[str]) -> set[str]:
    """Those of these ids that a statement that is kept voids."""
    return {i for (i,) in among(connection, [_OF.voids], _OF.voids, statement_ids)}


def void(connection: Connection, statement_ids: Sequence[str]) -> list[Voided]:
    """Void those of these statements that are kept and void nothing themselves; return who was not before."""
    found = []
    for some in chunks(sorted(set(statement_ids))):
        is_one = and_(_OF.statement_id.in_(some), _OF.voids.is_(None), _OF.is_voided.is_(False))
        rows = connection.execute(select(_OF.statement_id, _OF.learner_id, _OF.outcome).where(is_one)).all()
        connection.execute(update(xapi_statements).where(is_one).values(is_voided=True))
        found += [Voided(*row) for row in rows]
    return found


def set_outcome(connection: Connection, statement_ids: Sequence[str], outcome: str) -> None:
    """Say what became of statements."""
    for some in chunks(statement_ids):
        connection.execute(update(xapi_statements).where(_OF.statement_id.in_(some)).values(outcome=outcome))


def inherit(connection: Connection, targets: Mapping[str, str], key_of: Mapping[str, bytes]) -> None:
    """Let statements that refer to another be found by what it is found by, over any number of steps.

    Parameters
    ----------
    targets : mapping of str to str
        The statement that each of some new ones refers to.
    key_of : mapping of str to bytes
        Of each new statement, what those have that refer to it.
    """
    for statement_id, target in targets.items():
        _share(connection, target, [statement_id])
    if not key_of:
        return
    names = {key: i for i, key in key_of.items()}
    for some in chunks(list(names)):
        statement = (
            select(xapi_references.c.ref, _OF.statement_id)
            .join(xapi_statements, _OF.seq == xapi_references.c.seq)
            .where(xapi_references.c.ref.in_(some))
            .order_by(_OF.seq)
        )
        for ref, referring in connection.execute(statement).all():
            _share(connection, names[bytes(ref)], [referring])


def _share(connection: Connection, giver: str, takers: Sequence[str]) -> None:
    statement = select(_OF.statement_id, _OF.seq, _OF.found_by).where(_OF.statement_id.in_([giver, *takers]))
    rows = {row.statement_id: row for row in connection.execute(statement)}
    if giver not in rows:
        return
    given = keys_in(rows.pop(giver).found_by)
    for row in rows.values():
        own = keys_in(row.found_by)
        more = given - own
        if more:
            keys = b"".join(sorted(own | more))
            connection.execute(
                update(xapi_statements).where(_OF.statement_id == row.statement_id).values(found_by=keys)
            )
            upsert(connection, xapi_references, [{"ref": k, "seq": row.seq} for k in more], overwrite=False)


def keys_in(joined: bytes) -> set[bytes]:
    """Take apart what is stored as one."""
    return {bytes(joined[i : i + KEY_BYTES]) for i in range(0, len(joined), KEY_BYTES)}


def find(connection: Connection, statement_id: str, *, voided: bool) -> Told | None:
    """Return one statement that is voided, or that is not."""
    statement = select(*_TOLD).where(_OF.statement_id == statement_id, _OF.is_voided.is_(voided))
    row = connection.execute(statement).first()
    return None if row is None else Told(*row)


def page(
    connection: Connection,
    keys: Sequence[bytes],
    *,
    since_ms: int | None,
    until_ms: int | None,
    ascending: bool,
    beyond: int | None,
    limit: int,
) -> list[Told]:
    """Statements that have all of some keys and are not voided, by their numbers.

    Parameters
    ----------
    since_ms, until_ms : int, optional
        Stored after the first, and at the second or before.
    beyond : int, optional
        The number after which to go on.
    """
    order: Any = _OF.seq
    statement: Select[Any] = select(*_TOLD).where(_OF.is_voided.is_(False))
    for place, key in enumerate(keys):
        named = xapi_references.alias(f"r{place}")
        statement = statement.join(named, and_(named.c.seq == _OF.seq, named.c.ref == key))
        if not place:
            # The database goes along this one: it has the numbers in order.
            order = named.c.seq
    if since_ms is not None:
        statement = statement.where(_OF.stored_ms > since_ms)
    if until_ms is not None:
        statement = statement.where(_OF.stored_ms <= until_ms)
    if beyond is not None:
        statement = statement.where(order > beyond if ascending else order < beyond)
    rows = connection.execute(statement.order_by(order if ascending else order.desc()).limit(limit))
    return [Told(*row) for row in rows]


def definitions(connection: Connection, refs: Iterable[bytes]) -> dict[bytes, str]:
    """Return what is told of some activities and verbs."""
    of = xapi_definitions.c
    return {bytes(ref): payload for ref, payload in among(connection, [of.ref, of.payload], of.ref, [*refs])}


def define(connection: Connection, new: Mapping[bytes, str]) -> None:
    """Tell this of activities and verbs."""
    upsert(connection, xapi_definitions, [{"ref": ref, "payload": new[ref]} for ref in sorted(new)])


def give(connection: Connection, old: str, new: str) -> None:
    """Make the statements about a learner those about another."""
    connection.execute(update(xapi_statements).where(_OF.learner_id == old).values(learner_id=new))


def payloads_about(connection: Connection, learner_id: str) -> Iterator[str]:
    """Return what was sent of a learner, statement by statement."""
    statement = select(_OF.payload).where(_OF.learner_id == learner_id)
    for rows in streamed(connection, statement, CHUNK):
        yield from (payload for (payload,) in rows)


def rows_naming(
    connection: Connection, learner_id: str, keys: Sequence[bytes]
) -> Iterator[Sequence[Row[Any]]]:
    """Statements about a learner, and those that name one by any of some keys, oldest first.

    `learner_id`, `outcome` and `is_voided` beside what `Told` holds, some at a time.
    """
    statement = select(*_TOLD, _OF.learner_id, _OF.outcome, _OF.is_voided)
    wanted = statement.where(_OF.seq.in_(_naming(learner_id, keys))).order_by(_OF.seq)
    return streamed(connection, wanted, CHUNK)


def any_naming(connection: Connection, learner_id: str, keys: Sequence[bytes]) -> bool:
    """Whether there are such statements."""
    statement = select(_OF.seq).where(_OF.seq.in_(_naming(learner_id, keys))).limit(1)
    return connection.execute(statement).first() is not None


def remove(connection: Connection, learner_id: str, keys: Sequence[bytes]) -> int:
    """Remove the statements that `rows_naming` finds; how many there were."""
    statement = select(_OF.seq, _OF.found_by).where(_OF.seq.in_(_naming(learner_id, keys)))
    rows = connection.execute(statement).all()
    if rows:
        upsert(connection, revisions, [{"name": STATEMENTS, "revision": turn(connection)[0]}])
    refs = [{"its_ref": ref, "its_seq": row.seq} for row in rows for ref in keys_in(row.found_by)]
    of = xapi_references.c
    its_own = and_(of.ref == bindparam("its_ref"), of.seq == bindparam("its_seq"))
    for some in chunks(refs):
        connection.execute(delete(xapi_references).where(its_own), some)
    for numbers in chunks([row.seq for row in rows]):
        connection.execute(delete(xapi_statements).where(_OF.seq.in_(numbers)))
    return len(rows)


def _naming(learner_id: str, keys: Sequence[bytes]) -> CompoundSelect[Any]:
    # Each half along an index of its own.
    return union(
        select(_OF.seq).where(_OF.learner_id == learner_id),
        select(xapi_references.c.seq).where(xapi_references.c.ref.in_(keys)),
    )
