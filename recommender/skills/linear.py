"""The linear part of the learner-skill model: logistic regression on what the fold tells.

With Elo ability against item difficulty, counts of passes and attempts and running shares as its inputs it
holds the Rasch model (Rasch 1960), Elo (Pelánek 2016) and PFA (Pavlik, Cen and Koedinger 2009, equation 3)
as special cases; with the biases of `recommender.skills.memory`, Best-LR (Gervet et al. 2020, section 3).
"""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.errors import NotFittedError
from recommender.skills.records import FEATURE, N_FEATURES

Floats = NDArray[np.float64]

# The memory is fitted on top of this model, so it is no input of it.
_COLUMNS = [i for name, i in FEATURE.items() if name != "memory_logit"]


# Smallest standard deviation that a feature is divided by.
_LEAST_SCALE = 0.005


class LinearConfig(BaseModel):
    """How the linear part is fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inverse_penalty: float = Field(1.0, gt=0, description="C of scikit-learn's LogisticRegression (L2)")
    max_iterations: int = Field(100, ge=1, description="steps of Newton's method at most")
    max_rows: int = Field(200_000, ge=1, description="attempts fitted on at most, evenly spread")


class LinearModel:
    """Logistic regression on standardised features; an unknown feature counts as an average one.

    Attributes
    ----------
    intercept_ : float
    converged_ : bool
        Whether the fit ended before its last allowed iteration.
    weight_ : float64 array, shape (N_FEATURES,)
        Of the features as they are, not standardised; 0 for ``memory_logit``.
    mean_ : float64 array, shape (N_FEATURES,)
        What stands for an unknown feature.
    least_, most_ : float64 arrays, shape (N_FEATURES,)
        Range that was fitted on: what lies beyond counts as its end.
    """

    ARRAYS = ("weight_", "mean_", "least_", "most_")

    intercept_: float
    converged_: bool
    weight_: Floats
    mean_: Floats
    least_: Floats
    most_: Floats

    def __init__(self, config: LinearConfig | None = None) -> None:
        self.config = config or LinearConfig()

    def fit(self, features: NDArray[np.float32], passed: Floats) -> Self:
        """Fit on features (n_attempts, N_FEATURES) that hold only earlier attempts, and on 1 or 0."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        chosen = np.linspace(0, len(passed) - 1, min(len(passed), self.config.max_rows)).astype(np.int64)
        x, y = features[chosen][:, _COLUMNS].astype(np.float64), passed[chosen]
        known = ~np.isnan(x)
        count = np.maximum(known.sum(axis=0), 1)
        self.least_, self.most_ = np.zeros(N_FEATURES), np.zeros(N_FEATURES)
        ever = known.any(axis=0)
        self.least_[_COLUMNS] = np.where(ever, np.where(known, x, np.inf).min(axis=0, initial=np.inf), 0.0)
        self.most_[_COLUMNS] = np.where(ever, np.where(known, x, -np.inf).max(axis=0, initial=-np.inf), 0.0)
        x[~known] = 0.0
        mean = x.sum(axis=0) / count
        x = np.where(known, x - mean, 0.0)
        scale = np.sqrt((x * x).sum(axis=0) / count)
        # A feature that never varies tells nothing and may be anything later; one that hardly does, little.
        scale = np.where(scale < 1e-6, np.inf, np.maximum(scale, _LEAST_SCALE))
        self.mean_, self.weight_ = np.zeros(N_FEATURES), np.zeros(N_FEATURES)
        self.mean_[_COLUMNS] = mean
        self.converged_ = True
        if len(np.unique(y)) < 2:
            # One class only: the observed rate, smoothed, is all there is to know.
            rate = (passed.sum() + 1) / (len(passed) + 2)
            self.intercept_ = float(np.log(rate / (1 - rate)))
            return self
        model = LogisticRegression(
            C=self.config.inverse_penalty, max_iter=self.config.max_iterations, solver="newton-cholesky"
        )
        with warnings.catch_warnings():
            # Told by `converged_`, which training reports.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x / scale, y)
        self.converged_ = bool(model.n_iter_[0] < self.config.max_iterations)
        self.weight_[_COLUMNS] = model.coef_[0] / scale
        self.intercept_ = float(model.intercept_[0])
        return self

    def predict_logit(self, features: NDArray[np.float32]) -> Floats:
        """Logit of passing, shape (n_attempts,)."""
        if not hasattr(self, "weight_"):
            raise NotFittedError(self)
        centred = np.clip(features, self.least_, self.most_) - self.mean_
        logit: Floats = np.where(np.isnan(centred), 0.0, centred) @ self.weight_ + self.intercept_
        return logit
