"""Choices that learners made, described as they would have been asked, for the ranker to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import History
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

    held_out: bool
    history: History
    allowed: NDArray[np.bool_]
    preferred: Preference
    module: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedSlice:
    """A slice with the views that were fitted on what it knows.

    Parameters
    ----------
    asked : Slice
    preferences : Preferences
    """

    asked: Slice
    preferences: Preferences

    def choices(self, floor: float) -> Iterator[Asked]:
        """Every choice in turn, with the mix of views; `floor` is the share of it that is spread evenly."""
        asked, preferences = self.asked, self.preferences
        histories = asked.source.known(asked.learner, asked.n_known)
        allowed = asked.offered.copy()
        for first in range(0, len(asked.module), _BLOCK):
            scores = preferences.scores(histories.take(first, min(first + _BLOCK, len(asked.module))))
            for i, of_views in enumerate(scores, first):
                history = replace(histories[i], asked_at=asked.asked_at)
                allowed[history.modules] = False
                preferred = preferences.mix(of_views, history, allowed, floor)
                yield Asked(bool(asked.held_out[i]), history, allowed, preferred, int(asked.module[i]))
                allowed[history.modules] = asked.offered[history.modules]


def chosen_shares(
    slices: Sequence[FittedSlice], floor: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Share that each view gave what was chosen (n_choices, n_views), and the stage of each (n_choices,)."""
    shares, stages = [], []
    for part in slices:
        for asked in part.choices(floor):
            shares.append(asked.preferred.shares[:, asked.module].copy())
            stages.append(part.preferences.stage(asked.history))
    return np.array(shares, np.float32), np.array(stages, np.int64)


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
    lengths, chosen, held_out, stage = [0], [], [], []
    for part in slices:
        for asked in part.choices(floor):
            preferred = asked.preferred
            candidates = part.preferences.candidates(preferred)
            # In the order of ids: what is drawn from them must not depend on how the catalogue is sorted.
            candidates = candidates[np.argsort(part.preferences.id_rank[candidates])]
            place = np.flatnonzero(candidates == asked.module)
            if not len(place):
                continue
            features.append(part.preferences.features(preferred, asked.history, candidates))
            log_mix.append(np.log(preferred.mix[candidates]))
            lengths.append(len(candidates))
            chosen.append(int(place[0]))
            held_out.append(asked.held_out)
            stage.append(part.preferences.stage(asked.history))
    start = np.cumsum(lengths, dtype=np.int64)
    return Choices(
        start=start,
        chosen=np.array(chosen, np.int64) + start[:-1],
        held_out=np.array(held_out, np.bool_),
        stage=np.array(stage, np.int64),
        features=np.concatenate(features),
        log_mix=np.concatenate(log_mix),
    )
