"""The fixed mix of views, as the engine ranks by it and as an evaluation must judge it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import Histories, History
from recommender.embeddings.view import View
from recommender.ranking.config import RankingConfig
from recommender.ranking.value import Preference, preference


def mix_views(
    views: Mapping[str, View],
    ranking: RankingConfig,
    history: History,
    allowed: NDArray[np.bool_],
    *,
    uniform_floor: float | None = None,
) -> Preference:
    """Score one history by every view and mix them over the allowed modules (n_modules,).

    A view of weight 0 is not asked. `uniform_floor` takes the place of the configured one where it is given.
    """
    floor = ranking.value.uniform_floor if uniform_floor is None else uniform_floor
    block = Histories.of(history)
    weights = {name: ranking.view_weights.get(name, 0.0) for name in views}
    scores = [(weights[n], v.reason, v.score(block)[0]) for n, v in views.items() if weights[n] > 0]
    return preference(scores, allowed, floor)
