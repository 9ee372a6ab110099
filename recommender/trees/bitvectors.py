"""Small boosted trees as bit vectors: every node is asked of many rows at once, and no row walks a tree.

QuickScorer (Lucchese et al. 2015, "QuickScorer: a fast algorithm to rank documents with additive ensembles
of regression trees", section 3), with rows side by side in vector registers. A node that sends a row to the
right takes the leaves below its left child out of those the row can still reach; the first left is the row's.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

MOST_LEAVES: Final = 32
"""Leaves of a tree at most: one bit each."""
# A power of two times this has another number in its first five bits for each of the 32 powers (de Bruijn).
DE_BRUIJN: Final = 0x077CB531
DE_BRUIJN_SHIFT: Final = 27


class BitVectors(NamedTuple):
    """The trees, inner nodes of each tree one after the other.

    Parameters
    ----------
    start : int64 array, shape (n_trees + 1,)
    feature : int64 array, shape (n_inner_nodes,)
    threshold : float32 array, shape (n_inner_nodes,)
        A feature goes left up to here: the largest float32 that is not above the threshold.
    unknown_left : bool array, shape (n_inner_nodes,)
        Where an unknown feature goes.
    kept : uint32 array, shape (n_inner_nodes,)
        Leaves still reached by a row that goes to the right, a bit each, the leftmost leaf the lowest.
    value : float64 array, shape (n_trees, 32)
        Of each leaf, at the place that its bit times `DE_BRUIJN` has in its first five bits.
    """

    start: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    unknown_left: NDArray[np.bool_]
    kept: NDArray[np.uint32]
    value: NDArray[np.float64]

    @classmethod
    def of(cls, trees: Any) -> Self | None:
        """Lay out a `TreeArrays`; None where a tree has more than 32 leaves."""
        start, feature = trees.tree_start_, trees.feature_
        if (np.diff(start) >= 2 * MOST_LEAVES).any():
            return None
        left, right = trees.left_.tolist(), trees.right_.tolist()
        value = np.zeros((len(start) - 1, MOST_LEAVES))
        kept = np.zeros(len(feature), np.uint32)
        for tree, root in enumerate(start[:-1].tolist()):
            n_leaves = 0
            waiting = [(root, False)]
            first_leaf: dict[int, int] = {}
            while waiting:
                node, left_is_done = waiting.pop()
                if feature[node] < 0:
                    if n_leaves == MOST_LEAVES:
                        return None
                    bit = DE_BRUIJN << n_leaves & 0xFFFFFFFF
                    value[tree, bit >> DE_BRUIJN_SHIFT] = trees.threshold_[node]
                    n_leaves += 1
                elif left_is_done:
                    below_left = (1 << n_leaves) - (1 << first_leaf[node])
                    kept[node] = 0xFFFFFFFF ^ below_left
                    waiting.append((right[node], False))
                else:
                    first_leaf[node] = n_leaves
                    waiting += [(node, True), (left[node], False)]
        inner = np.flatnonzero(feature >= 0)
        threshold = trees.threshold_[inner]
        missing = trees.missing_[inner]
        return cls(
            start=np.searchsorted(inner, start).astype(np.int64),
            feature=feature[inner].astype(np.int64),
            threshold=_not_above(threshold),
            unknown_left=(missing == 0) | ((missing == 2) & (threshold >= 0.0)),
            kept=kept[inner],
            value=value,
        )


def _not_above(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 that is not above each value; a float32 is above both or none of the two."""
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


NO_TREES: Final = BitVectors(
    np.zeros(1, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.float32),
    np.zeros(0, np.bool_),
    np.zeros(0, np.uint32),
    np.zeros((0, MOST_LEAVES)),
)
"""The sum of nothing."""
