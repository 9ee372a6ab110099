"""How alike modules are by their words and labels, row by row, and which rows a change can reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog_change import CatalogChange, positions_of, taken
from recommender.embeddings.neighbours import Neighbours

Channels: TypeAlias = Sequence[tuple[float, Sequence[Sequence[str]]]]
Mask: TypeAlias = NDArray[np.bool_]

# Rows at a time: products of common words are nearly dense.
_BLOCK_ROWS = 256
# More than what is lost when a weight is kept as float32.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Mean of the cosines of several channels, by their weights, over those where both modules have any.

    Parameters
    ----------
    channels : list of (float, SciPy CSR array of shape (n_modules, n_tokens))
        Weight of each, and its tokens weighed, rows of length 1 or empty.
    """

    channels: list[tuple[float, Any]]

    def known(self) -> Mask:
        """Whether a module has a token that counts, (n_modules,)."""
        known: Mask = np.any([np.diff(matrix.indptr) > 0 for _, matrix in self.channels], axis=0)
        return known

    def blocks(self, rows: Mask, columns: Mask) -> Iterator[Any]:
        """Weights of consecutive rows, sparse and without the diagonal; a row is the same in any choice.

        Parameters
        ----------
        rows, columns : bool arrays, shape (n_modules,)
            Others are empty.

        Yields
        ------
        SciPy COO array, shape (n_rows, n_modules)
            All rows of the catalogue in turn.
        """
        from scipy.sparse import coo_array

        n_modules, among = len(rows), np.flatnonzero(columns)
        has = [np.where(np.diff(matrix.indptr) > 0, weight, 0.0) for weight, matrix in self.channels]
        others = [matrix[among].T.tocsr() for _, matrix in self.channels]
        for first in range(0, n_modules, _BLOCK_ROWS):
            shape = (min(_BLOCK_ROWS, n_modules - first), n_modules)
            chosen = first + np.flatnonzero(rows[first : first + _BLOCK_ROWS])
            if not len(chosen) or not len(among):
                yield coo_array(shape)
                continue
            products = zip(self.channels, others, strict=True)
            total = sum(weight * (matrix[chosen] @ other) for (weight, matrix), other in products).tocoo()
            row, column = chosen[total.row], among[total.col]
            weights = np.sum([np.minimum(of[row], of[column]) for of in has], axis=0)
            data = np.where(row == column, 0.0, total.data / weights)
            yield coo_array((data, (row - first, column)), shape)


def reached(
    change: CatalogChange, same: Mask, kept: Neighbours, likeness: Likeness, among: Mask, n_neighbours: int
) -> Mask:
    """Rows whose neighbours a change may alter, shape (n_modules,) of the catalogue after it.

    Parameters
    ----------
    change : CatalogChange
    same : bool array, shape (n_modules,)
        Modules that were there before, and have the tokens they had.
    kept : Neighbours
        Of the catalogue before, the `n_neighbours` strongest of each module.
    likeness : Likeness
        Of the catalogue after.
    among : bool array, shape (n_modules,)
        Modules that may be a neighbour.
    n_neighbours : int
    """
    rows = ~same
    to = positions_of(change.before.module_ids, change.after.module_index)
    # The place -1, of what is gone, is the last of this.
    stays = np.append(same, False)
    owner = np.repeat(to, np.diff(kept.start))
    lost = owner[~stays[to[kept.modules]]]
    rows[lost[lost >= 0]] = True
    full = np.diff(kept.start) >= n_neighbours
    least = np.zeros(len(full))
    least[full] = kept.weights[kept.start[1:][full] - 1] * (1.0 - _ROUNDING)
    least = taken(least, change.modules, 0.0)
    first = 0
    for block in likeness.blocks(~rows, among & ~same):
        gains = (block.data > 0) & (block.data >= least[first + block.row])
        rows[first + block.row[gains]] = True
        first += block.shape[0]
    return rows
