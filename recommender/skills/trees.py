"""Boosted trees over what the fold tells, on top of the linear part and the memory.

Fitted by LightGBM (Ke et al. 2017) with the other parts' logit as the starting score, so that with little
data the trees add little; kept as plain arrays and walked by compiled code, so that nothing of the library is
needed to predict.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.trees.arrays import TreeArrays, fitting_settings

Floats = NDArray[np.float64]


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


class BoostedTrees(TreeArrays):
    """Boosted trees for answers."""

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
            **fitting_settings(len(passed), seed),
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
        return self.take_over(booster)
