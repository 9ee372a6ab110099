"""Where skills are short of what roles ask for, by group, and whether readiness moved.

What is told is asked of the ledger in this order: everybody; each group, the largest first; how each group
moved, which is how everybody of these moved; and then, the skills that weigh most over all people first, the
gap of everybody who needs the skill and of those of each group. So a skill of few people never costs the
figures of a whole group. Beside that each mean is asked of a `ValueLedger`: where only one to four people
lack anything, no mean gap is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST
from recommender.pathways.withhold import tellable
from training.programme.figures import Mean
from training.programme.ledger import Bools, Ledger
from training.programme.people import Labels
from training.programme.skill_gaps_people import GapPeople, Moment
from training.programme.skill_gaps_verdicts import Verdict, verdicts
from training.programme.value_ledger import ValueLedger, tell_all


@dataclass(frozen=True, slots=True)
class Moved:
    """Readiness of the same people then and now.

    Parameters
    ----------
    then, now : float
        Mean readiness, in [0, 1].
    change : Mean
        Of each person's readiness now less that then.
    verdict : Verdict
    is_all : bool
        Whether it is of all who were there; else some are left out, lest few people of a group stand out.
    """

    then: float
    now: float
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
    lacks = 1.0 - people.ready
    now = ValueLedger(lacks)
    short = {name: Mean.told(lacks[rows]) for name, rows in _ready_sets(people, groups, now).items()}
    found = _moved_sets(people, groups, ledger)
    sets = _tellable_moves(people, found, now)
    moved = _moved(people, groups, sets)
    everybody = _everybody_moved(people, sets.values(), ledger)
    asked = _asked(people, groups, ledger)
    skills, cells = _figures(people, asked, groups)
    told = [
        GroupGaps(name, int(group.sum()), short.get(name), moved[name], cells[name])
        for name, group in groups.items()
    ]
    n_moved = sum(map(len, found.values())) - sum(map(len, sets.values()))
    n_ready = 1 + len(groups) - len(short)
    return SkillGaps(
        short=short.get(None),
        moved=everybody,
        skills=tuple(sorted(skills, key=lambda skill: (-skill.matters, skill.skill))),
        groups=tuple(sorted(told, key=_least_ready_first)),
        n_withheld=ledger.n_withheld + n_ready + n_moved + sum(one.n_withheld for one in asked.values()),
    )


def _least_ready_first(group: GroupGaps) -> tuple[bool, float, str]:
    return group.short is None, 0.0 if group.short is None else -group.short.value, group.name


def _ready_sets(people: GapPeople, groups: Mapping[str, Bools], now: ValueLedger) -> dict[str | None, Bools]:
    """Of whom the mean readiness may be told: None is everybody."""
    sets: dict[str | None, Bools] = {None: people.among}
    sets |= {name: groups[name] for name in _by_size(groups)}
    return {name: rows for name, rows in sets.items() if now.tell(rows)}


@dataclass(slots=True)
class _Parts:
    """People of one group and one role, cut further by every set of them that was told of.

    Whoever is asked for a skill is so by role. A set that leaves of every part nobody or `LEAST` people, on
    either side, spares the figures by skill that could be told without it.
    """

    part: NDArray[np.int64]
    among: Bools

    @classmethod
    def of(cls, people: GapPeople, groups: Mapping[str, Bools]) -> _Parts:
        part = np.unique(people.labels["role"], return_inverse=True)[1]
        for group in groups.values():
            part = np.unique(2 * part + group, return_inverse=True)[1]
        return cls(part, people.among)

    def spared(self, of: Bools) -> Bools:
        """Take the people out in whose part few would stand out, on either side."""
        n_parts = int(self.part.max()) + 1
        inside = np.bincount(self.part[of], minlength=n_parts)
        outside = np.bincount(self.part[self.among & ~of], minlength=n_parts)
        return of & ((inside >= LEAST) & tellable(outside))[self.part]

    def cut(self, of: Bools) -> None:
        self.part = np.unique(2 * self.part + of, return_inverse=True)[1]


_Sets: TypeAlias = dict[str, Bools]


def _moved_sets(people: GapPeople, groups: Mapping[str, Bools], ledger: Ledger) -> dict[str, _Sets]:
    """Of whom it is told how each group moved, by group and moment."""
    found: dict[str, _Sets] = {name: {} for name in groups}
    parts = _Parts.of(people, groups)
    for moment in people.moments:
        for name in _by_size(groups):
            there, sets = groups[name] & moment.there, found[name]
            spared = parts.spared(there)
            # Who was there at a moment told of already was, when that was earlier, there at this one too.
            earlier = [sets[m.name] for m in people.moments if m.name in sets and m.at < moment.at]
            first = [spared] if 2 * spared.sum() >= there.sum() else []
            told = _first_told([*first, there, *earlier], ledger)
            if told is not None:
                sets[moment.name] = told
                parts.cut(told)
    return found


def _tellable_moves(people: GapPeople, found: Mapping[str, _Sets], now: ValueLedger) -> dict[str, _Sets]:
    """Leave out whose means then, now or of the change would give one to four people away."""
    sets: dict[str, _Sets] = {name: {} for name in found}
    for moment in people.moments:
        then, change = ValueLedger(1.0 - moment.ready), ValueLedger(people.ready - moment.ready)
        of = {name: its[moment.name] for name, its in found.items() if moment.name in its}
        for name in _by_size(of):
            if tell_all([now, then, change], of[name]):
                sets[name][moment.name] = of[name]
    return sets


def _moved(people: GapPeople, groups: Mapping[str, Bools], found: Mapping[str, _Sets]) -> dict[str, _Moves]:
    """How each group moved since each moment."""
    moved: dict[str, _Moves] = {name: {} for name in groups}
    for moment in people.moments:
        of = {name: sets[moment.name] for name, sets in found.items() if moment.name in sets}
        changes = {name: Mean.told(people.ready[rows] - moment.ready[rows]) for name, rows in of.items()}
        said = verdicts(list(changes.values()))
        for (name, change), verdict in zip(changes.items(), said, strict=True):
            moved[name][moment.name] = _move(people, moment, of[name], groups[name], change, verdict)
    return moved


def _everybody_moved(people: GapPeople, found: Iterable[_Sets], ledger: Ledger) -> _Moves:
    """How those moved, taken together, of whose groups it is told."""
    moved: _Moves = {}
    every = list(found)
    for moment in people.moments:
        parts = [sets[moment.name] for sets in every if moment.name in sets]
        rows = np.logical_or.reduce([np.zeros_like(moment.there), *parts])
        if _first_told([rows], ledger) is not None:
            change = Mean.told(people.ready[rows] - moment.ready[rows])
            verdict = verdicts([change])[0]
            moved[moment.name] = _move(people, moment, rows, people.among, change, verdict)
    return moved


def _move(
    people: GapPeople, moment: Moment, rows: Bools, group: Bools, change: Mean, verdict: Verdict
) -> Moved:
    then, now = float(moment.ready[rows].mean()), float(people.ready[rows].mean())
    return Moved(then, now, change, verdict, is_all=int(rows.sum()) == int((moment.there & group).sum()))


def _by_size(groups: Mapping[str, Bools]) -> list[str]:
    return sorted(groups, key=lambda name: int(groups[name].sum()), reverse=True)


def _first_told(sets: Sequence[Bools], ledger: Ledger) -> Bools | None:
    """Return the first of some sets of people that holds somebody and may be told of."""
    return next((of for of in sets if of.any() and ledger.tell(of)), None)


@dataclass(slots=True)
class _Asked:
    """Of whom the mean gap in one skill may be told.

    `whole` is None where it may not be told of all who are asked for the skill.
    """

    whole: Bools | None
    cells: dict[str, Bools]
    n_withheld: int

    def withhold(self, name: str) -> None:
        """Withhold a cell, and all people of the skill, from whom it would follow."""
        self.n_withheld += 1 + (self.whole is not None)
        self.whole = None
        del self.cells[name]


def _asked(people: GapPeople, groups: Mapping[str, Bools], ledger: Ledger) -> dict[int, _Asked]:
    """Of whom gaps may be told, by skill, the one that weighs most first."""
    weight = (people.importance * people.among[:, None]).sum(axis=0)
    found: dict[int, _Asked] = {}
    for s in np.argsort(-weight, kind="stable").tolist():
        asked = people.among & people.asked[:, s]
        if asked.any():
            found[s] = _asked_skill(asked, people.gap[:, s], groups, ledger)
    for name, group in groups.items():
        _spare_readiness(people, name, group, found)
    return found


def _asked_skill(asked: Bools, gap: Floats, groups: Mapping[str, Bools], ledger: Ledger) -> _Asked:
    values, n_withheld = ValueLedger(gap), 0
    whole: Bools | None = asked if ledger.tell(asked) else None
    if whole is not None and not values.tell(whole):
        whole, n_withheld = None, 1
    cells = {}
    for name in _by_size(groups):
        cell = asked & groups[name]
        if cell.any() and ledger.tell(cell):
            if values.tell(cell):
                cells[name] = cell
            else:
                n_withheld += 1
    return _Asked(whole, cells, n_withheld)


def _spare_readiness(people: GapPeople, name: str, group: Bools, found: Mapping[int, _Asked]) -> None:
    """Withhold further skills of a group of one role where readiness would tell of those withheld.

    There readiness is one less a known weighted sum of the mean gaps, so those told can be taken from it:
    what is left is about the people who are short in a skill withheld.
    """
    if len(set(people.labels["role"][group].tolist())) > 1:
        return
    short = people.gap > 0.0
    its = [s for s in found if people.asked[group, s].any()]
    hidden = [s for s in its if name not in found[s].cells]
    told = [s for s in its if name in found[s].cells and short[group, s].any()]
    while told and 0 < int(short[group][:, hidden].any(axis=1).sum()) < LEAST:
        hidden.append(told.pop())
        found[hidden[-1]].withhold(name)


def _figures(
    people: GapPeople, asked: Mapping[int, _Asked], groups: Iterable[str]
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
