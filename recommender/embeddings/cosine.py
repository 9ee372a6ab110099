"""Cosine: what was started by the same people as what this learner started."""

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
from recommender.embeddings.starts import co_starts, start_matrix


class CosineConfig(NeighbourConfig):
    """Hyperparameters of `Cosine`."""

    power: float = Field(
        0.5, ge=0, le=1, description="Power of the two modules' starts that common starts are divided by."
    )
    shrinkage: float = Field(
        10.0, ge=0, description="Added to what common starts are divided by: few of them tell little."
    )


class Cosine(NeighbourView):
    r"""Item-item cosine between who started what, shrunk where little is known.

    Parameters
    ----------
    config : CosineConfig, optional

    Attributes
    ----------
    neighbours_ : Neighbours or None
        Modules most alike to each one. Known is what somebody started.

    Notes
    -----
    With :math:`n_i` learners who started module :math:`i` and :math:`n_{ij}` who started both,
    :math:`w_{ij} = n_{ij} / ((n_i n_j)^p + s)` with `power` :math:`p` and `shrinkage` :math:`s`. Power 1/2
    without shrinkage is the cosine of Sarwar et al. 2001, "Item-based collaborative filtering recommendation
    algorithms", section 3.1.1, of vectors of ones.

    Examples
    --------
    >>> from recommender.embeddings import Histories, History, build_interactions
    >>> rows = build_interactions(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), np.full(4, np.nan),
    ...                           n_learners=2, role=np.full(2, -1), segment=np.full(2, -1), n_modules=4)
    >>> import pyarrow as pa
    >>> modules = pa.table({"module_id": ["a", "b", "c", "d"]})
    >>> view = Cosine(CosineConfig(shrinkage=0)).fit(rows, Catalog.from_tables({"modules": modules}), seed=0)
    >>> view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan])))).round(2).tolist()
    [[0.0, 0.7099999785423279, 0.7099999785423279, nan]]
    """

    kind: ClassVar[str] = "cosine"
    reason: ClassVar[ReasonCode] = "learners_like_you"
    config: CosineConfig

    @classmethod
    def config_class(cls) -> type[CosineConfig]:
        """Return the class of `config`."""
        return CosineConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Count who started both; nothing here is random."""
        n_modules = interactions.n_modules
        started = np.bincount(interactions.modules, minlength=n_modules)
        self.neighbours_ = Neighbours.strongest(
            self._weights(start_matrix(interactions, np.arange(n_modules), n_modules), started),
            started > 0,
            n_neighbours=self.config.n_neighbours,
            order=module_order(interactions, catalog),
        )
        return self

    def _weights(self, starts: Any, started: NDArray[np.int64]) -> Iterator[Any]:
        """Weights of consecutive rows, sparse, without the diagonal."""
        from scipy.sparse import coo_array

        first = 0
        for block in co_starts(starts):
            both = block.tocoo()
            row, column = both.row + first, both.col
            expected = (started[row].astype(np.float64) * started[column]) ** self.config.power
            weights = np.where(row == column, 0.0, both.data / (expected + self.config.shrinkage))
            yield coo_array((weights, (both.row, column)), block.shape)
            first += block.shape[0]
