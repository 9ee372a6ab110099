"""What ``benchmark skills`` writes: every skill model on the same attempts, with intervals and speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.skills.columns import AttemptColumns
from training.evaluation.auc_bootstrap import auc_interval, bootstrap_aucs
from training.evaluation.bkt import one_skill as one_skill_rows
from training.evaluation.metrics import Floats
from training.evaluation.skill_splits import SkillSplit
from training.evaluation.skills import SkillReport, evaluate_skills

SKILL_MODEL: Final = "skill_model"
"""Name of what would be shipped."""
ITEM_MEAN: Final = "item_mean"
BEST_LR: Final = "best_lr"
PYBKT: Final = "pybkt"


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One model's predictions of the attempts tested, and what they took.

    Parameters
    ----------
    probability : float64 array, shape (n_tested,)
    fit_seconds, predict_seconds : float or None
        Wall-clock time; None where it is part of another model's.
    n_fitted, n_asked : int
        Attempts fitted on and predicted in that time.
    remarks : dict
        Goes into the JSON as it is.
    """

    probability: Floats
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    n_fitted: int = 0
    n_asked: int = 0
    remarks: dict[str, Any] = field(default_factory=dict)

    def take(self, rows: NDArray[np.bool_]) -> Answers:
        """Only the predictions where `rows` (n_tested,) holds; times are those of all."""
        return replace(self, probability=self.probability[rows])

    def speed(self) -> dict[str, float | None]:
        """Return attempts fitted on and predicted per second."""
        return {
            "fit_rows_per_second": self.n_fitted / self.fit_seconds if self.fit_seconds else None,
            "predict_rows_per_second": self.n_asked / self.predict_seconds if self.predict_seconds else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """Models on the same attempts.

    Parameters
    ----------
    report : SkillReport
    ci95 : mapping of name to mapping
        ``auc``, and in ``difference_to_NAME`` the ``auc`` of the model minus that of NAME; each low and high
        end of a 95% interval over learners, or None where it is not defined.
    extra : mapping of name to mapping
        Speed, and remarks.
    """

    report: SkillReport
    ci95: Mapping[str, Mapping[str, Any]]
    extra: Mapping[str, Mapping[str, Any]]

    def models(self) -> dict[str, dict[str, Any]]:
        """Return what is written of every model."""
        return {
            name: {**values, "ci95": dict(self.ci95[name]), **self.extra[name]}
            for name, values in self.report.models.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class SkillBenchmark:
    """Every skill model on one split.

    Parameters
    ----------
    split : SkillSplit
    seed : int
    sizes : mapping of ``trained``, ``held_out`` to mapping
        ``learners`` and ``attempts`` of each part.
    everything : Contest
        On all attempts tested.
    one_skill : Contest or None
        On those with exactly one skill, with pyBKT; None without it.
    absent : mapping of name to str
        Why a model is not there.
    """

    split: SkillSplit
    seed: int
    sizes: Mapping[str, Mapping[str, int]]
    everything: Contest
    one_skill: Contest | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    def as_json(self, dataset: str) -> dict[str, Any]:
        """Return what ``benchmark skills`` writes; ``one_skill`` is there only with pyBKT."""
        result = self.everything.report.as_json(dataset, self.split.protocol) | {
            "seed": self.seed,
            "fold": self.split.fold,
            "trained": dict(self.sizes["trained"]),
            "held_out": {"fold": self.split.held_out_fold, **self.sizes["held_out"]},
            "models": self.everything.models(),
        }
        if self.one_skill is not None:
            models = self.one_skill.models()
            result["one_skill"] = {"n": dict(self.one_skill.report.n), "models": models}
            result["models"][PYBKT] = models[PYBKT] | {"rows": "one_skill"}
        return result


def judge(
    attempts: AttemptColumns,
    split: SkillSplit,
    answers: Mapping[str, Answers],
    *,
    one_skill: Mapping[str, Answers],
    absent: Mapping[str, str],
    seed: int,
) -> SkillBenchmark:
    """Measure every model.

    Parameters
    ----------
    attempts : AttemptColumns
        All of them.
    split : SkillSplit
    answers : mapping of name to Answers
        To the attempts tested, in their order.
    one_skill : mapping of name to Answers
        To those with one skill; empty when that was not asked.
    absent : mapping of name to str
    seed : int
        Of the bootstrap.
    """
    tested = attempts.take(split.tested[attempts.learner])
    rngs = np.random.default_rng(seed).spawn(2)
    narrow = None
    if one_skill:
        narrow = _contest(tested.take(one_skill_rows(tested)), one_skill, (BEST_LR, PYBKT), rngs[1])
    parts = {"trained": split.trained, "held_out": split.held_out}
    sizes = {
        name: {"learners": int(part.sum()), "attempts": int(part[attempts.learner].sum())}
        for name, part in parts.items()
    }
    everything = _contest(tested, answers, (BEST_LR,), rngs[0])
    return SkillBenchmark(split, seed, sizes, everything, narrow, dict(absent))


def _contest(
    tested: AttemptColumns, answers: Mapping[str, Answers], against: Sequence[str], rng: np.random.Generator
) -> Contest:
    """Measure models on the same attempts, and each one's difference to those named in `against`."""
    predictions = {name: given.probability for name, given in answers.items()}
    n = {
        "attempts": len(tested),
        "learners": len(np.unique(tested.learner)),
        "items": len(np.unique(tested.item)),
        "skills": len(np.unique(tested.skills.values)),
    }
    seconds = {
        name: (given.fit_seconds, given.predict_seconds)
        for name, given in answers.items()
        if given.fit_seconds is not None and given.predict_seconds is not None
    }
    report = evaluate_skills(tested.passed, tested.learner, predictions, n, seconds)
    aucs = bootstrap_aucs(tested.passed, predictions, tested.learner, rng)
    ci95: dict[str, dict[str, Any]] = {}
    for name in answers:
        ci95[name] = {"auc": auc_interval(aucs[name])}
        for other in against:
            if other != name:
                ci95[name][f"difference_to_{other}"] = {"auc": auc_interval(aucs[name] - aucs[other])}
    extra = {name: given.speed() | given.remarks for name, given in answers.items()}
    return Contest(report, ci95, extra)
