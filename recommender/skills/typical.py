"""The typical item of each skill and module: the mean of its items, on the scale of the linear model.

Computed once per bundle, so that the chance of success on every module is one sparse product away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.best_lr import BestLR
from recommender.skills.difficulty import DifficultyTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TypicalItems:
    """Means over items.

    Parameters
    ----------
    skill_item_weight : float64 array, shape (n_skills,)
        Mean item weight over a skill's items.
    module_base : float64 array, shape (n_modules,)
        Logit of the module's typical item for a learner without any attempt; NaN where nothing tells.
    module_skills : sparse matrix, shape (n_modules, n_skills)
        How many skills of each kind the module's typical item assesses.
    """

    skill_item_weight: Floats
    module_base: Floats
    module_skills: sparse.csr_matrix

    def module_logit(self, by_skill: Floats) -> Floats:
        """Logits (n_modules,) given what each skill's counts add for this learner (n_skills,)."""
        logit: Floats = self.module_base + self.module_skills @ by_skill
        return logit


def typical_items(model: BestLR, table: DifficultyTable, catalog: Catalog) -> TypicalItems:
    """Average the items of every skill and module.

    A module without items takes the mean of its declared skills' typical items; one without either is NaN.
    """
    n_items = len(table.item_ids)
    overall = float(model.item_weight_.mean()) if n_items else 0.0
    item_skills = _membership(table.item_skills, catalog.n_skills)
    skill_item_weight = _mean_over(sparse.csr_matrix(item_skills.T), model.item_weight_, overall)
    in_module = np.flatnonzero(catalog.item_module >= 0)
    module_items = sparse.csr_matrix(
        (np.ones(len(in_module)), (catalog.item_module[in_module], in_module)), (catalog.n_modules, n_items)
    )
    declared = _membership(catalog.module_skills, catalog.n_skills)
    has_items, has_skills = np.diff(module_items.indptr) > 0, np.diff(declared.indptr) > 0
    skills_an_item = max(item_skills.nnz / max(n_items, 1), 1.0)
    module_skills = sparse.csr_matrix(
        sparse.diags(has_items.astype(float)) @ (_row_means(module_items) @ item_skills)
        + sparse.diags((~has_items).astype(float)) @ _row_means(declared) * skills_an_item
    )
    item_weight = np.where(
        has_items,
        _mean_over(module_items, model.item_weight_, overall),
        _mean_over(declared, skill_item_weight, overall),
    )
    base = model.intercept_ + item_weight + module_skills @ model.skill_weight_
    return TypicalItems(skill_item_weight, np.where(has_items | has_skills, base, np.nan), module_skills)


def _membership(rows: Ragged, n_columns: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(rows.values)), rows.values, rows.start), (len(rows), n_columns))


def _row_means(matrix: sparse.csr_matrix) -> Any:
    """Each row divided by its number of entries."""
    return sparse.diags(1.0 / np.maximum(np.diff(matrix.indptr), 1)) @ matrix


def _mean_over(groups: sparse.csr_matrix, values: Floats, otherwise: float) -> Floats:
    """Mean of `values` over each row's members; `otherwise` for a row without any."""
    counts = np.diff(groups.indptr)
    return np.where(counts > 0, groups @ values / np.maximum(counts, 1), otherwise)
