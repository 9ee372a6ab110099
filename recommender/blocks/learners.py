"""Many learners as arrays: what of their states and profiles a recommendation reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Roles
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.events import Status
from recommender.domain.learner import LearnerProfile
from recommender.embeddings.histories import Histories, History
from recommender.skills.records import LEARNER, SKILL, fresh
from recommender.skills.state import LearnerState, known_rows

Ints = NDArray[np.int64]
# A plain number compares faster with an array than the member of the enumeration does.
_COMPLETED: Final = int(Status.COMPLETED)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Profiles of learners as positions, arrays of shape (n_learners,).

    Parameters
    ----------
    role, segment : int32 arrays
        Positions in the catalogue's roles and in `SEGMENTS`, -1 where not known; without a segment that of
        the role.
    target : int32 array
        Role whose gaps count, -1 for none.
    language : int32 array
        Positions in `languages`, -1 where not known.
    languages : tuple of str
    """

    role: NDArray[np.int32]
    segment: NDArray[np.int32]
    target: NDArray[np.int32]
    language: NDArray[np.int32]
    languages: tuple[str, ...]

    @classmethod
    def of(
        cls,
        roles: Roles,
        *,
        role_id: Sequence[str | None],
        target_role_id: Sequence[str | None],
        segment: Sequence[str | None],
        language: Sequence[str | None],
    ) -> Places:
        """Look up what profiles say; a role that the catalogue does not hold is none.

        >>> roles = Catalog.from_tables({}).roles
        >>> nobody = Places.of(roles, role_id=[None], target_role_id=["?"], segment=["user"], language=["en"])
        >>> nobody.target.tolist(), nobody.segment.tolist(), nobody.languages
        ([-1], [0], ('en',))
        """
        role = np.array([roles.index.get(i or "", -1) for i in role_id], np.int32)
        target = np.array([roles.index.get(i or "", -1) for i in target_role_id], np.int32)
        part = np.array([SEGMENTS.index(s) if s in SEGMENTS else -1 for s in segment], np.int32)
        by_role = np.append(roles.segment, -1)[role]
        languages = tuple(sorted({tag for tag in language if tag}))
        index = {tag: i for i, tag in enumerate(languages)}
        return cls(
            role=role,
            segment=np.where(part >= 0, part, by_role).astype(np.int32),
            target=np.where(target >= 0, target, role).astype(np.int32),
            language=np.array([index.get(tag or "", -1) for tag in language], np.int32),
            languages=languages,
        )

    @classmethod
    def joined(cls, places: Sequence[Places]) -> Places:
        """Put places behind each other."""
        languages = tuple(sorted({tag for its in places for tag in its.languages}))
        index = {tag: i for i, tag in enumerate(languages)}
        # The last one is for nobody's.
        codes = [np.array([*(index[tag] for tag in its.languages), -1], np.int32) for its in places]
        return cls(
            role=np.concatenate([its.role for its in places]),
            segment=np.concatenate([its.segment for its in places]),
            target=np.concatenate([its.target for its in places]),
            language=np.concatenate([code[its.language] for code, its in zip(codes, places, strict=True)]),
            languages=languages,
        )

    def take(self, first: int, last: int) -> Places:
        """Learners ``first:last``."""
        rows = slice(first, last)
        return Places(
            self.role[rows], self.segment[rows], self.target[rows], self.language[rows], self.languages
        )


