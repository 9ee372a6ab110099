"""From a history to what its learner prefers: views, their mix, and the ranker's correction of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.embeddings.content import content_of
from recommender.embeddings.histories import Histories, History
from recommender.embeddings.together import Together
from recommender.embeddings.view import View
from recommender.ranking.features import feature_names
from recommender.ranking.kernel_arrays import Ranking
from recommender.ranking.mixture import LEAST_STARTED, stage_of
from recommender.ranking.module_facts import ModuleFacts, ModuleUse
from recommender.ranking.rank import rank_ids
from recommender.ranking.ranker import Ranker
from recommender.ranking.value import Preference

Floats = NDArray[np.float64]


class Preferences:
    """Views and ranker, put together for one catalogue.

    Parameters
    ----------
    views : mapping of name to View
    ranker : Ranker
        Of these views, in the order of their names.
    module_ids : sequence of str
    facts : ModuleFacts, optional
        Needed where the ranker has trees.
    """

    def __init__(
        self,
        views: Mapping[str, View],
        ranker: Ranker,
        module_ids: Sequence[str],
        facts: ModuleFacts | None = None,
    ) -> None:
        self.views = dict(sorted(views.items()))
        self.ranker = ranker
        self.codes = tuple(view.reason for view in self.views.values())
        self.id_rank = rank_ids(module_ids)
        self.facts = facts
        self.n_features = len(feature_names(list(self.views)))

    @classmethod
    def of(
        cls, catalog: Catalog, views: Mapping[str, View], ranker: Ranker, use: ModuleUse | None = None
    ) -> Self:
        """Put views and ranker together; modules of like content are those of the content view."""
        content = content_of(views)
        similar = None if content is None else content.fitted()
        facts = None if use is None else ModuleFacts.of(catalog, use, similar)
        return cls(views, ranker, catalog.module_ids, facts)

    def scores(self, histories: Histories) -> NDArray[np.float32]:
        """Score histories by every view, shape (n_histories, n_views, n_modules)."""
        return self._together.score(histories)

    def mix(
        self, scores: NDArray[np.float32], history: History, allowed: NDArray[np.bool_], floor: float
    ) -> Preference:
        """Mix one history's scores (n_views, n_modules) over the allowed modules, see `mix_scores`."""
        return mix_scores(self.ranker.weights_[self.stage(history)], scores, allowed, floor)

    def stage(self, history: History) -> int:
        """Stage of a history, a row of the ranker's weights."""
        return stage_of(len(history.modules), self.is_ahead(history.asked_at))

    def weights(self, history: History, asked_at: float) -> Floats:
        """Weights of the views in the mix for somebody asked about at a moment, (n_views,)."""
        weights: Floats = self.ranker.weights_[stage_of(len(history.modules), self.is_ahead(asked_at))]
        return weights

    def is_ahead(self, asked_at: float) -> bool:
        """Whether a question is asked at a moment that the data do not reach."""
        return asked_at >= self._end

    def candidates(self, preferred: Preference) -> NDArray[np.int64]:
        """Positions of the modules that some view puts among its best, ascending; see `RankerConfig`."""
        from recommender.ranking.ranker_kernel import find_candidates

        each, most = self.ranker.config.n_candidates, self.ranker.config.max_candidates
        found: NDArray[np.int64] = find_candidates(preferred.shares, preferred.mix, self.id_rank, each, most)
        return found

    def features(
        self,
        preferred: Preference,
        history: History,
        candidates: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Describe candidates, shape (n_candidates, n_features), in the order of `feature_names`."""
        from recommender.ranking.kernel_arrays import Past
        from recommender.ranking.ranker_kernel import describe

        if self.facts is None:
            raise ValueError("a ranker needs facts of the modules")
        x = np.empty((len(candidates), self.n_features), np.float32)
        past = Past(history.modules, history.at, history.role, self.is_ahead(history.asked_at))
        describe(candidates, preferred.shares, preferred.mix, past, self.facts.compiled, x)
        return x

    def prefer(self, history: History, allowed: NDArray[np.bool_], floor: float) -> Preference:
        """Mix the views, let the ranker share out the candidates' part anew, and favour new modules."""
        from recommender.ranking.ranker_kernel import prefer_block

        histories = Histories.of(history)
        shares, mix, n_allowed = self.scores(histories), np.empty((1, len(allowed))), np.empty(1, np.int64)
        past = (histories.start, histories.modules, histories.at, histories.role)
        ahead = self.is_ahead(history.asked_at)
        prefer_block(self._bound, past, ahead, allowed[None], floor, shares, mix, n_allowed)
        return Preference(shares[0], mix[0], int(n_allowed[0]))

    def compiled(self) -> Any:
        """Return what compiled code reads, as `recommender.ranking.kernel_arrays.Ranking`."""
        facts = self.facts or ModuleFacts.none(len(self.id_rank))
        ranker = self.ranker
        return Ranking(
            weights=ranker.weights_,
            corrected=ranker.corrected_,
            least_started=np.array(LEAST_STARTED, np.int64),
            n_candidates=ranker.config.n_candidates,
            max_candidates=ranker.config.max_candidates,
            n_features=self.n_features,
            new_odds=ranker.config.new_odds,
            id_rank=self.id_rank,
            trees=ranker.compiled(),
            facts=facts.compiled,
        )

    @cached_property
    def _end(self) -> float:
        """Moment that the data reach; without facts nothing is ahead of them."""
        return math.inf if self.facts is None else float(self.facts.use.end[0])

    @cached_property
    def _together(self) -> Together:
        return Together(list(self.views.values()), len(self.id_rank))

    @cached_property
    def _bound(self) -> Any:
        from recommender.bound import bind

        return bind(self.compiled())


def mix_scores(
    weights: Floats,
    scores: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    floor: float,
) -> Preference:
    """Mix views into one distribution over the allowed modules.

    Each view is scaled to sum to 1 over the allowed modules. A view without an opinion there (all NaN or 0)
    drops out and the weights of the others take its place. The mix gives up `floor` of its mass to all
    allowed modules evenly, so that a module unknown to every view keeps a finite log.

    Parameters
    ----------
    weights : float64 array, shape (n_views,)
        At least 0.
    scores : float32 array, shape (n_views, n_modules)
        Never negative, NaN where a view knows nothing.
    allowed : bool array, shape (n_modules,)
    floor : float
        In (0, 1).

    Examples
    --------
    >>> scores = np.array([[3, 1, np.nan]], np.float32)
    >>> mixed = mix_scores(np.ones(1), scores, np.ones(3, bool), floor=0.03)
    >>> mixed.mix.round(4).tolist()
    [0.7375, 0.2525, 0.01]
    """
    from recommender.ranking.ranker_kernel import mix_views

    shares, mix = scores.copy(), np.empty(len(allowed))
    n_allowed = mix_views(shares, weights, allowed, floor, mix)
    return Preference(shares, mix, n_allowed)
