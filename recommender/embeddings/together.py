"""Views of one catalogue, scored together: what they share is compiled into one call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.embeddings.histories import Histories
from recommender.embeddings.neighbour_view import NeighbourView
from recommender.embeddings.popularity import Popularity
from recommender.embeddings.view import Scores, View


class Together:
    """Scores a block of histories by every view; each row is, bit by bit, what `View.score` says.

    Neighbours and tables of popularity are handed to the compiled code of those views all at once, since
    calling it costs more than it takes on a small catalogue. Other kinds of views are asked one by one.

    Parameters
    ----------
    views : sequence of View
        Fitted, of one catalogue; what they have learned is looked up here and once.
    n_modules : int
    """

    def __init__(self, views: Sequence[View], n_modules: int) -> None:
        self.n_views, self.n_modules = len(views), n_modules
        near = [(i, view) for i, view in enumerate(views) if isinstance(view, NeighbourView)]
        popular = [(i, view) for i, view in enumerate(views) if isinstance(view, Popularity)]
        self._neighbours = None
        if near:
            rows = [view.fitted() for _, view in near]
            self._neighbours = (
                tuple(r.start for r in rows),
                tuple(r.modules for r in rows),
                tuple(r.weights for r in rows),
                tuple(r.known for r in rows),
                np.array([view.config.window for _, view in near], np.int64),
                np.array([view.config.recency for _, view in near], np.float64),
                np.array([i for i, _ in near], np.int64),
            )
        self._popularity = None
        if popular:
            self._popularity = (
                tuple(view.table() for _, view in popular),
                np.array([view.sliced for _, view in popular], np.int64),
                np.array([view.config.first_only for _, view in popular], np.bool_),
                np.array([i for i, _ in popular], np.int64),
            )
        together = {i for i, _ in (*near, *popular)}
        self._others = [(i, view) for i, view in enumerate(views) if i not in together]

    def score(self, histories: Histories) -> Scores:
        """Score every module by every view, shape (n_histories, n_views, n_modules)."""
        out = np.empty((len(histories), self.n_views, self.n_modules), np.float32)
        if self._neighbours is not None:
            from recommender.embeddings.together_kernel import score_neighbour_views

            score_neighbour_views(*self._neighbours, histories.start, histories.modules, out)
        if self._popularity is not None:
            from recommender.embeddings.together_kernel import score_popularity_views

            asked = (histories.start, histories.role, histories.segment)
            score_popularity_views(*self._popularity, *asked, out)
        for i, view in self._others:
            out[:, i] = view.score(histories)
        return out
