"""A small world for the service's tests: a real bundle, trained here, and a service over it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
import structlog
from starlette.testclient import TestClient

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.embeddings import build_interactions
from recommender.embeddings.popularity import Popularity
from recommender.embeddings.transitions import Transitions
from recommender.ranking.config import RankingConfig
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from serving.app import create_app
from serving.security.keys import create_key
from serving.security.scopes import Scope
from serving.settings import Settings
from serving.store.database import Database
from serving.store.migrate import open_database

KEY_SECRET = "9f1c7a3e5b8d2046" * 4
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = 86_400.0

SKILLS = ("skill-fractions", "skill-algebra", "skill-geometry", "skill-statistics")
MODULES = ("module-fractions", *(f"module-{i}" for i in range(1, 12)))
ITEMS = (*(f"item-fractions-{i}" for i in range(1, 5)), *(f"item-{i}" for i in range(4, 32)))
CREDENTIAL = "credential-numbers"
ROLE = "role-analyst"


def catalog(items: Sequence[str] = ITEMS, mark: str = "") -> Catalog:
    """Twelve modules over four skills, one with a prerequisite; a role; a credential."""
    skill_of = [[SKILLS[i % len(SKILLS)]] for i in range(len(MODULES))]
    item_module = [MODULES[0] if i < 4 else MODULES[i % len(MODULES)] for i in range(len(items))]
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": list(MODULES),
                    "title": [f"{t}{mark}" for t in ("Fractions", *(f"Module {i}" for i in range(1, 12)))],
                    "skill_ids": skill_of,
                    "duration_minutes": [30.0 + 5 * i for i in range(len(MODULES))],
                    "format": ["video", "reading"] * 6,
                    "language": ["en"] * len(MODULES),
                }
            ),
            "skills": pa.table({"skill_id": list(SKILLS), "name": [s[6:].title() for s in SKILLS]}),
            "items": pa.table(
                {
                    "item_id": list(items),
                    "module_id": item_module,
                    "skill_ids": [skill_of[MODULES.index(m)] for m in item_module],
                }
            ),
            "prerequisites": pa.table(
                {"module_id": [MODULES[11]], "prerequisite_module_id": [MODULES[10]], "strength": ["hard"]}
            ),
            "roles": pa.table({"role_id": [ROLE], "title": ["Analyst"]}),
            "role_skills": pa.table(
                {"role_id": [ROLE] * 2, "skill_id": list(SKILLS[:2]), "required_mastery": [0.8, 0.7]}
            ),
            "credentials": pa.table({"credential_id": [CREDENTIAL], "title": ["Numbers"]}),
        }
    )


def write_bundle(
    path: Path, *, seed: int = 0, n_learners: int = 60, items: Sequence[str] = ITEMS, mark: str = ""
) -> ModelBundle:
    """Train on made-up answers and write the bundle; `mark` stands behind the title of every module."""
    rng, known = np.random.default_rng(seed), catalog(items, mark)
    learner = np.repeat(np.arange(n_learners), 10)
    item = rng.integers(0, len(items), len(learner)).astype(np.int32)
    ability, hardness = rng.normal(size=n_learners), rng.normal(size=len(items))
    passed = (rng.random(len(learner)) < 1 / (1 + np.exp(hardness[item] - ability[learner]))).astype(float)
    attempts = AttemptColumns(
        learner=learner.astype(np.int64),
        item=item,
        skills=Ragged.of([known.item_skills[i].tolist() for i in item]),
        module=known.item_module[item],
        passed=passed,
        score=passed,
        at=np.arange(len(learner)) * DAY / 10,
        n_learners=n_learners,
        pass_mark=0.6,
    )
    nobody = np.full(n_learners, -1)
    starts = build_interactions(
        learner, rng.integers(0, len(MODULES), len(learner)), attempts.at,
        n_learners=n_learners, role=nobody, segment=nobody, n_modules=len(MODULES),
    )  # fmt: skip
    skills = SkillModel().fit(attempts, known, seed=seed)
    views = {view.kind: view.fit(starts, known, seed=seed) for view in (Popularity(), Transitions())}
    manifest = {
        "created_at": NOW.isoformat(),
        "dataset": {"name": "made-up", "simulated": False},
        "metrics": {"skills": {"auc": 0.7}},
    }
    bundle = ModelBundle(known, skills.difficulty_, skills, views, RankingConfig(), manifest)
    return bundle.write(path)


def shared_bundle(factory: pytest.TempPathFactory, *, seed: int = 0) -> Path:
    """Path of a bundle that is trained once per test process."""
    path = factory.getbasetemp() / f"serving-bundle-{seed}"
    if not path.exists():
        write_bundle(path, seed=seed)
    return path


def write_pointer(path: Path, bundle: Path, *, bundle_id: str | None = None, version: int = 1) -> None:
    """Point at a bundle the way a promotion does: a new file over the old one."""
    found = bundle_id or json.loads((bundle / "manifest.json").read_text())["id"]
    content = {"bundle": str(bundle), "bundle_id": found, "version": version, "alias": "champion"}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content))
    fresh.replace(path)


class FixedClock:
    """A clock that tests move."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Service:
    """A running service, a client with every scope, and what lies under it."""

    client: TestClient
    settings: Settings
    database: Database
    clock: FixedClock
    key: str

    def key_for(self, *scopes: Scope) -> str:
        with self.database.write() as connection:
            return create_key(connection, KEY_SECRET, name="test", scopes=scopes, now=NOW)

    def post_events(self, *events: dict[str, Any]) -> Any:
        return self.client.post("/v1/events", json={"events": list(events)})

    def log(self) -> list[Any]:
        return self.query("SELECT * FROM events ORDER BY event_id")

    def states(self) -> dict[str, bytes]:
        return {row.learner_id: row.state for row in self.query("SELECT * FROM learner_states")}

    def query(self, sql: str) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.exec_driver_sql(sql))


