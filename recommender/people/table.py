"""What is held of people who agreed to be mentors, ready to be asked again and again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import LearnerBlock
from recommender.blocks.standing import Standing, read_in_parts
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
from recommender.domain.events import to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.domain.people import MasteryLevel
from recommender.errors import InputError
from recommender.people.config import PeopleConfig
from recommender.skills.state import LearnerState


@dataclass(frozen=True, slots=True, eq=False)
class MentorTable:
    """People who agreed to be mentors; of all others only how many could be champions.

    Make it again when people, their evidence or the bundle change; who took back the agreement since is left
    out by `exclude` where mentors or champions are asked for.

    Parameters
    ----------
    bundle : ModelBundle
    config : PeopleConfig
    ids : tuple of str
        Learner ids, sorted.
    index : mapping of str to int
    team, language, role : int32 arrays, shape (n_mentors,)
        Positions in `teams`, in `languages` and in the catalogue's roles, -1 where not known.
    teams, languages : mappings of str to int
        Languages are the first part of a tag: of "en-GB" it is "en".
    mastery, low, width : float64 arrays, shape (n_skills, n_mentors)
        Mastery, the lower end of its 80% interval and how wide that is; NaN where mastery is not known.
    n_attempts : int32 array, shape (n_skills, n_mentors)
    n_unnamed : int64 array, shape (n_skills,)
        People who could be champions of the skill but did not agree to be named.
    """

    bundle: ModelBundle
    config: PeopleConfig
    ids: tuple[str, ...]
    index: Mapping[str, int]
    team: NDArray[np.int32]
    language: NDArray[np.int32]
    role: NDArray[np.int32]
    teams: Mapping[str, int]
    languages: Mapping[str, int]
    mastery: Floats
    low: Floats
    width: Floats
    n_attempts: NDArray[np.int32]
    n_unnamed: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(
        cls,
        bundle: ModelBundle,
        states: Sequence[LearnerState | None],
        profiles: Sequence[LearnerProfile],
        *,
        now: datetime,
        config: PeopleConfig | None = None,
    ) -> Self:
        """Read how people stand.

        Parameters
        ----------
        bundle : ModelBundle
        states, profiles : sequences, length n_learners
            Of the same people, in the same order; None is somebody without events.
        now : datetime
            Aware.
        config : PeopleConfig, optional

        Raises
        ------
        InputError
            Two profiles are of one person.
        """
        config, catalog = config or PeopleConfig(), bundle.catalog
        agreed = sorted((p.learner_id, i) for i, p in enumerate(profiles) if p.can_mentor)
        ids = tuple(learner_id for learner_id, _ in agreed)
        for earlier, later in pairwise(ids):
            if earlier == later:
                raise InputError(f"learner_id {later!r} is there twice; keep one profile of each person")
        column = np.full(len(profiles), -1, np.int64)
        column[[i for _, i in agreed]] = np.arange(len(agreed))
        block = LearnerBlock.of_states(states, profiles, catalog)
        named = [profiles[i] for _, i in agreed]
        teams, team = _coded([p.team_id for p in named])
        languages, language = _coded([spoken(p.language) for p in named])
        mastery, low, width = (np.empty((catalog.n_skills, len(ids))) for _ in range(3))
        n_attempts = np.empty((catalog.n_skills, len(ids)), np.int32)
        n_unnamed = np.zeros(catalog.n_skills, np.int64)
        for rows, standing in read_in_parts(bundle, block, now=to_seconds(now)):
            at, there = column[rows], column[rows] >= 0
            n_unnamed += _may_champion(standing, config)[~there].sum(axis=0)
            known = np.where(np.isnan(standing.mastery), np.nan, 1.0)[there]
            mastery[:, at[there]] = standing.mastery[there].T
            low[:, at[there]] = (standing.low[there] * known).T
            width[:, at[there]] = ((standing.high - standing.low)[there] * known).T
            n_attempts[:, at[there]] = standing.n_attempts[there].T
        role = block.places.role[[i for _, i in agreed]]
        index = {learner_id: i for i, learner_id in enumerate(ids)}
        return cls(
            bundle,
            config,
            ids,
            index,
            team,
            language,
            role,
            teams,
            languages,
            mastery,
            low,
            width,
            n_attempts,
            n_unnamed,
        )

    def level(self, skill: int, mentor: int) -> MasteryLevel:
        """Mastery in a word, by the lower end of its interval."""
        low = self.low[skill, mentor]
        if low >= self.config.expert_from:
            return "expert"
        return "advanced" if low >= self.config.advanced_from else "proficient"

    def without(self, exclude: Collection[str]) -> NDArray[np.bool_]:
        """Who may be named, (n_mentors,): all but `exclude`, where ids of others do not matter."""
        may = np.ones(len(self), np.bool_)
        may[[self.index[i] for i in exclude if i in self.index]] = False
        return may

    def leaving_out(self, learner_id: str) -> Self:
        """Make a table that holds nothing of somebody; the same table where it held nothing before."""
        if learner_id not in self.index:
            return self
        at = self.index[learner_id]
        ids = (*self.ids[:at], *self.ids[at + 1 :])
        changed: dict[str, Any] = {
            name: np.delete(getattr(self, name), at) for name in ("team", "language", "role")
        }
        for name in ("mastery", "low", "width", "n_attempts"):
            changed[name] = np.delete(getattr(self, name), at, axis=1)
        index = {mentor_id: i for i, mentor_id in enumerate(ids)}
        return replace(self, ids=ids, index=index, **changed)

    def loads(self, load: Mapping[str, int]) -> NDArray[np.int64]:
        """Learners that each mentor has, (n_mentors,), 0 for those left out; ids of others do not matter.

        Raises
        ------
        InputError
            A number is below 0.
        """
        loads = np.zeros(len(self), np.int64)
        for mentor_id, n in load.items():
            if n < 0:
                raise InputError(f"load of {mentor_id!r} is {n}; count the mentor's learners, 0 or more")
        theirs = [mentor_id for mentor_id in load if mentor_id in self.index]
        loads[[self.index[mentor_id] for mentor_id in theirs]] = [load[mentor_id] for mentor_id in theirs]
        return loads


def spoken(tag: str | None) -> str | None:
    """Language of a tag, whatever the region.

    >>> spoken("en-GB"), spoken(None)
    ('en', None)
    """
    return tag.partition("-")[0].lower() if tag else None


def _may_champion(standing: Standing, config: PeopleConfig) -> NDArray[np.bool_]:
    """Who masters a skill well enough, on evidence enough, to be a champion; (n_learners, n_skills)."""
    may: NDArray[np.bool_] = ~np.isnan(standing.mastery) & may_champion(
        standing.low, standing.high - standing.low, standing.n_attempts, config
    )
    return may


def may_champion(
    low: Floats, width: Floats, n_attempts: NDArray[np.int32], config: PeopleConfig
) -> NDArray[np.bool_]:
    """Whether mastery is high enough, on evidence enough, for a champion; arrays of one shape."""
    may: NDArray[np.bool_] = (
        (low >= config.champion_mastery)
        & (width <= config.max_interval)
        & (n_attempts >= config.min_attempts)
    )
    return may


def _coded(labels: Sequence[str | None]) -> tuple[dict[str, int], NDArray[np.int32]]:
    index = {label: i for i, label in enumerate(sorted({label for label in labels if label}))}
    return index, np.array([index.get(label or "", -1) for label in labels], np.int32)
