"""Course embeddings: views that score modules from what a learner has started so far.

A view folds a history in; no learner vector is ever stored. `VIEWS` lists every view by its kind. What only
fitting needs (implicit, scikit-learn) is imported by `fit`, so that serving never loads it.
"""

from __future__ import annotations

from recommender.embeddings.als import Als
from recommender.embeddings.content import Content
from recommender.embeddings.cosine import Cosine
from recommender.embeddings.ease import Ease
from recommender.embeddings.histories import Histories, History, Interactions
from recommender.embeddings.interactions import build_interactions
from recommender.embeddings.new_modules import NewModules
from recommender.embeddings.popularity import Popularity
from recommender.embeddings.prerequisites import Prerequisites
from recommender.embeddings.transitions import Transitions
from recommender.embeddings.view import Scores, View

VIEWS: dict[str, type[View]] = {
    "transitions": Transitions,
    "ease": Ease,
    "als": Als,
    "cosine": Cosine,
    "content": Content,
    "new_modules": NewModules,
    "prerequisites": Prerequisites,
    "popularity": Popularity,
}

__all__ = ["VIEWS", "Histories", "History", "Interactions", "Scores", "View", "build_interactions"]
