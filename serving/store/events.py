"""The event log: append only, ordered per learner by (`occurred_at`, `event_id`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, update

from serving.store.database import chunks, streamed
from serving.store.dialect import insert_many
from serving.store.direct import among, insert
from serving.store.tables import events


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One row of the log.

    Parameters
    ----------
    occurred_at : float or None
        Seconds since 1970 UTC; None when the source has no clock.
    payload : str
        Canonical JSON of what the sender sent.
    """

    event_id: str
    learner_id: str
    kind: str
    occurred_at: float | None
    received_at: float
    payload: str


class LogColumns(NamedTuple):
    """Rows of the log as columns; see `LoggedEvent`."""

    event_id: Sequence[str]
    learner_id: Sequence[str]
    kind: Sequence[str]
    occurred_at: Sequence[float | None]
    received_at: Sequence[float]
    payload: Sequence[str]

    def row(self, place: int) -> LoggedEvent:
        """One row of them."""
        return LoggedEvent(**{name: column[place] for name, column in self._asdict().items()})


_NAMES = tuple(LoggedEvent.__dataclass_fields__)
_COLUMNS = tuple(events.c[name] for name in _NAMES)


def payloads(connection: Connection, event_ids: Sequence[str]) -> dict[str, str]:
    """Payload of each of these events that is in the log."""
    return dict(among(connection, [events.c.event_id, events.c.payload], events.c.event_id, event_ids))


def learners_of(connection: Connection, event_ids: Sequence[str]) -> dict[str, str]:
    """Learner of each of these events that is in the log."""
    return dict(among(connection, [events.c.event_id, events.c.learner_id], events.c.event_id, event_ids))


def is_empty(connection: Connection) -> bool:
    """Whether nothing is logged of anybody."""
    return connection.execute(select(events.c.event_id).limit(1)).first() is None


def append(connection: Connection, new: Sequence[LoggedEvent]) -> None:
    """Append events that are not in the log yet."""
    # Not dataclasses.asdict: it copies every value, which is a third of the time of a large import.
    insert(connection, events, [{n: getattr(event, n) for n in _NAMES} for event in new])


def append_columns(connection: Connection, new: LogColumns) -> None:
    """Append many events that are not in the log yet."""
    insert_many(connection, events, list(zip(*new, strict=True)))


def remove(connection: Connection, event_ids: Sequence[str]) -> None:
    """Remove events whose sender took them back."""
    for some in chunks(event_ids):
        connection.execute(delete(events).where(events.c.event_id.in_(some)))


def give(connection: Connection, learner_id: str, payloads: Mapping[str, str]) -> None:
    """Make these events, with these payloads, those of another learner."""
    statement = (
        update(events)
        .where(events.c.event_id == bindparam("its_id"))
        .values(learner_id=learner_id, payload=bindparam("its_payload"))
    )
    rows = [{"its_id": event_id, "its_payload": payload} for event_id, payload in payloads.items()]
    if rows:
        connection.execute(statement, rows)


def history(connection: Connection, learner_id: str) -> list[LoggedEvent]:
    """Everything logged of one learner, oldest first."""
    statement = _in_order().where(events.c.learner_id == learner_id)
    return [_logged(row) for row in connection.execute(statement)]


def history_columns(connection: Connection, learner_ids: Sequence[str]) -> LogColumns:
    """Everything logged of these learners, at most `CHUNK` of them: learner by learner, oldest first."""
    rows = connection.execute(_in_order().where(events.c.learner_id.in_(learner_ids))).all()
    return LogColumns(*zip(*rows, strict=True)) if rows else LogColumns(*((),) * len(_NAMES))


def count(connection: Connection) -> int:
    """How many events are logged."""
    return connection.execute(select(func.count()).select_from(events)).scalar_one()


def every(connection: Connection) -> Iterator[LogColumns]:
    """Everything logged, learner by learner, some at a time."""
    # As the index has it: no database sorts them.
    statement = select(*_COLUMNS).order_by(events.c.learner_id, events.c.occurred_at, events.c.event_id)
    for rows in streamed(connection, statement):
        yield LogColumns(*zip(*rows, strict=True))


def has_any(connection: Connection, learner_id: str) -> bool:
    """Whether anything is logged of a learner."""
    statement = select(events.c.event_id).where(events.c.learner_id == learner_id).limit(1)
    return connection.execute(statement).first() is not None


def _in_order() -> Select[tuple[object, ...]]:
    return select(*_COLUMNS).order_by(
        events.c.learner_id, events.c.occurred_at.asc().nulls_first(), events.c.event_id
    )


def _logged(row: Row[tuple[object, ...]]) -> LoggedEvent:
    return LoggedEvent(**row._mapping)
