"""The typical item of each module: which skills it asks for, and how hard it is beside their typical items.

Computed once per bundle, so that the chance of success on every module is one sparse product away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.domain.catalog import Catalog
from recommender.skills.mastery_training import weights_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TypicalItems:
    """Means over the items of each module.

    Parameters
    ----------
    skills : sparse matrix, shape (n_modules, n_skills + 1)
        Weight of each skill in the module's typical item, met within the module; the last column is for
        items without skills. Rows sum to the slope of `MasteryReadout.inside_`.
    harder : float64 array, shape (n_modules,)
        By how many logits its typical item is harder than that of its skills, met within the module; NaN
        where nothing tells.
    """

    skills: sparse.csr_matrix
    harder: Floats

    def success(self, mastery_logit: Floats) -> Floats:
        """Probability of passing each module's typical item, given `MasteryReadout.logit` (n_skills + 1,)."""
        from recommender.skills.typical_kernel import fill_success  # it brings the compiler

        rows, probability = self.skills, np.empty(len(self.harder))
        fill_success(rows.indptr, rows.indices, rows.data, self.harder, mastery_logit, probability)
        return probability


def typical_items(
    catalog: Catalog, item_difficulty: Floats, inside: float, slope: float = 1.0
) -> TypicalItems:
    """Average the items of every module.

    A module without items takes its declared skills' typical items; one without either is NaN.

    Parameters
    ----------
    catalog : Catalog
    item_difficulty : float64 array, shape (n_items,)
        See `MasteryReadout`.
    inside, slope : float
        See `MasteryReadout.inside_`.
    """
    in_module = np.flatnonzero(catalog.item_module >= 0)
    counts = np.bincount(catalog.item_module[in_module], minlength=catalog.n_modules)
    items = sparse.csr_matrix(
        (1.0 / counts[catalog.item_module[in_module]], (catalog.item_module[in_module], in_module)),
        (catalog.n_modules, len(catalog.item_ids)),
    )
    has_items, has_skills = counts > 0, np.diff(catalog.module_skills.start) > 0
    declared = weights_of(catalog.module_skills, catalog.n_skills)
    skills = sparse.csr_matrix(
        items @ weights_of(catalog.item_skills, catalog.n_skills)
        + sparse.diags_array((~has_items).astype(float)) @ declared
    )
    harder = np.asarray(items @ item_difficulty)
    return TypicalItems(slope * skills, np.where(has_items | has_skills, slope * harder - inside, np.nan))
