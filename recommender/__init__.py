"""Adaptive learning recommendation engine, as a library.

>>> from datetime import UTC, datetime
>>> from recommender import Attempt, Engine, Query
>>> engine = Engine.load("mlruns/champion.json")  # doctest: +SKIP
>>> history = [Attempt(event_id="e1", learner_id="ada", item_id="q1", score=0.4, passed=False)]
>>> answer = engine.recommend(history, query=Query(k=3), now=datetime.now(UTC))  # doctest: +SKIP
"""

from recommender.bundle import ModelBundle
from recommender.domain.events import Attempt, Completion, CredentialEarned, Event, Feedback, SelfAssessment
from recommender.domain.gap import GapReport, TeamGapReport
from recommender.domain.learner import LearnerProfile
from recommender.domain.pathway import Pathway
from recommender.domain.people import Mentor, MentorAssignment, SkillChampions
from recommender.domain.recommendation import (
    Query,
    Reason,
    Recommendation,
    RecommendedModule,
    SkillMastery,
)
from recommender.engine import Engine
from recommender.errors import (
    BundleError,
    ConfigurationError,
    DatasetError,
    InputError,
    NotFittedError,
    RecommenderError,
    UnknownIdError,
)
from recommender.pathways.team_gap import team_gaps
from recommender.people.champions import champions
from recommender.people.config import PeopleConfig
from recommender.people.mentors import assign_mentors, find_mentors
from recommender.people.table import MentorTable
from recommender.skills.state import LateEventError, LearnerState

__all__ = [
    "Attempt",
    "BundleError",
    "Completion",
    "ConfigurationError",
    "CredentialEarned",
    "DatasetError",
    "Engine",
    "Event",
    "Feedback",
    "GapReport",
    "InputError",
    "LateEventError",
    "LearnerProfile",
    "LearnerState",
    "Mentor",
    "MentorAssignment",
    "MentorTable",
    "ModelBundle",
    "NotFittedError",
    "Pathway",
    "PeopleConfig",
    "Query",
    "Reason",
    "Recommendation",
    "RecommendedModule",
    "RecommenderError",
    "SelfAssessment",
    "SkillChampions",
    "SkillMastery",
    "TeamGapReport",
    "UnknownIdError",
    "assign_mentors",
    "champions",
    "find_mentors",
    "team_gaps",
]
