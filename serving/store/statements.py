"""xAPI statements as they are kept: in the order in which they came, found by hashes of what they name.

Whoever adds some holds `turn` until the transaction ends. So numbers, and the times told of them, grow in the
order in which transactions commit, and nobody who has read up to one of them misses what comes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    asc,
    bindparam,
    desc,
    exists,
    func,
    select,
    union_all,
    update,
)

from serving.store.database import chunks
from serving.store.dialect import take_turn
from serving.store.direct import among, insert, upsert
from serving.store.tables import xapi_definitions, xapi_references, xapi_statements

KEY_BYTES = 16
_OF = xapi_statements.c
TOLD = (_OF.seq, _OF.stored_ms, _OF.occurred_at, _OF.payload)


class NewStatement(NamedTuple):
    """A statement to be kept; see `tables.xapi_statements`."""

    statement_id: str
    occurred_at: float | None
    learner_id: str | None
    fingerprint: str
    refers_to: str | None
    voids: bool
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


class Referrer(NamedTuple):
    """A statement that has another one as its object, and may void it."""

    statement_id: str
    seq: int
    refers_to: str
    voids: bool
    found_by: bytes


class Voided(NamedTuple):
    """A statement that was voided."""

    statement_id: str
    learner_id: str | None
    outcome: str


SET_KEYS = (
    update(xapi_statements)
    .where(_OF.statement_id == bindparam("its_id"))
    .values(found_by=bindparam("its_keys"))
)
# As text: it is asked for with each statement that comes. Times grow with numbers.
_LAST = """
    SELECT (SELECT max(seq) FROM xapi_statements), (SELECT max(stored_ms) FROM xapi_statements),
        (SELECT revision FROM revisions WHERE name = 'xapi_statements')
