"""How many people could mentor each skill, of those who agreed to, and how many need it.

Who could is who `recommender.people.mentors.find_mentors` would propose: the lower end of the 80% interval of
mastery is at what the learner's role requires.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.domain.disclosure import LEAST
from recommender.people.config import PeopleConfig
from recommender.people.table import may_champion
from training.programme.engagement_skills import Floats, Skills
from training.programme.ledger import Bools, Ledger, may_tell
from training.programme.people import Asked
from training.programme.programme import Programme


@dataclass(frozen=True, slots=True, eq=False)
class Help:
    """Who needs and who could give help, arrays of shape (n_learners, n_skills) by the bundle's catalogue.

    Who is not hired yet neither needs nor gives any.

    Parameters
    ----------
    is_asked : bool array
        The target role, else the present one, asks for the skill.
    gap : float64 array
        What is missing to the mastery required; 0 where nothing is asked.
    could : bool array
        Agreed to be a mentor, and could be one to at least half of those who have a gap.
    champion : bool array
        Agreed to be a mentor, and masters the skill as champions do.
    agreed : bool array, shape (n_learners,)
    """

    is_asked: Bools
    gap: Floats
    could: Bools
    champion: Bools
    agreed: Bools

    @property
    def people(self) -> Bools:
        """Whose role asks for something, or who agreed; shape (n_learners,)."""
        return np.asarray(self.is_asked.any(axis=1) | self.agreed, np.bool_)

    @classmethod
    def of(cls, programme: Programme, config: PeopleConfig | None = None) -> Help:
        """Look it up; there is a bundle with a skill model, and learners say whether they agreed."""
        config = config or PeopleConfig()
        asked, standing = Asked.of(programme), programme.standing()
        # What weighs nothing is no gap to the engine.
        is_asked = (asked.required > 0.0) & (asked.importance > 0.0) & programme.is_here[:, None]
        gap = np.where(is_asked, np.maximum(asked.required - standing.used, 0.0), 0.0)
        agreed = programme.learners["can_mentor"].fillna(False).to_numpy(np.bool_) & programme.is_here
        is_known = ~np.isnan(standing.mastery)
        able = standing.low >= _middle(np.where(gap > 0.0, asked.required, np.nan))
        champion = may_champion(standing.low, standing.high - standing.low, standing.n_attempts, config)
        return cls(
            is_asked=np.asarray(is_asked, np.bool_),
            gap=gap,
            could=np.asarray(agreed[:, None] & is_known & able, np.bool_),
            champion=np.asarray(agreed[:, None] & is_known & champion, np.bool_),
            agreed=agreed,
        )


def _middle(required: Floats) -> Floats:
    """Mastery that is what at least half of those with a gap are required; NaN where nobody has one.

    The lower median, so that it is what some role requires; shape (n_skills,).
    """
    n = (~np.isnan(required)).sum(axis=0)
    # NaN is sorted last; without anybody the first is NaN.
    place = np.maximum((n + 1) // 2 - 1, 0)
    middle: Floats = np.take_along_axis(np.sort(required, axis=0), place[None], axis=0)[0]
    return middle


@dataclass(frozen=True, slots=True)
class SkillHelp:
    """Need and help of one skill.

    Parameters
    ----------
    name : str
    area : str or None
    n_asked : int
        People whose role asks for it.
    mean_gap : float
        Over them.
    n_need, n_mentors, n_champions : int or None
        People with a gap, possible mentors, champions; None where it may not be told.
    is_short : bool
        Fewer than five people could mentor it.
    """

    name: str
    area: str | None
    n_asked: int
    mean_gap: float
    n_need: int | None
    n_mentors: int | None
    n_champions: int | None
    is_short: bool

    @property
    def total_gap(self) -> float:
        """Sum of the gaps."""
        return self.n_asked * self.mean_gap


@dataclass(frozen=True, slots=True)
class Mentors:
    """Need and help by skill, the largest sum of gaps first.

    Parameters
    ----------
    n_people : int
        People whose role asks for something, or who agreed to be mentors.
    n_agreed : int or None
    skills : tuple of SkillHelp
        Skills that at least five people lack, whose groups may be told.
    n_few : int
        Skills left out: one to four people lack them, or lack something else than most, or few people's
        role asks for them.
    """

    n_people: int
    n_agreed: int | None
    skills: tuple[SkillHelp, ...]
    n_few: int


def mentors(programme: Programme, help_: Help, skills: Skills, ledger: Ledger) -> Mentors | None:
    """Count need and help, as far as it may be told; None where nothing may be."""
    if not ledger.tell(help_.people):
        return None
    has_gap = help_.gap > 0.0
    n_need = has_gap.sum(axis=0)
    order = np.argsort(-help_.gap.sum(axis=0), kind="stable")
    lacked = [
        s for s in order.tolist() if n_need[s] >= LEAST and may_tell(help_.gap[help_.is_asked[:, s], s])
    ]
    # Whose role asks for what depends on roles alone: these groups are large, and there are few parts.
    asked = ledger.split({s: help_.is_asked[:, s] for s in lacked})
    agreed = int(help_.agreed.sum()) if ledger.tell(help_.agreed) else None
    found = [_skill(programme, help_, skills, s, ledger) for s in asked]
    return Mentors(int(help_.people.sum()), agreed, tuple(found), int((n_need > 0).sum()) - len(found))


def _skill(programme: Programme, help_: Help, skills: Skills, skill: int, ledger: Ledger) -> SkillHelp:
    assert programme.bundle is not None  # noqa: S101
    catalog = programme.bundle.catalog
    asked, could = help_.is_asked[:, skill], help_.could[:, skill]
    at = skills.ids.index(catalog.skill_ids[skill]) if catalog.skill_ids[skill] in skills.ids else None
    areas = [name for name, area in skills.areas.items() if at is not None and area[at]]

    def told(group: Bools) -> int | None:
        return int(group.sum()) if group.sum() >= LEAST and ledger.tell(group) else None

    return SkillHelp(
        name=catalog.skill_names[skill],
        area=areas[0] if areas else None,
        n_asked=int(asked.sum()),
        mean_gap=float(help_.gap[asked, skill].mean()),
        n_mentors=told(could),
        n_need=told(help_.gap[:, skill] > 0.0),
        n_champions=told(help_.champion[:, skill]),
        is_short=int(could.sum()) < LEAST,
    )
