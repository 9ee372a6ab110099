"""From a learner and a role to a pathway."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Floats
from recommender.domain.learner import LearnerProfile
from recommender.domain.pathway import (
    HORIZON_WEEKS,
    OpenSkill,
    OpenWhy,
    Pathway,
    PathwayStep,
    StepSkill,
    StepWhy,
    TransitionKind,
)
from recommender.domain.recommendation import Query
from recommender.errors import InputError
from recommender.pathways.arrays import Bools, Positions
from recommender.pathways.credentials import Award, Awards
from recommender.pathways.order_kernel import first_needing
from recommender.pathways.plan_kernel import EPSILON, PlanArrays, sums_along
from recommender.pathways.problem import Curriculum, Problem, reachable_of
from recommender.pathways.solver import Plan, solve
from recommender.pathways.standing import Standing
from recommender.pathways.waves import Calendar, Slot
from recommender.ranking.eligibility import RULES, Rules
from recommender.ranking.gain import Need

# A module that these rules remove is neither planned nor reviewed.
_BARRED = sum(1 << RULES.index(rule) for rule in ("retired", "language", "excluded"))


@dataclass(frozen=True, eq=False)
class Planner:
    """Plans pathways from a bundle; safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
    rules : Rules
    curriculum : Curriculum
    awards : Awards
    kinds : dict
        What the catalogue says of transitions, by ids of roles.
    """

    bundle: ModelBundle
    rules: Rules
    curriculum: Curriculum
    awards: Awards
    kinds: dict[tuple[str, str], TransitionKind | None]

    @classmethod
    def of(cls, bundle: ModelBundle, rules: Rules) -> Self:
        """Prepare what does not depend on a learner."""
        catalog, config = bundle.catalog, bundle.ranking.pathway
        curriculum = Curriculum.of(
            catalog, bundle.gain_model.rate, config.default_minutes, rules.requirements
        )
        return cls(bundle, rules, curriculum, Awards.of(catalog), _kinds(catalog))

    def plan(
        self,
        standing: Standing,
        profile: LearnerProfile,
        *,
        role: int,
        weekly_minutes: float | None = None,
        previous: Pathway | None = None,
        exclude: Collection[str] = (),
        now: float,
    ) -> Pathway:
        """Plan the pathway of a learner to a role, see `recommender.pathways.problem`.

        Parameters
        ----------
        standing : Standing
        profile : LearnerProfile
        role : int
            Position in the catalogue.
        weekly_minutes : float, optional
            At least 1; by default the profile's, else ``ranking.pathway.weekly_minutes``.
        previous : Pathway, optional
            To the same role; to another one it is not looked at.
        exclude : collection of str
            Ids of modules.
        now : float
            Seconds since 1970 UTC.

        Raises
        ------
        UnknownIdError
            An excluded module is not in the catalogue.
        InputError
            The minutes are no number of at least 1.
        """
        catalog, config, need = (
            self.bundle.catalog,
            self.bundle.ranking.pathway,
            Need.of_role(self.bundle.catalog, role),
        )
        weekly = self._weekly(weekly_minutes, profile)
        found = self.rules.apply(
            finished=standing.finished,
            mastery=standing.mastery,
            query=Query(exclude=frozenset(exclude)),
            profile_language=profile.language,
            now=now,
        )
        barred = (found.removed & _BARRED) > 0
        c = self.curriculum
        p = c.arrays(standing.mastery, expit(standing.now), need, found.missing, -1)
        candidates = (~barred & ~standing.finished)[c.by_id]
        reachable, _ = reachable_of(p, candidates)
        plan, order, award = self._solve(
            p, candidates, reachable, standing, need, catalog.roles.ids[role], previous
        )
        known = np.where(np.isnan(standing.mastery), np.nan, standing.now)
        calendar = Calendar(
            p,
            weekly,
            config.review_weeks,
            known[c.skill_by_id],
            standing.lasting[c.skill_by_id],
            catalog.half_life_days[c.skill_by_id],
            standing.finished[c.by_id],
            ~barred[c.by_id],
        )
        last = int(c.place[award.module]) if award else -1
        sums = sums_along(p, order)
        slots = calendar.fill(order, sums, last)
        steps, gained = tuple(self._steps(p, slots, order, sums, last)), sums[-1]
        minutes = [step.minutes for step in steps]
        return Pathway(
            role_id=catalog.roles.ids[role],
            kind=self._kind(profile, catalog.roles.ids[role]),
            weekly_minutes=weekly,
            steps=steps,
            total_minutes=float(sum(minutes)),
            weeks=max((step.ends_week for step in steps), default=0),
            readiness=_readiness(p, np.zeros_like(gained)),
            readiness_expected=_readiness(p, gained),
            open_skills=self._open_skills(p, gained, reachable, standing.finished[c.by_id]),
            unreviewed=tuple(catalog.skill_ids[c.skill_by_id[s]] for s in sorted(calendar.unreviewed)),
            credential_id=award.credential_id if award else None,
            beyond_horizon=tuple(s.module_id for s in steps if s.ends_week > HORIZON_WEEKS),
            kept=plan.kept,
        )

    def _weekly(self, asked: float | None, profile: LearnerProfile) -> float:
        for name, minutes in (
            ("weekly_minutes", asked),
            ("profile's weekly_minutes", profile.weekly_minutes),
        ):
            if minutes is not None:
                if not (math.isfinite(minutes) and minutes >= 1):
                    raise InputError(
                        f"{name} is {minutes!r}; give 1 minute or more, or leave it out where it is not known"
                    )
                return float(minutes)
        return self.bundle.ranking.pathway.weekly_minutes

    def _solve(
        self,
        p: PlanArrays,
        candidates: Bools,
        reachable: Bools,
        standing: Standing,
        need: Need,
        role_id: str,
        previous: Pathway | None,
    ) -> tuple[Plan, Positions, Award | None]:
        """Return the plan, its modules in the curriculum, and the award it ends in."""
        c, config = self.curriculum, self.bundle.ranking.pathway
        _, least = reachable_of(p, reachable)
        allowed = np.zeros(len(reachable), np.bool_)
        allowed[c.by_id] = reachable
        minutes = c.minutes[c.place]
        awards = self.awards.best(need, standing.finished, allowed, minutes, config.credential_share)
        for award in (*awards, None):
            last, within = -1, reachable
            if award is not None:
                # Nothing may come after the credential, so what needs it is left out, if that closes as much.
                last = int(c.place[award.module])
                apart = candidates.copy()
                apart[last] = False
                within, _ = reachable_of(p, apart)
                within[last] = True
                within, gap = reachable_of(p, within)
                if not within[last] or gap > least + EPSILON:
                    continue
            problem = Problem.of(p._replace(last=last), within)
            plan = solve(problem.arrays, self._rest_of(previous, role_id, problem), config.stability)
            order = problem.modules[plan.order]
            # Variants can leave no way to what awards the credential.
            if last < 0 or (len(order) and order[-1] == last):
                return plan, order, award
        raise AssertionError("a plan without a credential can always be made")

    def _rest_of(self, previous: Pathway | None, role_id: str, problem: Problem) -> list[int]:
        """Return what can still be planned of the previous pathway to this role, positions in the problem."""
        if previous is None or previous.role_id != role_id:
            return []
        index = self.bundle.catalog.module_index
        at = {m: i for i, m in enumerate(problem.modules.tolist())}
        ids = dict.fromkeys(step.module_id for step in previous.steps if step.why != "review")
        places = (int(self.curriculum.place[index[i]]) for i in ids if i in index)
        return [at[m] for m in places if m in at]

    def _steps(
        self, p: PlanArrays, slots: list[Slot], order: Positions, sums: Floats, last: int
    ) -> Iterator[PathwayStep]:
        """Word the slots; `sums` of gains are those along the order."""
        catalog, c = self.bundle.catalog, self.curriculum
        mastery = _mastery(p, sums)
        closes = -np.diff(_gap(p, sums)) > EPSILON
        needing = first_needing(p, order)
        at = 0
        for slot in slots:
            m, position = slot.module, int(c.by_id[slot.module])
            skills, after, needed_by = slot.review_of, at, -1
            why: StepWhy = "review"
            if not skills:
                skills = p.teaches["skill"][p.modules["teach"][m] : p.modules["teach"][m + 1]].tolist()
                why, after = "credential" if m == last else "gap" if closes[at] else "prerequisite", at + 1
                needed_by = needing[at] if why == "prerequisite" else -1
            yield PathwayStep(
                module_id=catalog.module_ids[position],
                title=catalog.titles[position],
                minutes=float(c.minutes[m]),
                minutes_known=bool(np.isfinite(catalog.duration_minutes[position])),
                starts_week=slot.starts_week,
                ends_week=slot.ends_week,
                quarter=slot.quarter,
                why=why,
                needed_by=None if needed_by < 0 else catalog.module_ids[c.by_id[needed_by]],
                skills=tuple(
                    StepSkill(
                        skill_id=catalog.skill_ids[c.skill_by_id[s]],
                        mastery_before=float(mastery[at, s]),
                        mastery_after=float(mastery[after, s]),
                        required=float(p.skills["required"][s]) if p.skills["weight"][s] > 0 else None,
                    )
                    for s in skills
                ),
            )
            at = after

    def _open_skills(
        self, p: PlanArrays, gained: Floats, reachable: Bools, finished: Bools
    ) -> tuple[OpenSkill, ...]:
        mastery, required = _mastery(p, gained), p.skills["required"][:-1]
        found = []
        for s in np.flatnonzero((p.skills["weight"][:-1] > 0) & (required > mastery + EPSILON)).tolist():
            teachers = p.by["module"][p.skills["by"][s] : p.skills["by"][s + 1]]
            why: OpenWhy = "not_enough"
            if not len(teachers):
                why = "not_taught"
            elif finished[teachers].all():
                why = "finished"
            elif not reachable[teachers].any():
                why = "blocked"
            skill_id = self.bundle.catalog.skill_ids[self.curriculum.skill_by_id[s]]
            found.append(OpenSkill(skill_id, float(mastery[s]), float(required[s]), why))
        return tuple(found)

    def _kind(self, profile: LearnerProfile, role_id: str) -> TransitionKind | None:
        if profile.role_id == role_id:
            return "upskill"
        return self.kinds.get((profile.role_id or "", role_id))


def _kinds(catalog: Catalog) -> dict[tuple[str, str], TransitionKind | None]:
    table = catalog.tables.get("role_transitions")
    rows = table.to_pylist() if table is not None else []
    return {(row["from_role_id"], row["to_role_id"]): row.get("kind") for row in rows}


def _mastery(p: PlanArrays, gained: Floats) -> Floats:
    """Mastery after gains (..., n_skills)."""
    mastery: Floats = 1.0 - p.skills["unmastered"][:-1] * np.exp(-gained)
    return mastery


def _gap(p: PlanArrays, gained: Floats) -> Floats:
    """Weighted gap after gains (..., n_skills)."""
    skills = p.skills[:-1]
    gap: Floats = np.maximum(skills["required"] - _mastery(p, gained), 0.0) @ skills["weight"]
    return gap


def _readiness(p: PlanArrays, gained: Floats) -> float | None:
    """1 - weighted gap / weighted requirement; None for a role that requires nothing."""
    asked = float(p.skills["weight"][:-1] @ p.skills["required"][:-1])
    return 1.0 - float(_gap(p, gained)) / asked if asked > 0 else None
