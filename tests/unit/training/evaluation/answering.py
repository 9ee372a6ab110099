"""Learners of different ability who answer items of none, one and two skills, some of them again."""

import numpy as np
import pyarrow as pa

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.columns import AttemptColumns

ITEM_SKILLS = [[i % 3] for i in range(12)] + [[0, 2], [1, 2], []]
CATALOG = Catalog.from_tables(
    {
        "skills": pa.table({"skill_id": ["s0", "s1", "s2"], "name": ["a", "b", "c"]}),
        "items": pa.table(
            {
                "item_id": [f"i{i}" for i in range(len(ITEM_SKILLS))],
                "skill_ids": pa.array([[f"s{s}" for s in row] for row in ITEM_SKILLS], pa.list_(pa.string())),
            }
        ),
    }
)


def answering(n_learners: int, n_attempts: int, seed: int) -> AttemptColumns:
    """Rows of all learners interleaved, in the order of time; numbers of attempts differ."""
    rng = np.random.default_rng(seed)
    learner = rng.integers(0, n_learners, n_attempts)
    item = rng.integers(0, len(ITEM_SKILLS), n_attempts).astype(np.int32)
    logit = rng.normal(0, 1.5, n_learners)[learner] - np.linspace(-2, 1, len(ITEM_SKILLS))[item]
    passed = (rng.random(n_attempts) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    return AttemptColumns(
        learner=learner,
        item=item,
        skills=Ragged.of([ITEM_SKILLS[i] for i in item.tolist()]),
        module=np.full(n_attempts, -1, np.int32),
        passed=passed,
        score=passed,
        at=np.arange(n_attempts) * 60.0,
        n_learners=n_learners,
    )