"""


def turn(connection: Connection) -> tuple[int, int]:
    """Keep others from adding statements until the transaction ends; the last number, and its time."""
    take_turn(connection, xapi_statements)
    # Numbers of removed statements are not given again: a page may go on behind one of them.
    last, stored_ms, removed = connection.exec_driver_sql(_LAST).one()
    return max(last or 0, removed or 0), stored_ms or 0


def last_stored_ms(connection: Connection) -> int:
    """Time of the last statement, 0 where there is none."""
    return connection.execute(select(func.max(_OF.stored_ms))).scalar() or 0


def kept(connection: Connection, statement_ids: Sequence[str]) -> dict[str, Kept]:
    """Those of these statements that are kept."""
    columns = [_OF.statement_id, _OF.fingerprint, _OF.occurred_at, _OF.outcome, _OF.learner_id]
    return {i: Kept(*rest) for i, *rest in among(connection, columns, _OF.statement_id, statement_ids)}


def append(
    connection: Connection,
    new: Sequence[NewStatement],
    older: Sequence[Referrer],
    *,
    after: int,
    stored_ms: int,
) -> None:
    """Keep statements; the first gets the number after `after`.

    One that refers to another is found by what that is found by too, over any number of steps, whichever of
    them came first.

    Parameters
    ----------
    older : sequence of Referrer
        Those that refer to the new ones.
    """
    found_by = _with_those_of_targets(connection, new)
    numbers = {one.statement_id: seq for seq, one in enumerate(new, after + 1)}
    rows = []
    for seq, one in enumerate(new, after + 1):
        row = one._asdict()
        row |= {"seq": seq, "stored_ms": stored_ms, "found_by": joined(found_by[one.statement_id])}
        rows.append(row)
    insert(connection, xapi_statements, rows)
    # In the order of the index: neighbours are written together.
    pairs = sorted((ref, seq) for i, seq in numbers.items() for ref in found_by[i])
    named = [{"ref": ref, "seq": seq} for ref, seq in pairs]
    insert(connection, xapi_references, named)
    _give_to_referrers(connection, older, found_by)


def _with_those_of_targets(
    connection: Connection, new: Sequence[NewStatement]
) -> dict[str, frozenset[bytes]]:
    """Return what new statements are found by: of themselves, and by what their targets are found by."""
    found_by = {one.statement_id: one.found_by for one in new}
    target_of = {one.statement_id: one.refers_to for one in new if one.refers_to is not None}
    columns = [_OF.statement_id, _OF.found_by]
    older = [target for target in target_of.values() if target not in found_by]
    of_older = {i: keys_in(keys) for i, keys in among(connection, columns, _OF.statement_id, older)}
    done: set[str] = set()
    for statement_id in target_of:
        path = []
        at: str | None = statement_id
        while at in target_of and at not in done:
            done.add(at)
            path.append(at)
            at = target_of[at]
        # From the end on; round a circle once more, and everybody in it has what all have.
        for one in (*reversed(path), *(reversed(path) if at in path else ())):
            target = target_of[one]
            found_by[one] |= found_by.get(target) or of_older.get(target, frozenset())
    return found_by


def _give_to_referrers(
    connection: Connection, older: Sequence[Referrer], found_by: Mapping[str, frozenset[bytes]]
) -> None:
    """Let those that refer to statements be found by what these are found by, and so on from them."""
    given = dict(found_by)
    while older:
        taken, rows, named = {}, [], []
        for one in older:
            before = keys_in(one.found_by)
            more = given[one.refers_to] - before
            if more:
                taken[one.statement_id] = before | more
                rows.append({"its_id": one.statement_id, "its_keys": joined(before | more)})
                named += [{"ref": ref, "seq": one.seq} for ref in more]
        if rows:
            connection.execute(SET_KEYS, rows)
            upsert(connection, xapi_references, named, overwrite=False)
        given = taken
        older = referrers(connection, [*given]) if given else []


def referrers(connection: Connection, statement_ids: Sequence[str]) -> list[Referrer]:
    """Return the statements that are kept and refer to one of these."""
    columns = [_OF.statement_id, _OF.seq, _OF.refers_to, _OF.voids, _OF.found_by]
    return [Referrer(*row) for row in among(connection, columns, _OF.refers_to, statement_ids)]


def void(connection: Connection, statement_ids: Sequence[str]) -> list[Voided]:
    """Void those of these statements that are kept and void nothing themselves; return who was not before."""
    found = []
    for some in chunks(sorted(set(statement_ids))):
        is_one = and_(_OF.statement_id.in_(some), _OF.voids.is_(False), _OF.is_voided.is_(False))
        rows = connection.execute(select(_OF.statement_id, _OF.learner_id, _OF.outcome).where(is_one)).all()
        connection.execute(update(xapi_statements).where(is_one).values(is_voided=True))
        found += [Voided(*row) for row in rows]
    return found


def set_outcome(connection: Connection, statement_ids: Sequence[str], outcome: str) -> None:
    """Say what became of statements."""
    for some in chunks(statement_ids):
        connection.execute(update(xapi_statements).where(_OF.statement_id.in_(some)).values(outcome=outcome))


def joined(keys: Iterable[bytes]) -> bytes:
    """Put hashes together that are stored as one."""
    return b"".join(sorted(keys))


def keys_in(stored: bytes) -> frozenset[bytes]:
    """Take apart what `joined` put together."""
    return frozenset(bytes(stored[i : i + KEY_BYTES]) for i in range(0, len(stored), KEY_BYTES))


def find(connection: Connection, statement_id: str, *, voided: bool) -> Told | None:
    """Return one statement that is voided, or that is not."""
    statement = select(*TOLD).where(_OF.statement_id == statement_id, _OF.is_voided.is_(voided))
    row = connection.execute(statement).first()
    return None if row is None else Told(*row)


def page(
    connection: Connection,
    keys: Sequence[Sequence[bytes]],
    *,
    since_ms: int | None,
    until_ms: int | None,
    ascending: bool,
    beyond: int | None,
    limit: int,
) -> list[Told]:
    """Statements that have one key of each of these groups and are not voided, by their numbers.

    Parameters
    ----------
    keys : sequence of sequences of bytes
    since_ms, until_ms : int, optional
        Stored after the first, and at the second or before.
    beyond : int, optional
        The number after which to go on.
    """
    statement: Select[Any] = select(*TOLD).where(_OF.is_voided.is_(False))
    after = None if since_ms is None else _last_by(connection, since_ms)
    last = None if until_ms is None else _last_by(connection, until_ms)
    if beyond is not None and ascending:
        after = max(beyond, after or 0)
    elif beyond is not None:
        last = min(beyond - 1, beyond if last is None else last)

    def ordered(statement: Select[Any], seq: Any) -> Select[Any]:
        # Bounds of the number, which every index is in the order of: nothing outside of them is looked at.
        if after is not None:
            statement = statement.where(seq > after)
        if last is not None:
            statement = statement.where(seq <= last)
        return statement.order_by(seq if ascending else seq.desc()).limit(limit)

    parts = []
    first, *others = keys or [()]
    for place, key in enumerate(first):
        # The database goes along this one: it has the numbers in order.
        of = xapi_references.alias().c
        along = statement.join(of.ref.table, of.seq == _OF.seq).where(of.ref == key)
        along = along.where(*(_has_any(of.seq, some) for some in others))
        # Each once, whatever else it has.
        parts.append(ordered(along.where(~_has_any(of.seq, first[:place])) if place else along, of.seq))
    if len(parts) < 2:
        wanted: Select[Any] | CompoundSelect[Any] = parts[0] if parts else ordered(statement, _OF.seq)
    else:
        # Each along its own order and no further than needed; few are left to be put in order.
        together = union_all(*(select(part.subquery()) for part in parts))
        wanted = together.order_by(asc("seq") if ascending else desc("seq")).limit(limit)
    return [Told(*row) for row in connection.execute(wanted)]


def _last_by(connection: Connection, stored_ms: int) -> int:
    """Return the number of the last statement stored by then, 0 for none: times grow with numbers."""
    by_then = select(_OF.seq).where(_OF.stored_ms <= stored_ms)
    return connection.execute(by_then.order_by(_OF.stored_ms.desc(), _OF.seq.desc()).limit(1)).scalar() or 0


def _has_any(seq: Any, keys: Sequence[bytes]) -> ColumnElement[bool]:
    of = xapi_references.alias().c
    return exists().where(of.seq == seq, of.ref.in_(keys))


def definitions(connection: Connection, refs: Iterable[bytes]) -> dict[bytes, str]:
    """Return what is told of some activities and verbs."""
    of = xapi_definitions.c
    return {bytes(ref): payload for ref, payload in among(connection, [of.ref, of.payload], of.ref, [*refs])}


def define(connection: Connection, new: Mapping[bytes, str]) -> None:
    """Tell this of activities and verbs."""
    upsert(connection, xapi_definitions, [{"ref": ref, "payload": new[ref]} for ref in sorted(new)])
