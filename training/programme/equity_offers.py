"""What is recommended to each learner now, counted over the places of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import LearnerBlock
from recommender.domain.events import to_seconds
from recommender.engine import Engine
from recommender.ranking.kernel_arrays import ON_LEVEL, REVIEW, STRETCH, UNKNOWN
from training.programme.ledger import Bools
from training.programme.programme import Programme

K: Final = 10
"""Places of a list."""
MOST_SERVED: Final = 20_000
"""Learners whose lists are made at most; of more, so many are drawn."""
Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Counts over the `K` places of each learner's list, arrays of shape (n_learners,); 0 for who has none.

    Parameters
    ----------
    served : bool array
        Whose lists were made.
    filled : float64 array
        Places that hold a module.
    easier, on_level, harder, unknown : float64 arrays
        Places of modules above, in and below the band of success that suits the learner, and of those whose
        difficulty for the learner is not known; they sum to `filled`.
    n_success, success : float64 arrays
        Modules whose chance of passing is known, and the sum of these chances.
    kinds : dict of (str, str) to float64 array
        Places by ``("format", name)`` and ``("level", name)``, of kinds that were recommended at all.
    """

    served: Bools
    filled: Counts
    easier: Counts
    on_level: Counts
    harder: Counts
    unknown: Counts
    n_success: Counts
    success: Counts
    kinds: dict[tuple[str, str], Counts]


def offers(programme: Programme, among: Bools) -> Offers | None:
    """Recommend to some learners as of now, as the engine does; None without modules.

    Parameters
    ----------
    programme : Programme
        With a bundle.
    among : bool array, shape (n_learners,)
    """
    if programme.bundle is None or not programme.bundle.catalog.n_modules or not among.any():
        return None
    block, rows = programme.block(), np.arange(len(among))
    if len(rows) > MOST_SERVED:
        drawn = programme.rng("equity lists").permutation(np.flatnonzero(among))[:MOST_SERVED]
        rows = np.sort(drawn)
        block = LearnerBlock.joined([block.take(row, row + 1) for row in rows.tolist()])
    recommender = Engine(programme.bundle).in_blocks()
    answer = recommender.recommend(block, k=K, now=to_seconds(programme.now))
    module, fit, success = answer.module, answer.choice["fit"], answer.choice["success"]
    there = module >= 0

    def counted(places: Bools, weight: Counts | None = None) -> Counts:
        counts = np.zeros(len(among))
        counts[rows] = np.where(places, 1.0 if weight is None else weight, 0.0).sum(axis=1)
        return np.where(among, counts, 0.0)

    catalog, kinds = programme.bundle.catalog, {}
    for what, names in (("format", catalog.formats), ("level", catalog.levels)):
        for name in sorted(set(names[module[there]].tolist()) - {""}):
            kinds[what, name] = counted(there & (names[module] == name))
    served = np.zeros(len(among), np.bool_)
    served[rows] = True
    is_known = there & np.isfinite(success)
    return Offers(
        served=served & among,
        filled=counted(there),
        easier=counted(there & (fit == REVIEW)),
        on_level=counted(there & (fit == ON_LEVEL)),
        harder=counted(there & (fit == STRETCH)),
        unknown=counted(there & (fit == UNKNOWN)),
        n_success=counted(is_known),
        success=counted(is_known, success),
        kinds=kinds,
    )
