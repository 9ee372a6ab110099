"""EASE: a linear model that tells each module's starts from all others, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import module_order
from recommender.embeddings.neighbour_view import NeighbourConfig, NeighbourView
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.starts import BLOCK_ROWS, co_starts, start_matrix
from recommender.errors import ConfigurationError


class EaseConfig(NeighbourConfig):
    """Hyperparameters of `Ease`."""

    l2: float = Field(50.0, gt=0, description="Ridge penalty on every weight.")
    max_modules: int = Field(
        10_000,
        ge=1,
        le=40_000,
        description="Modules fitted at most, the most started; no opinion on the others.",
    )


class Ease(NeighbourView):
    r"""Embarrassingly shallow autoencoder, with the strongest weights of each module kept.

    Only modules that somebody started are fitted, and of those the `max_modules` most started: memory grows
    with their square (4 bytes each), time with their cube. On the others there is no opinion.

    Parameters
    ----------
    config : EaseConfig, optional

    Attributes
    ----------
    neighbours_ : Neighbours or None
        Weights of each module on the others, below 0 too; known is what was fitted.

    Notes
    -----
    With starts :math:`X` (learners by modules) and :math:`P = (X^T X + \lambda I)^{-1}`,
    :math:`B_{ij} = -P_{ij} / P_{jj}` off the diagonal and 0 on it (Steck 2019, "Embarrassingly shallow
    autoencoders for sparse data", equation 8). The inverse is that of a Cholesky factor in single precision.

    Examples
    --------
    >>> from recommender.embeddings import Histories, History, build_interactions
    >>> rows = build_interactions(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 2]), np.full(5, np.nan),
    ...                           n_learners=3, role=np.full(3, -1), segment=np.full(3, -1), n_modules=4)
    >>> import pyarrow as pa
    >>> modules = pa.table({"module_id": ["a", "b", "c", "d"]})
    >>> view = Ease(EaseConfig(l2=1)).fit(rows, Catalog.from_tables({"modules": modules}), seed=0)
    >>> view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan])))).round(2).tolist()
    [[0.0, 0.6700000166893005, 0.0, nan]]
    """

    kind: ClassVar[str] = "ease"
    reason: ClassVar[ReasonCode] = "learners_like_you"
    config: EaseConfig

    @classmethod
    def config_class(cls) -> type[EaseConfig]:
        """Return the class of `config`."""
        return EaseConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Solve; nothing here is random.

        Raises
        ------
        ConfigurationError
            `l2` is too small for single precision on this data.
        """
        order = module_order(interactions, catalog)
        fitted = self._most_started(interactions, order)
        column = np.full(interactions.n_modules, -1)
        column[fitted] = np.arange(len(fitted))
        inverse = self._inverse(start_matrix(interactions, column, len(fitted)))
        # Fitted in the order of ids, so that a catalogue in another order gives the same bits.
        near = Neighbours.strongest(
            _weights(inverse),
            np.ones(len(fitted), np.bool_),
            n_neighbours=self.config.n_neighbours,
            order=np.arange(len(fitted)),
        )
        self.neighbours_ = near.placed(fitted, interactions.n_modules)
        return self

    def _most_started(self, interactions: Interactions, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of the modules to fit, in the order of their ids."""
        started = np.bincount(interactions.modules, minlength=interactions.n_modules)[order]
        chosen = np.argsort(-started, kind="stable")[: self.config.max_modules]
        return order[np.sort(chosen[started[chosen] > 0])]

    def _inverse(self, starts: Any) -> NDArray[np.float32]:
        """Upper triangle of the inverse of the Gram matrix plus the penalty; below it is no meaning."""
        from scipy.linalg.lapack import spotrf, spotri
        from threadpoolctl import threadpool_limits

        n = starts.shape[1]
        gram = np.empty((n, n), np.float32)
        for number, block in enumerate(co_starts(starts)):
            first = number * BLOCK_ROWS
            block.toarray(out=gram[first : first + BLOCK_ROWS])
        gram.flat[:: n + 1] += np.float32(self.config.l2)
        if not n:
            return gram
        # A second thread saves a third of the time on idle cores; on busy ones the two wait for each other
        # and take four times as long. With one the bits do not depend on how many cores there are.
        with threadpool_limits(1, user_api="blas"):
            # Symmetric, so its transpose is itself in the order that LAPACK overwrites in place.
            factor, failed = spotrf(gram.T, lower=1, clean=0, overwrite_a=1)
            if not failed:
                factor, failed = spotri(factor, lower=1, overwrite_c=1)
        if failed:
            raise ConfigurationError(
                f"l2 = {self.config.l2} of a view ease is too small for these starts; raise it"
            )
        inverse: NDArray[np.float32] = factor.T
        return inverse


def _weights(inverse: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Blocks of rows of B, from the upper triangle of P."""
    n, diagonal = len(inverse), inverse.diagonal()
    for first in range(0, n, BLOCK_ROWS):
        last = min(first + BLOCK_ROWS, n)
        rows = np.empty((last - first, n), np.float32)
        rows[:, :first] = inverse[:first, first:last].T
        rows[:, last:] = inverse[first:last, last:]
        square = np.triu(inverse[first:last, first:last], 1)
        rows[:, first:last] = square + square.T
        rows /= -diagonal
        yield rows
