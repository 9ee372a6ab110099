"""Best-LR, the strongest simple baseline: logistic regression on items, skills and counts of practice.

Gervet, Koedinger, Schneider and Mitchell 2020 (JEDM 12(3)), section 3: the logit of passing is

    b + item + sum_s [skill_s + g_s log(1 + passed_s) + h_s log(1 + attempts_s)]
      + counts of the learner over everything and of the learner-item pair, each as log(1 + n),

where all counts are of earlier attempts only. It shares no code with the model it is compared with.
"""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.errors import NotFittedError
from recommender.skills.columns import AttemptColumns
from training.evaluation.practice_counts import practice_counts

Floats = NDArray[np.float64]


class BestLR:
    """Best-LR skill tracing.

    Parameters
    ----------
    inverse_penalty : float
        ``C`` of scikit-learn's `LogisticRegression` (L2).
    max_iterations : int
        Iterations of Newton-CG at most.

    Attributes
    ----------
    coef_ : float64 array, shape (n_items + 3 * n_skills + 4,)
        Logits: items; skills, log passed and log attempts of each; log passed and log attempts of the
        learner, then of the learner-item pair.
    intercept_ : float
    converged_ : bool
        Whether the fit ended before its last allowed iteration.

    Examples
    --------
    >>> BestLR(max_iterations=50).max_iterations
    50
    """

    coef_: Floats
    intercept_: float
    converged_: bool

    def __init__(self, *, inverse_penalty: float = 1.0, max_iterations: int = 100) -> None:
        self.inverse_penalty = inverse_penalty
        self.max_iterations = max_iterations

    def fit(self, attempts: AttemptColumns, catalog: Catalog) -> Self:
        """Fit on attempts, at least one; where all came out alike, only their smoothed rate is learned."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        design = design_matrix(attempts, catalog)
        if len(np.unique(attempts.passed)) < 2:
            rate = (attempts.passed.sum() + 1) / (len(attempts) + 2)
            self.coef_, self.intercept_ = np.zeros(design.shape[1]), float(np.log(rate / (1 - rate)))
            self.converged_ = True
            return self
        # On columns as unlike as these, Newton-CG takes a quarter of the time of L-BFGS and gets further.
        model = LogisticRegression(C=self.inverse_penalty, max_iter=self.max_iterations, solver="newton-cg")
        with warnings.catch_warnings():
            # Told by `converged_`.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(design, attempts.passed)
        self.coef_, self.intercept_ = model.coef_[0], float(model.intercept_[0])
        self.converged_ = bool(model.n_iter_[0] < self.max_iterations)
        return self

    def predict(self, attempts: AttemptColumns, catalog: Catalog) -> Floats:
        """Probability of passing each attempt from the same learner's earlier ones, shape (n_attempts,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "coef_"):
            raise NotFittedError(self)
        probability: Floats = expit(design_matrix(attempts, catalog) @ self.coef_ + self.intercept_)
        return probability


def design_matrix(attempts: AttemptColumns, catalog: Catalog) -> sparse.csr_matrix:
    """Columns of Best-LR in the order of `BestLR.coef_`, one row per attempt."""
    n, n_items, n_skills = len(attempts), len(catalog.item_ids), catalog.n_skills
    counts = practice_counts(attempts)
    by_skill = np.log1p(counts.learner_skill)

    def skills(values: Floats) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, attempts.skills.values, attempts.skills.start), (n, n_skills))

    blocks = [
        sparse.csr_matrix((np.ones(n), attempts.item, np.arange(n + 1)), (n, n_items)),
        skills(np.ones(len(by_skill))),
        skills(by_skill[:, 0]),
        skills(by_skill[:, 1]),
        sparse.csr_matrix(np.log1p(np.hstack([counts.learner, counts.learner_item]))),
    ]
    return sparse.csr_matrix(sparse.hstack(blocks, format="csr"))
