"""Skill models side by side: how well each predicts the next response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation.metrics import CalibrationBins, auc, calibration_bins, skill_metrics

N_FIRST: Final = 5
"""A learner's first responses, where little is known of them yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Responses that were tested, and what each model said before.

    Parameters
    ----------
    passed : array of 0 and 1, shape (n_responses,)
    learner : int array, shape (n_responses,)
        Rows of the dataset's table of learners.
    predictions : mapping of name to float array, shape (n_responses,)
    """

    passed: NDArray[Any]
    learner: NDArray[np.integer]
    predictions: Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True, eq=False)
class SkillReport:
    """Metrics of every skill model on the same responses.

    Parameters
    ----------
    n : mapping
        ``attempts``, ``learners``, ``items``, ``skills`` that were tested.
    models : mapping of name to mapping
        ``auc``, ``accuracy``, ``log_loss``, ``rmse``, ``ece``, ``auc_first5``, ``fit_seconds``,
        ``predict_seconds``; None where not defined or not measured.
    calibration : mapping of name to CalibrationBins
    answered : Answered or None
        What the numbers are of.
    """

    n: Mapping[str, int]
    models: Mapping[str, Mapping[str, float | None]]
    calibration: Mapping[str, CalibrationBins] = field(default_factory=dict)
    answered: Answered | None = None

    def as_json(self, dataset: str, protocol: str) -> dict[str, Any]:
        """Return what ``benchmark skills`` writes."""
        models = {name: dict(values) for name, values in self.models.items()}
        return {"dataset": dataset, "protocol": protocol, "n": dict(self.n), "models": models}


def evaluate_skills(
    y: NDArray[Any],
    learner: NDArray[np.integer],
    predictions: Mapping[str, NDArray[np.floating]],
    n: Mapping[str, int],
    seconds: Mapping[str, tuple[float, float]] | None = None,
) -> SkillReport:
    """Measure every model on the same responses, each predicted from the learner's earlier ones only.

    Parameters
    ----------
    y : array of 0 and 1, shape (n_responses,)
        1 where the learner passed.
    learner : int array, shape (n_responses,)
        Whose response it is. Rows of one learner are in time order; learners may be interleaved.
    predictions : mapping of name to float array, shape (n_responses,)
        Probability of passing.
    n : mapping
        Counts for the report: attempts, learners, items, skills.
    seconds : mapping of name to (fit, predict), optional
        Wall-clock time of each model.

    Raises
    ------
    ValueError
        If a prediction is no probability (see `skill_metrics`).

    Examples
    --------
    >>> report = evaluate_skills(
    ...     np.array([0, 1]), np.array([0, 0]), {"skill_model": np.array([0.1, 0.9])}, {"attempts": 2}
    ... )
    >>> report.models["skill_model"]["auc_first5"]
    1.0
    """
    early = responses_before(learner) < N_FIRST
    models: dict[str, dict[str, float | None]] = {}
    calibration = {}
    for name, p in predictions.items():
        fit_seconds, predict_seconds = (seconds or {}).get(name, (None, None))
        models[name] = skill_metrics(y, p) | {
            "auc_first5": auc(y[early], p[early]),
            "fit_seconds": fit_seconds,
            "predict_seconds": predict_seconds,
        }
        calibration[name] = calibration_bins(y, p)
    return SkillReport(dict(n), models, calibration, Answered(y, learner, predictions))


def responses_before(learner: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count, for every row, the rows of the same learner above it; shape (n_responses,).

    Examples
    --------
    >>> responses_before(np.array([7, 3, 7, 7, 3])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(learner, kind="stable")
    grouped = learner[order]
    new = np.r_[True, grouped[1:] != grouped[:-1]][: len(grouped)]
    first = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    before = np.empty(len(learner), np.int64)
    before[order] = np.arange(len(learner)) - first[run]
    return before
