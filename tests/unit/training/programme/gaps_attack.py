"""Somebody who reads a whole report on gaps and tries to work out what few people lack.

All figures told are sums over people and skills with known factors. Whatever can be put together from them is
looked through for one that is about one to four people whose figures are not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from tests.unit.training.programme.gaps_by_hand import ByHand, People
from tests.unit.training.programme.gaps_world import PROFILES, SKILLS
from training.programme.skill_gaps import SkillGaps

Figure: TypeAlias = tuple[str, str]
"""A person, and a skill or a moment then."""
Sum: TypeAlias = dict[Figure, float]


class Reader:
    """What a report tells, as sums; and which figures of single people somebody may know without it."""

    def __init__(self, hand: ByHand, by: str, found: SkillGaps) -> None:
        self.hand = hand
        groups = {group.name: group for group in found.groups}
        members = {name: People(i for i in hand.among if hand.label(i, by) == name) for name in groups}
        self.ready = [members[name] for name, group in groups.items() if group.short is not None]
        self.ready += [hand.among] if found.short is not None else []
        self.sums: list[Sum] = [self._lacks(of) for of in self.ready]
        asked = {s: People(i for i in hand.among if s in PROFILES[hand.role(i) or ""]) for s in SKILLS}
        cells = [(s, members[name] & asked[SKILLS[s]]) for name, group in groups.items() for s in group.gaps]
        cells += [(one.skill, asked[SKILLS[one.skill]]) for one in found.skills if one.is_all]
        self.sums += [{(i, SKILLS[s]): 1.0 for i in of} for s, of in cells]
        for name, group in groups.items():
            for moment in group.moved:
                of = hand.moved[name, moment]
                self.sums.append(self._lacks(of) | {(i, moment): -1.0 for i in of})

    def _lacks(self, of: People) -> Sum:
        sums: Sum = {}
        for i in of:
            profile = PROFILES[self.hand.role(i) or ""]
            asked = sum(required * importance for required, importance in profile.values())
            sums |= {(i, s): importance / asked for s, (_, importance) in profile.items()}
        return sums

    def value(self, figure: Figure) -> float:
        i, what = figure
        value = self.hand.gap[i, what] if what in SKILLS else 1.0 - self.hand.ready_then(what)[i]
        return round(value, 9)

    def known_to(self, knows: str) -> set[Figure]:
        """Figures known to who knows of "zeros", of "shared" figures (by five or more), or of "both"."""
        figures = {figure for one in self.sums for figure in one}
        known: set[Figure] = set()
        if knows in ("zeros", "both"):
            known |= {figure for figure in figures if self.value(figure) == 0.0}
        if knows in ("shared", "both"):
            alike: dict[tuple[tuple[bool, ...], str, float], set[Figure]] = {}
            for figure in figures:
                part = tuple(figure[0] in of for of in self.ready)
                alike.setdefault((part, figure[1], self.value(figure)), set()).add(figure)
            known |= {figure for same in alike.values() if len(same) >= 5 for figure in same}
        return known

    def fewest(self, knows: str, rng: np.random.Generator, n_tries: int = 60) -> int:
        """Fewest people, but for nobody, that anything put together is about, as far as it was found."""
        known = self.known_to(knows)
        figures = sorted({figure for one in self.sums for figure in one} - known)
        if not figures or not self.sums:
            return 99
        table = np.array([[one.get(figure, 0.0) for figure in figures] for one in self.sums])
        columns, of = np.unique(table.round(12), axis=1, return_inverse=True)
        whose: list[set[str]] = [set() for _ in range(columns.shape[1])]
        for figure, column in zip(figures, of.ravel(), strict=True):
            whose[column].add(figure[0])
        return min(_left(columns, whose, rng) for _ in range(n_tries))


def _left(columns: np.ndarray, whose: list[set[str]], rng: np.random.Generator) -> int:
    """People left in one sum, put together so that as many columns as can be are 0, in a random order."""
    columns = columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-12)
    # All ways to put sums together, but for those that come to nothing.
    u, size, _ = np.linalg.svd(columns, full_matrices=False)
    ways = u[:, size > 1e-9]
    sizes = np.array([len(people) for people in whose])
    hurry = rng.choice([0.0, 1.0, 3.0])
    for column in np.argsort(-(sizes**hurry) * rng.random(len(sizes))):
        if ways.shape[1] == 1:
            break
        along = ways.T @ columns[:, column]
        if np.linalg.norm(along) > 1e-7:
            ways = ways @ np.linalg.qr(along[:, None], mode="complete")[0][:, 1:]
    if not ways.shape[1]:
        return 99
    is_left = np.abs(ways[:, 0] @ columns) > 1e-6
    return len(_joined(people for people, left in zip(whose, is_left, strict=True) if left))


def _joined(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)
