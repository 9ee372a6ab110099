"""The skill models of the benchmark, fitted and asked on one split; nothing here writes or prints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from recommender.domain.catalog import Catalog
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from training.evaluation.best_lr import BestLR
from training.evaluation.bkt import BayesianKnowledgeTracing, one_skill, why_not
from training.evaluation.skill_benchmark import (
    BEST_LR,
    ITEM_MEAN,
    PYBKT,
    SKILL_MODEL,
    Answers,
    SkillBenchmark,
    judge,
)
from training.evaluation.skill_splits import SkillSplit
from training.progress import Steps

N_STEPS = 4


@dataclass(slots=True)
class _Asked:
    """What came out so far."""

    answers: dict[str, Answers] = field(default_factory=dict)
    one_skill: dict[str, Answers] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


def benchmark_skills(
    attempts: AttemptColumns,
    catalog: Catalog,
    split: SkillSplit,
    model: SkillModel,
    *,
    seed: int,
    steps: Steps,
) -> SkillBenchmark:
    """Fit every skill model on the same split and judge them on the same attempts.

    Parameters
    ----------
    attempts : AttemptColumns
    catalog : Catalog
    split : SkillSplit
    model : SkillModel
        Not fitted yet; configured as it would be shipped.
    seed : int
        Of whatever is random in fitting, and of the bootstrap.
    steps : Steps
        Shows `N_STEPS` steps.
    """
    asked = _Asked()
    trained = attempts.take(split.for_baselines[attempts.learner])
    tested = attempts.take(split.tested[attempts.learner])
    with threadpool_limits(1, "blas"), steps.running():
        with steps.step("skill model"):
            _ask_skill_model(asked, attempts, catalog, split, model, seed)
        with steps.step("Best-LR"):
            _ask_best_lr(asked, trained, tested, catalog)
        with steps.step("pyBKT"):
            _ask_pybkt(asked, trained, tested, seed)
        with steps.step("metrics and bootstrap"):
            return judge(
                attempts,
                split,
                asked.answers,
                one_skill=asked.one_skill,
                absent=asked.absent,
                seed=seed,
            )


def _ask_skill_model(
    asked: _Asked,
    attempts: AttemptColumns,
    catalog: Catalog,
    split: SkillSplit,
    model: SkillModel,
    seed: int,
) -> None:
    """Ask the skill model, and its item difficulty for the mean of each item."""
    rows = attempts.take(~split.tested[attempts.learner])
    tested = attempts.take(split.tested[attempts.learner])
    asked.answers[SKILL_MODEL] = _timed(
        lambda: model.fit(rows, catalog, seed=seed, held_out=split.held_out),
        lambda: model.predict(tested, catalog),
        int(split.trained[rows.learner].sum()),
    )
    asked.answers[ITEM_MEAN] = Answers(expit(-model.difficulty_.item_difficulty[tested.item]))


def _ask_best_lr(asked: _Asked, trained: AttemptColumns, tested: AttemptColumns, catalog: Catalog) -> None:
    model = BestLR()
    asked.answers[BEST_LR] = _timed(
        lambda: model.fit(trained, catalog), lambda: model.predict(tested, catalog), len(trained)
    )
    asked.answers[BEST_LR].remarks["converged"] = model.converged_


def _ask_pybkt(asked: _Asked, trained: AttemptColumns, tested: AttemptColumns, seed: int) -> None:
    """Ask pyBKT on the attempts with one skill, and put the others' answers to the same beside it."""
    reason = why_not()
    if reason:
        asked.absent[PYBKT] = reason
        return
    rows = one_skill(tested)
    trained, tested = trained.take(one_skill(trained)), tested.take(rows)
    if not len(trained) or not len(tested):
        asked.absent[PYBKT] = "it needs attempts with exactly one skill, to learn from and to predict"
        return
    model = BayesianKnowledgeTracing(seed=seed)
    asked.one_skill = {name: answers.take(rows) for name, answers in asked.answers.items()}
    asked.one_skill[PYBKT] = _timed(lambda: model.fit(trained), lambda: model.predict(tested), len(trained))


def _timed(fit: Callable[[], object], predict: Callable[[], NDArray[np.float64]], n_fitted: int) -> Answers:
    started = time.perf_counter()
    fit()
    fitted = time.perf_counter()
    probability = predict()
    return Answers(
        probability, fitted - started, time.perf_counter() - fitted, n_fitted, n_asked=len(probability)
    )
