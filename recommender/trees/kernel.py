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
def _take_columns(x: Any, first: int, n: int, columns: Any) -> None:
    """Turn rows ``first:first + n`` into columns back to back, `_BLOCK` numbers each.

    Behind the last row it stands again.
    """
    for i in range(_BLOCK):
        row = first + min(i, n - 1)
        for f in range(x.shape[1]):
            columns[f * _BLOCK + i] = x[row, f]


@numba.njit(cache=True, nogil=True)
def add_leaves(x: Any, bits: Bits, total: Any) -> None:
    """Add to `total` (n_rows,) what `walk` adds.

    Every node is asked of all rows: to look first whether it sends them all the same way takes longer.
    """
    start, feature, threshold, value = bits.start, bits.feature, bits.threshold, bits.value
    unknown_left, kept_right = bits.unknown_left, bits.kept
    columns, every = np.empty(x.shape[1] * _BLOCK, np.float32), np.uint32(0xFFFFFFFF)
    reached, sums = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK)
    for first in range(0, len(x), _BLOCK):
        n = min(_BLOCK, len(x) - first)
        _take_columns(x, first, n, columns)
        sums[:] = 0.0
        for tree in range(len(start) - 1):
            reached[:] = every
            for node in range(start[tree], start[tree + 1]):
                most, kept, column = threshold[node], kept_right[node], np.uintp(feature[node] * _BLOCK)
                # A comparison with what is not known is false. Places are unsigned, because one that may
                # count from the end costs a branch each.
                if unknown_left[node]:
                    for i in range(np.uintp(_BLOCK)):
                        reached[i] &= kept if columns[column + i] > most else every
                else:
                    for i in range(np.uintp(_BLOCK)):
                        reached[i] &= every if columns[column + i] <= most else kept
            values = value[tree]
            for i in range(_BLOCK):
                lowest = reached[i] & np.uint32(-reached[i])
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
