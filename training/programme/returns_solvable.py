"""Whether from many means together the values of one to four units can be solved.

All figures of a page are sums over values, weighed. So what follows from them by adding and taking away is a
matter of linear algebra: a few units can be solved if some combination of the figures weighs their values and
those of nobody else, except for values that are known.

What five or more units share is taken as known of them, as `training.programme.ledger.may_tell` does: a
value, or what it differs by from that of another period. Where nine units of ten cost nothing, ten times the
mean is the cost of the tenth.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from recommender.domain.disclosure import LEAST
from training.programme.returns_panel import Bools, Floats, Ints

# Values that differ by rounding are the same, and so are weights.
_DIGITS = 9
_SMALL = 1e-8


def are_few_solvable(figures: Floats, unknown: Iterable[Ints]) -> bool:
    """Whether a combination of figures is about one to four unknown values and no others.

    Parameters
    ----------
    figures : float array, shape (n_figures, n_columns)
        How much each figure weighs a column: values of units that all figures weigh alike.
    unknown : iterable of int64 array, shape (n_columns,)
        Of how many units a column is not known, for each that somebody may know.

    Examples
    --------
    The mean of three columns of four units each, and that of two of them:

    >>> figures = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    >>> are_few_solvable(figures[:1], [np.full(3, 4)]), are_few_solvable(figures, [np.full(3, 4)])
    (False, True)
    """
    weighed = np.abs(figures).max(axis=0) > _SMALL
    columns = figures[:, weighed]
    # Columns that all figures weigh alike, but for a factor, are never without each other.
    first = np.argmax(np.abs(columns) > _SMALL, axis=0)
    alike, column = np.unique(
        np.round(columns / columns[first, np.arange(columns.shape[1])], _DIGITS), axis=1, return_inverse=True
    )
    counts = [np.bincount(column.ravel(), count[weighed], alike.shape[1]) for count in unknown]
    # 1 for few and 2 for many; what is known of others often leaves the same.
    for n in np.unique([(its > 0).astype(np.int8) + (its >= LEAST) for its in counts], axis=0):
        if (n == 1).any() and _rank(alike[:, n > 0]) > _rank(alike[:, n > 1]):
            return True
    return False


def known_by_sharing(values: Floats) -> dict[int | None, Bools]:
    """Tell what is known where five share a value, or what it differs by from that of one column.

    Parameters
    ----------
    values : float array, shape (n_units, n_columns)
        NaN where there is none.

    Returns
    -------
    dict of int or None to bool array, shape (n_units, n_columns + 1)
        What somebody may know of values alone (None), or beside a column. The last column stands for the sum
        of weights: beside a column values themselves are not known, only what they differ by. A column that
        nothing else is known beside is not there.
    """
    known = np.column_stack([_shared(column) for column in values.T])
    found: dict[int | None, Bools] = {None: np.column_stack([known, np.ones(len(values), np.bool_)])}
    for beside, other in enumerate(values.T):
        known = np.column_stack([_shared(column - other) for column in values.T])
        # From itself it differs by nothing.
        if np.delete(known, beside, axis=1).any():
            found[beside] = np.column_stack([known, np.zeros(len(values), np.bool_)])
    return found


def count_unknown(there: Bools, known: Bools, kind: Ints) -> Ints:
    """Count the units of each kind of which something is there and not known; shape (n_kinds, n_columns)."""
    order = np.argsort(kind, kind="stable")
    first = np.searchsorted(kind[order], np.arange(kind.max() + 1))
    return np.add.reduceat((there & ~known)[order], first, axis=0, dtype=np.int64)


def _shared(values: Floats) -> Bools:
    """Whether at least five have a value; not where it is NaN."""
    _, which, count = np.unique(np.round(values, _DIGITS), return_inverse=True, return_counts=True)
    return np.asarray((count[which] >= LEAST) & ~np.isnan(values), np.bool_)


def _rank(columns: Floats) -> int:
    return int(np.linalg.matrix_rank(columns, tol=_SMALL)) if columns.size else 0
