"""What a pathway is the answer to.

With ``rate_ms`` the share of what is not mastered of skill s that module m is expected to add, mastery after
a set S of modules is ``1 - (1 - mastery_s) prod_{m in S} (1 - rate_ms)``, whatever their order. In logarithms
products become sums: with ``gain_ms = -log(1 - rate_ms)``, S closes the gap of s when

    sum_{m in S} gain_ms >= log((1 - mastery_s) / (1 - required_s)),

a linear covering constraint. What a pathway may be:

- A module enters that is eligible (not retired, foreign, finished or excluded), can be reached, and is
  relevant: it teaches a skill of the role with a gap, or another module that enters needs it.
- S is closed under hard prerequisites on modules, finished ones counted, and its order puts them first.
- A hard prerequisite on a skill is met when the mastery expected after the modules before reaches it, that
  is ``sum gain >= log((1 - mastery_s) / (1 - needed_s))`` over these. Where mastery is not known the rules
  accept nothing: something that teaches the skill must come before, and then the expected mastery counts.
- At most one module of a group of variants enters.
- The module that awards the credential, where there is one, enters and comes last.

Best is, in this order: least weighted gap left open, ``sum_s importance_s gap_s``; then fewest minutes; then
least gap open over time, the integral of the weighted gap over the minutes; then fewest modules. More modules
never leave more open, so without variants the first is what everything together reaches, and the second is
set multicover with precedence: NP-hard, hence exact search where it is small, bounds and exchanges where not.

What this leaves out: forgetting on the way (see `recommender.pathways.review`), and that a module teaches
less to somebody who is not ready for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.domain.catalog import Catalog, Floats
from recommender.pathways.arrays import Bools, Positions, only, plan_arrays
from recommender.pathways.plan_kernel import PlanArrays, reach, total_gap
from recommender.ranking.gain import Need
from recommender.ranking.prerequisites import Requirements
from recommender.ranking.rank import rank_ids

LEAST_RATE = 1e-6
"""A smaller rate teaches nothing."""
MOST_RATE = 0.999
"""A rate is never counted for more: no module teaches all there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Curriculum:
    """A catalogue as plans read it, modules and skills in the order of their ids, made once per bundle.

    So nothing depends on the order of the catalogue's rows.

    Parameters
    ----------
    by_id, skill_by_id : int64 arrays, shapes (n_modules,), (n_skills,)
        Positions in the catalogue.
    place, skill_place : int64 arrays
        Positions here of the modules and skills of the catalogue.
    teaches : module, skill, gain
        Positions here; sorted, each module and skill once.
    minutes : float64 array, shape (n_modules,)
    group : int64 array, shape (n_modules,)
        -1 for modules without variants.
    requirements : Requirements
    """

    by_id: Positions
    skill_by_id: Positions
    place: Positions
    skill_place: Positions
    teaches: tuple[Positions, Positions, Floats]
    minutes: Floats
    group: Positions
    requirements: Requirements

    @classmethod
    def of(cls, catalog: Catalog, rates: Floats, default_minutes: float, requirements: Requirements) -> Self:
        """Sort a catalogue; `rates` are those of `GainModel`."""
        place = rank_ids(catalog.module_ids).astype(np.int64)
        skill_place = rank_ids(catalog.skill_ids).astype(np.int64)
        by_id, skill_by_id = np.argsort(place), np.argsort(skill_place)
        rate = np.minimum(rates, MOST_RATE)
        module = place[catalog.module_skills.row_of_value()]
        skill = skill_place[catalog.module_skills.values]
        order = np.lexsort((-rate, skill, module))
        order = order[rate[order] >= LEAST_RATE]
        key = module[order] * max(1, catalog.n_skills) + skill[order]
        order = order[np.unique(key, return_index=True)[1]]
        minutes, group = catalog.duration_minutes[by_id], catalog.variant_group[by_id].astype(np.int64)
        alone = np.bincount(group, minlength=catalog.n_modules)[group] < 2
        return cls(
            by_id=by_id,
            skill_by_id=skill_by_id,
            place=place,
            skill_place=skill_place,
            teaches=(module[order], skill[order], -np.log1p(-rate[order])),
            minutes=np.where(np.isnan(minutes), default_minutes, minutes),
            group=np.where(alone, -1, group),
            requirements=requirements,
        )

    def arrays(self, mastery: Floats, expected: Floats, need: Need, missing: Bools, last: int) -> PlanArrays:
        """Put a learner beside it.

        Parameters
        ----------
        mastery, expected : float64 arrays, shape (n_skills,)
            In the order of the catalogue; mastery is NaN where it is not known, expected is what then counts.
        need : Need
        missing : bool array, shape (n_requirements,)
            Hard prerequisites that are not met, as the rules tell.
        last : int
            Position here; -1 for none.
        """
        rows, n_on_modules = self.requirements, len(self.requirements.needed_module)
        stands = np.where(np.isnan(mastery), expected, mastery)[self.skill_by_id]
        unknown = np.isnan(mastery)[self.skill_by_id]
        on_modules = np.flatnonzero(missing[:n_on_modules])
        on_skills = np.flatnonzero(missing[n_on_modules:])
        asked = self.skill_place[rows.needed_skill[on_skills]]
        with np.errstate(divide="ignore"):
            level = np.log(1.0 - stands[asked]) - np.log(1.0 - rows.required_mastery[on_skills])
        level = np.where(unknown[asked], np.maximum(level, LEAST_RATE / 2), level)
        level = np.where(np.isnan(level), np.inf, level)
        wanted = need.importance[self.skill_by_id] > 0
        required = need.required[self.skill_by_id]
        return plan_arrays(
            minutes=self.minutes,
            teaches=self.teaches,
            needs=(self.place[rows.module[on_modules]], self.place[rows.needed_module[on_modules]]),
            asks=(self.place[rows.module[n_on_modules + on_skills]], asked, level),
            group=self.group,
            mastery=stands,
            required=np.where(wanted, np.nan_to_num(required), 0.0),
            weight=np.where(wanted, need.importance[self.skill_by_id], 0.0),
            last=last,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """The part of a curriculum that a pathway is made of.

    Parameters
    ----------
    arrays : PlanArrays
        Of relevant modules that can be reached.
    modules : int64 array, sorted
        Their positions in the curriculum.
    """

    arrays: PlanArrays
    modules: Positions

    @classmethod
    def of(cls, p: PlanArrays, reachable: Bools) -> Self:
        """Take what is relevant of a curriculum.

        Parameters
        ----------
        p : PlanArrays
            Of the whole curriculum.
        reachable : bool array, shape (n_modules,)
        """
        n, k = len(p.modules) - 1, len(p.skills) - 1
        left = 1.0 - p.skills["required"][:-1]
        teacher = np.repeat(np.arange(n), np.diff(p.modules["teach"]))
        needing = np.repeat(np.arange(n), np.diff(p.modules["need"]))
        asking = np.repeat(np.arange(n), np.diff(p.modules["ask"]))
        wanted = (p.skills["weight"][:-1] > 0) & (p.skills["unmastered"][:-1] > left)
        relevant = np.zeros(n, np.bool_)
        if p.last >= 0:
            relevant[p.last] = reachable[p.last]
        skills, found = np.zeros(k, np.bool_), wanted
        while True:
            skills |= found
            before = int(relevant.sum())
            relevant[teacher[skills[p.teaches["skill"]]]] = True
            relevant &= reachable
            relevant[p.needs[relevant[needing]]] = True
            found = np.zeros(k, np.bool_)
            found[p.asks["skill"][relevant[asking]]] = True
            if int(relevant.sum()) == before and not (found & ~skills).any():
                break
        modules = np.flatnonzero(relevant)
        return cls(only(p, modules, np.flatnonzero(skills)), modules)


def reachable_of(p: PlanArrays, allowed: Bools) -> tuple[Bools, float]:
    """Return which of the allowed modules can be taken in some order, and the weighted gap they leave."""
    done, gained = np.zeros(len(allowed), np.bool_), np.zeros(len(p.skills) - 1)
    reach(p, allowed, np.arange(len(allowed)), done, gained, np.zeros(len(allowed), np.int64))
    return done, float(total_gap(p, gained))
