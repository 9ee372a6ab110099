"""Connections and transactions."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from recommender.errors import ConfigurationError, RecommenderError
from serving.store import dialect

# Databases limit how many parameters one statement may have; 500 is below every limit.
CHUNK = 500


class StoreBusyError(RecommenderError):
    """Another writer held the database for too long; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(
            "the database is locked by another writer, nothing was stored; try again in a few seconds, or "
            "stop what writes to it"
        )


class Database:
    """A database and its two kinds of transaction.

    Parameters
    ----------
    url : str
        A SQLAlchemy address, such as ``sqlite:///serving.db``.

    Raises
    ------
    ConfigurationError
        If the address cannot be understood, or names a database without persistence.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = create_engine(
                url,
                pool_size=20,
                max_overflow=30,
                # What goes wrong is logged, and parameters are personal.
                hide_parameters=True,
            )
        except (ArgumentError, NoSuchModuleError, TypeError):
            raise ConfigurationError(
                "setting SERVING_DATABASE_URL is not a database address this service knows; "
                "use one such as sqlite:///serving.db"
            ) from None
        except ImportError as error:
            raise ConfigurationError(
                f"setting SERVING_DATABASE_URL needs the driver {error.name}, which is not installed; "
                "install it, or use an address such as sqlite:///serving.db"
            ) from None
        if dialect.is_sqlite(self.engine) and self.engine.url.database in (None, "", ":memory:"):
            raise ConfigurationError(
                "setting SERVING_DATABASE_URL names a database in memory, which forgets everything; "
                "name a file, such as sqlite:///serving.db"
            )
        dialect.prepare(self.engine)
        # Where one writer is all there can be, queueing here is fairer than retrying on a busy file.
        self._one_writer = threading.Lock() if dialect.is_sqlite(self.engine) else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one moment and changes nothing.

        Raises
        ------
        StoreBusyError
            If another writer holds the database for too long.
        """
        with _busy_told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end, or not at all.

        Raises
        ------
        StoreBusyError
            If another writer holds the database for too long.
        """
        with _busy_told(), ExitStack() as stack:
            if self._one_writer is not None:
                if not self._one_writer.acquire(timeout=dialect.BUSY_TIMEOUT_MS / 1000):
                    raise StoreBusyError
                stack.callback(self._one_writer.release)
            connection = stack.enter_context(self.engine.connect())
            connection = connection.execution_options(**{dialect.WRITE_OPTION: True})
            stack.enter_context(connection.begin())
            yield connection

    def ping(self) -> None:
        """Ask the database for an answer; raises what the driver raises when there is none."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _busy_told() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if dialect.is_busy(error):
            raise StoreBusyError from None
        raise


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a sequence into pieces small enough for one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
