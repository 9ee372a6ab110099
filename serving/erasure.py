"""Erasing a learner: in the store, and in the memory of this process."""

from __future__ import annotations

from sqlalchemy import Connection

from recommender.domain.events import to_seconds
from serving.security.keys import erasure_mark
from serving.services import Services
from serving.store import aliases, statements
from serving.store import erasure as store
from serving.store.audit import AuditEntry, record
from serving.xapi.people import remove_statements


def erase(services: Services, learner_id: str, audit: AuditEntry) -> dict[str, int]:
    """Remove everything that is held of a learner, in one transaction; entries removed by table.

    What other processes of this service hold in memory is not logged any more, and is gone within moments:
    see `serving.store.erasure` and `serving.people_tables`.
    """
    mark = erasure_mark(services.settings.key_secret.get_secret_value(), learner_id)

    def work(connection: Connection) -> dict[str, int]:
        said = _unsaid(connection, learner_id, services.settings.home_pages)
        # Now, and not before it was this writer's turn.
        rows = said | store.erase(connection, learner_id, mark=mark, at=to_seconds(services.clock()))
        record(connection, audit if any(rows.values()) else audit.ended("nothing held"))
        return rows

    waiting = services.recommendations.forget(learner_id)
    try:
        removed = services.database.transact(work)
    except BaseException:
        services.recommendations.remember(waiting)
        raise
    # What came in between was answered from what is erased now.
    waiting += services.recommendations.forget(learner_id)
    services.mentors.forget(learner_id)
    return removed | {"recommendations": removed["recommendations"] + len(waiting)}


def _unsaid(connection: Connection, learner_id: str, home_pages: frozenset[str]) -> dict[str, int]:
    """Remove what statements say of a learner, and who the learner is elsewhere."""
    # Before anybody is locked; until the end nothing more is said.
    statements.turn(connection)
    return {
        "xapi_statements": remove_statements(connection, learner_id, home_pages),
        "aliases": aliases.remove(connection, learner_id),
    }
