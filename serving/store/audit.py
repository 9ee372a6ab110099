"""The audit log: who did what of the calls and commands that administer. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, select

from serving.store.tables import api_keys, audit_log

# As long as the columns are.
_MOST = {"actor": 200, "action": 64, "subject": 200, "outcome": 64, "request_id": 128}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done.

    Parameters
    ----------
    audit_id : str
        Made when the entry is, so that a transaction that is done again writes the same row.
    at : float
        Seconds since 1970 UTC.
    actor : str
        ``key:`` and the id of an API key, or ``command:`` and the name of a user of the operating system.
    action : str
        The operationId of a call, or the words of a command.
    subject : str, optional
        What it was done to; never a learner's id, see `serving.audit.learner_subject`.
    outcome : str
        ``done``, or why not.
    """

    audit_id: str
    at: float
    actor: str
    action: str
    subject: str | None = None
    outcome: str = "done"
    request_id: str | None = None

    def about(self, subject: str) -> AuditEntry:
        """Return the entry with its subject, which must not be or hold a learner's id."""
        return replace(self, subject=subject)

    def ended(self, outcome: str) -> AuditEntry:
        """Return the entry with another outcome than ``done``."""
        return replace(self, outcome=outcome)


def record(connection: Connection, entry: AuditEntry) -> None:
    """Write an entry in the transaction that does what it tells of: both are there, or neither."""
    row = asdict(entry)
    for name, most in _MOST.items():
        if row[name] is not None:
            row[name] = row[name][:most]
    connection.execute(audit_log.insert(), row)


def entries(
    connection: Connection, *, since: float | None = None, subject: str | None = None
) -> Iterator[tuple[AuditEntry, str | None]]:
    """Entries, oldest first, each with the name of the API key that acted, if one did.

    Parameters
    ----------
    since : float, optional
        Seconds since 1970 UTC; what was done before is left out.
    subject : str, optional
        Only what was done to this.
    """
    key = "key:" + api_keys.c.key_id
    statement = (
        select(audit_log, api_keys.c.name)
        .select_from(audit_log.outerjoin(api_keys, audit_log.c.actor == key))
        .order_by(audit_log.c.at, audit_log.c.audit_id)
    )
    if since is not None:
        statement = statement.where(audit_log.c.at >= since)
    if subject is not None:
        statement = statement.where(audit_log.c.subject == subject)
    for row in connection.execute(statement):
        values = dict(row._mapping)
        name = values.pop("name")
        yield AuditEntry(**values), name
