"""Fitting the read-out of mastery: a logistic regression with signs held, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from recommender.skills.records import SECONDS_A_DAY

Floats = NDArray[np.float64]

# Attempts so far at which pairs of answers are compared, edges of the groups.
_EDGES = np.array([0, 1, 2, 4, 8, 16, 32, 64])
# The variance thought of beforehand, and its weight: that of some 100 pairs of answers.
_PRIOR = (1.0, 0.25, 4.0)
_PRIOR_WEIGHT = 5.0
# Smallest variance that is believed.
_LEAST = 0.05
_GRID = (1.0, 2.0, 4.0, 8.0, 16.0)
# Information of a common answer, logits^-2; that of one as likely passed as failed is a quarter.
_INFORMATION = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class SignedFit:
    """Weights of at least 0, weights of any sign, an offset for each group, and the intercept."""

    signed: Floats
    free: Floats
    offset: Floats
    intercept: float


def fit_signed(
    signed: Floats,
    free: Floats,
    group: NDArray[np.int64],
    n_groups: int,
    passed: Floats,
    start: Floats,
    *,
    penalty: float,
    group_penalty: float,
) -> SignedFit:
    """Logistic regression with some weights of at least 0.

    Parameters
    ----------
    signed, free : float64 arrays, shape (n_rows, n_features)
        Inputs whose weights are at least 0, and those whose weights may be anything.
    group : int64 array, shape (n_rows,)
        Every group has an offset, shrunk to 0; `n_groups` where a row is in none.
    n_groups : int
    passed, start : float64 arrays, shape (n_rows,)
        1 or 0; logits that are added with weight 1.
    penalty, group_penalty : float
        Half of it times the squared weights, of inputs with a standard deviation of 1, and offsets is added
        to the loss.
    """
    from scipy.optimize import minimize

    n_signed, n_free = signed.shape[1], free.shape[1]
    if not len(passed):
        return SignedFit(np.zeros(n_signed), np.zeros(n_free), np.zeros(n_groups), 0.0)
    x = np.column_stack([signed, free])
    n = x.shape[1]
    scale = x.std(axis=0)
    # What never varies gets no weight.
    scale[scale < 1e-6] = np.inf
    x = np.asfortranarray(x / scale)
    # Each number is searched for in units in which the loss curves about alike.
    members = np.bincount(group, minlength=n_groups + 1)[:-1]
    curvature = np.concatenate(
        [np.full(n + 1, len(x) * _INFORMATION), members * _INFORMATION + group_penalty]
    )
    unit = 1.0 / np.sqrt(curvature)
    ridge = np.concatenate([np.full(n, penalty), [0.0], np.full(n_groups, group_penalty)])

    def loss(v: Floats) -> tuple[float, Floats]:
        w = v * unit
        z = start + x @ w[:n] + w[n] + np.append(w[n + 1 :], 0.0)[group]
        # log(1 + e^z), and from the same exponential the chance of a pass.
        small = np.exp(-np.abs(z))
        value = np.maximum(z, 0.0).sum() + np.log1p(small).sum() - passed @ z + 0.5 * ridge @ (w * w)
        error = np.where(z >= 0.0, 1.0, small) / (1.0 + small) - passed
        of_group = np.bincount(group, error, n_groups + 1)[:-1]
        slope = np.concatenate([error @ x, [error.sum()], of_group]) + ridge * w
        # One pass and one failure of nobody keep the intercept finite where all answers are alike.
        value += np.logaddexp(0.0, w[n]) + np.logaddexp(0.0, -w[n])
        slope[n] += 2.0 * expit(w[n]) - 1.0
        return float(value), slope * unit

    bounds = [(0.0, None)] * n_signed + [(None, None)] * (len(ridge) - n_signed)
    found = minimize(
        loss, np.zeros(len(ridge)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200}
    )
    w = found.x * unit
    w[:n] /= scale
    return SignedFit(w[:n_signed], w[n_signed:n], w[n + 1 :], float(w[n]))


def group_offsets(
    group: NDArray[np.integer],
    n_groups: int,
    skills: sparse.csr_matrix,
    logit: Floats,
    passed: Floats,
    *,
    prior: float,
) -> Floats:
    """Tell by how much groups differ from a prediction in each skill, shrunk to no difference.

    One step of Newton's method from 0 for a logistic regression with a ridge of `prior` on each offset.

    Parameters
    ----------
    group : int array, shape (n_rows,)
        -1 where not known.
    n_groups : int
    skills : sparse matrix, shape (n_rows, n_skills)
        Weight of each skill in the row.
    logit, passed : float64 arrays, shape (n_rows,)
        The prediction; 1 or 0.
    prior : float
        Information that no difference counts for, above 0.

    Returns
    -------
    float64 array, shape (n_groups, n_skills)
        Logits.
    """
    known = np.flatnonzero(group >= 0)
    p = expit(logit[known])
    shape = (n_groups, len(known))
    member = sparse.csr_matrix((np.ones(len(known)), (group[known], np.arange(len(known)))), shape)
    of_row = skills[known]
    pull = member @ sparse.csr_matrix(of_row.multiply((passed[known] - p)[:, None]))
    weight = member @ sparse.csr_matrix(of_row.multiply((p * (1 - p))[:, None]))
    return np.asarray(pull.toarray() / (weight.toarray() + prior))


def interval_variance(
    pair: NDArray[np.int64], at: Floats, n_kept: Floats, logit: Floats, shift: Floats, passed: Floats
) -> Floats:
    """Estimate how far the truth lies from the read-out, by how many attempts it rests on.

    Two answers of a learner on a skill that follow each other err together where the read-out before the
    first is off, and apart where only chance is at work. With r = passed - p and w = p (1 - p), the variance
    of the error is sum r_i r_j / sum w_i w_j over such pairs (a method of moments for overdispersed counts,
    Williams 1982, section 2, without the variance of single answers). The two lie within a day, since mastery
    itself moves. Shrunk to a variance of 1 for somebody new and of .25 for somebody known well.

    Parameters
    ----------
    pair : int64 array, shape (n_rows,)
        Which learner and skill; rows of one pair in the order of time.
    at : float64 array, shape (n_rows,)
        Seconds since 1970 UTC or NaN.
    n_kept : float64 array, shape (n_rows,)
        Attempts on the skill before, times the share of their evidence that is kept.
    logit, shift, passed : float64 arrays, shape (n_rows,)
        The read-out just before; what the item's difficulty adds to it; 1 or 0.

    Returns
    -------
    float64 array (3,)
        ``v_0, v_1, n_0``, so that the variance after n attempts is v_1 + (v_0 - v_1) / (1 + n / n_0).
    """
    from scipy.optimize import nnls

    order = np.argsort(pair, kind="stable")
    first, second = order[:-1], order[1:]
    near = (pair[first] == pair[second]) & ~(at[second] - at[first] > SECONDS_A_DAY)
    first, second = first[near], second[near]
    p, q = expit(logit[first] + shift[first]), expit(logit[first] + shift[second])
    together = (passed[first] - p) * (passed[second] - q)
    chance = p * (1 - p) * q * (1 - q)
    group = np.searchsorted(_EDGES, np.round(n_kept[first], 3), side="right") - 1
    seen = np.bincount(group, chance, len(_EDGES))
    # Where little was seen, the groups keep to what is thought beforehand.
    weight = seen + _PRIOR_WEIGHT
    attempts = (np.bincount(group, n_kept[first] * chance, len(_EDGES)) + _PRIOR_WEIGHT * _EDGES) / weight
    variance = np.bincount(group, together, len(_EDGES)) + _PRIOR_WEIGHT * _decaying(_PRIOR, attempts)
    variance /= weight
    best, least = np.array(_PRIOR), np.inf
    for half in _GRID:
        share = 1.0 / (1.0 + attempts / half)
        both = np.column_stack([share, 1.0 - share]) * np.sqrt(weight)[:, None]
        found, misfit = nnls(both, variance * np.sqrt(weight))
        if misfit < least:
            best, least = np.array([*np.maximum(found, _LEAST), half]), misfit
    return np.array([max(best[0], best[1]), best[1], best[2]])


def _decaying(variance: tuple[float, float, float], n: Floats) -> Floats:
    first, last, half = variance
    return last + (first - last) / (1.0 + n / half)


def attenuation(variance: float, unknown: float) -> float:
    """By how much logits fitted to answers are too flat for one learner and one item of known difficulty.

    What is not known of learners and items flattens a logistic curve by sqrt(1 + c^2 v) with
    c = 16 sqrt(3) / (15 pi) and v the variance of both (Zeger, Liang and Albert 1988, section 3).

    Parameters
    ----------
    variance : float
        Of the learner's error, on the flat scale.
    unknown : float
        Of the items' difficulty, on the steep one.

    Returns
    -------
    float
        At least 1.

    Examples
    --------
    >>> attenuation(0.0, 0.0)
    1.0
    """
    c2 = (16.0 * np.sqrt(3.0) / (15.0 * np.pi)) ** 2
    return float(np.sqrt((1.0 + c2 * unknown) / (1.0 - c2 * min(variance, 1.0))))
