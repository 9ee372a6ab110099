"""Fit and judge the learner-skill model; nothing here writes or prints."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.domain.disclosure import LEAST
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from training.config import TrainConfig
from training.evaluation.best_lr import BestLR
from training.evaluation.skills import SkillReport, evaluate_skills
from training.evaluation.splits import split_learners


def judge_skills(
    attempts: AttemptColumns,
    catalog: Catalog,
    config: TrainConfig,
    known: Mapping[str, NDArray[np.float64]] | None = None,
) -> SkillReport | None:
    """Evaluate the learner-skill model on learners it has never seen; None with fewer than five of them.

    Beside it stand the mean of each item, Best-LR, and what is `known` from elsewhere:
    by name, one probability for each row of `attempts`.
    """
    active = np.unique(attempts.learner)
    fraction = config.evaluation.test_fraction
    rng = np.random.default_rng(config.seed)
    _, tested = split_learners(len(active), (1 - fraction, fraction), rng)
    if len(tested) < LEAST or len(tested) == len(active):
        return None
    mask = np.zeros(attempts.n_learners, np.bool_)
    mask[active[tested]] = True
    rows = mask[attempts.learner]
    train, test = attempts.take(~rows), attempts.take(rows)
    started = time.perf_counter()
    model = SkillModel(config.skills).fit(train, catalog, seed=config.seed)
    fitted = time.perf_counter()
    probability = model.predict(test, catalog)
    seconds = {"skill_model": (fitted - started, time.perf_counter() - fitted)}
    started = time.perf_counter()
    baseline = BestLR().fit(train, catalog)
    fitted = time.perf_counter()
    by_counts = baseline.predict(test, catalog)
    seconds["best_lr"] = (fitted - started, time.perf_counter() - fitted)
    predictions = {
        "skill_model": probability,
        "best_lr": by_counts,
        "item_mean": expit(-model.difficulty_.item_difficulty[test.item]),
    }
    predictions |= {name: p[rows] for name, p in (known or {}).items()}
    n = {
        "attempts": len(test),
        "learners": len(tested),
        "items": len(np.unique(test.item)),
        "skills": len(np.unique(test.skills.values)),
    }
    return evaluate_skills(test.passed, test.learner, predictions, n, seconds)
