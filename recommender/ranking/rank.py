"""The k best of a scored catalogue, in an order that does not depend on how the catalogue is sorted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats, Ints

# Sums over the catalogue differ in the last bits with its order: closer than this is a tie.
TIE_DECIMALS = 9


def rank_ids(module_ids: Sequence[str]) -> Ints:
    """Place of every id in sorted order, shape (n_modules,): made once per catalogue, for `top`.

    >>> rank_ids(["m2", "m10", "m1"]).tolist()
    [2, 1, 0]
    """
    ranks = np.empty(len(module_ids), np.int32)
    ranks[sorted(range(len(module_ids)), key=module_ids.__getitem__)] = np.arange(len(module_ids))
    return ranks


def top(score: Floats, allowed: NDArray[np.bool_], k: int, id_rank: Ints) -> NDArray[np.intp]:
    """Positions of the `k` allowed modules with the largest scores, best first.

    Parameters
    ----------
    score : float64 array, shape (n_modules,)
        Larger is better; a module whose score is NaN is never returned.
    allowed : bool array, shape (n_modules,)
    k : int
        How many at most; below 1 gives none.
    id_rank : int32 array, shape (n_modules,)
        From `rank_ids`; scores that agree to nine decimals are ordered by it.

    Returns
    -------
    int array, shape (min(k, n_allowed),)

    Examples
    --------
    >>> top(np.array([1.0, 3.0, 3.0]), np.ones(3, bool), 2, rank_ids(["a", "c", "b"])).tolist()
    [2, 1]
    """
    if k < 1:
        return np.zeros(0, np.intp)
    from recommender.ranking.choose_kernel import strongest  # it brings the compiler

    found: NDArray[np.intp] = strongest(score, np.flatnonzero(allowed), k, id_rank)
    return found
