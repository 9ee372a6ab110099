"""Item-item weights: for each module, the modules that having started it speaks for or against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import Histories
from recommender.embeddings.view import Arrays, Scores


@dataclass(frozen=True, eq=False)
class Neighbours:
    r"""Rows of neighbours, read-only: those of module `i` are entries ``start[i]:start[i + 1]``.

    Parameters
    ----------
    start : int64 array, shape (n_modules + 1,)
    modules : int32 array, shape (n_entries,)
        Positions in the catalogue; in each row the strongest first.
    weights : float32 array, shape (n_entries,)
        Finite; below 0 speaks against.
    known : bool array, shape (n_modules,)
        Modules that can be spoken for; the others score NaN.

    Notes
    -----
    A history whose last modules are :math:`h_0` (the last), :math:`h_1`, ... scores
    :math:`s_j = \max(0, \sum_{a < \text{window}} \text{recency}^a\, w_{h_a j})`.

    Examples
    --------
    >>> weights = np.array([[0, 3, 1], [2, 0, 0], [0, 0, 0]], np.float32)
    >>> near = Neighbours.strongest([weights], np.ones(3, bool), n_neighbours=1, order=np.arange(3))
    >>> near.modules.tolist(), near.weights.tolist()
    ([1, 0], [3.0, 2.0])
    >>> from recommender.embeddings.histories import History
    >>> past = History(np.array([0, 1], np.int32), np.zeros(2))
    >>> near.score(Histories.of(past), window=2, recency=0.5).tolist()
    [[2.0, 1.5, 0.0]]
    """

    start: NDArray[np.int64]
    modules: NDArray[np.int32]
    weights: NDArray[np.float32]
    known: NDArray[np.bool_]

    def __post_init__(self) -> None:
        # Compiled code is compiled anew for arrays that may be written to: fitted and mapped ones are alike.
        for field in fields(self):
            plain = np.asarray(getattr(self, field.name)).view()
            plain.setflags(write=False)
            object.__setattr__(self, field.name, plain)

    @classmethod
    def strongest(
        cls,
        blocks: Iterable[Any],
        known: NDArray[np.bool_],
        *,
        n_neighbours: int,
        order: NDArray[np.int64],
    ) -> Neighbours:
        """Keep the strongest entries of each row, by absolute value.

        Parameters
        ----------
        blocks : iterable of arrays, shape (n_rows, n_modules)
            Consecutive rows, NumPy or SciPy sparse, `n_modules` of them in all; entries of 0 are none.
        known : bool array, shape (n_modules,)
        n_neighbours : int
            Kept per row at most.
        order : int64 array, shape (n_modules,)
            From `module_order`; equals are cut in this order.
        """
        id_rank = np.argsort(order)
        kept = [_strongest(block, n_neighbours, id_rank) for block in blocks]
        counts = [np.zeros(1, np.int64), *(count for count, _, _ in kept)]
        return cls(
            start=np.cumsum(np.concatenate(counts), dtype=np.int64),
            modules=np.concatenate([np.zeros(0, np.int32), *(columns for _, columns, _ in kept)]),
            weights=np.concatenate([np.zeros(0, np.float32), *(weights for _, _, weights in kept)]),
            known=known,
        )

    @classmethod
    def none(cls, n_modules: int) -> Neighbours:
        """No neighbour of any module."""
        nothing = np.zeros(0, np.int32)
        return cls(
            np.zeros(n_modules + 1, np.int64), nothing, nothing.astype(np.float32), np.zeros(n_modules, bool)
        )

    def placed(self, positions: NDArray[np.int64], n_modules: int) -> Neighbours:
        """Give row and module `i` the place ``positions[i]`` among `n_modules`; the others are not known.

        What has the position -1 is left out, as a row and as a neighbour.
        """
        row = np.repeat(positions, np.diff(self.start))
        kept = np.flatnonzero((row >= 0) & (positions[self.modules] >= 0))
        kept = kept[np.argsort(row[kept], kind="stable")]
        known = np.zeros(n_modules, np.bool_)
        known[positions[positions >= 0]] = self.known[positions >= 0]
        return Neighbours(
            start=np.searchsorted(row[kept], np.arange(n_modules + 1)).astype(np.int64),
            modules=positions[self.modules[kept]].astype(np.int32),
            weights=self.weights[kept],
            known=known,
        )

    def overlaid(self, other: Neighbours, rows: NDArray[np.bool_]) -> Neighbours:
        """Put the `rows` (n_modules,) of `other` in place of those here, and what it knows."""
        row = [np.repeat(np.arange(len(rows)), np.diff(near.start)) for near in (self, other)]
        here, there = ~rows[row[0]], rows[row[1]]
        owner = np.concatenate([row[0][here], row[1][there]])
        order = np.argsort(owner, kind="stable")
        return Neighbours(
            start=np.searchsorted(owner[order], np.arange(len(rows) + 1)).astype(np.int64),
            modules=np.concatenate([self.modules[here], other.modules[there]])[order],
            weights=np.concatenate([self.weights[here], other.weights[there]])[order],
            known=other.known,
        )

    def arrays(self) -> Arrays:
        """Everything, by file name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Neighbours:
        """Take over arrays, perhaps memory maps, once they are checked."""
        given: dict[str, Any] = {field.name: arrays[field.name] for field in fields(cls)}
        neighbours = cls(**given)
        neighbours.check(neighbours.known.size)
        return neighbours

    def check(self, n_modules: int) -> None:
        """Refuse arrays that compiled code could not walk safely.

        Raises
        ------
        ValueError
            They hold no rows of neighbours among so many modules.
        """
        types = {"start": np.int64, "modules": np.int32, "weights": np.float32, "known": np.bool_}
        sound = (
            all(getattr(self, name).dtype == dtype for name, dtype in types.items())
            and (self.start.shape, self.known.shape) == ((n_modules + 1,), (n_modules,))
            and self.modules.shape == self.weights.shape == (self.start[-1],)
            and self.start[0] == 0
            and bool((np.diff(self.start) >= 0).all())
            and bool(((self.modules >= 0) & (self.modules < n_modules)).all())
            and bool(np.isfinite(self.weights).all())
        )
        if not sound:
            raise ValueError("arrays start, modules, weights and known hold no neighbours")

    def score(self, histories: Histories, *, window: int, recency: float) -> Scores:
        """Add up what the last `window` modules of each history speak for, (n_histories, n_modules).

        At least 0; NaN for modules not known, and everywhere when none of the last modules has a neighbour.
        """
        from recommender.embeddings.neighbours_kernel import score_histories  # it brings the compiler

        out = np.empty((len(histories), len(self.known)), np.float32)
        score_histories(self._rows, histories.start, histories.modules, window, recency, out)
        return out

    @cached_property
    def _rows(self) -> Any:
        from recommender.embeddings.neighbours_kernel import Rows

        return Rows(**{field.name: getattr(self, field.name) for field in fields(self)})


