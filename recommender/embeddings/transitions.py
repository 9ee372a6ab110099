"""Transitions: what people start within a few steps after what this learner started last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from recommender.domain.catalog import Catalog, Floats
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import module_order
from recommender.embeddings.neighbour_view import NeighbourConfig, NeighbourView
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.recency import age_weights

Ints = NDArray[np.int64]

# Cells of the square of modules that are counted at a time, 16 MB, and about how many starts.
_BLOCK_CELLS, _BLOCK_STARTS = 2**21, 2**18


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
    the mean of their places towards others. A pair then counts by the share of all orders of equal times in
    which it is at most :math:`G` rows apart. With :math:`T(x) = x (x + 1) / 2`, 0 below 0, that is
    :math:`(g m - T(g)) / T(m - 1)` for two of :math:`m` starts at one time, :math:`g = \min(G, m - 1)`; and
    :math:`(T(x) - T(x - m) - T(x - n) + T(x - m - n)) / (m n)`, :math:`x = G - c`, for one of :math:`m` and
    one of :math:`n` at a later time with :math:`c` rows between.

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
        order, n_modules = module_order(interactions, catalog), interactions.n_modules
        self.neighbours_ = Neighbours.strongest(
            self._shares(interactions),
            np.bincount(interactions.modules, minlength=n_modules) > 0,
            n_neighbours=self.config.n_neighbours,
            order=order,
        )
        return self

    def _shares(self, rows: Interactions) -> Iterator[Any]:
        """Shares of followers of consecutive modules, sparse."""
        from scipy.sparse import coo_array  # needed to fit only

        n_modules, around = rows.n_modules, _Around.of(rows, self.config.max_gap)
        age: Any = None
        if self.config.half_life_days is not None:
            age = age_weights(rows.at, self.config.half_life_days, unknown=1.0)
        by_module = np.argsort(rows.modules, kind="stable")
        begin = np.searchsorted(rows.modules, np.arange(n_modules + 1), sorter=by_module)
        most = (_BLOCK_CELLS // max(n_modules, 1), n_modules * _BLOCK_STARTS // max(len(rows.modules), 1))
        size = max(min(*most, n_modules), 1)
        counts = np.zeros(size * n_modules)
        for first in range(0, n_modules, size):
            last = min(first + size, n_modules)
            for row, other, weight in self._pairs(around, by_module[begin[first] : begin[last]]):
                cell = (rows.modules[row].astype(np.int64) - first) * n_modules + rows.modules[other]
                # One gap after the other: equal counts are equal bits without ties and half-life.
                np.add.at(counts, cell, weight if age is None else weight * age[np.maximum(row, other)])
            found = np.flatnonzero(counts > 0.0)  # of truths, several times faster than of numbers
            row, column = np.divmod(found, n_modules)
            sums = np.bincount(row, counts[found], minlength=last - first)
            yield coo_array((counts[found] / sums[row], (row, column)), (last - first, n_modules))
            counts[found] = 0.0

    def _pairs(self, around: _Around, rows: Ints) -> Iterator[tuple[Ints, Ints, Floats]]:
        """Rows, one that follows each, and weights without age: the nearest of all rows, then the next."""
        first, last = around.time_begin[rows], around.window_end[rows]
        step = 0
        while len(rows):
            other = first + step
            pair = other != rows
            yield rows[pair], other[pair], around.weights(rows[pair], other[pair], self.config)
            step += 1
            left = first + step < last
            rows, first, last = rows[left], first[left], last[left]


@dataclass(frozen=True, slots=True, eq=False)
class _Around:
    """Of every row, (n_interactions,), the rows of its learner that start at its time and soon after.

    `time_begin` to `time_end` are the rows of its time, from there to `window_end` those of times of which
    some order of equal times has a row at most `max_gap` rows later.
    """

    time_begin: NDArray[np.int32]
    time_end: NDArray[np.int32]
    window_end: NDArray[np.int32]

    @classmethod
    def of(cls, rows: Interactions, max_gap: int) -> Self:
        new = rows.at_new_time()
        bounds = np.append(np.flatnonzero(new), len(new)).astype(np.int32)
        lengths = np.diff(bounds)
        begin, end = np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)
        of_learner = np.repeat(rows.start[1:].astype(np.int32), np.diff(rows.start))
        # Of an empty array there is no last time to look up.
        furthest = np.minimum(end + max_gap, of_learner) - 1
        return cls(begin, end, end[furthest] if len(end) else end)

    def weights(self, row: Ints, other: Ints, config: TransitionsConfig) -> Floats:
        """Weigh that `other` follows `row`, of the same learner and window, shape of both."""
        begin, end, other_begin, other_end = (
            bound[of].astype(np.int64) for of in (row, other) for bound in (self.time_begin, self.time_end)
        )
        size = end - begin
        tied = other_begin == begin
        # Twice the mean place of a time is the sum of its first and last.
        steps = np.where(tied, 1.0, (other_begin + other_end - begin - end) / 2.0)
        x, n = config.max_gap - (other_begin - end), other_end - other_begin
        near = np.minimum(config.max_gap, size - 1)
        within = np.where(
            tied,
            (near * size - _triangle(near)) / np.maximum(2.0 * _triangle(size - 1), 1.0),
            (_triangle(x) - _triangle(x - size) - _triangle(x - n) + _triangle(x - size - n)) / (size * n),
        )
        weights: Floats = within * steps**-config.gap_decay
        return weights


def _triangle(x: Any) -> Any:
    """1 + 2 + ... + x, 0 below."""
    return np.maximum(x, 0) * (np.maximum(x, 0) + 1) / 2
