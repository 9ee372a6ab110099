"""What finishing a module is expected to do for a learner's skills and for the gaps of a role."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from recommender.domain.catalog import Catalog, Floats
from recommender.ranking.prerequisites import Positions


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """What a role asks for.

    Parameters
    ----------
    required : float64 array, shape (n_skills,)
        Required mastery, a probability; NaN where the role does not ask for the skill.
    importance : float64 array, shape (n_skills,)
        In [0, 1]; 0 where the role does not ask for the skill.
    priority : float
        Weight of the role in the organisation's plans, in [0, 1].
    """

    required: Floats
    importance: Floats
    priority: float

    @classmethod
    def of_role(cls, catalog: Catalog, role: int) -> Need:
        """Need of the role at a position of the catalogue; -1 is no role and needs nothing."""
        required = np.full(catalog.n_skills, np.nan)
        importance = np.zeros(catalog.n_skills)
        if role < 0:
            return cls(required, importance, 0.0)
        roles = catalog.roles
        rows = slice(roles.profile.start[role], roles.profile.start[role + 1])
        required[roles.profile.values[rows]] = roles.required_mastery[rows]
        importance[roles.profile.values[rows]] = roles.importance[rows]
        return cls(required, importance, float(roles.priority[role]))


@dataclass(frozen=True, slots=True, eq=False)
class Teaching:
    """Which module teaches which skill, one entry per pair: compiled once per catalogue."""

    skill: Positions
    start: Positions
    count: Floats

    @classmethod
    def compile(cls, catalog: Catalog) -> Teaching:
        """Lay out the skills of the catalogue's modules for sums over them."""
        taught = catalog.module_skills
        count = np.maximum(np.diff(taught.start), 1).astype(np.float64)
        return cls(taught.values.astype(np.intp), taught.start.astype(np.intp), count)

    def total(self, per_skill: Floats) -> Floats:
        """Sum of a value (n_skills,) over the skills each module teaches, shape (n_modules,)."""
        from recommender.ranking.passes_kernel import sum_taught

        total = np.empty(len(self.count))
        sum_taught(self.start, self.skill, per_skill, total)
        return total

    def mean(self, per_skill: Floats) -> Floats:
        """Mean of a value (n_skills,) over the skills each module teaches; 0 for one that teaches none."""
        return self.total(per_skill) / self.count

    def leading(self, module: int, per_skill: Floats) -> int:
        """Position of the skill a module teaches with the largest value; -1 if none is above 0."""
        largest, leading = 0.0, -1
        for skill in self.skill[self.start[module] : self.start[module + 1]].tolist():
            if (value := per_skill.item(skill)) > largest:
                largest, leading = value, skill
        return leading


def expected_gain(mastery: Floats, learning_rate: float) -> Floats:
    """Rise of mastery that one module on a skill is expected to bring, shape of `mastery`.

    ``(1 - mastery) * learning_rate``: a module moves a fixed share of what is not yet mastered, which is the
    learning step of Bayesian Knowledge Tracing (Corbett and Anderson 1995, equation 1) with the same rate for
    all skills. It is a declared estimate, not a measured effect. NaN stays NaN.

    >>> expected_gain(np.array([0.5, 1.0]), learning_rate=0.2).tolist()
    [0.1, 0.0]
    """
    return (1.0 - mastery) * learning_rate


def assumed(usual: float, said: Floats) -> float | Floats:
    """Mastery to assume in gaps where nothing is known of a skill but what the learner says.

    A self-assessment is no evidence, so it does not make mastery known; it moves what is assumed, by as many
    logits as the skill model found that such words are worth.

    Parameters
    ----------
    usual : float
        `ValueWeights.assumed_mastery`.
    said : float64 array, shape (n_skills,)
        From `Standing`, 0 where nothing was said.

    Examples
    --------
    >>> np.round(assumed(0.3, np.array([0.0, 1.0, -1.0])), 2).tolist()
    [0.3, 0.54, 0.14]
    """
    if not said.any():
        return usual
    moved: Floats = np.where(said == 0.0, usual, expit(logit(usual) + said))
    return moved


def gap_closed(
    mastery: Floats, need: Need, *, learning_rate: float, assumed_mastery: float | Floats
) -> Floats:
    """Worth of one module on each skill for a role: the gap it closes x importance x priority of the role.

    No more than the gap counts: what goes beyond the role's requirement is worth nothing here.

    Parameters
    ----------
    mastery : float64 array, shape (n_skills,)
        Probabilities, NaN where unknown.
    need : Need
    learning_rate : float
        As in `ValueWeights`.
    assumed_mastery : float, or float64 array, shape (n_skills,)
        As in `ValueWeights`, or from `assumed`.

    Returns
    -------
    float64 array, shape (n_skills,)
        In [0, 1]; 0 for skills the role does not ask for.
    """
    known = np.where(np.isnan(mastery), assumed_mastery, mastery)
    closed = np.minimum(expected_gain(known, learning_rate), need.required - known)
    return np.fmax(closed, 0.0) * need.importance * need.priority
