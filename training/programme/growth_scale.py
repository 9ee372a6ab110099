"""A scale on which answers to different items compare, and where groups of people stand on it.

The chance of passing is that of Rasch (1960): logit = ability at that time - difficulty of the item.
Difficulties are found from pairs of answers of one sitting, of which one passed and one failed: which of the
two it was depends on the two items, and neither on the person nor on the time (pairwise conditional
likelihood: Choppin 1968; Zwinderman 1995, Applied Psychological Measurement 19). So able people may well be
asked other items than the rest, and later ones than at the start. Where a group stands is then found with a
normal distribution of its ability (marginal likelihood: Bock and Aitkin 1981, Psychometrika 46), and told as
the share that it would pass of one mix of items, the same for all groups and times.

All of it is found anew in each resample of people (bootstrap: Efron 1979), difficulties too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array
from scipy.special import expit

from training.programme.growth_sittings import Floats, Ints, Sittings

_PRIOR: Final = 1 / 100
"""Precision of difficulties: their deviation is 10 logits, so that items that everybody passes have one too.

Less draws items to each other, and what is only easier looks like learning: by .02 with 3 logits and by .01
with 10, in worlds of 40 people who are asked easier items later.
"""
_NODES: Final = np.linspace(-5.25, 5.25, 15)
_NARROWEST: Final = 0.4
"""Least deviation of ability; what is much less than a step of the nodes cannot be seen on them."""
_STEPS: Final = 200
_STEPS_AGAIN: Final = 8
_STILL: Final = 3e-4
_QUITE_STILL: Final = 1e-7
"""Logits of mean and deviation together below which a group is taken to stand, in resamples and at first."""
_NEAR: Final = 0.01
"""Logits by which difficulties of a resample may still be off; their error is many times that."""
_CHUNK: Final = 32


@dataclass(frozen=True)
class Scale:
    """Sittings on a scale, for all people and for resamples of them.

    Parameters
    ----------
    sittings : Sittings
        With at least one.
    weights : float array, shape (1 + n_resamples, n_learners)
        How often each learner is in; row 0 is ones.
    """

    sittings: Sittings
    weights: Floats

    @cached_property
    def difficulty(self) -> Floats:
        """Difficulty of each item in logits, 0 in mean over answers; shape (1 + n_resamples, n_items)."""
        pairs = _Pairs(self.sittings)
        first = pairs.fitted(self.weights[:1])
        found = np.concatenate([first, pairs.fitted(self.weights[1:], first[0])])
        centred: Floats = found - (found @ self.mix)[:, None]
        return centred

    @cached_property
    def mix(self) -> Floats:
        """Share of each item among all answers, which is what "the same items" are; shape (n_items,)."""
        asked = np.asarray(self.sittings.asked.sum(axis=0), np.float64)
        mix: Floats = asked / asked.sum()
        return mix

    def levels(self, groups: Sequence[Ints]) -> Floats:
        """Share of the mix of items that each group would pass.

        Parameters
        ----------
        groups : sequence of int arrays
            Rows of sittings, in any number of groups; none is empty.

        Returns
        -------
        float array, shape (1 + n_resamples, n_groups)
            In [0, 1]; NaN in a resample that nobody of a group is in.
        """
        used = np.unique(np.concatenate([*groups, np.empty(0, np.int64)]))
        where = [np.searchsorted(used, group) for group in groups]
        asked = self.sittings.asked[used]
        passed = np.asarray(self.sittings.passed[used].sum(axis=1), np.float64)
        learner = self.sittings.learner[used]
        levels = np.empty((len(self.weights), len(groups)))
        normals: list[tuple[float, float]] = [(0.0, 1.0)] * len(groups)
        for draw, (weights, difficulty) in enumerate(zip(self.weights, self.difficulty, strict=True)):
            likelihood = _likelihood(asked, passed, difficulty)
            expected = expit(_NODES[:, None] - difficulty) @ self.mix
            for at, rows in enumerate(where):
                mass, normal = _mass(
                    likelihood[rows], weights[learner[rows]], normals[at], _STILL if draw else _QUITE_STILL
                )
                levels[draw, at] = mass @ expected
                if not draw:
                    normals[at] = normal
        return levels


def resampled(n_learners: int, n_resamples: int, rng: np.random.Generator) -> Floats:
    """Return weights for a `Scale`: ones, and how often each learner is drawn in each resample."""
    drawn = rng.multinomial(n_learners, np.full(n_learners, 1 / n_learners), size=n_resamples)
    return np.concatenate([np.ones((1, n_learners)), drawn]).astype(np.float64)


class _Pairs:
    """Pairs of answers of one sitting, one passed and one failed, counted by pair of items and by learner."""

    def __init__(self, sittings: Sittings) -> None:
        asked, passed = sittings.asked, sittings.passed
        self.n_items = n = asked.shape[1]
        won = csr_array(passed)
        won.eliminate_zeros()
        lost = csr_array(asked - passed)
        lost.eliminate_zeros()
        n_won, n_lost = np.diff(won.indptr), np.diff(lost.indptr)
        # Each item passed of a sitting beside each item failed of it.
        sitting = np.repeat(np.repeat(np.arange(len(n_won)), n_won), np.repeat(n_lost, n_won))
        better = np.repeat(won.indices, np.repeat(n_lost, n_won)).astype(np.int64)
        starts = np.repeat(np.cumsum(n_won * n_lost) - n_won * n_lost, n_won * n_lost)
        nth = np.arange(len(sitting)) - starts
        worse = lost.indices[lost.indptr[sitting] + nth % np.maximum(n_lost[sitting], 1)].astype(np.int64)
        cell, of = np.unique(better * n + worse, return_inverse=True)
        self.better, self.worse = np.divmod(cell, n)
        # With this weight n answers of a sitting count as n answers, not as n squared.
        weight = 2.0 / (n_won + n_lost)[sitting]
        shape = (len(cell), sittings.due.shape[1])
        self.counts = csr_array((weight, (of, sittings.learner[sitting])), shape=shape)
        # Sums over pairs by item: plus where it failed, minus where it passed.
        signs = np.repeat(np.array([1.0, -1.0]), len(cell))
        cells = np.tile(np.arange(len(cell)), 2)
        self.by_item = csr_array((signs, (np.r_[self.worse, self.better], cells)), shape=(n, len(cell)))

    def fitted(self, weights: Floats, start: Floats | None = None) -> Floats:
        """Difficulties for each row of weights; Newton steps, from `start` all with the curvature of ones."""
        if start is None:
            return self._fitted_once(weights[0])[None]
        factor = cho_factor(self._curvature(np.asarray(self.counts.sum(axis=1)), start))
        found = np.tile(start[:, None], len(weights))
        for at in range(0, len(weights), _CHUNK):
            part = slice(at, at + _CHUNK)
            counts: Floats = np.asarray(self.counts @ weights[part].T)
            for _ in range(_STEPS_AGAIN):
                step = cho_solve(factor, self._slope(counts, found[:, part]))
                found[:, part] += step
                if np.abs(step).max(initial=0.0) < _NEAR:
                    break
        difficulty: Floats = found.T
        return difficulty

    def _fitted_once(self, weights: Floats) -> Floats:
        counts: Floats = np.asarray(self.counts @ weights)
        found = np.zeros(self.n_items)
        for _ in range(_STEPS):
            slope = self._slope(counts[:, None], found[:, None])[:, 0]
            step = cho_solve(cho_factor(self._curvature(counts, found)), slope)
            # An item that nearly all pass is far off at first.
            found += np.clip(step, -1.0, 1.0)
            if np.abs(step).max(initial=0.0) < 1e-8:
                break
        return found

    def _slope(self, counts: Floats, difficulty: Floats) -> Floats:
        """Slope of the log likelihood; counts by pair and resample, difficulties by item and resample."""
        left = difficulty[self.worse] - difficulty[self.better]
        np.exp(left, out=left)
        left += 1.0
        np.divide(counts, left, out=left)
        slope: Floats = self.by_item @ left - _PRIOR * difficulty
        return slope

    def _curvature(self, counts: Floats, difficulty: Floats) -> Floats:
        chance = expit(difficulty[self.worse] - difficulty[self.better])
        weighed = self.by_item.multiply(counts * chance * (1 - chance)) @ self.by_item.T
        curvature: Floats = weighed.toarray() + _PRIOR * np.eye(self.n_items)
        return curvature


def _likelihood(asked: csr_array, passed: Floats, difficulty: Floats) -> Floats:
    """Likelihood of each sitting at each node of ability, but for a factor; shape (n_sittings, n_nodes)."""
    each = np.logaddexp(0.0, _NODES - difficulty[:, None])
    log = passed[:, None] * _NODES - asked @ each
    likelihood: Floats = np.exp(log - log.max(axis=1, keepdims=True))
    return likelihood


def _mass(
    likelihood: Floats, weights: Floats, normal: tuple[float, float], still: float
) -> tuple[Floats, tuple[float, float]]:
    """Where the ability of a group lies, by node; and mean and deviation of it.

    The normal distribution is fitted by expectation and maximisation; the mass is what is then expected of
    each person, in mean.
    """
    mean, deviation = normal
    total = weights.sum()
    if not total:
        return np.full(len(_NODES), np.nan), normal
    for _ in range(_STEPS):
        prior = np.exp(-0.5 * ((_NODES - mean) / deviation) ** 2)
        mass = prior * ((weights / (likelihood @ prior)) @ likelihood) / total
        mean_before, deviation_before = mean, deviation
        mean = float(mass @ _NODES)
        deviation = max(_NARROWEST, float(np.sqrt(mass @ (_NODES - mean) ** 2)))
        if abs(mean - mean_before) + abs(deviation - deviation_before) < still:
            break
    return mass, (mean, deviation)
