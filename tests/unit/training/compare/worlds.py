"""Answers of a made-up model that tells true chances, and of others beside it."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from training.compare.figures import Floats, Ints
from training.compare.measure import Answers


def true_answers(seed: int, n_learners: int = 200, n_each: int = 30) -> tuple[Floats, Floats, Ints]:
    """Outcomes, the chances they were drawn by, and whose they are: abilities differ."""
    rng = np.random.default_rng(seed)
    learner = np.repeat(np.arange(n_learners), n_each)
    p = expit(rng.normal(0.5, 1.0, n_learners)[learner] + rng.normal(0.0, 1.0, len(learner)))
    return (rng.random(len(p)) < p).astype(np.float64), p, learner


def blurred(p: Floats, by: float, seed: int) -> Floats:
    """Chances told with an error of the logit."""
    rng = np.random.default_rng(seed)
    return expit(np.log(p / (1 - p)) + rng.normal(0.0, by, len(p)))


def pair(challenger: Floats, champion: Floats, y: Floats, learner: Ints) -> Answers:
    return Answers(y, learner, {"challenger": challenger, "champion": champion})
