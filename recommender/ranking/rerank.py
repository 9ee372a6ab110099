"""Diversity: the next place goes to a module that is good and unlike those placed before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats, Ints
from recommender.embeddings.content import content_of
from recommender.embeddings.interactions import id_order
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import View
from recommender.ranking.rank import TIE_DECIMALS, top

# Of what a module is like by its skills the strongest are kept, as many as the content view keeps.
_N_ALIKE: Final = 100
_BLOCK_ROWS: Final = 256


def diverse_top(
    score: Floats, allowed: NDArray[np.bool_], k: int, id_rank: Ints, *, weight: float, alike: Neighbours
) -> NDArray[np.intp]:
    r"""Positions of `k` allowed modules, each the best that is left beside those before it.

    Parameters
    ----------
    score : float64 array, shape (n_modules,)
        Natural logs; a module whose score is NaN is never returned.
    allowed : bool array, shape (n_modules,)
    k : int
        How many at most; below 1 gives none.
    id_rank : int32 array, shape (n_modules,)
        From `rank_ids`; values that agree to nine decimals are ordered by it.
    weight : float
        At least 0. With 0 this is `rank.top`; with `w` a module just like one above it must be liked
        :math:`e^w` times as much to keep its place.
    alike : Neighbours
        From `likeness`.

    Returns
    -------
    int array, shape (min(k, n_allowed),)

    Notes
    -----
    Maximal marginal relevance (Carbonell and Goldstein 1998): the next module maximises
    :math:`\lambda s_m - (1 - \lambda) \max_{c} \mathrm{sim}(c, m)` over those chosen before, here divided by
    :math:`\lambda`, with the weight :math:`(1 - \lambda) / \lambda`. Since :math:`0 \le \mathrm{sim} \le 1`,
    nothing that scores less than the k-th best minus the weight can ever be next, so only the others are
    looked at. What lies beyond the neighbours kept of a chosen module is taken as unlike it.

    Examples
    --------
    >>> from recommender.ranking.rank import rank_ids
    >>> same = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], np.float32)
    >>> alike = Neighbours.strongest([same], np.ones(3, bool), n_neighbours=2, order=np.arange(3))
    >>> score, allowed, ids = np.array([3.0, 2.0, 1.5]), np.ones(3, bool), rank_ids("abc")
    >>> [diverse_top(score, allowed, 2, ids, weight=w, alike=alike).tolist() for w in (0.0, 1.0)]
    [[0, 1], [0, 2]]
    """
    best = top(score, allowed, k, id_rank)
    if weight <= 0 or len(best) < 2:
        return best
    from recommender.ranking.rerank_kernel import pick_diverse  # it brings the compiler

    # One unit of what counts as a tie more, for the k-th best is compared unrounded.
    least = score[best[-1]] - weight - 10.0**-TIE_DECIMALS
    pool = np.flatnonzero(allowed & (score >= least))
    chosen = np.empty(len(best), np.intp)
    pick_diverse(pool, score, id_rank, alike.start, alike.modules, alike.weights, weight, chosen)
    return chosen


def likeness(catalog: Catalog, views: Mapping[str, View]) -> Neighbours:
    """Say what each module is like, in [0, 1]: by the content view, without one by the skills it teaches.

    The weights are cosines; what is not among the neighbours kept counts 0.
    """
    content = content_of(views)
    if content is not None and content.neighbours_ is not None:
        return content.neighbours_
    order = id_order(catalog)
    known = np.diff(catalog.module_skills.start) > 0
    return Neighbours.strongest(_cosines(catalog), known, n_neighbours=_N_ALIKE, order=order)


def _cosines(catalog: Catalog) -> Iterator[Any]:
    """Cosines of the skills of consecutive modules with all, without the diagonal."""
    from scipy.sparse import coo_array, csr_array

    taught = catalog.module_skills
    row = taught.row_of_value()
    value = 1.0 / np.sqrt(np.diff(taught.start))[row]
    skills = csr_array((value, (row, taught.values)), (catalog.n_modules, catalog.n_skills))
    for first in range(0, catalog.n_modules, _BLOCK_ROWS):
        found = (skills[first : first + _BLOCK_ROWS] @ skills.T).tocoo()
        data = np.where(found.row + first == found.col, 0.0, found.data)
        yield coo_array((data, (found.row, found.col)), found.shape)
