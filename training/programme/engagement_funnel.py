"""From starting a module to using its skill at work: how many skills people bring to each step.

Counted are pairs of a person and a skill, as means over fixed groups of people: all who started something,
and their segments. Who of them stands where would be a group of its own at each step and in each area, and so
many groups cannot be told of without some of them giving away a few people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.programme.engagement_figures import Ratio
from training.programme.engagement_skills import Skills, by_skill, masters
from training.programme.engagement_told import (
    Counts,
    Piece,
    Step,
    of_people,
    of_skills,
    told_of_parts,
    told_of_whole,
)
from training.programme.engagement_use import Uses
from training.programme.ledger import Bools, Ledger
from training.programme.people import groups_by
from training.programme.programme import Programme

STEPS: Final[tuple[Step, ...]] = ("started", "finished", "mastered", "recorded", "used")


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Who reached which step with which skill.

    Parameters
    ----------
    steps : mapping of Step to bool array, shape (n_learners, n_skills)
        Started a module of the skill; finished one; is known to master the skill; has a record of its use at
        work in the last full quarter; used it once a week or more. Each step holds those of the one before.
        Steps that the data do not tell of are not there.
    """

    steps: Mapping[Step, Bools]

    @classmethod
    def of(cls, programme: Programme, skills: Skills, uses: Uses | None) -> Reached | None:
        """Look it up; None where nobody completed anything."""
        rows = programme.table("completions")
        if rows is None:
            return None
        # Who is not hired yet counts nowhere.
        rows = rows[rows["learner_id"].isin(programme.learners["learner_id"][programme.is_here])]
        if not (rows["status"] == "completed").any():
            return None
        steps: dict[Step, Bools] = {}
        # Data that name nothing but what was finished do not say what else was started.
        if (rows["status"] != "completed").any():
            steps["started"] = by_skill(programme, rows, skills)
        steps["finished"] = by_skill(programme, rows[rows["status"] == "completed"], skills)
        if programme.bundle is not None and programme.bundle.skills is not None:
            steps["mastered"] = steps["finished"] & masters(programme, skills)
            if uses is not None:
                steps["recorded"] = steps["mastered"] & uses.is_recorded
                steps["used"] = steps["recorded"] & uses.is_weekly
        return cls(steps)

    @property
    def people(self) -> Bools:
        """Who reached the first step with any skill; shape (n_learners,)."""
        return np.asarray(next(iter(self.steps.values())).any(axis=1), np.bool_)

    def counts(self, area: Bools) -> dict[Step, NDArray[np.float64]]:
        """Skills of an area that each person reached each step with, arrays of shape (n_learners,)."""
        return {step: which[:, area].sum(axis=1).astype(np.float64) for step, which in self.steps.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """Skills at each step, a person, over a group of people.

    Parameters
    ----------
    name : str
    n_people : int
        Of the group, whether they reached a step or not.
    per_person : mapping of Step to float
        Mean number of skills; steps that may not be told are not there.
    ratios : mapping of Step to Ratio
        Of the skills of the step before, the share that reached the step; where both are told and there are
        some.
    """

    name: str
    n_people: int
    per_person: Mapping[Step, float]
    ratios: Mapping[Step, Ratio]


@dataclass(frozen=True, slots=True)
class Funnel:
    """Everybody, and by area of skills and segment of people.

    Parameters
    ----------
    steps : tuple of Step
        Those that the data tell of.
    everybody : Line
    areas : tuple of Line
        Of the same people, by the skills.
    segments : tuple of Line
        Of all skills, by the people.
    n_withheld : int
        Steps of areas or of segments that are left out, since few people would be given away; see
        `training.programme.engagement_told`.
    """

    steps: tuple[Step, ...]
    everybody: Line
    areas: tuple[Line, ...]
    segments: tuple[Line, ...]
    n_withheld: int


def funnel(programme: Programme, reached: Reached, skills: Skills, ledger: Ledger) -> Funnel | None:
    """Count the skills at each step, as far as it may be told; None where nothing may be."""
    people = reached.people
    if not ledger.tell(people):
        return None
    whole = Piece(reached.counts(np.ones(len(skills), np.bool_)), people)
    steps = tuple(whole.counts)
    everybody = told_of_whole(whole)
    areas = {name: reached.counts(area) for name, area in skills.areas.items()}
    # What is in no area, and who is in no segment that is told of, follow from the others and everybody.
    elsewhere = ~np.any([*skills.areas.values(), np.zeros(len(skills), np.bool_)], axis=0)
    in_areas = told_of_parts(
        everybody,
        [Piece(its, people) for its in areas.values()],
        Piece(reached.counts(elsewhere), people),
        of_skills,
        people,
    )
    groups = ledger.split({name: group & people for name, group in groups_by(programme, "segment").items()})
    others = people & ~np.any([*groups.values(), ~people], axis=0)
    in_segments = told_of_parts(
        everybody,
        [Piece(whole.counts, group) for group in groups.values()],
        Piece(whole.counts, others),
        of_people,
        people,
    )
    told = sum(map(len, (everybody, *in_areas, *in_segments)))
    return Funnel(
        steps=steps,
        everybody=_line("everybody", whole.counts, people, everybody),
        areas=tuple(
            _line(name, its, people, told) for (name, its), told in zip(areas.items(), in_areas, strict=True)
        ),
        segments=tuple(
            _line(name, whole.counts, group, told)
            for (name, group), told in zip(groups.items(), in_segments, strict=True)
        ),
        n_withheld=len(steps) * (1 + len(areas) + len(groups)) - told,
    )


def _line(name: str, counts: Counts, group: Bools, told: Sequence[Step]) -> Line:
    its = {step: counts[step][group] for step in told}
    ratios = {
        step: Ratio.of(its[step], its[before])
        for before, step in pairwise(STEPS)
        if before in its and step in its and its[before].any()
    }
    return Line(name, int(group.sum()), {step: float(its[step].mean()) for step in told}, ratios)
