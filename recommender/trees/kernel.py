"""Walking boosted trees, compiled; see `recommender.trees.arrays`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.trees.bitvectors import DE_BRUIJN, DE_BRUIJN_SHIFT

# Rows looked at together, always so many: the compiler makes straight vector code of a known number.
_BLOCK = 64
# Fewer rows walk faster than they are brought into columns.
_FEW = 8
_DE_BRUIJN, _SHIFT = np.uint32(DE_BRUIJN), np.uint32(DE_BRUIJN_SHIFT)


class Nodes(NamedTuple):
    """Arrays of `TreeArrays.ARRAYS`."""

    start: Any
    feature: Any
    threshold: Any
    left: Any
    right: Any
    missing: Any


class Bits(NamedTuple):
    """Arrays of `BitVectors`."""

    start: Any
    feature: Any
    threshold: Any
    unknown_left: Any
    kept: Any
    value: Any


class Trees(NamedTuple):
    """Trees laid out in both ways, as bit vectors only where they are `small`."""

    nodes: Nodes
    bits: Bits
    small: bool


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
def _take_columns(x: Any, first: int, n: int, columns: Any, least: Any, most: Any) -> None:
    """Turn rows ``first:first + n`` into columns (n_features, _BLOCK), and find the extremes of each.

    Where a column holds something unknown its extremes are NaN, which settles nothing. Behind the last row
    it stands again.
    """
    for f in range(x.shape[1]):
        low = high = x[first, f]
        for i in range(_BLOCK):
            value = x[first + min(i, n - 1), f]
            columns[f, i] = value
            low, high = min(low, value), max(high, value)
        unknown = False
        for i in range(_BLOCK):
            unknown |= np.isnan(columns[f, i])
        least[f] = np.float32(np.nan) if unknown else low
        most[f] = np.float32(np.nan) if unknown else high


@numba.njit(cache=True, nogil=True)
def add_leaves(x: Any, bits: Bits, total: Any) -> None:
    """Add to `total` (n_rows,) what `walk` adds.

    Rows are those of one learner or alike, so many a node sends all of them the same way, which their
    extremes tell.
    """
    n_features = x.shape[1]
    columns = np.empty((n_features, _BLOCK), np.float32)
    least, most = np.empty(n_features, np.float32), np.empty(n_features, np.float32)
    reached, sums = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK)
    for first in range(0, len(x), _BLOCK):
        n = min(_BLOCK, len(x) - first)
        _take_columns(x, first, n, columns, least, most)
        sums[:] = 0.0
        for tree in range(len(bits.start) - 1):
            reached[:] = np.uint32(0xFFFFFFFF)
            for_all = np.uint32(0xFFFFFFFF)
            for node in range(bits.start[tree], bits.start[tree + 1]):
                f, threshold = bits.feature[node], bits.threshold[node]
                if most[f] <= threshold:
                    continue
                if least[f] > threshold:
                    for_all &= bits.kept[node]
                else:
                    _ask(columns[f], threshold, bits.unknown_left[node], bits.kept[node], reached)
            values = bits.value[tree]
            for i in range(_BLOCK):
                its = reached[i] & for_all
                lowest = its & np.uint32(-its)
                sums[i] += values[np.uint32(np.uint32(lowest * _DE_BRUIJN) >> _SHIFT)]
        for i in range(n):
            total[first + i] += sums[i]


@numba.njit(cache=True, nogil=True)
def add_trees(trees: Trees, x: Any, total: Any) -> None:
    """Add to `total` (n_rows,) the sum of the trees for rows of features (n_rows, n_features)."""
    if trees.small and len(x) >= _FEW:
        add_leaves(x, trees.bits, total)
    else:
        walk(x, trees.nodes, total)
