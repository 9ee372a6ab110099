"""Reward that is expected of a module, predicted for every learner by a model that never saw that learner."""

from __future__ import annotations

from typing import Final

import numpy as np
from sklearn.linear_model import Ridge

from training.evaluation.off_policy.features import Features
from training.evaluation.off_policy.log import Floats, Ints, Log
from training.evaluation.off_policy.target import Target

N_FOLDS: Final = 5
PENALTY: Final = 2.0
"""Of the squared coefficients: a module shown twice is half as far from the mean as it looks."""
_CHUNK: Final = 500_000  # pairs described at a time


class CrossFitted:
    """Ridge regressions of rewards on `Features`, one per fold of learners.

    A regression and not a classification, for rewards are shares as well as yes or no; predictions are kept
    within the rewards that were seen. A doubly robust estimate stays unbiased with any model that did not see
    the learner (Chernozhukov and others 2018, "Double/debiased machine learning for treatment and structural
    parameters", *The Econometrics Journal* 21).

    Parameters
    ----------
    n_folds : int
        At least 2; with fewer learners, one fold for each.
    penalty : float
    """

    def __init__(self, n_folds: int = N_FOLDS, penalty: float = PENALTY) -> None:
        self.n_folds, self.penalty = n_folds, penalty

    def fit(self, log: Log, features: Features, reward: Floats, rng: np.random.Generator) -> CrossFitted:
        """Deal learners out to folds and fit a model on the others of each.

        Parameters
        ----------
        log : Log
            Of at least two learners.
        features : Features
            Of the same answers.
        reward : float64 array, shape (n_shown,)
        """
        who, position = np.unique(log.learner, return_inverse=True)
        n_folds = min(self.n_folds, len(who))
        self.fold_ = (rng.permutation(len(who)) % n_folds)[position]
        self.features_ = features
        self.range_ = (float(reward.min()), float(reward.max()))
        x, fold = features.matrix(log.answer, log.module), self.fold_[log.answer]
        self.models_ = [
            Ridge(alpha=self.penalty, solver="sparse_cg", tol=1e-6).fit(x[fold != f], reward[fold != f])
            for f in range(n_folds)
        ]
        return self

    def predict(self, answer: Ints, module: Ints) -> Floats:
        """Return the expected reward of pairs of answer and module, (n_pairs,)."""
        expected = np.empty(len(answer))
        for first in range(0, len(answer), _CHUNK):
            rows = slice(first, first + _CHUNK)
            x, fold = self.features_.matrix(answer[rows], module[rows]), self.fold_[answer[rows]]
            part = expected[rows]
            for f, model in enumerate(self.models_):
                if (of_fold := fold == f).any():
                    part[of_fold] = model.predict(x[of_fold])
        return np.clip(expected, *self.range_)

    def of_shown(self, log: Log) -> Floats:
        """Return the expected reward of what was shown, (n_shown,)."""
        return self.predict(log.answer, log.module)

    def of_target(self, target: Target) -> Floats:
        """Return the expected reward of what a policy would show, (n_chosen,)."""
        return self.predict(target.answer, target.module)
