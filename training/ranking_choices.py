"""Choices that learners made, described as they would have been asked, for the ranker to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import History, Interactions
from recommender.ranking.preferences import Preferences
from recommender.ranking.ranker import Choices
from recommender.ranking.value import Preference
from training.ranking_slices import Slice

# Histories scored at a time.
_BLOCK = 64


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One choice and what it was made from.

    `allowed` (n_modules,) are the modules not yet started; neither it nor `preferred` may be kept.
    """

    learner: int
    history: History
    allowed: NDArray[np.bool_]
    preferred: Preference
    module: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedSlice:
    """A slice with the views that were fitted on what it knows.

    Parameters
    ----------
    source : Interactions
        Holds the choices and what came before them.
    asked : Slice
    preferences : Preferences
    """

    source: Interactions
    asked: Slice
    preferences: Preferences

    def choices(self, floor: float) -> Iterator[Asked]:
        """Every choice in turn, with the mix of views; `floor` is the share of it that is spread evenly."""
        source, asked, preferences = self.source, self.asked, self.preferences
        histories = source.known(asked.learner, asked.n_known)
        chosen = source.modules[source.start[asked.learner] + asked.n_known]
        allowed = np.ones(source.n_modules, np.bool_)
        for first in range(0, len(chosen), _BLOCK):
            scores = preferences.scores(histories.take(first, min(first + _BLOCK, len(chosen))))
            for i, of_views in enumerate(scores, first):
                history = histories[i]
                allowed[history.modules] = False
                preferred = preferences.mix(of_views, len(history.modules), allowed, floor)
                yield Asked(int(asked.learner[i]), history, allowed, preferred, int(chosen[i]))
                allowed[history.modules] = True


def chosen_shares(
    slices: Sequence[FittedSlice], floor: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Share that each view gave what was chosen (n_choices, n_views), and how much was known (n_choices,)."""
    shares, n_started = [], []
    for part in slices:
        for asked in part.choices(floor):
            shares.append(asked.preferred.shares[:, asked.module].copy())
            n_started.append(len(asked.history.modules))
    return np.array(shares, np.float32), np.array(n_started, np.int64)


def describe_choices(slices: Sequence[FittedSlice], floor: float, n_features: int) -> Choices:
    """Describe the candidates of every choice, as retrieved; a choice that is none of them is left out.

    Parameters
    ----------
    slices : sequence of FittedSlice
        Their preferences hold the weights of views that were learned.
    floor : float
        Share of the mix that is spread evenly.
    n_features : int
        From `feature_names`.
    """
    features, log_mix = [np.empty((0, n_features), np.float32)], [np.empty(0)]
    lengths, chosen, learner = [0], [], []
    for part in slices:
        for asked in part.choices(floor):
            preferred = asked.preferred
            candidates = part.preferences.candidates(preferred, asked.allowed)
            place = int(np.searchsorted(candidates, asked.module))
            if place == len(candidates) or candidates[place] != asked.module:
                continue
            features.append(part.preferences.features(preferred, asked.history, candidates))
            log_mix.append(np.log(preferred.mix[candidates]))
            lengths.append(len(candidates))
            chosen.append(place)
            learner.append(asked.learner)
    start = np.cumsum(lengths, dtype=np.int64)
    return Choices(
        start=start,
        chosen=np.array(chosen, np.int64) + start[:-1],
        learner=np.array(learner, np.int64),
        features=np.concatenate(features),
        log_mix=np.concatenate(log_mix),
    )
