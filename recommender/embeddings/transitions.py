"""Transitions: what people start within a few steps after what this learner started last."""

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
from recommender.embeddings.recency import age_weights
from recommender.embeddings.starts import BLOCK_ROWS


class TransitionsConfig(NeighbourConfig):
    """Hyperparameters of `Transitions`."""

    max_gap: int = Field(
        10, ge=1, le=100, description="Starts after a module within which one counts as following."
    )
    gap_decay: float = Field(
        1.0,
        ge=0,
        description="Power of the steps between two starts that a transition's weight is divided by.",
    )
    half_life_days: float | None = Field(
        None, gt=0, description="Days after which a transition counts half; without, all count alike."
    )
    window: int = Field(10, ge=1, le=1000, description="How many of the last started modules are looked at.")
    recency: float = Field(0.5, gt=0, le=1, description="Weight of a module per step back in the history.")


class Transitions(NeighbourView):
    r"""Sequential rules: what followed each module, the more the fewer steps later, once per learner.

    Parameters
    ----------
    config : TransitionsConfig, optional

    Attributes
    ----------
    neighbours_ : Neighbours or None
        Followers of each module; the weights of a row are at most 1 together. Known is what somebody started.

    Notes
    -----
    :math:`w_{ij} = \sum_u \sum_{g=1}^{G} [\text{u starts } i, \text{ then } j\ g \text{ steps later}]\, a /
    g^d` with decay :math:`d` and, with a half-life, the age weight :math:`a` of the later start (1 without a
    time), divided by :math:`\sum_j w_{ij}` before all but the strongest followers are dropped (sequential
    rules, Ludewig and Jannach 2018, section 3.1.3, with a window in place of the last item only). The order
    of starts at the same time means nothing: they follow one another half each way, one step apart, and take
    the mean of their places towards others.

    Examples
    --------
    >>> from recommender.embeddings import Histories, History, build_interactions
    >>> rows = build_interactions(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), np.full(4, np.nan),
    ...                           n_learners=2, role=np.full(2, -1), segment=np.full(2, -1), n_modules=4)
    >>> import pyarrow as pa
    >>> modules = pa.table({"module_id": ["a", "b", "c", "d"]})
    >>> view = Transitions().fit(rows, Catalog.from_tables({"modules": modules}), seed=0)
    >>> view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan])))).tolist()
    [[0.0, 0.5, 0.5, nan]]
    """

    kind: ClassVar[str] = "transitions"
    reason: ClassVar[ReasonCode] = "next_in_sequence"
    config: TransitionsConfig

    @classmethod
    def config_class(cls) -> type[TransitionsConfig]:
        """Return the class of `config`."""
        return TransitionsConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Count who follows whom; nothing here is random."""
        from scipy.sparse import coo_array  # needed to fit only

        order, n_modules = module_order(interactions, catalog), interactions.n_modules
        shape = (n_modules, n_modules)
        total = coo_array(shape, dtype=np.float64).tocsr()
        # Equal counts are equal bits without a half-life: each gap adds up one constant.
        for pairs, weights in self._transitions(interactions):
            total = total + coo_array((weights, pairs), shape).tocsr()
        found = total.tocoo()
        sums = np.bincount(found.row, found.data, minlength=n_modules)
        shares = coo_array((found.data / sums[found.row], (found.row, found.col)), shape).tocsr()
        self.neighbours_ = Neighbours.strongest(
            (shares[first : first + BLOCK_ROWS] for first in range(0, n_modules, BLOCK_ROWS)),
            np.bincount(interactions.modules, minlength=n_modules) > 0,
            n_neighbours=self.config.n_neighbours,
            order=order,
        )
        return self

    def _transitions(
        self, rows: Interactions
    ) -> Iterator[tuple[tuple[NDArray[np.int32], NDArray[np.int32]], NDArray[np.float64]]]:
        """For each gap the pairs of modules so far apart, and their weights."""
        config, learners, rank = self.config, rows.learners(), _midranks(rows)
        age: Any = np.ones(len(rows.modules))
        if config.half_life_days is not None:
            age = age_weights(rows.at, config.half_life_days, unknown=1.0)
        for gap in range(1, config.max_gap + 1):
            same = learners[gap:] == learners[:-gap]
            earlier, later = rows.modules[:-gap][same], rows.modules[gap:][same]
            steps = (rank[gap:] - rank[:-gap])[same]
            weights = age[gap:][same] * np.maximum(steps, 1.0) ** -config.gap_decay
            tied = steps == 0.0
            weights[tied] /= 2.0
            yield (earlier, later), weights
            yield (later[tied], earlier[tied]), weights[tied]


def _midranks(rows: Interactions) -> NDArray[np.float64]:
    """Place of every row among its learner's starts, at equal times their mean, (n_interactions,)."""
    time = np.cumsum(rows.at_new_time()) - 1
    mean = np.bincount(time, rows.positions()) / np.maximum(np.bincount(time), 1)
    midranks: NDArray[np.float64] = mean[time]
    return midranks
