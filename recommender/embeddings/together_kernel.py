"""Several views scored in one call, compiled; see `recommender.embeddings.together`."""

from __future__ import annotations

from typing import Any

import numba

from recommender.embeddings.neighbours_kernel import Rows, score_history
from recommender.embeddings.popularity_kernel import copy_shares


@numba.njit(cache=True, nogil=True)
def score_neighbour_views(
    starts: Any,
    modules: Any,
    weights: Any,
    known: Any,
    window: Any,
    recency: Any,
    place: Any,
    start: Any,
    started: Any,
    out: Any,
) -> None:
    """Fill row ``place[v]`` of each history's `out` (n_histories, n_views, n_modules) by neighbours `v`.

    The first four are tuples, an array of `Rows` for each view; `start` and `started` are the histories.
    """
    for h in range(len(out)):
        for v in range(len(starts)):
            rows = Rows(starts[v], modules[v], weights[v], known[v])
            scores = out[h, place[v]]
            score_history(rows, started, start[h], start[h + 1], window[v], recency[v], scores)


@numba.njit(cache=True, nogil=True)
def score_popularity_views(
    shares: Any, sliced: Any, first_only: Any, place: Any, start: Any, role: Any, segment: Any, out: Any
) -> None:
    """Fill row ``place[v]`` of each history's `out` by the tuple of tables `shares`."""
    for v in range(len(shares)):
        copy_shares(shares[v], sliced[v], first_only[v], start, role, segment, out[:, place[v]])
