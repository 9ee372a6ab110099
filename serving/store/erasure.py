"""What is removed when a learner is erased, and what keeps it from coming back.

Answers wait in the memory of each process until they are logged. So an erasure leaves a mark for a day: a
keyed hash, from which nobody can tell the learner. What was answered before it, or about then, is not logged
any more, and feedback on it is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, select

from serving.store.database import chunks
from serving.store.dialect import keep_writers_out
from serving.store.direct import upsert
from serving.store.learners import lock
from serving.store.recommendations import LoggedRecommendation, Row
from serving.store.tables import erasures, events, learner_states, learners, recommendations

# The profile comes last: it is what is locked.
TABLES = (events, learner_states, recommendations, learners)
_KEPT_SECONDS = 86_400.0
# An answer of this much later may still be made of what was there before: clocks differ, a commit takes time.
_ABOUT_SECONDS = 10.0


def erase(connection: Connection, learner_id: str, *, mark: str, at: float) -> dict[str, int]:
    """Remove everything of a learner; rows removed by table.

    Parameters
    ----------
    mark : str
        Keyed hash of the learner's id.
    at : float
        Now, seconds since 1970 UTC.
    """
    keep_writers_out(connection, recommendations)
    removed = dict.fromkeys((table.name for table in TABLES), 0)
    while True:
        # Who writes for a learner holds the lock on the profile. Where there is none, another may be about to
        # commit the first one: then all is removed again, with the lock.
        locked = bool(lock(connection, [learner_id]))
        for table in TABLES if locked else TABLES[:-1]:
            gone = connection.execute(delete(table).where(table.c.learner_id == learner_id))
            removed[table.name] += gone.rowcount
        if locked or not lock(connection, [learner_id]):
            break
    connection.execute(delete(erasures).where(erasures.c.erased_at < at - _KEPT_SECONDS))
    upsert(connection, erasures, [{"mark": mark, "erased_at": at}])
    return removed


def take_back(connection: Connection, logged: Sequence[Row], mark_of: Callable[[str], str]) -> None:
    """Remove, of answers logged in this transaction, those of learners who were erased since."""
    if connection.execute(select(erasures.c.mark).limit(1)).first() is None:
        return
    # Not only when somebody else is erased.
    newest = max((row["generated_at"] for row in logged), default=0.0)
    connection.execute(delete(erasures).where(erasures.c.erased_at < newest - _KEPT_SECONDS))
    marks = {row["learner_id"]: mark_of(row["learner_id"]) for row in logged}
    erased_at: dict[str, float] = {}
    for some in chunks(sorted(set(marks.values()))):
        found = connection.execute(select(erasures).where(erasures.c.mark.in_(some)))
        erased_at.update((mark.mark, mark.erased_at) for mark in found)
    late = [
        row["recommendation_id"]
        for row in logged
        if row["generated_at"] <= erased_at.get(marks[row["learner_id"]], float("-inf")) + _ABOUT_SECONDS
    ]
    for some in chunks(late):
        connection.execute(delete(recommendations).where(recommendations.c.recommendation_id.in_(some)))


def erased_at(connection: Connection, mark: str) -> float | None:
    """When the learner who has this mark was erased, seconds since 1970 UTC; a day later it is forgotten."""
    return connection.execute(select(erasures.c.erased_at).where(erasures.c.mark == mark)).scalar()


def was_erased(connection: Connection, answer: LoggedRecommendation, mark: str) -> bool:
    """Whether the learner of an answer, who has this mark, was erased since it was given."""
    at = erased_at(connection, mark)
    return at is not None and answer.generated_at <= at + _ABOUT_SECONDS
