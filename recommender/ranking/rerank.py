r"""Diversity: the next place goes to a module that is good and unlike those placed before it.

Maximal marginal relevance (Carbonell and Goldstein 1998): the next module maximises
:math:`\lambda s_m - (1 - \lambda) \max_{c} \mathrm{sim}(c, m)` over those chosen before, here divided by
:math:`\lambda`, with the weight :math:`w = (1 - \lambda) / \lambda`: a module just like one above it must be
liked :math:`e^w` times as much to keep its place. Since :math:`0 \le \mathrm{sim} \le 1`, nothing that scores
less than the k-th best minus the weight can ever be next, so only the others are looked at. What lies beyond
the neighbours kept of a chosen module is taken as unlike it. Compiled in `recommender.ranking.choose_kernel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from recommender.domain.catalog import Catalog
from recommender.embeddings.content import content_of
from recommender.embeddings.interactions import id_order
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import View

# Of what a module is like by its skills the strongest are kept, as many as the content view keeps.
_N_ALIKE: Final = 100
_BLOCK_ROWS: Final = 256


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
