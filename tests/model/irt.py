"""An item response model to judge the simulator by: nothing of the engine or of the simulator is in it.

logit P(pass) = the sum of effects (of the item, of the learner, …) + slopes * covariates, fitted by penalised
maximum likelihood: every effect has a normal prior, as in an explanatory item response model with crossed
random effects (De Boeck & Wilson 2004, chapter 2). Items differ in difficulty alone (Rasch 1960). Guessing
and slipping are not in it; they make its unit of ability smaller than the true one, so sizes are compared
after linking, see `unit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_MOST_STEPS = 25
_LONGEST_STEP = 2.0
_SETTLED = 2e-3
# prior deviation of slopes: as good as none
_FREE = 100.0


class Effect(NamedTuple):
    """One group of effects.

    Parameters
    ----------
    member : int array, shape (n_answers,)
        Whose effect each answer has.
    deviation : float
        Of the prior, in logits.
    """

    member: Ints
    deviation: float


@dataclass(frozen=True, slots=True)
class Design:
    """What answers depend on, as `design` lays it out."""

    members: list[Ints]
    matrix: sparse.csr_array
    transposed: sparse.csr_array
    penalty: Floats

    def split(self, values: Floats) -> list[Floats]:
        """Return values by group of effects, in order; those of the covariates come last."""
        return np.split(values, np.cumsum([len(group) for group in self.members]))


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted.

    Parameters
    ----------
    effects : list of float arrays
        One value for each of `members`.
    members : list of int arrays
    slopes, errors : float arrays, shape (n_covariates,)
        Slopes of the covariates and their standard errors.
    logit : float array, shape (n_answers,)
    """

    effects: list[Floats]
    members: list[Ints]
    slopes: Floats
    errors: Floats
    logit: Floats

    def of(self, group: int, n: int) -> Floats:
        """Return the effects of one group by member, 0 to n - 1; 0 for whom no answer is of."""
        values = np.zeros(n)
        values[self.members[group]] = self.effects[group]
        return values


def design(effects: Sequence[Effect], covariates: Floats) -> Design:
    """Lay out effects and covariates, an array of shape (n_answers, n_covariates)."""
    n = len(covariates)
    members, blocks, penalties = [], [], []
    for effect in effects:
        member, column = np.unique(effect.member, return_inverse=True)
        members.append(member)
        blocks.append(sparse.csr_array((np.ones(n), (np.arange(n), column)), shape=(n, len(member))))
        penalties.append(np.full(len(member), effect.deviation**-2))
    penalties.append(np.full(covariates.shape[1], _FREE**-2))
    matrix = sparse.csr_array(sparse.hstack([*blocks, sparse.csr_array(covariates)]))
    return Design(members, matrix, sparse.csr_array(matrix.T), np.concatenate(penalties))


def fit(layout: Design, passed: Bools) -> Fit:
    """Fit by Newton's method, each step solved by conjugate gradients.

    Raises
    ------
    RuntimeError
        It does not settle.

    Examples
    --------
    >>> item = np.repeat([0, 1], 100)
    >>> passed = np.arange(200) % 100 < np.repeat([73, 27], 100)
    >>> fit(design([Effect(item, 10.0)], np.zeros((200, 0))), passed).of(0, 2).round(1).tolist()
    [1.0, -1.0]
    """
    values = np.zeros(len(layout.penalty))
    for _ in range(_MOST_STEPS):
        expected = expit(layout.matrix @ values)
        weight = expected * (1 - expected)
        step = _solve(layout, weight, layout.transposed @ (passed - expected) - layout.penalty * values)
        values = values + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if np.abs(step).max() < _SETTLED:
            *effects, slopes = layout.split(values)
            return Fit(effects, layout.members, slopes, _errors(layout, weight), layout.matrix @ values)
    raise RuntimeError(f"the item response model has not settled after {_MOST_STEPS} steps")


def project(layout: Design, response: Floats, logit: Floats) -> Floats:
    """Return the slopes that the same model gives when it is shown the response itself and not a pass.

    What selection and shrinking do to the slopes of `fit` they do to these too.

    Parameters
    ----------
    layout : Design
    response : float array, shape (n_answers,)
        The true ability, say.
    logit : float array, shape (n_answers,)
        Of the fit; it sets how much each answer weighs.
    """
    expected = expit(logit)
    weight = expected * (1 - expected)
    return layout.split(_solve(layout, weight, layout.transposed @ (weight * response)))[-1]


def unit(fitted: Floats, true: Floats) -> float:
    """Return how many fitted logits a true logit is, by the difficulty of the same items on both scales.

    An item response scale has a unit of its own (Kolen & Brennan 2014, chapter 6). The slope is that on the
    truth, since only the fitted side has noise.

    Examples
    --------
    >>> round(unit(np.array([1.0, 2.0, 3.0]), np.array([-2.0, 0.0, 2.0])), 3)
    0.5
    """
    return float(np.polyfit(true, fitted, 1)[0])


def _solve(layout: Design, weight: Floats, right: Floats) -> Floats:
    """Solve (A' W A + P) x = right."""

    def left(x: Floats) -> Floats:
        return np.asarray(layout.transposed @ (weight * (layout.matrix @ x)) + layout.penalty * x)

    diagonal = layout.transposed.power(2) @ weight + layout.penalty
    size = (len(right), len(right))
    system = LinearOperator(size, left, dtype=np.float64)
    nearby = LinearOperator(size, lambda x: x / diagonal, dtype=np.float64)
    solution, failed = cg(system, right, rtol=1e-4, atol=1e-6, maxiter=2000, M=nearby)
    if failed:
        raise RuntimeError("the equations of the item response model could not be solved")
    return np.asarray(solution)


def _errors(layout: Design, weight: Floats) -> Floats:
    """Roots of the slopes' diagonal of the inverse of the penalised information."""
    n = len(layout.penalty)
    first = sum(len(group) for group in layout.members)
    columns = [_solve(layout, weight, np.eye(1, n, at)[0]) for at in range(first, n)]
    return np.sqrt([column[at] for at, column in enumerate(columns, first)])
