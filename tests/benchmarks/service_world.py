"""A made organisation as the service meets it: a bundle with its pointer, and a dataset to load.

Skills, modules and people are those of `tests.benchmarks.module_world`; nothing in here says anything of real
people. It is for measuring time and size.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recommender.domain.dataset_format import SEGMENTS
from tests.benchmarks.module_world import ITEMS_EACH, MadeWorld, made_world
from tests.benchmarks.recommend_latency import bundle_of

DAY = 86_400.0


def served_world(folder: Path, *, n_modules: int, n_learners: int, n_attempts: int) -> Path:
    """Write pointer and dataset into `folder`, or find them there; return the pointer.

    Parameters
    ----------
    folder : Path
        Kept for the next time.
    n_attempts : int
        Of each learner, besides the 15 modules that each has started.
    """
    bundle_of(made_world(n_modules, 3_000), folder)
    pointer = folder / f"modules-{n_modules}.json"
    bundle = f"modules-{n_modules}"
    made_id = json.loads((folder / bundle / "manifest.json").read_text())["id"]
    pointer.write_text(
        json.dumps({"bundle": bundle, "bundle_id": made_id, "version": 1, "alias": "champion"})
    )
    dataset = dataset_at(folder, n_modules, n_learners, n_attempts)
    if not dataset.exists():
        write_dataset(made_world(n_modules, n_learners), dataset, n_attempts)
    return pointer


def dataset_at(folder: Path, n_modules: int, n_learners: int, n_attempts: int) -> Path:
    """Where the dataset of this size lies."""
    return folder / f"dataset-{n_modules}-{n_learners}-{n_attempts}"


def write_dataset(world: MadeWorld, folder: Path, n_attempts: int, seed: int = 0) -> None:
    """Write learners, completions and attempts; answers are spread over the modules that were started."""
    rng, rows, catalog = np.random.default_rng(seed), world.interactions, world.catalog
    n, n_starts = rows.n_learners, len(rows.modules) // rows.n_learners
    ids = np.array([f"learner-{i:06d}" for i in range(n)])
    modules, started = rows.modules.reshape(n, n_starts), rows.at.reshape(n, n_starts)
    role, segment = rows.role, rows.segment
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    learners = {
        "learner_id": ids,
        "role_id": np.array(catalog.roles.ids)[role],
        "segment": np.array(SEGMENTS)[segment],
        "team_id": [f"team-{i // 20:05d}" for i in range(n)],
        "can_mentor": rng.random(n) < 0.05,
    }
    completions = {
        "learner_id": np.repeat(ids, n_starts),
        "module_id": np.array(catalog.module_ids)[modules.ravel()],
        "event_id": [f"c-{i:09d}" for i in range(n * n_starts)],
        "status": np.where(rng.random(n * n_starts) < 0.8, "completed", "started"),
        "occurred_at": _times(started.ravel()),
    }
    which = rng.integers(0, n_starts, (n, n_attempts))
    module = np.take_along_axis(modules, which, 1).ravel()
    at = started[:, :1] + 3 * DAY * np.arange(n_attempts) + 60.0
    passed = rng.random(n * n_attempts) < 0.7
    attempts = {
        "learner_id": np.repeat(ids, n_attempts),
        "item_id": np.array(catalog.item_ids)[
            ITEMS_EACH * module + rng.integers(0, ITEMS_EACH, module.shape)
        ],
        "score": passed.astype(np.float64),
        "event_id": [f"q-{i:09d}" for i in range(n * n_attempts)],
        "occurred_at": _times(at.ravel()),
    }
    tables = {"learners": learners, "completions": completions, "attempts": attempts}
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), part / f"{name}.parquet")
    part.rename(folder)


def _times(seconds: np.ndarray) -> pa.Array:
    return pa.array(np.round(seconds * 1e6).astype(np.int64), pa.timestamp("us", "UTC"))
