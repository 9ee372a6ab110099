"""Boosted trees as plain arrays, walked by compiled code: nothing of a library is needed to predict."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.errors import NotFittedError
from recommender.trees.bitvectors import NO_TREES, BitVectors

_THREADS = 2
# Fitted on fewer rows than these, a second thread costs more than it brings.
_ROWS_FOR_THREADS = 100_000
_CHUNK = 50_000


def fitting_settings(n_rows: int, seed: int) -> dict[str, Any]:
    """Return settings of LightGBM under which the same data give the same trees."""
    return {
        "seed": seed,
        "num_threads": _THREADS if n_rows >= _ROWS_FOR_THREADS else 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }


class TreeArrays:
    """The sum of some binary trees.

    Attributes
    ----------
    ARRAYS : tuple of str
        ``tree_start_`` (n_trees + 1,) where each tree's nodes begin; for each node ``feature_``, -1 for a
        leaf, ``threshold_``, the value of a leaf, ``left_`` and ``right_``, and ``missing_``: where an
        unknown feature goes, 0 to the left, 1 to the right, 2 where 0 would go.
    """

    ARRAYS = ("tree_start_", "feature_", "threshold_", "left_", "right_", "missing_")

    tree_start_: NDArray[np.int32]
    feature_: NDArray[np.int32]
    threshold_: NDArray[np.float64]
    left_: NDArray[np.int32]
    right_: NDArray[np.int32]
    missing_: NDArray[np.int32]
    # Trees that were laid out, and the array that tells whether they are still these.
    _laid_out: tuple[Any, Any] = (None, None)

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.tree_start_) - 1

    def none(self) -> Self:
        """No trees: their sum is 0."""
        return self._take([])

    def stump(self) -> Self:
        """One leaf of value 0."""
        return self._take([{"leaf_value": 0.0}])

    def check(self, n_features: int) -> None:
        """Refuse arrays that compiled code could not walk safely.

        Raises
        ------
        ValueError
            They hold no trees over so many features.
        """
        start, n = self.tree_start_, len(self.feature_)
        inner = np.flatnonzero(self.feature_ >= 0)
        # A child comes after its parent and before the next tree, so every walk ends.
        end = np.repeat(start[1:], np.maximum(np.diff(start), 0))
        sound = (
            all(len(getattr(self, name)) == n for name in self.ARRAYS[1:])
            and start[0] == 0
            and start[-1] == n
            and bool((np.diff(start) > 0).all())
            and bool((self.feature_ < n_features).all())
            and all(
                bool(((child[inner] > inner) & (child[inner] < end[inner])).all())
                for child in (self.left_, self.right_)
            )
        )
        if not sound:
            raise ValueError("arrays of trees hold no trees")

    def predict_logit(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sum of the trees, logits, shape (n_rows,)."""
        if not hasattr(self, "tree_start_"):
            raise NotFittedError(self)
        if len(self.tree_start_) == 1:
            return np.zeros(len(features))
        from recommender.trees.kernel import add_trees  # it brings the compiler

        total, trees = np.zeros(len(features)), self.compiled()
        if len(features) <= _CHUNK:
            add_trees(trees, features, total)
            return total
        with ThreadPoolExecutor(_THREADS) as pool:
            for done in [
                pool.submit(add_trees, trees, features[at : at + _CHUNK], total[at : at + _CHUNK])
                for at in range(0, len(features), _CHUNK)
            ]:
                done.result()
        return total

    def compiled(self) -> Any:
        """Return the trees as `recommender.trees.kernel.Trees`, laid out once."""
        if self._laid_out[0] is not self.threshold_:
            from recommender.trees.kernel import Bits, Nodes, Trees

            small = BitVectors.of(self)
            nodes = Nodes(*(getattr(self, name) for name in self.ARRAYS))
            self._laid_out = (self.threshold_, Trees(nodes, Bits(*(small or NO_TREES)), small is not None))
        return self._laid_out[1]

    def take_over(self, booster: Any) -> Self:
        """Take over the trees of a LightGBM booster, up to its best iteration."""
        trees = booster.dump_model(num_iteration=booster.best_iteration)["tree_info"]
        return self._take([tree["tree_structure"] for tree in trees])

    def _take(self, roots: list[dict[str, Any]]) -> Self:
        """Take over trees as LightGBM's `dump_model` tells them, one structure a tree."""
        rows: list[tuple[int, float, int, int, int]] = []
        start = [0]
        for root in roots:
            _lay_out(root, rows)
            start.append(len(rows))
        columns = list(zip(*rows, strict=True)) or [()] * 5
        self.tree_start_ = np.array(start, np.int32)
        self.feature_, self.left_, self.right_, self.missing_ = (
            np.array(columns[i], np.int32) for i in (0, 2, 3, 4)
        )
        self.threshold_ = np.array(columns[1], np.float64)
        return self


def _lay_out(node: dict[str, Any], rows: list[tuple[int, float, int, int, int]]) -> int:
    """Append a node and all below it; returns its row."""
    row = len(rows)
    if "split_feature" not in node:
        rows.append((-1, float(node["leaf_value"]), -1, -1, 0))
        return row
    missing = (0 if node["default_left"] else 1) if node["missing_type"] == "NaN" else 2
    rows.append((-1, 0.0, -1, -1, 0))
    left, right = _lay_out(node["left_child"], rows), _lay_out(node["right_child"], rows)
    rows[row] = (int(node["split_feature"]), float(node["threshold"]), left, right, missing)
    return row
