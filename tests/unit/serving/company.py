"""People of a small organisation, as an LMS tells of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from serving.learner_states import folded_with, rebuild
from serving.model import ModelHolder, ServedModel
from serving.store.database import Database
from tests.unit.serving.world import ITEMS, NOW, ROLE, SKILLS, Service, attempt, write_pointer


def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens in the background."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def swap(service: Service, bundle: Path) -> ServedModel:
    """Let the service follow the pointer to another bundle."""
    models: ModelHolder = service.client.app.state.services.models  # type: ignore[attr-defined]
    before = models.current
    write_pointer(service.settings.pointer, bundle, version=2)
    until(lambda: models.current is not before)
    assert models.current is not None
    return models.current


def another_worker(service: Service, bundle: Path) -> Callable[[], None]:
    """Return how a worker that serves another bundle makes the states of all people its own."""
    pointer = service.settings.pointer.with_name("another-worker.json")
    write_pointer(pointer, bundle)
    models = ModelHolder(pointer, service.clock, warm=False)
    models.refresh()
    model = models.current
    assert model is not None

    def takes_all() -> None:
        assert rebuild(service.database, model, now=NOW) > 0
        assert {row.difficulty_id for row in service.query("SELECT difficulty_id FROM learner_states")} == {
            folded_with(model.engine.difficulty_id)
        }

    return takes_all


class Overtaken(Database):
    """A store in which something happens just before everybody is read.

    Parameters
    ----------
    url : str
    happens : callable
    """

    def __init__(self, url: str, happens: Callable[[], None]) -> None:
        super().__init__(url)
        self._happens = happens

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Do as any store, a moment later."""
        self._happens()
        with super().snapshot() as connection:
            yield connection


def put(service: Service, learner_id: str, /, **profile: Any) -> Any:
    """Put a profile in place."""
    return service.client.put(f"/v1/learners/{learner_id}", json=profile)


def answered(service: Service, learner_id: str, passed: bool, n: int = 60) -> None:
    """Let somebody answer items of all skills, minutes apart."""
    rows = [
        attempt(
            f"{learner_id}-{i}",
            learner_id,
            item_id=ITEMS[i % len(ITEMS)],
            score=float(passed),
            occurred_at=(NOW - timedelta(days=2) + timedelta(minutes=i)).isoformat(),
        )
        for i in range(n)
    ]
    assert service.post_events(*rows).status_code == 200


def company(service: Service, teams: dict[str, int]) -> None:
    """People of teams of these sizes, named by team and number; every second one passes."""
    for team, size in teams.items():
        for i in range(size):
            assert put(service, f"{team}-{i}", role_id=ROLE, team_id=team).status_code == 200
            answered(service, f"{team}-{i}", passed=i % 2 == 0, n=8)


__all__ = [
    "ROLE", "SKILLS", "Overtaken", "another_worker", "answered", "company", "put", "swap", "until",
]  # fmt: skip
