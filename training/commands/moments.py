"""The moment that a command is about."""

from __future__ import annotations

from datetime import UTC, datetime

from recommender.errors import ConfigurationError
from training.datasets.dataset import Dataset
from training.scoring.events import last_event


def moment_of(dataset: Dataset, given: str | None) -> tuple[datetime, str]:
    """Return the moment, and where it is from: ``given``, ``last event``, or else the ``clock``.

    Parameters
    ----------
    dataset : Dataset
    given : str, optional
        ISO 8601, without a zone UTC.

    Raises
    ------
    ConfigurationError
        What is given is no time.
    """
    if given is not None:
        return parsed(given), "given"
    newest = last_event(dataset)
    return (newest, "last event") if newest is not None else (datetime.now(UTC), "clock")


def parsed(text: str) -> datetime:
    """Read what was given as ``--now``.

    Raises
    ------
    ConfigurationError
        It is no time.

    Examples
    --------
    >>> parsed("2026-01-31T12:00").isoformat()
    '2026-01-31T12:00:00+00:00'
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"--now {text!r} is no time; write one such as 2026-01-31T12:00:00Z"
        ) from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
