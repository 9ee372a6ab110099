"""Reports on groups of people as stored: each part by itself, all parts of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, or_, select

from serving.store.database import Database
from serving.store.dialect import take_turn
from serving.store.tables import reports

WHOLE = ""
"""The part that is of everybody."""

_FIND = select(reports.c.part, reports.c.made_at, reports.c.payload).where(
    reports.c.report == bindparam("report"), or_(reports.c.part == WHOLE, reports.c.part == bindparam("part"))
)
_MADE_AT = select(reports.c.made_at).where(reports.c.report == bindparam("report"), reports.c.part == WHOLE)


@dataclass(frozen=True, slots=True)
class StoredReport:
    """What a report says of everybody and of one part, as JSON.

    Parameters
    ----------
    made_at : float
        Seconds since 1970 UTC.
    part : str or None
        None where the report says nothing of it.
    """

    made_at: float
    whole: str
    part: str | None


def find(database: Database, report: str, part: str) -> StoredReport | None:
    """Return what a report says of everybody and of one part; None where there is no report."""
    with database.read() as connection:
        rows = connection.execute(_FIND, {"report": report, "part": part}).all()
    found = {row.part: row.payload for row in rows}
    if WHOLE not in found:
        return None
    return StoredReport(rows[0].made_at, found[WHOLE], found.get(part))


def save(
    connection: Connection, report: str, parts: Mapping[str, str], *, at: float, in_place_of: float | None
) -> bool:
    """Put a report in the place of the one that was made at `in_place_of`, or where there is none.

    Returns
    -------
    bool
        False where there is another by now, which stays.
    """
    # Else two processes that find none would both put theirs there, one after the other.
    take_turn(connection, reports)
    if connection.execute(_MADE_AT, {"report": report}).scalar() not in (None, in_place_of):
        return False
    connection.execute(delete(reports).where(reports.c.report == report))
    rows = [{"report": report, "part": p, "made_at": at, "payload": payload} for p, payload in parts.items()]
    connection.execute(reports.insert(), rows)
    return True