@dataclass(frozen=True, slots=True, eq=False)
class LearnerBlock:
    """Learners one behind the other: learner `i` met the skills in rows ``start[i]:start[i + 1]``.

    Parameters
    ----------
    places : Places
    n_events : int64 array, shape (n_learners,)
    learner : LEARNER records, shape (n_learners,)
    start : int64 array, shape (n_learners + 1,)
    skill : int64 array, shape (n_met,)
        Positions in the catalogue.
    met : SKILL records, shape (n_met,)
    histories : Histories
        Modules of the catalogue in the order of their first start.
    finished : bool array, shape (n_started,)
        Of the modules in `histories`.
    """

    places: Places
    n_events: Ints
    learner: Any
    start: Ints
    skill: Ints
    met: Any
    histories: Histories
    finished: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.n_events)

    @classmethod
    def of_states(
        cls, states: Sequence[LearnerState | None], profiles: Sequence[LearnerProfile], catalog: Catalog
    ) -> LearnerBlock:
        """Bring states and profiles of the same learners into arrays; None is a state without events."""
        places = Places.of(
            catalog.roles,
            role_id=[p.role_id for p in profiles],
            target_role_id=[p.target_role_id for p in profiles],
            segment=[p.segment for p in profiles],
            language=[p.language for p in profiles],
        )
        given = [state or LearnerState("") for state in states]
        skills = [known_rows(state.skill_rows, catalog.skill_index) for state in given]
        records = [fresh(SKILL, 0), *(s.skills[row] for s, (_, row) in zip(given, skills, strict=True))]
        past = [started(state, catalog) for state in given]
        histories = [
            History(modules, at, int(role), int(segment))
            for (modules, at, _), role, segment in zip(past, places.role, places.segment, strict=True)
        ]
        return cls(
            places=places,
            n_events=np.array([state.n_events for state in given], np.int64),
            learner=np.concatenate([fresh(LEARNER, 0), *(state.learner for state in given)]),
            start=np.array([0, *accumulate(len(position) for position, _ in skills)], np.int64),
            skill=np.concatenate([np.zeros(0, np.int64), *(position for position, _ in skills)]),
            met=np.concatenate(records),
            histories=Histories.of(*histories),
            finished=np.concatenate([np.zeros(0, np.bool_), *(finished for _, _, finished in past)]),
        )

    @classmethod
    def of_one(
        cls, state: LearnerState | None, *, role: int, segment: int, target: int, catalog: Catalog
    ) -> LearnerBlock:
        """Make a block of one learner, of known positions, without a copy of the state's records."""
        state = state or _NOBODY
        skill, row = known_rows(state.skill_rows, catalog.skill_index)
        modules, at, finished = started(state, catalog)
        known = [[role], [segment], [target], [-1], [role], [segment]]
        at_role, at_segment, at_target, unknown, *whose = np.array(known, np.int32)
        start = np.array([0, len(modules)], np.int64)
        for own in (start, modules, at, *whose):
            # As histories have it; it spares them a view of each.
            own.setflags(write=False)
        return cls(
            places=Places(at_role, at_segment, at_target, unknown, ()),
            n_events=np.array([state.n_events], np.int64),
            learner=state.learner,
            start=np.array([0, len(skill)], np.int64),
            skill=skill,
            met=state.skills if len(row) == len(state.skills) else state.skills[row],
            histories=Histories(start, modules, at, *whose),
            finished=finished,
        )

    @classmethod
    def joined(cls, blocks: Sequence[LearnerBlock]) -> LearnerBlock:
        """Put blocks behind each other, at least one."""
        counts = np.concatenate([np.diff(block.start) for block in blocks])
        return cls(
            places=Places.joined([block.places for block in blocks]),
            n_events=np.concatenate([block.n_events for block in blocks]),
            learner=np.concatenate([block.learner for block in blocks]),
            start=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
            skill=np.concatenate([block.skill for block in blocks]),
            met=np.concatenate([block.met for block in blocks]),
            histories=Histories.joined([block.histories for block in blocks]),
            finished=np.concatenate([block.finished for block in blocks]),
        )

    def take(self, first: int, last: int) -> LearnerBlock:
        """Learners ``first:last``, without a copy of their rows."""
        rows, met = slice(first, last), slice(int(self.start[first]), int(self.start[last]))
        done = slice(int(self.histories.start[first]), int(self.histories.start[last]))
        return LearnerBlock(
            places=self.places.take(first, last),
            n_events=self.n_events[rows],
            learner=self.learner[rows],
            start=self.start[first : last + 1] - self.start[first],
            skill=self.skill[met],
            met=self.met[met],
            histories=self.histories.take(first, last),
            finished=self.finished[done],
        )


_NOBODY: Final = LearnerState("")


def started(
    state: LearnerState, catalog: Catalog
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.bool_]]:
    """Modules of the catalogue a learner started, oldest first, when, and whether they are finished."""
    module, row = known_rows(state.module_rows, catalog.module_index)
    met = state.modules if len(row) == len(state.modules) else state.modules[row]
    return module.astype(np.int32), met["first_at"].copy(), met["status"] == _COMPLETED
