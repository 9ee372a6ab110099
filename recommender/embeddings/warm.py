"""Compile the kernels before they are needed."""

from __future__ import annotations


def warm_neighbours() -> None:
    """Walk from a module to itself: it compiles the kernels, or loads them from the cache."""
    import numpy as np

    from recommender.embeddings.histories import Histories, History
    from recommender.embeddings.neighbours import Neighbours

    near = Neighbours.strongest(
        [np.ones((1, 1), np.float32)], np.ones(1, np.bool_), n_neighbours=1, order=np.zeros(1, np.int64)
    )
    past = History(np.zeros(1, np.int32), np.zeros(1))
    near.score(Histories.of(past), window=1, recency=1.0)
    near.leading_source(past, 0, window=1, recency=1.0)