def _strongest(
    block: Any, n_neighbours: int, id_rank: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Entries kept per row, (n_rows,), and their columns and weights, row by row, strongest first."""
    # Sorting many entries takes longer than looking through all places for the few that can stay; where fewer
    # than about one place in 16 holds any, it does not.
    many = max(2 * n_neighbours, block.shape[1] // 16) * block.shape[0]
    if not isinstance(block, np.ndarray) and block.nnz > many:
        block = block.toarray()
    if isinstance(block, np.ndarray):
        size, n_columns = np.abs(block), block.shape[1]
        least = np.zeros((len(block), 1), block.dtype)
        if n_columns > n_neighbours:
            place = n_columns - n_neighbours
            least = np.partition(size, place, axis=1)[:, place : place + 1]
        # Everything that ties with the last one kept must reach the sort below.
        row, column = np.nonzero((size >= least) & (size > 0))
        weight = block[row, column]
    else:
        entries = block.tocoo()
        there = entries.data != 0
        row, column, weight = entries.row[there], entries.col[there], entries.data[there]
    ordered = np.lexsort((id_rank[column], -np.abs(weight), row))
    row, column, weight = row[ordered], column[ordered], weight[ordered]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < n_neighbours
    count = np.bincount(row[kept], minlength=block.shape[0])
    return count, column[kept].astype(np.int32), weight[kept].astype(np.float32)
