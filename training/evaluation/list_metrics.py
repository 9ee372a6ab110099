"""Metrics of what is shown, whatever was started: how varied each list is, how even they are together."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from recommender.domain.catalog import Catalog
from training.evaluation.metrics import Ints

LIST_METRICS: Final = ("coverage@10", "intra_list_diversity@10", "exposure_gini@10")


def module_content(catalog: Catalog) -> sparse.csr_array | None:
    """Return which skills and tags each module has, as vectors of length 1.

    Returns
    -------
    sparse float array, shape (n_modules, n_skills + n_tags), or None
        Equal entries in a row, all 0 for a module with neither; None when no module has any.

    Examples
    --------
    >>> import pyarrow as pa
    >>> modules = pa.table({"module_id": ["a", "b"], "title": ["A", "B"], "tags": [["x", "y"], ["y"]]})
    >>> module_content(Catalog.from_tables({"modules": modules})).toarray().round(2).tolist()
    [[0.71, 0.71], [0.0, 1.0]]
    """
    skills = catalog.module_skills
    pairs = set(zip(skills.row_of_value().tolist(), skills.values.tolist(), strict=True))
    tags: dict[str, int] = {}
    for module, names in enumerate(_tags(catalog)):
        pairs |= {(module, tags.setdefault(name, catalog.n_skills + len(tags))) for name in names or ()}
    if not pairs:
        return None
    row, column = np.array(sorted(pairs), np.int64).T
    value = 1 / np.sqrt(np.bincount(row, minlength=catalog.n_modules))[row]
    return sparse.csr_array((value, (row, column)), shape=(catalog.n_modules, catalog.n_skills + len(tags)))


def _tags(catalog: Catalog) -> list[Any]:
    table = catalog.tables.get("modules")
    return table["tags"].to_pylist() if table is not None and "tags" in table.column_names else []


def coverage(tops: ArrayLike, n_modules: int) -> float:
    """Share of the catalogue that is in at least one list; `tops` as in `intra_list_diversity`.

    Examples
    --------
    >>> coverage([[0, 1], [0, -1]], n_modules=4)
    0.5
    """
    shown = np.asarray(tops, np.int64)
    return len(np.unique(shown[shown >= 0])) / n_modules


def intra_list_diversity(tops: ArrayLike, content: sparse.csr_array) -> float | None:
    """Mean over lists of 1 - the mean cosine of every two modules of a list.

    Parameters
    ----------
    tops : int array, shape (n_lists, k)
        Positions of modules, filled up with -1.
    content : sparse array, shape (n_modules, n_features)
        From `module_content`.

    Returns
    -------
    float or None
        In [0, 1]; 0 when all modules of a list are alike. Modules without any content are no part of it,
        for nobody knows what they resemble; None when no list has two others.

    Notes
    -----
    The average dissimilarity of Smyth and McClave (2001), "Similarity vs. diversity", with the cosine as in
    Ziegler et al. (2005), "Improving recommendation lists through topic diversification". With unit vectors
    the cosines of all ordered pairs of a list add up to ``|sum of its vectors|^2 - their number``.

    Examples
    --------
    >>> content = sparse.csr_array(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    >>> round(intra_list_diversity([[0, 1, 2]], content), 3)
    0.667
    """
    shown = np.asarray(tops, np.int64)
    lists, places = np.nonzero(shown >= 0)
    ones = np.ones(len(lists))
    members = sparse.csr_array((ones, (lists, shown[lists, places])), shape=(len(shown), content.shape[0]))
    sums = members @ content
    squared = np.asarray(sums.multiply(sums).sum(axis=1), np.float64).ravel()
    n = members @ (np.diff(content.indptr) > 0).astype(np.float64)
    squared, n = squared[n >= 2], n[n >= 2]
    return float(np.mean(1 - (squared - n) / (n * (n - 1)))) if len(n) else None


def exposure_gini(recommended: Ints) -> float | None:
    """Gini index of how often each module was recommended.

    Parameters
    ----------
    recommended : int array, shape (n_modules,)
        Over the whole catalogue; modules that were never recommended count as 0.

    Returns
    -------
    float or None
        0 when all modules are recommended equally often, 1 when it is always the same one; None when nothing
        was recommended or there is only one module.

    Notes
    -----
    Shani and Gunawardana (2011), "Evaluating recommendation systems", section on coverage:
    ``sum_j (2 j - n - 1) p_j / (n - 1)`` over shares p in ascending order.

    Examples
    --------
    >>> exposure_gini(np.array([2, 2, 2])), exposure_gini(np.array([0, 6, 0]))
    (0.0, 1.0)
    """
    n, total = len(recommended), int(recommended.sum())
    if n < 2 or not total:
        return None
    weight: NDArray[np.int64] = 2 * np.arange(1, n + 1) - n - 1
    return float(weight @ np.sort(recommended)) / ((n - 1) * total)
