"""The small dataset with answers in it, made by its own engine, exploring."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.domain.recommendation import Query
from recommender.engine import Engine
from training.datasets import Dataset, load_dataset, write_dataset
from training.evaluation.off_policy.events import events_of, profiles_of

K, PER_LEARNER = 3, 20


def with_answers(tables: dict, dataset: Dataset, engine: Engine, path: Path, exploration: float) -> Path:
    """Write the dataset with twenty answers a learner after its last event; even modules are liked more."""
    ranking = engine.bundle.ranking.model_copy(update={"exploration": exploration})
    exploring = Engine(replace(engine.bundle, ranking=ranking))
    names = dataset.tables["learners"]["learner_id"].tolist()
    events, profiles = events_of(dataset, names), profiles_of(dataset, names)
    end = max(dataset.tables[name]["occurred_at"].max() for name in ("attempts", "completions"))
    rng, rows, taken = np.random.default_rng(3), [], []
    for name in names:
        for day in range(1, PER_LEARNER + 1):
            at = end + pd.Timedelta(days=day)
            answer = exploring.recommend(events[name], profiles[name], Query(k=K), now=at.to_pydatetime())
            for module in answer.modules:
                row = (f"{name}-{day}", name, module.module_id, module.rank, module.propensity, at)
                rows.append(row)
                if rng.random() < (0.6 if int(module.module_id[1:3]) % 2 == 0 else 0.2):
                    taken.append((row[0], row[2], "accepted", at + pd.Timedelta(minutes=5)))
    # Something that happens late, so that windows are over.
    taken.append((rows[0][0], rows[0][2], "too_easy", end + pd.Timedelta(days=60)))
    columns = ["recommendation_id", "learner_id", "module_id", "rank", "propensity", "occurred_at"]
    feedback = pd.DataFrame(taken, columns=["recommendation_id", "module_id", "kind", "occurred_at"])
    write_dataset(
        tables | {"recommendations": pd.DataFrame(rows, columns=columns), "feedback": feedback}, path
    )
    return path


@pytest.fixture(scope="session")
def logged(tiny_tables, tiny_dataset, tiny_engine, tmp_path_factory) -> Path:
    """Directory of the dataset with answers of an engine that explores in half of them."""
    path = tmp_path_factory.mktemp("logged") / "data"
    return with_answers(tiny_tables, load_dataset(tiny_dataset), tiny_engine, path, 0.5)


@pytest.fixture(scope="session")
def unexplored(tiny_tables, tiny_dataset, tiny_engine, tmp_path_factory) -> Path:
    """The same of an engine that never explores."""
    path = tmp_path_factory.mktemp("unexplored") / "data"
    return with_answers(tiny_tables, load_dataset(tiny_dataset), tiny_engine, path, 0.0)
