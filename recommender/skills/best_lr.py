"""Best-LR: logistic regression on items, skills and what the learner did before.

Gervet, Koedinger, Schneider and Mitchell 2020 (JEDM 12(3)), section 3: the logit of passing is

    b + item + sum_s [skill_s + g_s log(1 + passed_s) + h_s log(1 + attempts_s)]
      + counts of the learner-item pair and of the learner over everything, each as log(1 + n),

where all counts are of earlier attempts only.
"""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from recommender.errors import NotFittedError
from recommender.skills.columns import AttemptColumns
from recommender.skills.records import (
    LOG_ATTEMPTS,
    LOG_ITEM_ATTEMPTS,
    LOG_ITEM_PASSED,
    LOG_PASSED,
    SKILL_LOG_ATTEMPTS,
    SKILL_LOG_PASSED,
)
from recommender.skills.replay import Evidence

Floats = NDArray[np.float64]

LEARNER_COLUMNS = [LOG_PASSED, LOG_ATTEMPTS, LOG_ITEM_PASSED, LOG_ITEM_ATTEMPTS]


class BestLRConfig(BaseModel):
    """How Best-LR is fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inverse_penalty: float = Field(1.0, gt=0, description="C of scikit-learn's LogisticRegression (L2)")
    max_iterations: int = Field(100, ge=1, description="iterations of Newton-CG at most")


class BestLR:
    """Best-LR skill tracing.

    Attributes
    ----------
    intercept_ : float
    converged_ : bool
        Whether the fit ended before its last allowed iteration.
    item_weight_ : float64 array, shape (n_items,)
    skill_weight_, skill_passed_weight_, skill_attempts_weight_ : float64 arrays, shape (n_skills,)
    learner_weight_ : float64 array, shape (4,)
        log passed, log attempts of the learner; then of the learner-item pair.
    """

    ARRAYS = (
        "item_weight_",
        "skill_weight_",
        "skill_passed_weight_",
        "skill_attempts_weight_",
        "learner_weight_",
    )

    def __init__(self, config: BestLRConfig | None = None) -> None:
        self.config = config or BestLRConfig()

    def fit(self, attempts: AttemptColumns, evidence: Evidence, *, n_items: int, n_skills: int) -> Self:
        """Fit on rows whose evidence holds only earlier attempts."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        design = self._design(attempts, evidence, n_items, n_skills)
        self.converged_ = True
        if len(np.unique(attempts.passed)) < 2:
            # One class only: the observed rate, smoothed, is all there is to know.
            weights = np.zeros(design.shape[1])
            rate = (attempts.passed.sum() + 1) / (len(attempts) + 2)
            self.intercept_ = float(np.log(rate / (1 - rate)))
        else:
            # On columns as unlike as these, Newton-CG takes a quarter of the time of L-BFGS and gets further.
            model = LogisticRegression(
                C=self.config.inverse_penalty, max_iter=self.config.max_iterations, solver="newton-cg"
            )
            with warnings.catch_warnings():
                # Told by `converged_`, which training reports.
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(design, attempts.passed)
            weights, self.intercept_ = model.coef_[0], float(model.intercept_[0])
            self.converged_ = bool(model.n_iter_[0] < self.config.max_iterations)
        bounds = np.cumsum([n_items, n_skills, n_skills, n_skills])
        for name, part in zip(self.ARRAYS, np.split(weights, bounds), strict=True):
            setattr(self, name, np.ascontiguousarray(part))
        return self

    def predict_logit(self, attempts: AttemptColumns, evidence: Evidence) -> Floats:
        """Logit of passing, shape (n_attempts,)."""
        if not hasattr(self, "intercept_"):
            raise NotFittedError(self)
        design = self._design(attempts, evidence, len(self.item_weight_), len(self.skill_weight_))
        weights = np.concatenate([getattr(self, name) for name in self.ARRAYS])
        logit: Floats = design @ weights + self.intercept_
        return logit

    @staticmethod
    def _design(
        attempts: AttemptColumns, evidence: Evidence, n_items: int, n_skills: int
    ) -> sparse.csr_matrix:
        n = len(attempts)
        items = sparse.csr_matrix((np.ones(n), attempts.item, np.arange(n + 1)), (n, n_items))

        def skills(values: Floats) -> sparse.csr_matrix:
            return sparse.csr_matrix((values, attempts.skills.values, attempts.skills.start), (n, n_skills))

        blocks = [
            items,
            skills(np.ones(len(attempts.skills.values))),
            skills(evidence.entries[:, SKILL_LOG_PASSED]),
            skills(evidence.entries[:, SKILL_LOG_ATTEMPTS]),
            sparse.csr_matrix(evidence.features[:, LEARNER_COLUMNS]),
        ]
        return sparse.csr_matrix(sparse.hstack(blocks, format="csr"))

    item_weight_: Floats
    skill_weight_: Floats
    skill_passed_weight_: Floats
    skill_attempts_weight_: Floats
    learner_weight_: Floats
    intercept_: float
    converged_: bool
