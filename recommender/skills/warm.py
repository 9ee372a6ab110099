"""Compile the kernel before it is needed."""

from __future__ import annotations

from recommender.domain.catalog import Ragged
from recommender.domain.events import Attempt
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.state import fold


def warm_kernel() -> None:
    """Fold one attempt of nobody: it compiles the kernel for online use, or loads it from the cache."""
    import numpy as np

    nothing = Ragged.of([])
    table = DifficultyTable(0.0, (), np.zeros(0), nothing, (), np.zeros(0))
    fold(
        [Attempt(event_id="w", learner_id="w", item_id="w", score=1.0, passed=True, skill_ids=("w",))], table
    )
