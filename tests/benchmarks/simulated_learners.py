"""Simulated learners whose items are real: a Rasch-like model of a dataset's attempts, and draws from it.

Only the first attempt of each learner on each item counts, and nobody learns: that is the position of a test.
The logit of passing is general + mean specific over the item's skills - difficulty, all three normal; modes
by Newton steps, block after block, and variances by expectation maximisation (Laplace approximation, diagonal
within a block). Modes are shrunk and would differ less than the real items do, so each difficulty is drawn
once from what is believed of it (a plausible value, Mislevy 1991).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.special import expit

from recommender.domain.catalog import Floats, Ragged

N_SWEEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """What is known of items and of learners as a whole, logits; spreads are standard deviations."""

    difficulty: Floats
    item_skills: Ragged
    typical: Floats
    general_spread: float
    specific_spread: float

    @property
    def mean(self) -> Floats:
        """Mastery logit of the mean learner: ability 0 on each skill's typical item, shape (n_skills,)."""
        return -self.typical

    @property
    def spread(self) -> float:
        """Standard deviation of mastery over learners."""
        return float(np.hypot(self.general_spread, self.specific_spread))

    def draw(self, n_learners: int, rng: np.random.Generator) -> Floats:
        """True mastery logits of simulated learners, shape (n_learners, n_skills)."""
        general = self.general_spread * rng.standard_normal((n_learners, 1))
        specific = self.specific_spread * rng.standard_normal((n_learners, len(self.typical)))
        return self.mean + general + specific


def estimate_population(directory: Path, rng: np.random.Generator) -> Population:
    """Fit the model to ``attempts.parquet`` of a dataset, and draw the difficulties."""
    table = pq.read_table(
        directory / "attempts.parquet", columns=["learner_id", "item_id", "score", "skill_ids"]
    )
    learner, item = _codes(table["learner_id"]), _codes(table["item_id"])
    _, first = np.unique(learner.astype(np.int64) * (item.max() + 1) + item, return_index=True)
    learner, item = learner[first], item[first]
    passed = (table["score"].to_numpy()[first] >= 0.5).astype(np.float64)
    names: dict[str, int] = {}
    skills = [
        [names.setdefault(s, len(names)) for s in row] for row in table["skill_ids"].take(first).to_pylist()
    ]
    of_item: list[list[int]] = [[] for _ in range(int(item.max()) + 1)]
    for i, row in zip(item.tolist(), skills, strict=True):
        of_item[i] = row
    item_skills = Ragged.of(of_item)
    difficulty, unsure, general, specific = _fit(learner, item, passed, Ragged.of(skills))
    difficulty = difficulty + unsure * rng.standard_normal(len(difficulty))
    at = item_skills.row_of_value()
    n_items = np.maximum(np.bincount(item_skills.values, minlength=len(names)), 1)
    typical = np.bincount(item_skills.values, weights=difficulty[at], minlength=len(names)) / n_items
    return Population(difficulty, item_skills, typical, general, specific)


def _fit(
    learner: NDArray[np.int64], item: NDArray[np.int64], passed: Floats, skills: Ragged
) -> tuple[Floats, Floats, float, float]:
    """Difficulty of each item and its standard error, and the spread of general and specific ability."""
    row = skills.row_of_value()
    share = 1.0 / np.diff(skills.start)[row]
    _, pair = np.unique(learner[row] * (skills.values.max() + 1) + skills.values, return_inverse=True)
    everyone = np.arange(len(item))
    one = np.ones(len(item))
    # Rows, groups and shares of general ability, specific ability and easiness.
    blocks = [(everyone, learner, one), (row, pair, share), (everyone, item, one)]
    effect = [np.zeros(int(group.max()) + 1) for _, group, _ in blocks]
    variance = [1.0, 1.0, 1.0]
    mean = [0.0, 0.0, 0.0]
    logit = np.zeros(len(item))
    for _ in range(N_SWEEPS):
        for b, (at, group, weight) in enumerate(blocks):
            p = expit(logit)
            slope = (
                np.bincount(group, weights=weight * (passed - p)[at]) - (effect[b] - mean[b]) / variance[b]
            )
            curve = np.bincount(group, weights=weight**2 * (p * (1 - p))[at]) + 1 / variance[b]
            step = slope / curve
            effect[b] += step
            logit += np.bincount(at, weights=weight * step[group], minlength=len(logit))
            mean[b] = float(effect[b].mean()) if b == 2 else 0.0
            variance[b] = float(np.mean((effect[b] - mean[b]) ** 2 + 1 / curve))
    # The last block that was looked at is that of items.
    return -effect[2], np.sqrt(1.0 / curve), float(np.sqrt(variance[0])), float(np.sqrt(variance[1]))


def _codes(column: object) -> NDArray[np.int64]:
    return np.asarray(pc.dictionary_encode(column).combine_chunks().indices).astype(np.int64)
