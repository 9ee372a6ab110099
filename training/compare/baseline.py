"""What a first model has to beat: the mean of each item, and what most people start."""

from __future__ import annotations

import numpy as np

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import Histories
from recommender.embeddings.popularity import Popularity
from recommender.skills.columns import AttemptColumns
from training.columns import attempt_columns, interactions_of
from training.compare.candidates import Tracer
from training.compare.figures import Floats
from training.datasets.dataset import Dataset
from training.evaluation.module_exam import Scorer

BASELINE = "baseline"
# Attempts that count as many as all of an item's own together.
_PRIOR = 5.0


def item_mean(learned: Dataset, catalog: Catalog, pass_mark: float) -> Tracer | None:
    """Tell the share of others who passed an item, drawn to that of all items; None without attempts.

    Parameters
    ----------
    learned : Dataset
        What may be learned from.
    """
    attempts = attempt_columns(learned, catalog, pass_mark=pass_mark)
    if attempts is None or not len(attempts):
        return None
    n = np.bincount(attempts.item, minlength=len(catalog.item_ids))
    passed = np.bincount(attempts.item, attempts.passed, len(catalog.item_ids))
    share: Floats = (passed + _PRIOR * attempts.passed.mean()) / (n + _PRIOR)

    def tell(asked: AttemptColumns) -> Floats:
        return share[asked.item]

    return tell


def popularity(learned: Dataset, catalog: Catalog) -> Scorer | None:
    """Rank modules by how many of the others started them; None without completions."""
    interactions = interactions_of(learned, catalog)
    if interactions is None:
        return None
    view = Popularity().fit(interactions, catalog, seed=0)
    return lambda history: view.score(Histories.of(history))[0]
