"""The service whose statement resource is tested, with an empty store for every test."""

from __future__ import annotations

import base64
import json as json_module
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from serving.app import create_app
from serving.security.keys import create_key
from serving.security.scopes import Scope
from serving.services import utc_now
from serving.store.database import Database
from serving.store.migrate import open_database
from serving.store.tables import aliases, events, xapi_definitions, xapi_references, xapi_statements
from tests.unit.serving.world import KEY_SECRET, bundle, log_plainly, make_settings, write_pointer

__all__ = ["bundle"]

_VERSION = "X-Experience-API-Version"
_TABLES = (xapi_statements, xapi_references, xapi_definitions, aliases, events)


class Lrs:
    """Asks the statement resource as its callers do."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self.client = client
        self.database = database
        self.authorization = self.key_with(Scope.XAPI_READ, Scope.XAPI_WRITE)

    def key_with(self, *scopes: Scope | str) -> str:
        with self.database.write() as connection:
            key = create_key(
                connection, KEY_SECRET, name="t", scopes=[Scope(s) for s in scopes], now=utc_now()
            )
        return "Basic " + base64.b64encode(f"lms:{key}".encode()).decode()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str | None] | None = None,
    ) -> Any:
        """Send a request; without `headers` a good key and version 1.0.3 go with it."""
        sent: dict[str, str | None] = {"authorization": self.authorization, _VERSION.lower(): "1.0.3"}
        if json is not None:
            content = json_module.dumps(json).encode()
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.client.request(method, f"/xapi{path}", params=params, content=content, headers=kept)

    def post(self, statements: Any, version: str = "1.0.3") -> Any:
        return self.request("POST", "/statements", json=statements, headers={_VERSION: version})

    def put(self, statement: Any, statement_id: str, version: str = "1.0.3") -> Any:
        params = {"statementId": statement_id}
        return self.request("PUT", "/statements", params=params, json=statement, headers={_VERSION: version})

    def get(self, version: str = "1.0.3", **params: str) -> Any:
        return self.request("GET", "/statements", params=params, headers={_VERSION: version})

    def head(self, version: str = "1.0.3", **params: str) -> Any:
        return self.request("HEAD", "/statements", params=params, headers={_VERSION: version})


@pytest.fixture(scope="session")
def running_lrs(tmp_path_factory: pytest.TempPathFactory, bundle: Any) -> Iterator[Lrs]:
    log_plainly()
    settings = make_settings(
        tmp_path_factory.mktemp("lrs"), key_cache_seconds=60, rate_limit=0, wrong_key_limit=0
    )
    write_pointer(settings.pointer, bundle)
    database = open_database(settings.database_url)
    with ExitStack() as stack:
        stack.callback(database.close)
        app = create_app(settings, clock=utc_now)
        # Only while it starts: it runs beside the tests of other files.
        with patch("serving.model.set_aside"):
            client = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        yield Lrs(client, database)


@pytest.fixture
def lrs(running_lrs: Lrs) -> Lrs:
    with running_lrs.database.write() as connection:
        for table in _TABLES:
            connection.execute(delete(table))
    return running_lrs


@pytest.fixture
def key_with(lrs: Lrs) -> Callable[..., str]:
    return lrs.key_with
