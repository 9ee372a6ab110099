"""Compile the kernels before they are needed."""

from __future__ import annotations

from recommender.domain.catalog import Ragged
from recommender.domain.events import Attempt, Completion
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.state import describe_items, fold


def warm_kernel() -> None:
    """Fold events of nobody: it compiles the kernels for online use, or loads them from the cache."""
    import numpy as np

    from recommender.skills.trees import BoostedTrees

    one = Ragged.of([[0]])
    table = DifficultyTable(0.0, ("w",), np.zeros(1), one, ("w",), np.zeros(1), ("w",), one)
    attempt = Attempt(event_id="1", learner_id="w", item_id="w", score=1.0, passed=True)
    state = fold([attempt, Completion(event_id="2", learner_id="w", module_id="w")], table)
    features = describe_items(state, np.zeros(1, np.int64), table, table.known(), now=0.0)
    BoostedTrees().stump().predict_logit(features)
