"""What a role asks for, and what finishing a module is expected to do for a learner's skills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.domain.catalog import Catalog, Floats


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


def expected_gain(mastery: float, learning_rate: float) -> float:
    """Rise of mastery that one module on a skill is expected to bring.

    ``(1 - mastery) * learning_rate``: a module moves a fixed share of what is not yet mastered, which is the
    learning step of Bayesian Knowledge Tracing (Corbett and Anderson 1995, equation 1) with the same rate for
    all skills. It is a declared estimate, not a measured effect.

    >>> expected_gain(0.5, learning_rate=0.2)
    0.1
    """
    return (1.0 - mastery) * learning_rate
