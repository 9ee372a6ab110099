"""Walking boosted trees, compiled; see `recommender.trees.arrays`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np


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
