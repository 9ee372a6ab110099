"""The service over a small trained model, on a port of this machine, for a real browser to look at."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import uvicorn

from serving.app import create_app
from serving.security.keys import create_key
from serving.security.scopes import Scope
from serving.store.database import Database
from serving.store.migrate import open_database
from tests.unit.serving.world import KEY_SECRET, log_plainly, make_settings, write_pointer

LEARNER = "ada"
ALL_MODULES = (*(f"m{i:02d}" for i in range(12)), "m03-easy")


@dataclass(frozen=True)
class Served:
    """A running service: its address, its store, and a client with every scope."""

    url: str
    database: Database
    client: httpx2.Client

    def key(self, *scopes: str) -> str:
        wanted = [Scope(scope) for scope in scopes]
        now = datetime.now(UTC)
        with self.database.write() as connection:
            return create_key(connection, KEY_SECRET, name="test", scopes=wanted, now=now)

    def post(self, *events: dict[str, Any]) -> None:
        answer = self.client.post("/v1/events", json={"events": list(events)})
        assert answer.json()["stored"] == len(events), answer.text

    def mastery(self, learner_id: str) -> dict[str, dict[str, Any]]:
        answer = self.client.get(f"/v1/learners/{learner_id}/mastery").json()
        return {skill["skill_id"]: skill for skill in answer["skills"]}

    def events_of(self, learner_id: str) -> list[dict[str, Any]]:
        return [
            event["sent"] for event in self.client.get(f"/v1/learners/{learner_id}/export").json()["events"]
        ]


@contextmanager
def served(folder: Path, bundle: Path | None, **changes: Any) -> Iterator[Served]:
    """Serve on a free port; without a bundle there is no model."""
    settings = make_settings(folder, **changes)
    log_plainly()
    if bundle is not None:
        write_pointer(settings.pointer, bundle)
    database = open_database(settings.database_url)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, server_header=False, ws="none"
    )
    server = uvicorn.Server(config)
    # `set_aside` looks at everything in the process, which takes longer than all the rest of a start.
    with patch("serving.model.set_aside"), httpx2.Client(base_url=url, timeout=60) as client:
        running = threading.Thread(target=server.run, args=([listening],))
        running.start()
        try:
            while not server.started:
                assert running.is_alive()
                time.sleep(0.05)
            world = Served(url, database, client)
            client.headers["X-API-Key"] = world.key(*Scope)
            yield world
        finally:
            server.should_exit = True
            running.join()
            listening.close()
            database.close()


def simulated_copy(bundle: Path, path: Path) -> Path:
    """Copy a bundle and label it as trained on simulated data."""
    shutil.copytree(bundle, path)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["dataset"]["simulated"] = True
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def history(learner_id: str, passed: tuple[bool, ...] = (True, True, False, True)) -> list[dict[str, Any]]:
    """Finished the first module of two topics; one answer each on their items, in the days before now."""
    begin = datetime.now(UTC) - timedelta(days=len(passed) + 2)
    finished = [
        {
            "kind": "completion",
            "event_id": f"{learner_id}-finished-{module_id}",
            "learner_id": learner_id,
            "module_id": module_id,
            "occurred_at": begin.isoformat(),
        }
        for module_id in ("m00", "m04")
    ]
    items = ("q00", "q01", "q08", "q09")
    answers = [
        {
            "kind": "attempt",
            "event_id": f"{learner_id}-answered-{item_id}",
            "learner_id": learner_id,
            "item_id": item_id,
            "score": 0.9 if right else 0.2,
            "occurred_at": (begin + timedelta(days=day)).isoformat(),
        }
        for day, (item_id, right) in enumerate(zip(items, passed, strict=True))
    ]
    return finished + answers


def everything_finished(learner_id: str) -> list[dict[str, Any]]:
    """Every module that could be recommended is finished."""
    return [
        {
            "kind": "completion",
            "event_id": f"{learner_id}-{module_id}",
            "learner_id": learner_id,
            "module_id": module_id,
        }
        for module_id in ALL_MODULES
    ]
