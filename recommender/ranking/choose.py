"""From scores to the modules that are shown: the best ones, unlike each other, now and then one by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats, Ints
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import View
from recommender.ranking.config import RankingConfig
from recommender.ranking.explore import Shown, draws_of, explore
from recommender.ranking.module_facts import ModuleUse
from recommender.ranking.rank import rank_ids
from recommender.ranking.rerank import diverse_top, likeness


@dataclass(frozen=True, slots=True, eq=False)
class Chooser:
    """What choosing among the scored modules of one catalogue needs.

    Parameters
    ----------
    diversity, exploration : float
        From `RankingConfig`.
    id_rank, by_id : int arrays, shape (n_modules,)
        From `rank_ids`, and positions in that order.
    alike : Neighbours
        From `rerank.likeness`; none where `diversity` is 0.
    rarity : float64 array, shape (n_modules,)
        How little is known of each module: ``1 / sqrt(1 + starts)``, as the error of a share falls.
    """

    diversity: float
    exploration: float
    id_rank: Ints
    by_id: NDArray[np.intp]
    alike: Neighbours
    rarity: Floats

    @classmethod
    def of(
        cls, catalog: Catalog, views: Mapping[str, View], ranking: RankingConfig, use: ModuleUse | None
    ) -> Self:
        """Make what is needed; without `use` all modules are equally rare."""
        starts = np.zeros(catalog.n_modules) if use is None else use.learned[:, 0].astype(np.float64)
        n = catalog.n_modules
        alike = likeness(catalog, views) if ranking.diversity > 0 else Neighbours.none(n)
        id_rank = rank_ids(catalog.module_ids)
        return cls(
            ranking.diversity,
            ranking.exploration,
            id_rank,
            np.argsort(id_rank),
            alike,
            1.0 / np.sqrt(1.0 + starts),
        )

    def best(self, score: Floats, allowed: NDArray[np.bool_], k: int) -> NDArray[np.intp]:
        """Positions of the `k` best, see `rerank.diverse_top`."""
        return diverse_top(score, allowed, k, self.id_rank, weight=self.diversity, alike=self.alike)

    def show(
        self,
        chosen: NDArray[np.intp],
        allowed: NDArray[np.bool_],
        *,
        bundle_id: str,
        learner_id: str,
        now: datetime,
    ) -> Shown:
        """Explore, see `explore.explore`; what is drawn depends on model, learner and day (UTC)."""
        if self.exploration <= 0:
            return Shown(chosen, np.ones(len(chosen)))
        return explore(
            chosen,
            allowed,
            probability=self.exploration,
            rarity=self.rarity,
            by_id=self.by_id,
            draws=draws_of(bundle_id, learner_id, now.astimezone(UTC).date().isoformat()),
        )
