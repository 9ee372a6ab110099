"""Adaptive learning recommendation engine, as a library.

>>> from datetime import UTC, datetime
>>> from recommender import Attempt, Engine, Query
>>> engine = Engine.load("mlruns/champion.json")  # doctest: +SKIP
>>> history = [Attempt(event_id="e1", learner_id="ada", item_id="q1", score=0.4, passed=False)]
>>> answer = engine.recommend(history, query=Query(k=3), now=datetime.now(UTC))  # doctest: +SKIP
"""

from recommender.bundle import ModelBundle
from recommender.domain.events import Attempt, Completion, CredentialEarned, Event, Feedback, SelfAssessment
from recommender.domain.learner import LearnerProfile
from recommender.domain.pathway import Pathway
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
    "InputError",
    "LateEventError",
    "LearnerProfile",
    "LearnerState",
    "ModelBundle",
    "NotFittedError",
    "Pathway",
    "Query",
    "Reason",
    "Recommendation",
    "RecommendedModule",
    "RecommenderError",
    "SelfAssessment",
    "SkillMastery",
    "UnknownIdError",
]