def make_settings(folder: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "key_secret": KEY_SECRET,
        "database_url": f"sqlite:///{folder / 'test.db'}",
        "pointer": folder / "champion.json",
        "pointer_poll_seconds": 0.02,
        "key_cache_seconds": 0,
        "recommendation_log_seconds": 0.02,
    }
    return Settings(_env_file=None, **(values | changes))


def log_plainly() -> None:
    """Show failures without the values of all variables, which take seconds to show."""
    if not structlog.is_configured():
        plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        structlog.configure(processors=[structlog.processors.add_log_level, plain])


@contextmanager
def running_service(folder: Path, bundle: Path | None, **changes: Any) -> Iterator[Service]:
    """Start the service over a store of its own; without a bundle it has no model."""
    settings, clock = make_settings(folder, **changes), FixedClock()
    log_plainly()
    if bundle is not None:
        write_pointer(settings.pointer, bundle)
    database = open_database(settings.database_url)
    with database.write() as connection:
        key = create_key(connection, KEY_SECRET, name="tests", scopes=list(Scope), now=NOW)
    app = create_app(settings, clock=clock)
    with (
        # It looks at everything in the process, which takes longer than all the rest of a start.
        patch("serving.model.set_aside"),
        TestClient(app, headers={"X-API-Key": key}, raise_server_exceptions=False) as client,
    ):
        yield Service(client, settings, database, clock, key)
    database.close()


def attempt(event_id: str, learner_id: str = "ann", **changes: Any) -> dict[str, Any]:
    """An attempt as sent, an hour ago."""
    sent = {
        "kind": "attempt",
        "event_id": event_id,
        "learner_id": learner_id,
        "item_id": "item-fractions-1",
        "score": 0.5,
        "occurred_at": (NOW - timedelta(hours=1)).isoformat(),
    }
    return sent | changes


def completion(event_id: str, module_id: str = MODULES[1], **changes: Any) -> dict[str, Any]:
    """A completion as sent, without a time."""
    sent = {"kind": "completion", "event_id": event_id, "learner_id": "ann", "module_id": module_id}
    return sent | changes


def fields(problem: Any) -> Sequence[str]:
    """Fields that a problem names."""
    return [error["field"] for error in problem.json()["errors"]]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_bundle(tmp_path_factory)


@pytest.fixture(scope="session")
def other_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_bundle(tmp_path_factory, seed=1)


@pytest.fixture
def service(tmp_path: Path, bundle: Path, store_url: str) -> Iterator[Service]:
    with running_service(tmp_path, bundle, database_url=store_url) as running:
        yield running


@pytest.fixture
def bare_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("bare"), None) as running:
        yield running
