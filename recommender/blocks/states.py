"""The states of many learners from their whole histories, as online folding makes them.

`recommender.blocks.fold` makes what a recommendation reads; this makes all of a state, to be stored. The
kernel is that of an online update and each learner's rows come in the same order, so every byte is the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.history import AttemptRows, Coded, HistoryBlock, Ints
from recommender.domain.catalog import Ragged
from recommender.domain.events import CredentialEarned, Feedback, SelfAssessment, Status, to_seconds
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel_arrays import LessonRows, Records, Rows
from recommender.skills.records import (
    DECLINES,
    ITEM,
    LEARNER,
    MODULE,
    N_FEATURES,
    N_ITEM_SLOTS,
    PUSHES,
    SKILL,
    fresh,
    item_key,
)
from recommender.skills.state import LearnerState


class StateFolder:
    """Makes states against one difficulty table.

    Parameters
    ----------
    table : DifficultyTable
    """

    def __init__(self, table: DifficultyTable) -> None:
        self._table = table
        self._module_skills = _distinct(table.module_skills)
        self._known_skills = Ragged.stacked(
            _distinct(table.item_skills), self._module_skills, Ragged.of([[]])
        )

    def fold(self, block: HistoryBlock) -> list[LearnerState]:
        """Make the state of every learner, byte for byte what `recommender.skills.state.fold` makes."""
        from recommender.skills.kernel import fold_rows  # it brings the compiler

        n, attempts, codes = len(block.start) - 1, block.attempts, _SkillCodes(self._table)
        owner = np.repeat(np.arange(n), np.diff(block.start))
        modules = _Modules.of(block, owner)
        lessons = self._lessons(block, modules, codes)
        touched = self._attempt_skills(attempts, codes)
        met = _SkillsMet.of(
            owner,
            np.concatenate(
                [attempts.place[touched.row_of_value()], lessons.place[lessons.skills.row_of_value()]]
            ),
            np.concatenate([touched.values, lessons.skills.values]).astype(np.int64),
        )
        skill_row, lesson_row = np.split(met.row, [len(touched.values)])
        keys = np.array([item_key(i) for i in attempts.item.values], np.int64).reshape(-1, 2)
        records = Records(fresh(LEARNER, n), fresh(SKILL, len(met.code)), fresh(ITEM, n * N_ITEM_SLOTS))
        fold_rows(
            records,
            Rows(
                learner_row=owner[attempts.place],
                item_row=owner[attempts.place] * N_ITEM_SLOTS + keys[attempts.item.code, 0],
                item_tag=keys[attempts.item.code, 1].astype(np.uint32),
                item=_positions(attempts.item, self._table.item_index),
                skill_start=touched.start,
                skill_row=skill_row,
                skill=np.where(touched.values < codes.n_known, touched.values, -1).astype(np.int64),
                passed=attempts.passed,
                score=attempts.score,
                at=block.at[attempts.place],
                seconds=attempts.seconds,
            ),
            LessonRows(
                before=np.searchsorted(attempts.place, lessons.place).astype(np.int64),
                learner_row=owner[lessons.place],
                skill_start=lessons.skills.start,
                skill_row=lesson_row,
                at=block.at[lessons.place],
                **lessons.said,
            ),
            self._table.known(),
            np.zeros((0, N_FEATURES), np.float32),
        )
        # A state numbers its skills from 0.
        last = records.learner["last_skill"]
        records.learner["last_skill"] = np.where(last >= 0, last - met.start_of(n)[:-1], -1)
        states = list(self._states(block, records, met, modules, codes.names))
        for place, event in block.others:
            if isinstance(event, CredentialEarned):
                earned, expires = block.at[place], to_seconds(event.expires_at)
                states[owner[place]].credentials[event.credential_id] = (_or_none(earned), _or_none(expires))
        return states

    def _attempt_skills(self, attempts: AttemptRows, codes: _SkillCodes) -> Ragged:
        """Skills each attempt counts for, as `DifficultyTable.skills_of` has it."""
        table, named = self._table, Ragged.of([codes.of(names) for names in attempts.skills.values])
        sources = Ragged.stacked(named, self._known_skills)
        lengths = np.diff(sources.start)
        nothing = len(lengths) - 1
        item = _positions(attempts.item, table.item_index)
        module = _positions(attempts.module, table.module_index)
        by_name = np.where(attempts.skills.code >= 0, attempts.skills.code, nothing)
        by_item = np.where(item >= 0, len(named) + item, nothing)
        by_module = np.where(module >= 0, len(named) + len(table.item_skills) + module, nothing)
        known = np.where(lengths[by_item] > 0, by_item, by_module)
        return sources.taken(np.where(lengths[by_name] > 0, by_name, known))

    def _lessons(self, block: HistoryBlock, modules: _Modules, codes: _SkillCodes) -> _Lessons:
        """Return what tells between attempts, in the order of the events."""
        table, completions = self._table, block.completions
        module = _positions(completions.module, table.module_index)
        taught = modules.first_finished[module[modules.first_finished] >= 0]
        module = module[taught]
        finished = _Lessons.of(completions.place[taught], self._module_skills.taken(module))
        finished.said["hours"][:] = table.module_hours[module]
        place, skills, said = [], [], []
        for at, event in block.others:
            match event:
                case SelfAssessment():
                    touched, tells = codes.of([event.skill_id]), {"level": event.level}
                case CredentialEarned():
                    touched = codes.of(table.skills_of_credential(event.credential_id))
                    expires = to_seconds(event.expires_at)
                    tells = {"expires": math.inf if math.isnan(expires) else expires}
                case Feedback() if event.kind in DECLINES:
                    tag = 0 if event.module_id is None else item_key(event.module_id)[1]
                    touched, tells = [], {"push": PUSHES.get(event.kind, 0.0), "declined": tag}
                case _:
                    continue
            place.append(at)
            skills.append(touched)
            said.append(tells)
        others = _Lessons.of(np.array(place, np.int64), Ragged.of(skills))
        for row, tells in enumerate(said):
            for name, value in tells.items():
                others.said[name][row] = value
        return finished.merged(others)

    def _states(
        self, block: HistoryBlock, records: Records, met: _SkillsMet, modules: _Modules, names: Sequence[str]
    ) -> Iterator[LearnerState]:
        items = records.item.reshape(-1, N_ITEM_SLOTS)
        at = block.at.tolist()
        n = len(block.last_ids)
        met_start, module_start = met.start_of(n).tolist(), modules.start_of(n).tolist()
        skill_ids, module_ids = [names[c] for c in met.code.tolist()], modules.ids(block)
        for i, (first, end) in enumerate(pairwise(block.start.tolist())):
            state = LearnerState(self._table.id)
            state.last_key = (-math.inf if math.isnan(at[end - 1]) else at[end - 1], block.last_ids[i])
            state.n_events = end - first
            skills, of = slice(met_start[i], met_start[i + 1]), slice(module_start[i], module_start[i + 1])
            state.learner, state.skills = records.learner[i : i + 1].copy(), records.skill[skills].copy()
            state.items, state.modules = items[i].copy(), modules.records[of].copy()
            state.skill_rows = {skill_id: row for row, skill_id in enumerate(skill_ids[skills])}
            state.module_rows = {module_id: row for row, module_id in enumerate(module_ids[of])}
            yield state


class _SkillCodes:
    """Numbers of skills: positions in the difficulty table, and for others numbers behind those."""

    def __init__(self, table: DifficultyTable) -> None:
        self.n_known = len(table.skill_ids)
        self._codes = dict(table.skill_index)

    def of(self, skill_ids: Iterable[str]) -> list[int]:
        """Numbers of skills, each once."""
        return [self._codes.setdefault(i, len(self._codes)) for i in dict.fromkeys(skill_ids)]

    @property
    def names(self) -> list[str]:
        """Skills by number."""
        return list(self._codes)


@dataclass(frozen=True, slots=True, eq=False)
class _Lessons:
    """Rows of `LessonRows`: places among all events, skills touched, and what each says."""

    place: Ints
    skills: Ragged
    said: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, place: Ints, skills: Ragged) -> _Lessons:
        """Lessons that say nothing yet."""
        nothing = {"hours": 0.0, "level": np.nan, "expires": np.nan, "push": 0.0, "declined": np.uint32(0)}
        return cls(place, skills, {name: np.full(len(place), value) for name, value in nothing.items()})

    def merged(self, other: _Lessons) -> _Lessons:
        """Both in the order of the events."""
        place = np.concatenate([self.place, other.place])
        order = np.argsort(place)
        said = {name: np.concatenate([self.said[name], other.said[name]])[order] for name in self.said}
        return _Lessons(place[order], Ragged.stacked(self.skills, other.skills).taken(order), said)


@dataclass(frozen=True, slots=True, eq=False)
class _SkillsMet:
    """Skills of each learner in the order in which they were met: `owner` and `code` of each (n_met,).

    `row` (n_entries,) is where the skills of attempts and lessons stand in it.
    """

    owner: Ints
    code: Ints
    row: Ints

    @classmethod
    def of(cls, owner: Ints, place: Ints, code: Ints) -> _SkillsMet:
        """From the places and codes of all that touches a skill."""
        order = np.argsort(place, kind="stable")
        who = owner[place[order]]
        first, row = _first_met(who, code[order])
        rows = np.empty(len(row), np.int64)
        rows[order] = row
        return cls(who[first], code[order][first], rows)

    def start_of(self, n_learners: int) -> Ints:
        """Where those of each learner begin, shape (n_learners + 1,)."""
        return np.searchsorted(self.owner, np.arange(n_learners + 1)).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Modules:
    """Modules of each learner in the order of their first starts, as `records` of a state.

    `first` is the first completion of each; `first_finished` are those that finish one for the first time.
    """

    owner: Ints
    first: Ints
    records: NDArray[Any]
    first_finished: Ints

    @classmethod
    def of(cls, block: HistoryBlock, owner: Ints) -> _Modules:
        """From completions and whose each event is."""
        rows = block.completions
        who, at = owner[rows.place], block.at[rows.place]
        first, row = _first_met(who, rows.module.code)
        records = fresh(MODULE, len(first))
        last = np.zeros(len(first), np.int64)
        # Of equal indexes the last one is kept: the latest completion of each module.
        last[row] = np.arange(len(row))
        records["first_at"], records["last_at"] = at[first], at[last]
        records["status"] = rows.status[last]
        finished = np.flatnonzero(rows.status == Status.COMPLETED)
        # Once finished is finished, whatever comes later.
        records["status"][row[finished]] = Status.COMPLETED
        np.fmax.at(records["progress"], row, rows.progress.astype(np.float32))
        return cls(
            who[first], first, records, finished[np.sort(np.unique(row[finished], return_index=True)[1])]
        )

    def start_of(self, n_learners: int) -> Ints:
        """Where those of each learner begin, shape (n_learners + 1,)."""
        return np.searchsorted(self.owner, np.arange(n_learners + 1)).astype(np.int64)

    def ids(self, block: HistoryBlock) -> list[str]:
        """Their ids."""
        values, code = block.completions.module.values, block.completions.module.code
        return [values[c] for c in code[self.first].tolist()]


def _first_met(who: Ints, code: Ints) -> tuple[Ints, Ints]:
    """Where each learner meets each code first, in that order; and for each entry its row among these."""
    key = who * (1 + code.max(initial=0)) + code
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first)
    row = np.empty(len(order), np.int64)
    row[order] = np.arange(len(order))
    return first[order], row[which]


def _positions(ids: Coded, index: Mapping[str, int]) -> Ints:
    """Position of each row's id in an index, -1 for another or none."""
    found = np.array([*(index.get(i, -1) for i in ids.values), -1], np.int64)
    return found[ids.code]


def _distinct(rows: Ragged) -> Ragged:
    """Each row without repetition."""
    return Ragged.of([list(dict.fromkeys(rows[i].tolist())) for i in range(len(rows))])


def _or_none(seconds: float) -> float | None:
    return None if math.isnan(seconds) else float(seconds)
