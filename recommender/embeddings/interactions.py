"""Event rows into first starts, the only thing that views learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import Interactions
from recommender.errors import InputError


def build_interactions(
    learner_index: NDArray[np.integer[Any]],
    module_index: NDArray[np.integer[Any]],
    at: NDArray[np.float64],
    event_order: NDArray[np.integer[Any]] | None = None,
    *,
    n_learners: int,
    role: NDArray[np.integer[Any]],
    segment: NDArray[np.integer[Any]],
    n_modules: int,
) -> Interactions:
    """Keep the first start of every learner and module, each learner's starts oldest first.

    Whatever follows the first start of a module (further views, its completion) is one start with it.

    Parameters
    ----------
    learner_index : int array, shape (n_rows,)
        Position of the learner, in [0, n_learners).
    module_index : int array, shape (n_rows,)
        Position of the module in the catalogue, in [0, n_modules).
    at : float64 array, shape (n_rows,)
        Seconds since 1970 UTC, NaN without clock; kept, never sorted by.
    event_order : int array, shape (n_rows,), optional
        Rank of each row in event order; equal ranks keep row order. None: rows are in event order already.
    n_learners, n_modules : int
        Sizes; learners without a row stay, with no interactions.
    role, segment : int array, shape (n_learners,)
        Position of each learner's role and segment, -1 when unknown.

    Raises
    ------
    InputError
        If lengths differ or a position is out of range.

    Examples
    --------
    >>> none = np.full(2, -1)
    >>> rows = build_interactions(np.array([1, 0, 1, 1]), np.array([4, 4, 2, 4]), np.arange(4.0),
    ...                           n_learners=2, role=none, segment=none, n_modules=5)
    >>> rows.start.tolist(), rows.modules.tolist(), rows.at.tolist()
    ([0, 1, 3], [4, 4, 2], [1.0, 0.0, 2.0])
    """
    order = np.arange(len(learner_index)) if event_order is None else np.asarray(event_order)
    _require_length("module_index", module_index, len(learner_index))
    _require_length("at", at, len(learner_index))
    _require_length("event_order", order, len(learner_index))
    _require_length("role", role, n_learners)
    _require_length("segment", segment, n_learners)
    _require_range("learner_index", learner_index, n_learners)
    _require_range("module_index", module_index, n_modules)

    in_order = np.lexsort((order, learner_index))  # stable: ties keep row order
    pair = np.asarray(learner_index, np.int64)[in_order] * n_modules + np.asarray(module_index)[in_order]
    _, first = np.unique(pair, return_index=True)
    rows = in_order[np.sort(first)]
    counts = np.bincount(learner_index[rows], minlength=n_learners)
    return Interactions(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)]),
        modules=module_index[rows].astype(np.int32),
        at=at[rows].astype(np.float64),
        role=np.asarray(role, np.int32),
        segment=np.asarray(segment, np.int32),
        n_modules=n_modules,
    )


def module_order(interactions: Interactions, catalog: Catalog) -> NDArray[np.int64]:
    """Positions of the modules in the order of their ids, shape (n_modules,).

    Whatever a view draws at random or breaks ties by goes in this order, so that a catalogue read in another
    order gives the same model.

    Raises
    ------
    InputError
        If the interactions are not about this catalogue.
    """
    if interactions.n_modules != catalog.n_modules:
        raise InputError(
            f"the interactions are about {interactions.n_modules} modules and the catalogue has "
            f"{catalog.n_modules}; build both from the same dataset"
        )
    return id_order(catalog)


def id_order(catalog: Catalog) -> NDArray[np.int64]:
    """Positions of the modules in the order of their ids, shape (n_modules,)."""
    return np.argsort(np.array(catalog.module_ids, np.str_), kind="stable").astype(np.int64)


def _require_length(field: str, values: NDArray[Any], expected: int) -> None:
    if len(values) != expected:
        raise InputError(f"{field} has {len(values)} values where {expected} are expected; pass one per row")


def _require_range(field: str, values: NDArray[Any], size: int) -> None:
    wrong = np.flatnonzero((values < 0) | (values >= size))
    if len(wrong):
        raise InputError(
            f"{field}, row {wrong[0] + 1}: {values[wrong[0]]} is not a position in [0, {size}); "
            "map unknown ids or leave their rows out first"
        )
