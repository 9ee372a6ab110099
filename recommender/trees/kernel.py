"""Walking boosted trees, compiled; see `recommender.trees.arrays`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.trees.bitvectors import DE_BRUIJN, DE_BRUIJN_SHIFT

# Rows looked at together, always so many: the compiler makes straight vector code of a known number.
_BLOCK = 64
_DE_BRUIJN, _SHIFT = np.uint32(DE_BRUIJN), np.uint32(DE_BRUIJN_SHIFT)


class Nodes(NamedTuple):
    """Arrays of `TreeArrays.ARRAYS`."""

    start: Any
    feature: Any
    threshold: Any
    left: Any
    right: Any
    missing: Any


@numba.njit(cache=True, nogil=True)
def walk(x: Any, nodes: Nodes, total: Any) -> None:
    """Add to `total` (n_rows,) the value of the leaf that each row of `x` reaches in each tree."""
    feature, threshold = nodes.feature, nodes.threshold
    for root in nodes.start[:-1]:
        for i in range(len(x)):
            node = root
            while feature[node] >= 0:
                value = x[i, feature[node]]
                if np.isnan(value):
                    to_left = nodes.missing[node] == 0 or (
                        nodes.missing[node] == 2 and threshold[node] >= 0.0
                    )
                else:
                    to_left = value <= threshold[node]
                node = nodes.left[node] if to_left else nodes.right[node]
            total[i] += threshold[node]


@numba.njit(cache=True, nogil=True)
def _ask(column: Any, most: Any, unknown_left: bool, kept: Any, reached: Any) -> None:
    """Take from the leaves each of `_BLOCK` rows can reach those that a node does not lead it to."""
    every = np.uint32(0xFFFFFFFF)
    # A comparison with what is not known is false.
    if unknown_left:
        for i in range(_BLOCK):
            reached[i] &= kept if column[i] > most else every
    else:
        for i in range(_BLOCK):
            reached[i] &= every if column[i] <= most else kept


@numba.njit(cache=True, nogil=True)
def add_leaves(
    x: Any, start: Any, feature: Any, threshold: Any, unknown_left: Any, kept: Any, value: Any, total: Any
) -> None:
    """Add to `total` (n_rows,) what `walk` adds; the other arrays are those of `BitVectors`."""
    columns = np.zeros((x.shape[1], _BLOCK), np.float32)
    reached, sums = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK)
    for first in range(0, len(x), _BLOCK):
        n = min(_BLOCK, len(x) - first)
        for f in range(x.shape[1]):
            for i in range(n):
                columns[f, i] = x[first + i, f]
        sums[:] = 0.0
        for tree in range(len(start) - 1):
            reached[:] = np.uint32(0xFFFFFFFF)
            for node in range(start[tree], start[tree + 1]):
                _ask(columns[feature[node]], threshold[node], unknown_left[node], kept[node], reached)
            values = value[tree]
            for i in range(_BLOCK):
                lowest = reached[i] & np.uint32(-reached[i])
                sums[i] += values[np.uint32(np.uint32(lowest * _DE_BRUIJN) >> _SHIFT)]
        for i in range(n):
            total[first + i] += sums[i]
