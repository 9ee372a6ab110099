"""What a learner lacks, and who masters it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats
from recommender.people.table import MentorTable
from recommender.ranking.gain import Need


@dataclass(frozen=True, slots=True, eq=False)
class Lack:
    """Skills that a learner wants help with, arrays of shape (n_lacked,).

    Parameters
    ----------
    skills : int64 array
        Positions in the catalogue.
    level : float64 array
        Mastery that who helps has at least.
    weight : float64 array
        What each skill counts, above 0.
    """

    skills: NDArray[np.int64]
    level: Floats
    weight: Floats

    @classmethod
    def of_role(cls, catalog: Catalog, role: int, used: Floats) -> Self:
        """All that is below what a role requires; the weight is importance times gap.

        Parameters
        ----------
        role : int
            Position in the catalogue, -1 for none, which requires nothing.
        used : float64 array, shape (n_skills,)
            The learner's mastery, see `Standing`.
        """
        need = Need.of_role(catalog, role)
        weight = need.importance * np.maximum(np.nan_to_num(need.required - used), 0.0)
        skills = np.flatnonzero(weight > 0.0)
        return cls(skills, need.required[skills], weight[skills])

    @classmethod
    def of_skill(cls, catalog: Catalog, skill: int, role: int, used: Floats, margin: float) -> Self:
        """One skill: up to what the role requires; where that is met already, `margin` above the learner."""
        required = Need.of_role(catalog, role).required[skill]
        level = required if required > used[skill] else used[skill] + margin
        return cls(np.array([skill]), np.array([level]), np.ones(1))

    def covered(self, table: MentorTable) -> Floats:
        """Sum of the weights of what each mentor masters, (n_mentors,)."""
        covered = np.zeros(len(table))
        # Row by row: a table of all of them at once does not stay in the cache.
        for skill, level, weight in zip(self.skills.tolist(), self.level, self.weight, strict=True):
            covered += weight * (table.low[skill] >= level)
        return covered

    def mastered(self, table: MentorTable, mentor: int) -> NDArray[np.bool_]:
        """Whether a mentor masters each skill: the lower end of the interval is at the level; (n_lacked,)."""
        mastered: NDArray[np.bool_] = table.low[self.skills, mentor] >= self.level
        return mastered
