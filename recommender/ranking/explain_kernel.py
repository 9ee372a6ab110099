"""Which terms of a score are its reasons, compiled; see `recommender.ranking.explain`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from recommender.ranking.kernel_arrays import MAX_REASONS, Codes

# A term this small is rounding, not a reason.
LEAST_TERM = 1e-9


@numba.njit(cache=True, nogil=True)
def explain(
    m: int,
    terms: Any,
    handed: float,
    anyway: float,
    weights: Any,
    shares: Any,
    codes: Codes,
    reasons: Any,
    parts_of_all: Any,
) -> None:
    """Fill the codes of a module's largest positive terms, largest first and then -1, and their weights.

    What the views like is divided among their codes as `share_liking` says. Terms with the same code are one:
    readiness belongs to ``next_in_sequence``, and being at most 0 it only ever weakens that reason.

    Parameters
    ----------
    m : int
    terms : tuple of 6 floats
        From `terms_of`.
    handed : float
        Part of the first of them that another module handed over because of its difficulty, which is the
        reason then.
    anyway : float
        What the rest of the first would be without a history.
    weights, shares : arrays, shape (n_views,) and (n_views, n_modules)
    codes : Codes
    reasons : int8 array, shape (MAX_REASONS,)
    parts_of_all : float64 array, shape (MAX_REASONS,)
        Shares of all positive terms.
    """
    values = np.zeros(codes.n)
    share_liking(terms[0] - handed, anyway, parts_of(weights, shares, m), codes, values)
    values[codes.of_added[0]] += handed
    for t in range(len(codes.of_added)):
        values[codes.of_added[t]] += terms[1 + t]
    total = 0.0
    for c in range(codes.n):
        if values[c] > LEAST_TERM:
            total += values[c]
    reasons[:] = -1
    parts_of_all[:] = 0.0
    for r in range(MAX_REASONS):
        best, largest = -1, LEAST_TERM
        for c in range(codes.n):
            if values[c] > largest:
                best, largest = c, values[c]
        if best < 0:
            break
        reasons[r], parts_of_all[r] = best, largest / total
        values[best] = -np.inf


@numba.njit(cache=True, nogil=True)
def share_liking(liked: float, anyway: float, parts: Any, codes: Codes, values: Any) -> None:
    """Add what a module is liked to the values of the views' codes, by their `parts` of it.

    What it would be liked `anyway`, without a history, is no reason to name the history: that much goes to
    the views that tell what anybody takes, and to nobody where they are silent.
    """
    of_history, of_anybody = 0.0, 0.0
    for v in range(len(parts)):
        if codes.of_view[v] == codes.of_anybody:
            of_anybody += parts[v]
        else:
            of_history += parts[v]
    owed = liked * of_history
    if liked > 0.0 and of_history > 0.0:
        owed = max(liked - max(anyway, 0.0), 0.0)
    for v in range(len(parts)):
        by_anybody = codes.of_view[v] == codes.of_anybody
        its, of_all = (liked - owed, of_anybody) if by_anybody else (owed, of_history)
        if parts[v] > 0.0:
            values[codes.of_view[v]] += its * (parts[v] / of_all)


@numba.njit(cache=True, nogil=True)
def parts_of(weights: Any, shares: Any, m: int) -> Any:
    """Each view's part of what all views give a module, (n_views,), in [0, 1].

    They sum to 1, or are all 0 when no view has an opinion at all. A module that no view supports is
    shared by the weights of the views that have one.
    """
    parts = np.empty(len(weights))
    for v in range(len(weights)):
        parts[v] = weights[v] * shares[v, m]
    if not parts.any():
        for v in range(len(weights)):
            parts[v] = weights[v] if shares[v].any() else 0.0
    total = parts.sum()
    return parts / total if total > 0.0 else parts


@numba.njit(cache=True, nogil=True)
def leading(start: Any, skill: Any, m: int, per_skill: Any) -> int:
    """Position of the skill a module teaches with the largest value; -1 if none is above 0."""
    largest, best = 0.0, -1
    for e in range(start[m], start[m + 1]):
        if per_skill[skill[e]] > largest:
            largest, best = per_skill[skill[e]], skill[e]
    return best
