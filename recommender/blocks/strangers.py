"""What the engine says to somebody of a role and segment who has done nothing: what reasons are held against.

A history is no reason for what anybody in the same place would be recommended as much, and answers are no
reason for a chance of passing that suits without them; see `recommender.ranking.explain`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import ModelBundle
from recommender.embeddings.histories import History
from recommender.ranking.preferences import Preferences
from recommender.skills.mastery import Place

Floats = NDArray[np.float32]


class Strangers(NamedTuple):
    """Of strangers in the places of some learners, by module.

    Parameters
    ----------
    liked : float32 array, shape (n_learners, n_modules)
        How they like each module, above 0.
    success : float32 array, shape (n_learners, n_modules)
        Their chance of passing it, NaN where nothing tells.
    """

    liked: Floats
    success: Floats


class StrangerBook:
    """Looks strangers up, each once; safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
    preferences : Preferences
    """

    def __init__(self, bundle: ModelBundle, preferences: Preferences) -> None:
        self._bundle, self._preferences = bundle, preferences
        self._known: dict[tuple[int, int, bool], Strangers] = {}

    def of(self, role: NDArray[np.int32], segment: NDArray[np.int32], *, ahead: bool) -> Strangers:
        """Look up strangers in the places of some learners.

        Parameters
        ----------
        role, segment : int32 arrays, shape (n_learners,)
            Positions, -1 for none.
        ahead : bool
            The data do not reach the moment of the question.
        """
        found = [self._of_one(*place, ahead) for place in zip(role.tolist(), segment.tolist(), strict=True)]
        if len(found) == 1:
            return found[0]
        return Strangers(*(np.concatenate(rows) for rows in zip(*found, strict=True)))

    def _of_one(self, role: int, segment: int, ahead: bool) -> Strangers:
        at = role, segment, ahead
        if at not in self._known:
            self._known[at] = self._meet(*at)
        return self._known[at]

    def _meet(self, role: int, segment: int, ahead: bool) -> Strangers:
        catalog, skills = self._bundle.catalog, self._bundle.skills
        history = History.empty(role, segment, asked_at=math.inf if ahead else -math.inf)
        everything, floor = np.ones(catalog.n_modules, np.bool_), self._bundle.ranking.value.uniform_floor
        liked = self._preferences.prefer(history, everything, floor).mix
        success = 1.0 - catalog.difficulty
        if skills is not None:
            told = skills.module_success(None, catalog, now=0.0, place=Place(role, segment))
            success = np.where(np.isnan(told), success, told)
        return Strangers(liked.astype(np.float32)[None], success.astype(np.float32)[None])
