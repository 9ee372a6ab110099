"""Boosted trees over what the fold tells, on top of the linear part and the memory.

Fitted by LightGBM (Ke et al. 2017) with the other parts' logit as the starting score, so that with little
data the trees add little; kept as plain arrays and walked by compiled code, so that nothing of the library is
needed to predict.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.errors import NotFittedError

Floats = NDArray[np.float64]

_THREADS = 2
_CHUNK = 50_000
# With fewer attempts a second thread costs more than it brings.
_ROWS_FOR_THREADS = 200_000


class TreesConfig(BaseModel):
    """How the trees are fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_rate: float = Field(0.15, gt=0, description="shrinkage of each tree")
    max_rounds: int = Field(600, ge=0, description="trees at most; 0 fits none")
    patience: int = Field(30, ge=1, description="rounds without gain on held-out learners before stopping")
    max_leaves: int = Field(63, ge=2, description="leaves of a tree at most")
    min_leaf_attempts: int = Field(300, ge=1, description="attempts in a leaf at least")
    feature_share: float = Field(0.5, gt=0, le=1, description="features drawn for each tree")
    attempt_share: float = Field(0.8, gt=0, le=1, description="attempts drawn for each tree")
    leaf_penalty: float = Field(20.0, ge=0, description="L2 penalty of a leaf's value")
    max_bins: int = Field(63, ge=2, le=255, description="distinct values of a feature that a split can tell")


class BoostedTrees:
    """Boosted trees.

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
    threshold_: Floats
    left_: NDArray[np.int32]
    right_: NDArray[np.int32]
    missing_: NDArray[np.int32]

    def __init__(self, config: TreesConfig | None = None) -> None:
        self.config = config or TreesConfig()

    def fit(
        self,
        features: NDArray[np.float32],
        passed: Floats,
        start: Floats,
        held_out: NDArray[np.bool_],
        *,
        seed: int,
    ) -> Self:
        """Fit on the rows that are not held out, until the log loss of those that are falls no more.

        Parameters
        ----------
        features : float32 array, shape (n_attempts, n_features)
            NaN where unknown.
        passed, start : float64 arrays, shape (n_attempts,)
            1 or 0; logits that the trees are added to.
        held_out : bool array, shape (n_attempts,)
            Both outcomes among those held out and among the others.
        seed : int
        """
        import lightgbm

        if self.config.max_rounds == 0:
            return self.none()
        settings = {
            "objective": "binary",
            "learning_rate": self.config.learning_rate,
            "num_leaves": self.config.max_leaves,
            "min_data_in_leaf": self.config.min_leaf_attempts,
            "feature_fraction": self.config.feature_share,
            "bagging_fraction": self.config.attempt_share,
            "bagging_freq": 1,
            "lambda_l2": self.config.leaf_penalty,
            "max_bin": self.config.max_bins,
            "seed": seed,
            "num_threads": _THREADS if len(passed) >= _ROWS_FOR_THREADS else 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }
        train, valid = (
            lightgbm.Dataset(features[rows], passed[rows], init_score=start[rows], params=settings)
            for rows in (~held_out, held_out)
        )
        booster = lightgbm.train(
            settings,
            train,
            self.config.max_rounds,
            valid_sets=[valid.set_reference(train)],
            callbacks=[lightgbm.early_stopping(self.config.patience, verbose=False)],
        )
        trees = booster.dump_model(num_iteration=booster.best_iteration)["tree_info"]
        return self._take([tree["tree_structure"] for tree in trees])

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
            raise ValueError("arrays trees_* hold no trees")

    def predict_logit(self, features: NDArray[np.float32]) -> Floats:
        """Sum of the trees, logits, shape (n_rows,)."""
        if not hasattr(self, "tree_start_"):
            raise NotFittedError(self)
        if len(self.tree_start_) == 1:
            return np.zeros(len(features))
        from recommender.skills.trees_kernel import Nodes, walk  # it brings the compiler

        total = np.zeros(len(features))
        trees = Nodes(*(getattr(self, name) for name in self.ARRAYS))
        if len(features) <= _CHUNK:
            walk(features, trees, total)
            return total
        with ThreadPoolExecutor(_THREADS) as pool:
            for done in [
                pool.submit(walk, features[at : at + _CHUNK], trees, total[at : at + _CHUNK])
                for at in range(0, len(features), _CHUNK)
            ]:
                done.result()
        return total

    def _take(self, roots: list[dict[str, Any]]) -> Self:
        """Take over trees as LightGBM tells them."""
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
