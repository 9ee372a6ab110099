"""What is asked of the engine and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

Challenge: TypeAlias = Literal["easier", "balanced", "harder"]
Scenario: TypeAlias = Literal["next", "review", "explore"]
DifficultyFit: TypeAlias = Literal["review", "on_level", "stretch"]
Fallback: TypeAlias = Literal["cold_start", "no_model"]
ReasonCode: TypeAlias = Literal[
    "closes_gap",
    "next_in_sequence",
    "learners_like_you",
    "popular_in_role",
    "review_due",
    "right_difficulty",
    "unlocks",
]
Rule: TypeAlias = Literal["prerequisite", "finished", "language", "format", "minutes", "retired", "excluded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A wish for recommendations.

    Parameters
    ----------
    k : int
        How many modules at most, 1 to 100.
    target_role_id : str or None
        Role whose gaps count; None means the profile's target role, else its role.
    minutes : float or None
        Longest module wanted, minutes.
    formats, languages : frozenset of str
        Allowed ones; empty means all. A module that names no language passes every language.
    """

    k: int = 5
    target_role_id: str | None = None
    minutes: float | None = None
    formats: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    challenge: Challenge = "balanced"
    exclude: frozenset[str] = frozenset()
    scenario: Scenario = "next"


class Reason(NamedTuple):
    """One term of the score, in words; `weight` is its share of the positive terms, in [0, 1]."""

    code: ReasonCode
    text: str
    weight: float


class SkillOutlook(NamedTuple):
    """A skill a module teaches, as this learner stands to it.

    `mastery` and `required` are probabilities; None where not known. `expected_gain` is the rise of mastery
    that finishing the module is expected to bring.
    """

    skill_id: str
    mastery: float | None
    required: float | None
    expected_gain: float | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A module that gave way to a variant at a better difficulty or, too hard, to what leads up to it."""

    from_module_id: str
    direction: Literal["easier", "harder"]
    why: str


class RecommendedModule(NamedTuple):
    """One recommended module with why.

    `success_probability` is the chance of passing a typical item of the module; `difficulty` the share of the
    intended audience that does not pass. Either is None where nothing in the data tells. `adjustment` names
    the module that would have stood there or above if its difficulty suited.

    `explored` says that chance put it here and not its score. `propensity` is the chance that such a question
    shows the module at all, in (0, 1]: 1 where nothing is left to chance. With it, rewards of shown modules
    divided by their propensities estimate those of another way of choosing (Horvitz and Thompson 1952).
    """

    module_id: str
    title: str
    rank: int
    score: float
    success_probability: float | None
    difficulty: float | None
    difficulty_fit: DifficultyFit | None
    adjustment: Adjustment | None
    prerequisites_met: bool
    duration_minutes: float | None
    skills: tuple[SkillOutlook, ...]
    reasons: tuple[Reason, ...]
    explored: bool = False
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class RuleRemoval:
    """How many modules a rule removed, and which modules would lift it (at most five)."""

    rule: Rule
    removed: int
    unlocked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The engine's answer to one query."""

    learner_id: str
    generated_at: datetime
    bundle_id: str | None
    fallback: Fallback | None
    modules: tuple[RecommendedModule, ...]
    empty_because: tuple[RuleRemoval, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class SkillMastery:
    """Mastery of one skill now.

    `mastery` is the probability of passing a typical item of the skill, `interval` its 80% interval; `trend`
    compares recent answers with older ones.
    """

    skill_id: str
    name: str
    mastery: float
    interval: tuple[float, float]
    n_attempts: int
    last_practised_at: datetime | None
    trend: Literal["rising", "steady", "falling"]
