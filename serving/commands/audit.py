"""``audit``: list who administered what."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.markup import escape
from rich.table import Table

from recommender.domain.events import from_seconds, to_seconds
from recommender.errors import InputError
from serving.audit import learner_subject
from serving.settings import Settings
from serving.store.audit import entries
from serving.store.migrate import open_database


def listing(settings: Settings, *, learner_id: str | None = None, since: str | None = None) -> Table:
    """Return the audit log as a table, oldest first.

    Parameters
    ----------
    learner_id : str, optional
        Only what was done to this learner. The log does not hold the id: it is found by its keyed hash.
    since : str, optional
        ISO 8601; a time without a zone is UTC.

    Raises
    ------
    InputError
        If `since` is no time.
    """
    secret = settings.key_secret.get_secret_value()
    subject = None if learner_id is None else learner_subject(secret, learner_id)
    begin = None if since is None else to_seconds(_time(since))
    table = Table(title="Audit log")
    for column in ("time, UTC", "who", "did", "to", "outcome", "request"):
        table.add_column(column, overflow="fold")
    database = open_database(settings.database_url)
    try:
        with database.read() as connection:
            for entry, name in entries(connection, since=begin, subject=subject):
                at = from_seconds(entry.at)
                table.add_row(
                    "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S"),
                    # What somebody chose is no markup.
                    escape(entry.actor if name is None else f"{entry.actor} ({name})"),
                    entry.action,
                    escape(entry.subject or ""),
                    entry.outcome,
                    entry.request_id or "",
                )
    finally:
        database.close()
    return table


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--since {text!r} is no time; give one such as 2026-03-01 or 2026-03-01T09:30:00Z"
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
