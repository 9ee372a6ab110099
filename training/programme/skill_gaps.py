"""Where skills are short of what roles ask for, by group, and whether readiness moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from training.programme.figures import Mean
from training.programme.ledger import Bools, Ledger
from training.programme.people import Labels
from training.programme.skill_gaps_linked import spare_linked
from training.programme.skill_gaps_people import GapPeople, Moment
from training.programme.skill_gaps_sets import (
    Cells,
    Sets,
    cells_of,
    first_told,
    moved_sets,
    ready_sets,
    tellable_moves,
)
from training.programme.skill_gaps_verdicts import Verdict, verdicts


@dataclass(frozen=True, slots=True)
class Moved:
    """How readiness of the same people changed.

    Parameters
    ----------
    change : Mean
        Of each person's readiness now less that then.
    verdict : Verdict
    is_all : bool
        Whether it is of all who were there; else some are left out, lest few people of a group stand out.
    """

    change: Mean
    verdict: Verdict
    is_all: bool


_Moves: TypeAlias = dict[str, Moved]


@dataclass(frozen=True, slots=True)
class GroupGaps:
    """One group.

    Parameters
    ----------
    name : str
        As in the labels; "" for people of no group.
    n_people : int
    short : Mean or None
        One less readiness; None where it may not be told.
    moved : mapping of str to Moved
        By name of the moment, those that may be told.
    gaps : mapping of int to Mean
        Gap of those of the group whose role asks for the skill, by its position; what may be told.
    """

    name: str
    n_people: int
    short: Mean | None
    moved: Mapping[str, Moved]
    gaps: Mapping[int, Mean]


@dataclass(frozen=True, slots=True)
class SkillGap:
    """A skill, over people whose role asks for it.

    Parameters
    ----------
    skill : int
        Position in the catalogue.
    gap : Mean
    required : float
        Mean requirement of the same people.
    matters : float
        Sum over them of ``importance * gap``.
    is_all : bool
        Whether it is of all of them; else of those in groups of which the skill may be told.
    """

    skill: int
    gap: Mean
    required: float
    matters: float
    is_all: bool


@dataclass(frozen=True, slots=True)
class SkillGaps:
    """Gaps by one partition of the people.

    Parameters
    ----------
    short : Mean or None
        One less readiness, of everybody; None where it may not be told.
    moved : mapping of str to Moved
        Of everybody, by name of the moment.
    skills : tuple of SkillGap
        The one that matters most first.
    groups : tuple of GroupGaps
        The least ready first, last those whose readiness may not be told.
    n_withheld : int
    """

    short: Mean | None
    moved: Mapping[str, Moved]
    skills: tuple[SkillGap, ...]
    groups: tuple[GroupGaps, ...]
    n_withheld: int


def skill_gaps(people: GapPeople, labels: Labels) -> SkillGaps | None:
    """Tell gaps of everybody and by group; None where there are too few people to tell anything of.

    Parameters
    ----------
    people : GapPeople
    labels : array of str, shape (n_learners,)
        The group of each person, "" for none, who are told of as a group too.
    """
    ledger = Ledger(people.among)
    if not ledger.tell(people.among):
        return None
    names = sorted(set(labels[people.among].tolist()))
    groups = ledger.split({name: people.among & (labels == name) for name in names})
    ready = ready_sets(people, groups)
    n_unready = 1 + len(groups) - len(ready)
    found = moved_sets(people, groups, ledger)
    sets = tellable_moves(people, found)
    everybody = _everybody_moved(people, sets.values(), ledger)
    cells = cells_of(people, groups, ledger)
    n_unready += spare_linked(people, ready, cells)
    lacks = 1.0 - people.ready
    short = {name: Mean.told(lacks[rows]) for name, rows in ready.items()}
    moved = _moved(people, groups, sets)
    skills, gaps = _figures(people, cells, groups)
    told = [
        GroupGaps(name, int(group.sum()), short.get(name), moved[name], gaps[name])
        for name, group in groups.items()
    ]
    n_moved = sum(map(len, found.values())) - sum(map(len, sets.values()))
    return SkillGaps(
        short=short.get(None),
        moved=everybody,
        skills=tuple(sorted(skills, key=lambda skill: (-skill.matters, skill.skill))),
        groups=tuple(sorted(told, key=_least_ready_first)),
        n_withheld=ledger.n_withheld + n_unready + n_moved + sum(one.n_withheld for one in cells.values()),
    )


def _least_ready_first(group: GroupGaps) -> tuple[bool, float, str]:
    return group.short is None, 0.0 if group.short is None else -group.short.value, group.name


def _moved(people: GapPeople, groups: Mapping[str, Bools], found: Mapping[str, Sets]) -> dict[str, _Moves]:
    """How each group moved since each moment."""
    moved: dict[str, _Moves] = {name: {} for name in groups}
    for moment in people.moments:
        of = {name: sets[moment.name] for name, sets in found.items() if moment.name in sets}
        changes = {name: Mean.told(people.ready[rows] - moment.ready[rows]) for name, rows in of.items()}
        said = verdicts(list(changes.values()))
        for (name, change), verdict in zip(changes.items(), said, strict=True):
            is_all = _is_all(of[name], moment, groups[name])
            moved[name][moment.name] = Moved(change, verdict, is_all)
    return moved


def _everybody_moved(people: GapPeople, found: Iterable[Sets], ledger: Ledger) -> _Moves:
    """How those moved, taken together, of whose groups it is told."""
    moved: _Moves = {}
    every = list(found)
    for moment in people.moments:
        parts = [sets[moment.name] for sets in every if moment.name in sets]
        rows = np.logical_or.reduce([np.zeros_like(moment.there), *parts])
        if first_told([rows], ledger) is not None:
            change = Mean.told(people.ready[rows] - moment.ready[rows])
            is_all = _is_all(rows, moment, people.among)
            moved[moment.name] = Moved(change, verdicts([change])[0], is_all)
    return moved


def _is_all(rows: Bools, moment: Moment, group: Bools) -> bool:
    return int(rows.sum()) == int((moment.there & group).sum())


def _figures(
    people: GapPeople, asked: Mapping[int, Cells], groups: Iterable[str]
) -> tuple[list[SkillGap], dict[str, dict[int, Mean]]]:
    """Gap in each skill, of everybody and of each group."""
    cells: dict[str, dict[int, Mean]] = {name: {} for name in groups}
    skills = []
    for s, its in asked.items():
        for name, cell in its.cells.items():
            cells[name][s] = Mean.told(people.gap[cell, s])
        told = its.whole
        if told is None:
            told = np.logical_or.reduce([np.zeros_like(people.among), *its.cells.values()])
        if told.any():
            gap, importance = people.gap[told, s], people.importance[told, s]
            required, matters = people.required[told, s].mean(), (importance * gap).sum()
            skills.append(SkillGap(s, Mean.told(gap), float(required), float(matters), its.whole is not None))
    return skills, cells
