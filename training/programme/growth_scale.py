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

from training.programme.growth_sittings import FEWEST_PEOPLE, Floats, Ints, Sittings

_PRIOR: Final = 1 / 25
"""Precision of difficulties: their deviation is 5 logits, so that items that everybody passes have one too.

Less draws items to each other, and what is only easier looks like learning; more lets items wander off that
few answered.
"""
_NODES: Final = np.linspace(-5.4, 5.4, 19)
_NARROWEST: Final = 0.5
"""Least deviation of ability; what is much less than a step of the nodes cannot be seen on them."""
_STEPS: Final = 200
_STILL: Final = 3e-4
_QUITE_STILL: Final = 1e-7
"""Logits of mean and deviation together below which a group is taken to stand, in resamples and at first."""
_NEAR: Final = 0.05
_NEAR_AT_FIRST: Final = 1e-7
"""Largest of the last steps of difficulties, in standard errors of each, in resamples and at first."""
_PARTS: Final = 3
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
        asked = self.sittings.asked[used]
        passed = np.asarray(self.sittings.passed[used].sum(axis=1), np.float64)
        learner = self.sittings.learner[used]
        hard = asked @ self.difficulty[0] / np.asarray(asked.sum(axis=1))
        parts = [_alike(np.searchsorted(used, group), hard) for group in groups]
        levels = np.empty((len(self.weights), len(groups)))
        normals = [[(0.0, 1.0)] * len(of_group) for of_group in parts]
        for draw, (weights, difficulty) in enumerate(zip(self.weights, self.difficulty, strict=True)):
            likelihood = _likelihood(asked, passed, difficulty)
            expected = expit(_NODES[:, None] - difficulty) @ self.mix
            for at, of_group in enumerate(parts):
                total = inside = 0.0
                for nth, rows in enumerate(of_group):
                    own = weights[learner[rows]]
                    if not own.any():
                        continue
                    mass, normal = _mass(
                        likelihood[rows], own, normals[at][nth], _STILL if draw else _QUITE_STILL
                    )
                    total += own.sum() * float(mass @ expected)
                    inside += own.sum()
                    if not draw:
                        normals[at][nth] = normal
                levels[draw, at] = total / inside if inside else np.nan
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
        low, high = np.minimum(better, worse), np.maximum(better, worse)
        cell, of = np.unique(low * n + high, return_inverse=True)
        self.low, self.high = np.divmod(cell, n)
        # With this weight n answers of a sitting count as n answers, not as n squared.
        weight = 2.0 / (n_won + n_lost)[sitting]
        shape = (len(cell), sittings.due.shape[1])
        learner = sittings.learner[sitting]
        self.counts = csr_array((weight, (of, learner)), shape=shape)
        # Of those the ones in which the item of the lower number failed.
        failed = worse == low
        self.failed = csr_array((weight[failed], (of[failed], learner[failed])), shape=shape)

    def fitted(self, weights: Floats, start: Floats | None = None) -> Floats:
        """Difficulties for each row of weights by Newton steps, from `start` if there is one."""
        found = np.empty((len(weights), self.n_items))
        first = np.zeros(self.n_items) if start is None else start
        near = _NEAR_AT_FIRST if start is None else _NEAR
        for at in range(0, len(weights), _CHUNK):
            part = slice(at, at + _CHUNK)
            counts = np.asarray(self.counts @ weights[part].T)
            failed = np.asarray(self.failed @ weights[part].T)
            for draw in range(counts.shape[1]):
                found[at + draw] = self._fitted_once(counts[:, draw], failed[:, draw], first, near)
        return found

    def _fitted_once(self, counts: Floats, failed: Floats, start: Floats, near: float) -> Floats:
        n, found = self.n_items, start.copy()
        inside = counts > 0
        counts, failed, low, high = counts[inside], failed[inside], self.low[inside], self.high[inside]
        for _ in range(_STEPS):
            chance = expit(found[low] - found[high])
            more = failed - counts * chance
            slope = np.bincount(low, more, n) - np.bincount(high, more, n) - _PRIOR * found
            known = counts * chance * (1 - chance)
            curvature = np.bincount(low * n + high, known, n * n).reshape(n, n)
            curvature += curvature.T
            alone = curvature.sum(axis=0) + _PRIOR
            np.negative(curvature, out=curvature)
            np.fill_diagonal(curvature, alone)
            step = cho_solve(cho_factor(curvature, overwrite_a=True, check_finite=False), slope)
            # An item that nearly all pass is far off at first.
            found += np.clip(step, -1.0, 1.0)
            if (np.abs(step) * np.sqrt(alone)).max(initial=0.0) < near:
                break
        return found


def _alike(rows: Ints, hard: Floats) -> list[Ints]:
    """Cut a group by how hard the items were that its people were asked: in three, or as it has 20s.

    Who is asked harder items is often more able: in each part that is taken as it is (Mislevy 1991,
    Psychometrika 56, conditions on what is known of people likewise).
    """
    n_parts = max(1, min(_PARTS, len(rows) // FEWEST_PEOPLE))
    return np.array_split(rows[np.argsort(hard[rows], kind="stable")], n_parts)


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
    for _ in range(_STEPS):
        prior = np.exp(-0.5 * ((_NODES - mean) / deviation) ** 2)
        mass = prior * ((weights / (likelihood @ prior)) @ likelihood) / total
        mean_before, deviation_before = mean, deviation
        mean = float(mass @ _NODES)
        deviation = max(_NARROWEST, float(np.sqrt(mass @ (_NODES - mean) ** 2)))
        if abs(mean - mean_before) + abs(deviation - deviation_before) < still:
            break
    return mass, (mean, deviation)
