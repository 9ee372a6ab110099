"""First starts as the matrix that item-item views are fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import Interactions

# Rows at a time: a block of a large catalogue stays within some tens of megabytes.
BLOCK_ROWS = 512


def start_matrix(interactions: Interactions, column: NDArray[np.int64], n_columns: int) -> Any:
    """Who started what, as a SciPy CSR array of float32 ones, shape (n_learners, n_columns).

    Parameters
    ----------
    interactions : Interactions
    column : int64 array, shape (n_modules,)
        Column of each module, -1 for those that are left out.
    n_columns : int
    """
    from scipy.sparse import coo_array

    columns = column[interactions.modules]
    there = columns >= 0
    rows = interactions.learners()[there]
    ones = np.ones(len(rows), np.float32)
    return coo_array((ones, (rows, columns[there])), (interactions.n_learners, n_columns)).tocsr()


def co_starts(started: Any) -> Iterator[Any]:
    """How many learners started both of two columns, as sparse blocks of `BLOCK_ROWS` rows of the square.

    Parameters
    ----------
    started : SciPy CSR array, shape (n_learners, n_columns)
        From `start_matrix`.

    Yields
    ------
    SciPy CSR array of float32, shape (n_rows, n_columns)
        Exact whole numbers; the diagonal holds who started each.
    """
    by_module = started.T.tocsr()
    for first in range(0, by_module.shape[0], BLOCK_ROWS):
        yield by_module[first : first + BLOCK_ROWS] @ started
