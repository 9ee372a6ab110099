"""What the engine says to somebody of a role and segment who has done nothing: what reasons are held against.

A history is no reason for what anybody in the same place would be recommended as much, and answers are no
reason for a chance of passing that suits without them; see `recommender.ranking.explain`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import ModelBundle
from recommender.embeddings.histories import History
from recommender.ranking.preferences import Preferences
from recommender.skills.mastery import Place

Floats = NDArray[np.float64]

# Strangers that are kept: a learner's is met again with the next question.
_KEPT: Final = 256


class Strangers(NamedTuple):
    """Of strangers in the places of some learners, by module.

    Parameters
    ----------
    liked : float64 array, shape (n_learners, n_modules)
        How they like each module, above 0.
    success : float64 array, shape (n_learners, n_modules)
        Their chance of passing it, NaN where nothing tells.
    """

    liked: Floats
    success: Floats


class StrangerBook:
    """Looks strangers up, and keeps those met last; safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
    preferences : Preferences
    """

    def __init__(self, bundle: ModelBundle, preferences: Preferences) -> None:
        self._bundle, self._preferences = bundle, preferences
        self._of_one = lru_cache(_KEPT)(self._meet)

    def of(
        self, role: NDArray[np.int32], segment: NDArray[np.int32], *, ahead: bool, floor: float
    ) -> Strangers:
        """Look up strangers in the places of some learners.

        Parameters
        ----------
        role, segment : int32 arrays, shape (n_learners,)
            Positions, -1 for none.
        ahead : bool
            The data do not reach the moment of the question.
        floor : float
            Share of preference that is spread evenly.
        """
        places = zip(role.tolist(), segment.tolist(), strict=True)
        found = [self._of_one(*place, ahead, floor) for place in places]
        if len(found) == 1:
            return found[0]
        return Strangers(*(np.concatenate(rows) for rows in zip(*found, strict=True)))

    def _meet(self, role: int, segment: int, ahead: bool, floor: float) -> Strangers:
        catalog, skills = self._bundle.catalog, self._bundle.skills
        history = History.empty(role, segment, asked_at=math.inf if ahead else -math.inf)
        liked = self._preferences.prefer(history, np.ones(catalog.n_modules, np.bool_), floor).mix
        success = 1.0 - catalog.difficulty
        if skills is not None:
            told = skills.module_success(None, catalog, now=0.0, place=Place(role, segment))
            success = np.where(np.isnan(told), success, told)
        return Strangers(liked[None], success[None])
