"""Of whom gaps, readiness and movement are told.

It is asked of the ledger in this order: everybody; each group, the largest first; how each group moved, which
is how everybody of these moved; and then, the skills that weigh most over all people first, the gap of
everybody who needs the skill and of those of each group. So a skill of few people never costs the figures of
a whole group. Beside that each mean is asked of a `ValueLedger`: where only one to four people lack anything,
no mean gap is told. What readiness and gaps give away together is for `training.programme.skill_gaps_linked`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST
from recommender.pathways.withhold import tellable
from training.programme.ledger import Bools, Ledger
from training.programme.skill_gaps_people import GapPeople
from training.programme.value_ledger import ValueLedger, n_unknown

Sets: TypeAlias = dict[str, Bools]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Of whom the mean gap in one skill may be told, by group.

    `whole` is None where it may not be told of all who are asked for the skill.
    """

    whole: Bools | None
    cells: Sets
    n_withheld: int
    n_learners: int

    def without(self, rows: NDArray[np.int64]) -> Cells:
        """Withhold the cells of some people, and all people of the skill, from whom they would follow."""
        kept = {name: cell for name, cell in self.cells.items() if not cell[rows].any()}
        n_less = len(self.cells) - len(kept) + (self.whole is not None)
        return Cells(None, kept, self.n_withheld + n_less, self.n_learners)


def by_size(groups: Mapping[str, Bools]) -> list[str]:
    """Names of groups, the largest first."""
    return sorted(groups, key=lambda name: int(groups[name].sum()), reverse=True)


def ready_sets(people: GapPeople, groups: Mapping[str, Bools]) -> dict[str | None, Bools]:
    """Of whom the mean readiness may be told: None is everybody."""
    now = ValueLedger(1.0 - people.ready)
    sets: dict[str | None, Bools] = {None: people.among}
    sets |= {name: groups[name] for name in by_size(groups)}
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


def moved_sets(people: GapPeople, groups: Mapping[str, Bools], ledger: Ledger) -> dict[str, Sets]:
    """Of whom it is told how each group moved, by group and moment."""
    found: dict[str, Sets] = {name: {} for name in groups}
    parts = _Parts.of(people, groups)
    for moment in people.moments:
        for name in by_size(groups):
            there, sets = groups[name] & moment.there, found[name]
            spared = parts.spared(there)
            # Who was there at a moment told of already was, when that was earlier, there at this one too.
            earlier = [sets[m.name] for m in people.moments if m.name in sets and m.at < moment.at]
            first = [spared] if 2 * spared.sum() >= there.sum() else []
            told = first_told([*first, there, *earlier], ledger)
            if told is not None:
                sets[moment.name] = told
                parts.cut(told)
    return found


def tellable_moves(people: GapPeople, found: Mapping[str, Sets]) -> dict[str, Sets]:
    """Leave out whose mean change would give one to four people away.

    Readiness then is told of nobody. So of at least five of them it must be unknown to who knows that many
    were ready or had the same readiness, lest their readiness now follows; unless nothing of that is unknown.
    """
    sets: dict[str, Sets] = {name: {} for name in found}
    for moment in people.moments:
        change, then = ValueLedger(people.ready - moment.ready), 1.0 - moment.ready
        of = {name: its[moment.name] for name, its in found.items() if moment.name in its}
        for name in by_size(of):
            n_then, n_now = n_unknown(then[of[name]]), n_unknown(1.0 - people.ready[of[name]])
            if (n_then >= LEAST or n_then == n_now == 0) and change.tell(of[name]):
                sets[name][moment.name] = of[name]
    return sets


def first_told(sets: Sequence[Bools], ledger: Ledger) -> Bools | None:
    """Return the first of some sets of people that holds somebody and may be told of."""
    return next((of for of in sets if of.any() and ledger.tell(of)), None)


def cells_of(people: GapPeople, groups: Mapping[str, Bools], ledger: Ledger) -> dict[int, Cells]:
    """Of whom gaps may be told, by skill, the one that weighs most first."""
    weight = (people.importance * people.among[:, None]).sum(axis=0)
    found: dict[int, Cells] = {}
    for s in np.argsort(-weight, kind="stable").tolist():
        asked = people.among & people.asked[:, s]
        if asked.any():
            found[s] = _asked_skill(asked, people.gap[:, s], groups, ledger)
    return found


def _asked_skill(asked: Bools, gap: Floats, groups: Mapping[str, Bools], ledger: Ledger) -> Cells:
    values, n_withheld = ValueLedger(gap), 0
    whole: Bools | None = asked if ledger.tell(asked) else None
    if whole is not None and not values.tell(whole):
        whole, n_withheld = None, 1
    cells = {}
    for name in by_size(groups):
        cell = asked & groups[name]
        if cell.any() and ledger.tell(cell):
            if values.tell(cell):
                cells[name] = cell
            else:
                n_withheld += 1
    return Cells(whole, cells, n_withheld, len(asked))
