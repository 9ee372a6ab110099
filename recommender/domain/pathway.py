"""A pathway: from where a learner stands to what a role asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

TransitionKind: TypeAlias = Literal["upskill", "reskill"]
StepWhy: TypeAlias = Literal["gap", "prerequisite", "review", "credential"]
OpenWhy: TypeAlias = Literal["not_taught", "finished", "blocked", "not_enough"]

WEEKS_A_QUARTER: Final = 13
HORIZON_WEEKS: Final = 104
"""Weeks that a pathway is planned for: 24 months."""


@dataclass(frozen=True, slots=True)
class StepSkill:
    """A skill that a step teaches: mastery expected before and after it, and what the role requires.

    Probabilities; `required` is None where the role does not ask for the skill.
    """

    skill_id: str
    mastery_before: float
    mastery_after: float
    required: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayStep:
    """A module of a pathway.

    Parameters
    ----------
    minutes : float
        The declared default where the catalogue does not tell, `minutes_known` says which.
    starts_week, ends_week : int
        Weeks from now, the first is 1; both belong to the step.
    quarter : int
        Of the week it starts in: weeks 1 to 13 are quarter 1.
    why : StepWhy
        ``gap``: it brings a skill of the role nearer to what is required; ``prerequisite``: another module of
        the pathway, `needed_by`, cannot be taken without it; ``review``: without it a skill would soon fall
        below what is required; ``credential``: it awards the credential that the pathway ends in.
    needed_by : str or None
        Id of the module that needs a prerequisite.
    skills : tuple of StepSkill
        Of a review the skills that would fall, else those whose mastery it is expected to raise.
    """

    module_id: str
    title: str
    minutes: float
    minutes_known: bool
    starts_week: int
    ends_week: int
    quarter: int
    why: StepWhy
    needed_by: str | None
    skills: tuple[StepSkill, ...]


@dataclass(frozen=True, slots=True)
class OpenSkill:
    """A skill that stays below what the role requires, after everything that can be done.

    ``not_taught``: no module of the catalogue teaches it; ``finished``: all that do are finished;
    ``blocked``: none of the others can be taken, for they are retired, in a foreign language, excluded, or
    their prerequisites cannot be met; ``not_enough``: those that can are in the pathway and do not suffice.
    """

    skill_id: str
    mastery: float
    required: float
    why: OpenWhy


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway:
    """The way to a role.

    Parameters
    ----------
    role_id : str
    kind : TransitionKind or None
        ``upskill`` for the present role, else what the catalogue says of the transition; None where it says
        nothing.
    weekly_minutes : float
        What the weeks are reckoned with.
    steps : tuple of PathwayStep
        In the order in which they start; prerequisites come first.
    total_minutes : float
        Of all steps.
    weeks : int
        Week in which the last step ends, 0 without steps.
    readiness, readiness_expected : float or None
        How ready for the role, in [0, 1], now and after the last step; None where the role has no profile.
    open_skills : tuple of OpenSkill
        What stays open, by id of the skill.
    unreviewed : tuple of str
        Ids of skills that would need a review and that no module can review.
    credential_id : str or None
        Credential that the pathway ends in.
    beyond_horizon : tuple of str
        Ids of modules of `steps` that end after 104 weeks, in order.
    kept : bool
        The modules of the previous pathway were kept.
    """

    role_id: str
    kind: TransitionKind | None
    weekly_minutes: float
    steps: tuple[PathwayStep, ...]
    total_minutes: float
    weeks: int
    readiness: float | None
    readiness_expected: float | None
    open_skills: tuple[OpenSkill, ...]
    unreviewed: tuple[str, ...]
    credential_id: str | None
    beyond_horizon: tuple[str, ...]
    kept: bool
