"""From scores to the modules that are shown: the best ones, unlike each other, now and then one by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats, Ints
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import View
from recommender.ranking.config import RankingConfig
from recommender.ranking.explore import draws_of
from recommender.ranking.kernel_arrays import Order
from recommender.ranking.module_facts import ModuleUse
from recommender.ranking.rank import rank_ids
from recommender.ranking.rerank import likeness

_NO_DRAWS: Final = np.ones(3)


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

    def compiled(self, catalog: Catalog) -> Order:
        """Return what compiled code reads."""
        group = catalog.variant_group
        members = np.argsort(group, kind="stable")
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(group, minlength=len(group)))])
        return Order(
            self.id_rank,
            group,
            start,
            members,
            np.flatnonzero(np.diff(start) > 1),
            self.diversity,
            self.alike.start,
            self.alike.modules,
            self.alike.weights,
            self.exploration,
            self.rarity,
            self.by_id,
        )

    def draws(self, *key: str) -> NDArray[np.float64]:
        """Draw for one question, (3,), see `explore.draws_of`; nothing where there is no exploration."""
        return np.array(draws_of(*key)) if self.exploration > 0 else _NO_DRAWS
