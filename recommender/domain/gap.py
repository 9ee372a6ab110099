"""What a role asks for beside what people master: gaps and readiness, of one learner and of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

TransitionKind: TypeAlias = Literal["upskill", "reskill"]
GroupedBy: TypeAlias = Literal["organisation", "team", "segment", "role"]
Toward: TypeAlias = Literal["target", "present"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillGap:
    """A skill that a role requires, as a learner stands to it.

    Parameters
    ----------
    required : float
        Mastery that the role asks for, a probability.
    mastery : float or None
        Probability of passing a typical item of the skill; None where nothing tells.
    interval : tuple of float or None
        80% interval of `mastery`.
    gap : float
        ``max(0, required - mastery)``; where mastery is not known, against what is expected of them.
    importance : float
        Of the skill in the role, [0, 1].
    n_attempts : int
    """

    skill_id: str
    name: str
    required: float
    mastery: float | None
    interval: tuple[float, float] | None
    gap: float
    importance: float
    n_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleReadiness:
    """How far a learner is what a role asks for.

    Parameters
    ----------
    priority : float
        Of the role in the organisation's plans, [0, 1].
    readiness : float or None
        Share of what is required, weighed by importance, that is there, [0, 1]; None where the role has no
        profile.
    interval : tuple of float or None
        80% interval of `readiness`.
    kind : {"upskill", "reskill"} or None
        What going there from the present role is. Staying is upskilling; None where the catalogue does not
        say, or there is no present role.
    """

    role_id: str
    title: str
    priority: float
    readiness: float | None
    interval: tuple[float, float] | None
    kind: TransitionKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapReport:
    """What one learner lacks for a role, and how near other roles are.

    Parameters
    ----------
    role : RoleReadiness or None
        The role that was asked for: by default the target role, else the present one; None for neither.
    skills : tuple of SkillGap
        All that it requires, the largest ``importance * gap`` first.
    present, target : RoleReadiness or None
        Of the learner's profile.
    neighbours : tuple of RoleReadiness
        Roles that the present role leads to, the nearest first.
    """

    learner_id: str
    role: RoleReadiness | None
    skills: tuple[SkillGap, ...]
    present: RoleReadiness | None
    target: RoleReadiness | None
    neighbours: tuple[RoleReadiness, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap:
    """A skill that roles of some people require, told of at least five of them together.

    Parameters
    ----------
    n_learners : int
        People whose role requires the skill, rounded down to a multiple of five.
    mean_gap, mean_mastery : float
        Over these people, rounded to hundredths; where mastery is not known, what is expected counts.
    share_below : float or None
        Share of them below what their role requires, rounded to twentieths; None where fewer than five, but
        somebody, are below or are not, or where it would tell so of another group.
    """

    skill_id: str
    name: str
    n_learners: int
    mean_gap: float
    mean_mastery: float
    share_below: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGaps:
    """Gaps of a team, a segment, a role or everybody.

    Parameters
    ----------
    group_id : str or None
        None for everybody.
    n_learners : int or None
        People whose role has a profile, rounded down to a multiple of five; None where it is withheld.
    readiness : float or None
        Of these people taken together, [0, 1], worked out from `skills`; None where there are none.
    skills : tuple of GroupGap
        In the order of the catalogue.
    n_withheld : int
        Skills that somebody's role requires and that are not told of.
    """

    group_id: str | None
    n_learners: int | None
    readiness: float | None
    skills: tuple[GroupGap, ...]
    n_withheld: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamGapReport:
    """Gaps of everybody and of each group, such that nothing is told of fewer than five people.

    Parameters
    ----------
    toward : {"target", "present"}
        The role that gaps are against.
    whole : GroupGaps
    groups : tuple of GroupGaps
        Those of which anything is told, by id.
    n_groups_withheld : int
        Groups of which nothing is told.
    n_without_profile : int
        People whose role has no profile, or who have none, rounded down to a multiple of five.
    """

    by: GroupedBy
    toward: Toward
    whole: GroupGaps
    groups: tuple[GroupGaps, ...]
    n_groups_withheld: int
    n_without_profile: int
