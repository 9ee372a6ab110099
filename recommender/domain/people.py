"""People who are named to others because they agreed to it.

Of a mentor or champion nothing is shown but the id, the skills and a word for each. They agreed to help, not
to have results of their assessments published; three words are enough to choose by. The words have fixed
bounds, so asking again for another role tells no more of a number than that it meets what that role requires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

MasteryLevel: TypeAlias = Literal["proficient", "advanced", "expert"]


@dataclass(frozen=True, slots=True)
class MentorSkill:
    """A skill that a mentor can help with, and how well it is mastered, in a word."""

    skill_id: str
    name: str
    level: MasteryLevel


@dataclass(frozen=True, slots=True)
class Mentor:
    """Somebody who agreed to be a mentor and masters what a learner lacks.

    Parameters
    ----------
    mentor_id : str
        A learner id.
    skills : tuple of MentorSkill
        What the learner lacks and the mentor masters, what weighs most first.
    covered : float
        Share of the learner's weighted gap that these skills are, (0, 1].
    """

    mentor_id: str
    skills: tuple[MentorSkill, ...]
    covered: float


@dataclass(frozen=True, slots=True)
class MentorAssignment:
    """The mentor chosen for a learner; None where nobody free masters what is lacked."""

    learner_id: str
    mentor: Mentor | None


@dataclass(frozen=True, slots=True)
class Champion:
    """Somebody who agreed to be a mentor and is among those who master a skill best."""

    mentor_id: str
    level: MasteryLevel


@dataclass(frozen=True, slots=True)
class SkillChampions:
    """The people to ask about a skill.

    Parameters
    ----------
    champions : tuple of Champion
        Best first.
    n_others : int or None
        People who master it as well but did not agree to be named, rounded down to a multiple of five; None
        for fewer than five.
    """

    skill_id: str
    name: str
    champions: tuple[Champion, ...]
    n_others: int | None
