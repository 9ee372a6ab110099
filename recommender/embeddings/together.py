"""Views of one catalogue, asked together: what they share is compiled into one call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import Histories, History
from recommender.embeddings.neighbour_view import NeighbourView, Wording
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.popularity import Popularity
from recommender.embeddings.view import Scores, View


class Together:
    """Scores a block of histories by every view; each row is, bit by bit, what `View.score` says.

    Neighbours and tables of popularity are handed to the compiled code of those views all at once, since
    calling it costs more than it takes on a small catalogue. Other views, also those that score in a way of
    their own, are asked one by one.

    Parameters
    ----------
    views : sequence of View
        Fitted, of one catalogue; what they have learned is looked up here and once.
    n_modules : int
    """

    def __init__(self, views: Sequence[View], n_modules: int) -> None:
        self.views, self.n_modules = tuple(views), n_modules
        self._near = [i for i, view in enumerate(views) if _scores_as(view, NeighbourView)]
        self._popular = [i for i, view in enumerate(views) if _scores_as(view, Popularity)]
        together = {*self._near, *self._popular}
        self._others = [(i, view) for i, view in enumerate(views) if i not in together]

    def score(self, histories: Histories) -> Scores:
        """Score every module by every view, shape (n_histories, n_views, n_modules)."""
        out = np.empty((len(histories), len(self.views), self.n_modules), np.float32)
        if len(self._others) < len(self.views):
            from recommender.embeddings.together_kernel import score_views  # it brings the compiler

            asked = (histories.start, histories.modules, histories.role, histories.segment)
            score_views(self._bound, *asked, out)
        for i, view in self._others:
            out[:, i] = view.score(histories)
        return out

    @cached_property
    def _bound(self) -> Any:
        from recommender.bound import bind
        from recommender.embeddings.together_kernel import Tables, Views

        popular = [view for i in self._popular if isinstance(view := self.views[i], Popularity)]
        tables = [view.table() for view in popular] or [np.zeros((1, self.n_modules), np.float32)]
        sliced = np.array([view.sliced for view in popular], np.int64)
        first_only = np.array([view.config.first_only for view in popular], np.bool_)
        places = np.array(self._popular, np.int64)
        near = _rows([(i, self.views[i]) for i in self._near], self.n_modules)
        return bind(Views(near, Tables(tuple(tables), sliced, first_only, places)))


class Sequences:
    """Says after what a module is taken.

    Parameters
    ----------
    views : sequence of View
        Of one catalogue. Those that hold neighbours and give the reason ``next_in_sequence`` are asked.
    n_modules : int
    """

    def __init__(self, views: Sequence[View], n_modules: int) -> None:
        self._near = [(i, view) for i, view in enumerate(views) if isinstance(view, NeighbourView)]
        self._asked = np.array([view.reason == "next_in_sequence" for _, view in self._near], np.bool_)
        self._n_views, self._n_modules = len(views), n_modules

    def leading(
        self,
        history: History,
        modules: Sequence[int],
        shares: NDArray[np.float32],
        weights: NDArray[np.float64],
    ) -> list[tuple[int, Wording]]:
        """Find the started module that leads to each of some modules, and how.

        That is told by the view that says most of those that name any. It is named if it makes at least half
        of all that the views say for the module: without it, they would say much less. Where many speak for
        it alike, none is.

        Parameters
        ----------
        history : History
        modules : sequence of int
        shares : float32 array, shape (n_views, n_modules)
            Of all views, for each module.
        weights : float64 array, shape (n_views,)
            A view says as much as its share times its weight.

        Returns
        -------
        list of (int, str)
            For each module the position of what was started, -1 for none, and `NeighbourView.wording` of the
            view.
        """
        if not modules:
            return []
        found = np.empty((len(modules), 2), np.int64)
        self._lead(history.modules, np.array(modules, np.int64), shares, weights, found)
        return [(source, self._near[by][1].wording if by >= 0 else "") for source, by in found.tolist()]

    def warm(self) -> None:
        """Compile what `leading` runs, or load it from the cache."""
        nobody = Histories.of(History.empty())[0]
        nothing = np.zeros((self._n_views, self._n_modules), np.float32)
        self.leading(nobody, [0], nothing, np.zeros(self._n_views))

    @cached_property
    def _lead(self) -> Any:
        from recommender.bound import bind
        from recommender.embeddings.together_kernel import lead  # it brings the compiler

        return partial(lead, bind(_rows(self._near, self._n_modules)), self._asked)


def _scores_as(view: View, kind: type[NeighbourView] | type[Popularity]) -> bool:
    """Whether a view is of a kind and scores as that kind does."""
    return isinstance(view, kind) and type(view).score is kind.score


def _rows(views: Sequence[tuple[int, View]], n_modules: int) -> Any:
    """Arrays of views that hold neighbours, given with their places, as `NeighbourRows`."""
    from recommender.embeddings.together_kernel import NeighbourRows

    near = [(i, view) for i, view in views if isinstance(view, NeighbourView)]
    rows = [view.fitted() for _, view in near] or [Neighbours.none(n_modules)]
    return NeighbourRows(
        tuple(of.start for of in rows),
        tuple(of.modules for of in rows),
        tuple(of.weights for of in rows),
        tuple(of.known for of in rows),
        np.array([view.config.window for _, view in near], np.int64),
        np.array([view.config.recency for _, view in near], np.float64),
        np.array([i for i, _ in near], np.int64),
    )
