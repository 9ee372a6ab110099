"""What readiness and gaps give away together.

Readiness is one less a weighted sum of a person's gaps, and what a role asks for, with which weight, is no
secret. So the mean gaps told of a group can be taken from its readiness, and what is left is about those who
are short in what is not told. The readiness told cuts people into parts, and so do the mean gaps told of each
skill. Whatever is put together from all of it is a sum over people and skills of gaps times

    a(part of the person) * weight(person, skill) + b(part of the person in that skill)

with numbers a and b as one likes, but b = 0 where nothing is told of the skill. It must be about nobody whose
gaps are not known, or about at least five. With all a = 0 that is what a `ValueLedger` of each skill sees to.
So it holds if each part of readiness is one of these:

- Its gaps are all told, together with nobody else's, and in each skill all who are short have one weight.
  Then readiness follows from the gaps, and tells nothing besides.
- Whatever b is, five people are left: those with a gap that is not told, and in a skill that is told, those
  whose weight b does not fit.

Where neither is so, further gaps are withheld in that part, those of skills that weigh least first; and its
readiness where even that is not enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST
from training.programme.ledger import DIGITS, Bools, is_alone
from training.programme.skill_gaps_people import GapPeople
from training.programme.skill_gaps_sets import Cells

# Weights closer together than 10 to the minus this are one.
Ints = NDArray[np.int64]


def spare_linked(people: GapPeople, ready: dict[str | None, Bools], cells: dict[int, Cells]) -> int:
    """Withhold gaps, and where that is not enough readiness, until nothing of few people follows.

    Parameters
    ----------
    people : GapPeople
    ready : dict of str or None to bool array, shape (n_learners,)
        Of whom readiness is told; what may not be is taken out.
    cells : dict of int to Cells
        Of whom gaps are told, by skill, the one that weighs most first; what may not be is taken out.

    Returns
    -------
    int
        How many figures of readiness were withheld.
    """
    n_before, told, weight = len(ready), {s: _Told.of(its) for s, its in cells.items()}, people.weight
    is_settled = False
    while not is_settled:
        is_settled = True
        for rows in _parts_of(ready, len(people.among)):
            part = _Part.of(people, rows, told, weight)
            if part.is_safe(told):
                continue
            is_settled, skill = False, part.least(told)
            if skill is not None:
                told[skill] = told[skill].without(rows)
                continue
            # The smallest set whose readiness tells of these people.
            whose = [name for name, of in ready.items() if of[rows[0]]]
            del ready[min(whose, key=lambda name: int(ready[name].sum()))]
            break
    cells.update((s, one.cells) for s, one in told.items())
    return n_before - len(ready)


def _parts_of(sets: Mapping[str | None, Bools], n: int) -> Iterator[Ints]:
    """People of each part that sets cut people into, but for those in none of them."""
    part = np.zeros(n, np.int64)
    for rows in sets.values():
        part = np.unique(2 * part + rows, return_inverse=True)[1]
    inside = np.logical_or.reduce([np.zeros(n, np.bool_), *sets.values()])
    for one in np.unique(part[inside]).tolist():
        yield np.flatnonzero(part == one)


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """The mean gaps told of one skill.

    Parameters
    ----------
    cells : Cells
    part : int array, shape (n_learners,)
        Part of each person that they make; 0 of those in none.
    sizes : int array, shape (n_parts,)
        People of each part.
    """

    cells: Cells
    part: Ints
    sizes: Ints

    @classmethod
    def of(cls, cells: Cells) -> _Told:
        sets = [*cells.cells.values()]
        part = np.zeros(cells.n_learners, np.int64)
        if cells.whole is not None:
            part[cells.whole] = 1
        for at, cell in enumerate(sets):
            part[cell] = at + 2
        return cls(cells, part, np.bincount(part, minlength=len(sets) + 2))

    def without(self, rows: Ints) -> _Told:
        """Withhold what is told of some people."""
        return _Told.of(self.cells.without(rows))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A part of readiness: its people, and their gaps by skill as arrays over them.

    Parameters
    ----------
    rows : int array
        Of the learners.
    weight : mapping of int to float64 array
        By skill that is asked of some of them.
    unknown : mapping of int to bool array, shape (3, n_people)
        Whose gap is unknown to who knows that many have none; to who knows gaps that five or more have; and
        to who knows both.
    """

    rows: Ints
    weight: Mapping[int, Floats]
    unknown: Mapping[int, Bools]

    @classmethod
    def of(cls, people: GapPeople, rows: Ints, skills: Iterable[int], weights: Floats) -> _Part:
        weight, unknown = {}, {}
        for s in skills:
            asked = people.asked[rows, s]
            if asked.any():
                gap, alone = people.gap[rows, s], np.zeros(len(rows), np.bool_)
                short = asked & (np.round(gap, DIGITS) != 0.0)
                alone[asked] = is_alone(gap[asked])
                weight[s] = np.round(weights[rows, s], DIGITS)
                unknown[s] = np.array([short, alone, short & alone])
        return cls(rows, weight, unknown)

    def is_safe(self, told: Mapping[int, _Told]) -> bool:
        """Whether its readiness gives nobody away beside the gaps told."""
        return all(self._is_safe_to(known, told) for known in range(3))

    def _is_safe_to(self, known: int, told: Mapping[int, _Told]) -> bool:
        """Whether at least five are left, or readiness follows from gaps, to who knows some of the gaps."""
        parts = {s: told[s].part[self.rows] for s in self.weight}
        hidden = np.zeros(len(self.rows), np.bool_)
        for s, part in parts.items():
            hidden |= self.unknown[s][known] & (part == 0) & (self.weight[s] > 0.0)
        n_hidden, follows = int(hidden.sum()), not hidden.any()
        if n_hidden >= LEAST:
            return True
        for s, part in parts.items():
            n_left, there = n_hidden, self.unknown[s][known] & (part > 0)
            for one in np.unique(part[there]).tolist():
                its = there & (part == one)
                reaches_out = int((part == one).sum()) < told[s].sizes[one]
                follows = follows and not reaches_out and len(np.unique(self.weight[s][its])) == 1
                sizes = np.unique(self.weight[s][its & ~hidden], return_counts=True)[1]
                n_left += int(sizes.sum() - sizes.max(initial=0))
            if n_left >= LEAST:
                return True
        return follows

    def least(self, told: Mapping[int, _Told]) -> int | None:
        """Choose the skill to withhold next, None where nothing is told that could be.

        The one that weighs least of those that are enough alone; where none is, of all.
        """
        left = [s for s in told if s in self.weight and self._can_withhold(s, told[s])]
        enough = (s for s in reversed(left) if self.is_safe({**told, s: told[s].without(self.rows)}))
        return next(enough, left[-1] if left else None)

    def _can_withhold(self, skill: int, told: _Told) -> bool:
        return bool((self.unknown[skill].any(axis=0) & (told.part[self.rows] > 0)).any())
