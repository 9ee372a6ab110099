"""From answers to rates: a hierarchical model of how much of what is missing each module adds.

A module that is finished leaves ``exp(-h)`` of what was missing of mastery p,

    post = 1 - (1 - p) exp(-H),   P(pass) = sigmoid(logit(post) + item),

with H the sum of h over the modules finished between, so that each counts for its part. h of a taught skill
is

    h = dose (x' beta + u_module + v_(module, skill)),

dose the time for the skill, see `recommender.ranking.gain.Dosage`: twice the time leaves the square of
what is left, and no time teaches nothing. x are the module's level, format, log minutes and number of skills;
each of them, every u and every v is normal around 0 and the intercept around the declared rate. The three
spreads are those of the largest marginal likelihood (expectation maximisation with a normal approximation;
Dempster, Laird and Rubin 1977; Gelman et al. 2013, section 13.6), and the estimate is the mode given them:
empirical Bayes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from recommender.domain.catalog import Catalog
from training.gain.drift import Expected

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEVELS = ("beginner", "intermediate", "advanced")
# Spreads of h to start from, and those below which nothing differs.
_START = 0.1
_LEAST = 1e-3
_ROUNDS = 40
_STEPS = 30
_EDGE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How h of every taught skill is made up.

    Parameters
    ----------
    parts : float64 array, shape (n_taught, n_parameters)
        The first is the intercept.
    group : int64 array, shape (n_parameters,)
        Which spread each parameter has: -1 for the intercept, 0 for traits, 1 for modules, 2 for skills of
        modules.
    """

    parts: sparse.csr_matrix
    group: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Estimated h.

    Parameters
    ----------
    h, error : float64 arrays, shape (n_taught,)
        May be negative; standard errors.
    overall, overall_error : float
        The intercept: of a typical module.
    spread : float64 array, shape (3,)
        Standard deviations of traits, modules and skills of modules.
    """

    h: Floats
    error: Floats
    overall: float
    overall_error: float
    spread: Floats


def by_time(dose: Floats) -> Design:
    """Lay out the intercept alone: every dose (n_taught,) teaches the same."""
    return Design(sparse.csr_matrix(dose[:, None]), np.full(1, -1))


def design_of(catalog: Catalog, own: NDArray[np.bool_], dose: Floats) -> Design:
    """Lay out all parameters; modules where `own` (n_modules,) holds have one of their own."""
    module = catalog.module_skills.row_of_value().astype(np.int64)
    n_skills = np.diff(catalog.module_skills.start)
    traits = _traits(catalog, n_skills)[module]
    of_module, of_skill = np.flatnonzero(own), np.flatnonzero(own[module] & (n_skills[module] > 1))
    place = np.full(catalog.n_modules, -1)
    place[of_module] = np.arange(len(of_module))
    rows = np.flatnonzero(own[module])
    n = len(module)
    by_module = sparse.csr_matrix((np.ones(len(rows)), (rows, place[module[rows]])), (n, len(of_module)))
    by_skill = sparse.csr_matrix(
        (np.ones(len(of_skill)), (of_skill, np.arange(len(of_skill)))), (n, len(of_skill))
    )
    parts = sparse.hstack(
        [sparse.csr_matrix(np.ones((n, 1))), sparse.csr_matrix(traits), by_module, by_skill]
    )
    sizes = (1, traits.shape[1], len(of_module), len(of_skill))
    dosed = sparse.csr_matrix(sparse.diags_array(dose) @ parts)
    return Design(dosed, np.repeat(np.arange(-1, 3), sizes))


def _traits(catalog: Catalog, n_skills: Ints) -> Floats:
    """Level, format, log minutes and log number of skills of each module, centred; unknown ones are 0."""
    columns = [catalog.levels == level for level in _LEVELS]
    columns += [catalog.formats == form for form in np.unique(catalog.formats[catalog.formats != ""])]
    known = np.isfinite(catalog.duration_minutes)
    columns.append(_standard(np.log(np.maximum(catalog.duration_minutes, 1.0)), known))
    columns.append(_standard(np.log(np.maximum(n_skills, 1)), n_skills > 0))
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def _standard(values: Floats, known: NDArray[np.bool_]) -> Floats:
    result = np.zeros(len(values))
    if known.any():
        result[known] = (values[known] - values[known].mean()) / max(values[known].std(), 1e-6)
    return result


def fit_rates(
    expected: Expected,
    taught: sparse.csr_matrix,
    design: Design,
    *,
    declared: float,
    declared_error: float,
) -> Estimate:
    """Estimate h.

    Parameters
    ----------
    expected : Expected
        Of answers after teaching.
    taught : sparse matrix, shape (n_outcomes, n_taught)
        1 for what was taught in between.
    design : Design
    declared, declared_error : float
        The declared h, and how far the overall one may be from it.
    """
    exposure = sparse.csr_matrix(taught @ design.parts)
    n = exposure.shape[1]
    centre = np.zeros(n)
    centre[0] = declared
    w, spread = centre.copy(), np.full(3, _START)
    inverse = np.zeros((n, n))
    for _ in range(_ROUNDS):
        precision = np.append(spread, declared_error)[design.group] ** -2.0
        w, inverse = _mode(w, centre, precision, expected, exposure)
        found = spread.copy()
        for g in range(3):
            its = design.group == g
            if its.any():
                found[g] = max(np.sqrt((w[its] ** 2 + np.diag(inverse)[its]).mean()), _LEAST)
        settled = np.abs(found - spread).max() < 1e-3
        spread = found
        if settled:
            break
    variance = np.asarray(design.parts.multiply(design.parts @ inverse).sum(axis=1)).ravel()
    return Estimate(design.parts @ w, np.sqrt(variance), float(w[0]), float(np.sqrt(inverse[0, 0])), spread)


def chance(expected: Expected, hazard: Floats) -> tuple[Floats, Floats]:
    """Chance of each pass after so much teaching, and its derivative by it."""
    left = np.exp(-hazard) * (1.0 - expected.mastery)
    post = np.clip(1.0 - left, _EDGE, 1.0 - _EDGE)
    p = expit(np.log(post / (1.0 - post)) + expected.item_logit)
    return p, p * (1.0 - p) / (post * (1.0 - post)) * left


def log_loss(expected: Expected, hazard: Floats) -> Floats:
    """Log loss of each answer, shape (n_outcomes,)."""
    p = np.clip(chance(expected, hazard)[0], 1e-9, 1.0 - 1e-9)
    loss: Floats = -np.where(expected.passed > 0.5, np.log(p), np.log1p(-p))
    return loss


def _mode(
    w: Floats, centre: Floats, precision: Floats, expected: Expected, exposure: sparse.csr_matrix
) -> tuple[Floats, Floats]:
    """Mode and inverse information, by Fisher scoring with halved steps where one leads astray."""

    def objective(v: Floats) -> float:
        loss = expected.weight @ log_loss(expected, exposure @ v)
        return float(loss + 0.5 * precision @ (v - centre) ** 2)

    value = objective(w)
    for _ in range(_STEPS):
        p, slope = chance(expected, exposure @ w)
        spread = np.maximum(p * (1.0 - p), 1e-9)
        pull = exposure.T @ (expected.weight * (expected.passed - p) * slope / spread)
        weighted = exposure.multiply((expected.weight * slope**2 / spread)[:, None])
        information = (exposure.T @ weighted).toarray() + np.diag(precision)
        inverse = np.linalg.inv(information)
        step = inverse @ (pull - precision * (w - centre))
        size = 1.0
        while (found := objective(w + size * step)) > value and size > 1e-4:
            size *= 0.5
        if found > value:
            break
        w, gained, value = w + size * step, value - found, found
        if gained < 1e-6:
            break
    return w, inverse
