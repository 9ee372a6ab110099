"""A small dataset with everything in it, and the bundle trained on it, for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from rich.console import Console

from recommender.engine import Engine
from tests.postgres import Postgres, running_postgres

# How long an example takes says something of the machine only.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

N_LEARNERS, N_MODULES = 60, 12
TOPICS = ("python", "statistics", "ethics")
START = pd.Timestamp("2025-01-06", tz="UTC")
MLFLOW_VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT")


def _catalogue() -> dict[str, pd.DataFrame]:
    """Three topics of four modules in a row; the last of each has an easier variant, one is retired."""
    modules = pd.DataFrame(
        {
            "module_id": [f"m{i:02d}" for i in range(N_MODULES)] + ["m03-easy", "m99-old"],
            "title": [f"{TOPICS[i // 4]} {i % 4 + 1}".capitalize() for i in range(N_MODULES)]
            + ["Python 4, gently", "Punch cards"],
            "skill_ids": [[TOPICS[i // 4]] for i in range(N_MODULES)] + [["python"], ["python"]],
            "duration_minutes": [30.0 + 5 * i for i in range(N_MODULES)] + [25.0, 600.0],
            "format": ["course", "video"] * (N_MODULES // 2) + ["reading", "course"],
            "language": ["en"] * (N_MODULES - 1) + ["de", "en", "en"],
            "variant_of": [None] * N_MODULES + ["m03", None],
            "retired_at": [pd.NaT] * (N_MODULES + 1) + [START],
        }
    )
    skills = pd.DataFrame(
        {"skill_id": TOPICS, "name": [t.capitalize() for t in TOPICS], "half_life_days": [None, 180.0, None]}
    )
    items = pd.DataFrame(
        {
            "item_id": [f"q{i:02d}" for i in range(2 * N_MODULES)],
            "module_id": [f"m{i // 2:02d}" for i in range(2 * N_MODULES)],
            "skill_ids": [[TOPICS[i // 8]] for i in range(2 * N_MODULES)],
        }
    )
    later = [i for i in range(N_MODULES) if i % 4]
    prerequisites = pd.DataFrame(
        {
            "module_id": [f"m{i:02d}" for i in later],
            "prerequisite_module_id": [f"m{i - 1:02d}" for i in later],
            "strength": ["hard" if i % 4 == 3 else "soft" for i in later],
        }
    )
    roles = pd.DataFrame(
        {
            "role_id": ["analyst", "manager"],
            "title": ["Analyst", "Manager"],
            "segment": ["builder", "leader"],
            "priority": [0.9, 0.4],
        }
    )
    role_skills = pd.DataFrame(
        {
            "role_id": ["analyst", "analyst", "manager"],
            "skill_id": ["python", "statistics", "ethics"],
            "required_mastery": [0.8, 0.7, 0.6],
            "importance": [0.9, 0.8, 1.0],
        }
    )
    return {
        "modules": modules,
        "skills": skills,
        "items": items,
        "prerequisites": prerequisites,
        "roles": roles,
        "role_skills": role_skills,
    }


def _history(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Learners go through a topic in order and answer two items a module; able ones pass more."""
    attempts, completions = [], []
    ability = rng.normal(0, 1.2, N_LEARNERS)
    for learner in range(N_LEARNERS):
        at = START + pd.Timedelta(days=int(rng.integers(0, 200)))
        for module in range(4 * (learner % 3), N_MODULES)[: int(rng.integers(2, 7))]:
            at += pd.Timedelta(hours=int(rng.integers(1, 200)))
            learner_id = f"l{learner:03d}"
            completions.append((learner_id, f"m{module:02d}", "completed", at))
            for item in (2 * module, 2 * module + 1):
                at += pd.Timedelta(minutes=3)
                chance = 1 / (1 + np.exp(-(ability[learner] + 0.8 - 0.5 * (module % 4))))
                passed = bool(rng.random() < chance)
                score = 0.6 + 0.4 * rng.random() if passed else 0.5 * rng.random()
                attempts.append((learner_id, f"q{item:02d}", round(score, 3), passed, at))
    learners = pd.DataFrame({"learner_id": [f"l{i:03d}" for i in range(N_LEARNERS)]})
    learners["role_id"] = ["analyst" if i % 3 else "manager" for i in range(N_LEARNERS)]
    learners["group_site"] = ["north" if i % 2 else "south" for i in range(N_LEARNERS)]
    return {
        "learners": learners,
        "attempts": pd.DataFrame(
            attempts, columns=["learner_id", "item_id", "score", "passed", "occurred_at"]
        ),
        "completions": pd.DataFrame(
            completions, columns=["learner_id", "module_id", "status", "occurred_at"]
        ),
    }


@pytest.fixture(scope="session")
def tiny_tables() -> dict[str, pd.DataFrame]:
    """Tables of the small dataset; do not change them in place."""
    return _catalogue() | _history(np.random.default_rng(7))


@pytest.fixture(scope="session")
def tiny_dataset(tiny_tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of the small dataset."""
    from training.datasets import write_dataset

    path = tmp_path_factory.mktemp("data") / "tiny"
    write_dataset(tiny_tables, path)
    return path


@pytest.fixture(scope="session")
def tiny_bundle(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of the bundle trained on it by the real pipeline."""
    from training.config import load_config
    from training.datasets import load_dataset
    from training.pipeline import N_STEPS, train
    from training.progress import Steps

    out = tmp_path_factory.mktemp("bundles") / "tiny"
    train(
        load_dataset(tiny_dataset),
        load_config(overrides=["evaluation.cuts=[0.5]", "slices.max_choices=2000"]),
        out,
        under_id=False,
        steps=Steps(N_STEPS, Console(quiet=True)),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return out


@pytest.fixture(scope="session")
def tiny_engine(tiny_bundle: Path) -> Engine:
    """The engine that the bundle makes."""
    return Engine.load(tiny_bundle)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty MLflow database once: its migrations take seconds, copying it takes none."""
    from training.tracking import connect

    store = tmp_path_factory.mktemp("migrated")
    with pytest.MonkeyPatch.context() as patch:
        for name in MLFLOW_VARIABLES:
            patch.delenv(name, raising=False)
        connect(store).search_experiments()
    return store / "mlflow.db"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server of this test alone, which may kill it."""
    with running_postgres() as server:
        yield server


STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a new empty store, on each of the databases there are."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.new_store()
    yield url
    server.drop(url)
