"""Prerequisites of a catalogue, and which modules would lift those that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats, Ragged
from recommender.ranking.kernel_arrays import Needs

Bools: TypeAlias = NDArray[np.bool_]
# NumPy indexes by this type without a copy.
Positions: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Requirements:
    """Prerequisites of a catalogue: those on modules first, then those on skills; each once.

    One on a module is met when that module is finished, one on a skill when mastery is known and reaches what
    is required; short of that it counts for mastery / required in how far prerequisites are met. Mastery that
    is not known meets nothing.

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
        """Bring the catalogue's prerequisites into order."""
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

    @property
    def compiled(self) -> Needs:
        """What compiled code reads."""
        return Needs(
            self.module, self.needed_module, self.needed_skill, self.required_mastery, self.hard, self.count
        )

    def lifted(self, missing: Bools, wanted: Bools, module_skills: Ragged) -> Floats:
        """Count the wanted modules that each module helps to unlock.

        A module that lacks several prerequisites is shared equally among them; one on a skill is lifted by
        every module that teaches the skill.

        Parameters
        ----------
        missing : bool array, shape (n_requirements,)
            Hard prerequisites that are not met.
        wanted : bool array, shape (n_modules,)
            Modules that count when they become reachable.
        module_skills : Ragged
            Skills that each module teaches.

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


def summed(positions: NDArray[np.integer], values: NDArray[np.floating], length: int) -> Floats:
    """Sum of the values at each position, shape (length,); float64 also where NumPy counts nothing."""
    return np.bincount(positions, values, length).astype(np.float64, copy=False)
