"""Which prerequisites a learner meets, how far, and which modules would lift those that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats, Ragged

Bools: TypeAlias = NDArray[np.bool_]
# NumPy indexes by this type without a copy.
Positions: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Readiness:
    """How one learner stands to every prerequisite.

    Parameters
    ----------
    reachable : bool array, shape (n_modules,)
        Every hard prerequisite is met.
    met : bool array, shape (n_modules,)
        Every prerequisite, hard or soft, is met.
    share : float64 array, shape (n_modules,)
        How far the prerequisites are met on average, in [0, 1]; 1 without prerequisites.
    missing : bool array, shape (n_requirements,)
        The hard prerequisites that are not met, in the order of `Requirements`.
    """

    reachable: Bools
    met: Bools
    share: Floats
    missing: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Requirements:
    """Prerequisites of a catalogue: those on modules first, then those on skills; each once.

    Parameters
    ----------
    n_modules, n_skills : int
    module : int array, shape (n_requirements,)
        Module that asks.
    needed_module : int array, shape (n_on_modules,)
    needed_skill : int array, shape (n_requirements - n_on_modules,)
    required_mastery : float64 array, shape (n_requirements - n_on_modules,)
        Probabilities.
    hard : bool array, shape (n_requirements,)
    count : float64 array, shape (n_modules,)
        Prerequisites of each module, at least 1 so that it divides.
    """

    n_modules: int
    n_skills: int
    module: Positions
    needed_module: Positions
    needed_skill: Positions
    required_mastery: Floats
    hard: Bools
    count: Floats

    @classmethod
    def compile(cls, catalog: Catalog) -> Requirements:
        """Bring the catalogue's prerequisites into the order that `check` wants."""
        rows = catalog.prerequisites
        # Rows said twice would count twice in shares and hide that one module is all that is missing.
        keys = np.stack(
            [
                rows.needed_module < 0,
                rows.module,
                rows.needed_module,
                rows.needed_skill,
                rows.hard,
                np.nan_to_num(rows.required_mastery, nan=-1.0),
            ],
            axis=1,
        )
        kept = np.unique(keys, axis=0, return_index=True)[1]
        n_on_modules = int(np.count_nonzero(rows.needed_module[kept] >= 0))
        module = rows.module[kept].astype(np.intp)
        return cls(
            n_modules=catalog.n_modules,
            n_skills=catalog.n_skills,
            module=module,
            needed_module=rows.needed_module[kept[:n_on_modules]].astype(np.intp),
            needed_skill=rows.needed_skill[kept[n_on_modules:]].astype(np.intp),
            required_mastery=rows.required_mastery[kept[n_on_modules:]],
            hard=rows.hard[kept],
            count=np.maximum(np.bincount(module, minlength=catalog.n_modules), 1).astype(np.float64),
        )

    def check(self, finished: Bools, mastery: Floats) -> Readiness:
        """Compare a learner with every prerequisite.

        A module prerequisite is met when that module is finished, a skill prerequisite when mastery is known
        and reaches what is required; short of that it counts for mastery / required in the share.

        Parameters
        ----------
        finished : bool array, shape (n_modules,)
        mastery : float64 array, shape (n_skills,)
            Probabilities; NaN where unknown, which meets nothing.
        """
        from recommender.ranking.passes_kernel import check_requirements

        n = self.n_modules
        found = Readiness(np.empty(n, np.bool_), np.empty(n, np.bool_), np.empty(n), self.hard.copy())
        check_requirements(
            self.module,
            self.needed_module,
            self.needed_skill,
            self.required_mastery,
            self.hard,
            self.count,
            finished,
            mastery,
            found.reachable,
            found.met,
            found.share,
            found.missing,
        )
        return found

    def unlocks(self, missing: Bools, wanted: Bools) -> NDArray[np.int64]:
        """How many wanted modules become reachable by finishing each module and nothing else.

        Parameters
        ----------
        missing : bool array, shape (n_requirements,)
            From `check`.
        wanted : bool array, shape (n_modules,)
            Modules that count when they become reachable.

        Returns
        -------
        int64 array, shape (n_modules,)
            Prerequisites on skills are not counted: finishing a module does not promise mastery.
        """
        from recommender.ranking.passes_kernel import count_unlocks

        unlocks = np.empty(self.n_modules, np.int64)
        count_unlocks(self.module, self.needed_module, missing, wanted, unlocks)
        return unlocks

    def lifted(self, missing: Bools, wanted: Bools, module_skills: Ragged) -> Floats:
        """Count the wanted modules that each module helps to unlock; parameters as in `unlocks`.

        A module that lacks several prerequisites is shared equally among them; one on a skill is lifted by
        every module that teaches the skill.

        Returns
        -------
        float64 array, shape (n_modules,)
        """
        rows = np.flatnonzero(missing & wanted[self.module])
        share = 1.0 / np.maximum(np.bincount(self.module[missing], minlength=self.n_modules), 1)
        on_skills = rows >= len(self.needed_module)
        by_module, by_skill = rows[~on_skills], rows[on_skills]
        skill = self.needed_skill[by_skill - len(self.needed_module)]
        per_skill = summed(skill, share[self.module[by_skill]], self.n_skills)
        by_finishing = summed(self.needed_module[by_module], share[self.module[by_module]], self.n_modules)
        by_teaching = summed(module_skills.row_of_value(), per_skill[module_skills.values], self.n_modules)
        return by_finishing + by_teaching


def summed(positions: NDArray[np.integer], values: Floats, length: int) -> Floats:
    """Sum of the values at each position, shape (length,); float64 also where NumPy counts nothing."""
    return np.bincount(positions, values, length).astype(np.float64, copy=False)
