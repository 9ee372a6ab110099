"""Several views asked in one call, compiled; see `recommender.embeddings.together`."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from recommender.embeddings.neighbours_kernel import Rows, score_history, share_of_source, strongest_source
from recommender.embeddings.popularity_kernel import copy_shares

# A started module is said to lead to another where it makes so much of all that the views say for it.
_LEADS: Final = 0.5


class NeighbourRows(NamedTuple):
    """Arrays of `Neighbours`, each as a tuple over the views, with how far back these look and their places.

    Where there is no such view the tuples hold something of the type, and `place` nothing.
    """

    starts: Any
    modules: Any
    weights: Any
    known: Any
    window: Any
    recency: Any
    place: Any


class Tables(NamedTuple):
    """Tables of `Popularity` as a tuple over the views, with their slices, whom they answer, and places."""

    shares: Any
    sliced: Any
    first_only: Any
    place: Any


class Views(NamedTuple):
    """Views that are scored by compiled code."""

    near: NeighbourRows
    popular: Tables


@numba.njit(cache=True, nogil=True)
def score_views(bound: Any, start: Any, started: Any, role: Any, segment: Any, out: Any) -> None:
    """Fill the rows of the bound `Views` in each history's `out` (n_histories, n_views, n_modules)."""
    near, popular = bound.of.near, bound.of.popular
    for h in range(len(out)):
        for v in range(len(near.place)):
            rows = Rows(near.starts[v], near.modules[v], near.weights[v], near.known[v])
            scores = out[h, near.place[v]]
            score_history(rows, started, start[h], start[h + 1], near.window[v], near.recency[v], scores)
        for v in range(len(popular.place)):
            table, shares = popular.shares[v], out[h : h + 1, popular.place[v]]
            whom = (start[h : h + 2], role[h : h + 1], segment[h : h + 1])
            copy_shares(table, popular.sliced[v], popular.first_only[v], *whom, shares)


@numba.njit(cache=True, nogil=True)
def lead(bound: Any, asked: Any, started: Any, modules: Any, shares: Any, weights: Any, found: Any) -> None:
    """Fill `found` (n, 2): what leads to each module, and which of the bound `NeighbourRows` says so.

    It is, of the rows `asked` (n_rows,), the one that says most of those that name anything, of `shares`
    (n_views, n_modules) times `weights` (n_views,) of all views; -1 stands for nothing, and for what makes
    too little of all that is said for the module, see `Sequences`.
    """
    near, said = bound.of, np.empty(len(bound.of.place))
    found[:] = -1
    for i in range(len(modules)):
        for v in range(len(said)):
            said[v] = shares[near.place[v], modules[i]] * weights[near.place[v]] if asked[v] else 0.0
        while found[i, 0] < 0:
            best, most = -1, 0.0
            for v in range(len(said)):
                if said[v] > most:
                    best, most = v, said[v]
            if best < 0:
                break
            said[best] = 0.0
            rows = Rows(near.starts[best], near.modules[best], near.weights[best], near.known[best])
            source = strongest_source(rows, started, near.window[best], near.recency[best], modules[i])
            if source >= 0:
                found[i] = source, best
        if found[i, 0] >= 0 and _part_of(found[i, 0], near, started, modules[i], shares, weights) < _LEADS:
            found[i] = -1


@numba.njit(cache=True, nogil=True)
def _part_of(source: int, near: NeighbourRows, started: Any, module: int, shares: Any, weights: Any) -> float:
    """Part that a started module has in all that the views say for another."""
    total, part = 0.0, 0.0
    for v in range(len(weights)):
        total += weights[v] * shares[v, module]
    for v in range(len(near.place)):
        said = weights[near.place[v]] * shares[near.place[v], module]
        if said > 0.0:
            rows = Rows(near.starts[v], near.modules[v], near.weights[v], near.known[v])
            its = share_of_source(rows, started, near.window[v], near.recency[v], source, module)
            part += said * its
    return part / total
