"""What answers would have been without the teaching: the difference in differences.

In controls, mastery read before a module that does not teach the skill is set against answers after it. What
lies between the two is no teaching: practice by being tested, fading, selection of who comes back, and
whatever the read-out misjudges. It is taken to be the same after modules that do teach the skill,

    logit P = a + (1 + b) m + c log(1 + days) + d inside + u_s - difficulty of the item,

with m the logit of mastery before and u_s an offset of the skill, shrunk to 0. That is the parallel trend
that a difference in differences assumes (Angrist and Pischke 2009, section 5.2), here on the logit scale.
With b below 0 it also takes out regression to the mean that is left in m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.skills.mastery_fit import fit_signed
from recommender.skills.records import SECONDS_A_DAY
from training.gain.before import Before
from training.gain.outcomes import Outcomes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# L2 penalties of the weights and, in logits^-2, of each skill's offset.
_PENALTY = 1.0
_SKILL_PENALTY = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Answers and what is expected of them if nothing was taught, arrays of shape (n_outcomes,).

    Parameters
    ----------
    mastery : float64 array
        Probability.
    item_logit : float64 array
        What item and circumstances add to the logit of mastery.
    passed : float64 array
        1 or 0.
    weight : float64 array
        What an answer counts, in (0, 1]: the answers of a learner on a skill after the same module tell of
        one thing, so n of them count as n / (1 + (n - 1) rho), with rho their correlation among controls.
    """

    mastery: Floats
    item_logit: Floats
    passed: Floats
    weight: Floats

    def take(self, rows: NDArray[np.bool_]) -> Expected:
        """Only the rows where `rows` (n_outcomes,) holds."""
        return Expected(self.mastery[rows], self.item_logit[rows], self.passed[rows], self.weight[rows])


def expect(
    before: Before, outcomes: Outcomes, passed: Floats, learner: Ints, at: Floats, n_skills: int
) -> Expected:
    """Fit the drift of controls and apply it to all.

    Parameters
    ----------
    before : Before
    outcomes : Outcomes
    passed, at : float64 arrays, shape (n_outcomes,)
        1 or 0; when it was answered, seconds since 1970 UTC.
    learner : int64 array, shape (n_outcomes,)
    n_skills : int
    """
    days = np.log1p(np.maximum(at - outcomes.before_at, 0.0) / SECONDS_A_DAY)
    inside = outcomes.inside.astype(np.float64)
    x = np.column_stack([before.mastery_logit, days, inside])
    control = ~outcomes.treated
    fitted = fit_signed(
        np.zeros((int(control.sum()), 0)),
        x[control],
        outcomes.skill[control],
        n_skills,
        passed[control],
        (before.mastery_logit + before.item_logit)[control],
        penalty=_PENALTY,
        group_penalty=_SKILL_PENALTY,
    )
    around = fitted.free[2] * inside
    logit = before.mastery_logit + fitted.intercept + x @ fitted.free - around + fitted.offset[outcomes.skill]
    item_logit = before.item_logit + around
    p = expit(logit + item_logit)
    weight = _weights(passed, p, learner, outcomes, control)
    return Expected(expit(logit), item_logit, passed, weight)


def _weights(
    passed: Floats, p: Floats, learner: Ints, outcomes: Outcomes, control: NDArray[np.bool_]
) -> Floats:
    """Weigh answers; the correlation is that of residuals of controls of a learner, skill and module."""
    keys = np.column_stack([learner, outcomes.skill, outcomes.before_at])
    group = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    count = np.bincount(group)[group]
    residual = np.where(control, (passed - p) / np.sqrt(p * (1.0 - p)), 0.0)
    total, squares = np.bincount(group, residual), np.bincount(group, residual**2)
    n = np.bincount(group, control)
    pairs = (n * (n - 1.0)).sum()
    rho = float(np.clip((total**2 - squares).sum() / max(pairs, 1.0), 0.0, 1.0))
    weight: Floats = np.asarray(1.0 / (1.0 + (count - 1.0) * rho), np.float64)
    return weight
