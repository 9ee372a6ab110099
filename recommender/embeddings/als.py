"""ALS: matrix factorisation of who started what; a learner is folded in from their history."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.linalg.lapack import dposv

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange, taken
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Histories, Interactions
from recommender.embeddings.interactions import module_order
from recommender.embeddings.view import Arrays, Scores
from recommender.errors import NotFittedError


class AlsConfig(BaseModel):
    """Hyperparameters of `Als`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    factors: int = Field(64, ge=1, le=1024, description="Length of a module's factor vector.")
    regularization: float = Field(30.0, gt=0, description="Ridge penalty on every factor vector.")
    alpha: float = Field(40.0, gt=0, description="Confidence that a start adds to the 1 of a non-start.")
    iterations: int = Field(15, ge=1, description="Alternations between learners and modules.")


class Als:
    r"""Implicit-feedback alternating least squares (Hu, Koren and Volinsky 2008), fitted by `implicit`.

    Parameters
    ----------
    config : AlsConfig, optional

    Attributes
    ----------
    item_factors_ : float32 array, shape (n_modules, factors), or None
        Rows of modules that nobody started are NaN, and so are their scores.
    gram_ : float64 array, shape (factors, factors), or None
        :math:`Y^T Y` over the modules that somebody started.

    Notes
    -----
    A history :math:`H` is folded in by equation 4 of the paper with confidence :math:`1 + \alpha` on what
    was started, :math:`(Y^T Y + \alpha \sum_{i \in H} y_i y_i^T + \lambda I)\, u =
    (1 + \alpha) \sum_{i \in H} y_i`, and scores :math:`\max(0, Y u)`. No learner's vector is kept.

    Examples
    --------
    >>> from recommender.embeddings import History, build_interactions
    >>> rows = build_interactions(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 2]), np.full(5, np.nan),
    ...                           n_learners=3, role=np.full(3, -1), segment=np.full(3, -1), n_modules=4)
    >>> import pyarrow as pa
    >>> modules = pa.table({"module_id": ["a", "b", "c", "d"]})
    >>> view = Als(AlsConfig(factors=2)).fit(rows, Catalog.from_tables({"modules": modules}), seed=0)
    >>> scores = view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan]))))[0]
    >>> bool(scores[1] > scores[2]), bool(np.isnan(scores[3]))
    (True, True)
    """

    kind: ClassVar[str] = "als"
    reason: ClassVar[ReasonCode] = "learners_like_you"
    of_catalog_only: ClassVar[bool] = False

    def __init__(self, config: AlsConfig | None = None) -> None:
        self.config = config or AlsConfig()
        self.item_factors_: NDArray[np.float32] | None = None
        self.gram_: NDArray[np.float64] | None = None

    @classmethod
    def config_class(cls) -> type[AlsConfig]:
        """Return the class of `config`."""
        return AlsConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:
        """Factorise; the same data and `seed` give the same bits, with any number of threads."""
        factors = self._initial(module_order(interactions, catalog), seed)
        if len(interactions.modules):
            factors = self._factorise(interactions, factors)
        seen = np.bincount(interactions.modules, minlength=interactions.n_modules) > 0
        factors[~seen] = np.nan
        known = factors[seen].astype(np.float64)
        self.item_factors_, self.gram_ = factors, known.T @ known
        return self

    def score(self, histories: Histories) -> Scores:
        """Score every module by the folded-in learners, (n_histories, n_modules), at least 0.

        No opinion on a history that is empty or holds only modules that nobody started in training.
        """
        if self.item_factors_ is None or self.gram_ is None:
            raise NotFittedError(self)
        scores = np.full((len(histories), len(self.item_factors_)), np.nan, np.float32)
        for row, history in zip(scores, histories, strict=True):
            started = self.item_factors_[history.modules].astype(np.float64)
            started = started[started[:, 0] == started[:, 0]]
            if len(started):
                learner = self._fold_in(started, self.gram_)
                # One product a learner: a product of matrices would round by how many there are.
                np.maximum(self.item_factors_ @ learner.astype(np.float32), np.float32(0), out=row)
        return scores

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        if self.item_factors_ is None or self.gram_ is None:
            raise NotFittedError(self)
        return {"item_factors": self.item_factors_, "gram": self.gram_}

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make the view of a changed catalogue: modules that are new have no factors."""
        if self.item_factors_ is None:
            raise NotFittedError(self)
        view = type(self)(self.config)
        view.item_factors_ = taken(self.item_factors_, change.modules, np.nan)
        view.gram_ = self.gram_
        return view

    @classmethod
    def from_arrays(cls, config: AlsConfig, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps."""
        view = cls(config)
        plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
        view.item_factors_, view.gram_ = plain["item_factors"], plain["gram"]
        return view

    def _fold_in(self, started: NDArray[np.float64], gram: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve for a learner's factors, (factors,), from those of what was started; NaN if singular."""
        alpha = self.config.alpha
        system = gram + alpha * (started.T @ started)
        system.flat[:: len(system) + 1] += self.config.regularization
        # Symmetric, so its transpose is itself in the order that LAPACK overwrites in place.
        target = (1 + alpha) * started.sum(axis=0)
        _, learner, failed = dposv(system.T, target, lower=1, overwrite_a=1, overwrite_b=1)
        return np.full_like(target, np.nan) if failed else learner

    def _initial(self, order: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
        """Small random factors, dealt out in `order`."""
        drawn = np.random.default_rng(seed).random((len(order), self.config.factors), dtype=np.float32)
        factors = np.empty_like(drawn)
        factors[order] = drawn * np.float32(0.01)
        return factors

    def _factorise(self, rows: Interactions, factors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Alternate from the given module factors; learners start at zero, so their order does not matter."""
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits

        config, shape = self.config, (rows.n_learners, rows.n_modules)
        # Copied, because sorting the matrix would put the data's own modules out of their order in time.
        modules = rows.modules.copy()
        starts = csr_matrix((np.ones(len(modules), np.float32), modules, rows.start), shape)
        starts.sort_indices()
        # BLAS threads under implicit's own are slower by a factor and add up in varying order.
        with threadpool_limits(limits=1, user_api="blas"):
            model = AlternatingLeastSquares(
                factors=config.factors,
                regularization=config.regularization,
                alpha=1 + config.alpha,  # implicit's alpha is the whole confidence of a start
                iterations=config.iterations,
            )
            model.user_factors = np.zeros((rows.n_learners, config.factors), np.float32)
            model.item_factors = factors
            model.fit(starts, show_progress=False)
        return np.asarray(model.item_factors, np.float32)
