"""Measures of groups of learners, with errors from resamples of learners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from fairlearn.metrics import MetricFrame
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import log_loss

from training.evaluation.bootstrap import draws
from training.evaluation.metrics import auc
from training.programme.common_value import rates
from training.programme.equity_predictions import HeldOut
from training.programme.equity_verdicts import Comparison, Measure, compare
from training.programme.ledger import Bools

Floats = NDArray[np.float64]
AUC: Final = Measure(("auc",), 0.03)
LOG_LOSS: Final = Measure(("log_loss",), 0.03)
CALIBRATION: Final = Measure(("calibration",), 0.02)
PREDICTIONS: Final = tuple(one.key for one in (CALIBRATION, AUC, LOG_LOSS))
_CHUNK = 50  # resamples held in memory at a time


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """A measure that is a sum over learners divided by another.

    Parameters
    ----------
    measure : Measure
    top, bottom : float64 arrays, shape (n_learners,)
    """

    measure: Measure
    top: Floats
    bottom: Floats

    def columns(self) -> list[Floats]:
        """Return what of each person may be given away: both, and the ratio of the two."""
        return [self.top, self.bottom, rates(self.top, self.bottom, self.bottom != 0)]


@dataclass(frozen=True, slots=True, eq=False)
class AnswerSums:
    """Sums over the answers of each learner, arrays of shape (n_learners,).

    Parameters
    ----------
    count, passes : float64 array
    excess : float64 array
        Passes expected less passes.
    loss : float64 array
        Log loss.
    """

    count: Floats
    passes: Floats
    excess: Floats
    loss: Floats

    @classmethod
    def of(cls, answers: HeldOut, n_learners: int) -> Self:
        """Sum up."""
        y, p = answers.passed, answers.predicted
        loss = -np.log(np.where(y == 1, p, 1 - p))
        return cls(
            *(
                np.bincount(answers.learner, each, n_learners).astype(np.float64)
                for each in (np.ones(len(y)), y, p - y, loss)
            )
        )

    @property
    def ratios(self) -> tuple[Ratio, Ratio]:
        """Measures that are ratios of these."""
        return Ratio(CALIBRATION, self.excess, self.count), Ratio(LOG_LOSS, self.loss, self.count)

    def columns(self) -> list[Floats]:
        """Return what of each person may be given away by how their answers are predicted."""
        of_ratios = [column for one in self.ratios for column in one.columns()]
        return [self.passes, self.count - self.passes, *of_ratios]


def compare_ratios(
    ratios: Sequence[Ratio], groups: Mapping[str, Bools], rng: np.random.Generator, n_resamples: int
) -> list[Comparison]:
    """Compare each group with the others by each ratio.

    Learners are drawn with replacement within each group (Efron and Tibshirani 1993, chapter 8); what is
    drawn of the other groups together is everybody else. Errors are those of the resamples times
    sqrt(n / (n - 1)) of the group, which resamples of few people lack.

    Parameters
    ----------
    ratios : sequence of Ratio
    groups : mapping of str to bool array, shape (n_learners,)
        Disjoint, at least two; of each, the sums below are above 0.
    rng : numpy Generator
    n_resamples : int
    """
    columns = _columns(ratios)
    sums = {name: columns[group].sum(axis=0) for name, group in groups.items()}
    whole = np.sum(list(sums.values()), axis=0)
    errors = _errors(columns, groups, rng, n_resamples)
    sizes, n_all = _sizes(groups)
    return [
        compare(one.measure, name, (n, n_all - n), (float(own), float(others)), (float(error), float(gap)))
        for name, n in sizes.items()
        for one, own, others, error, gap in zip(
            ratios, _divided(sums[name]), _divided(whole - sums[name]), *errors[name], strict=True
        )
    ]


def compare_predictions(
    answers: HeldOut,
    sums: AnswerSums,
    groups: Mapping[str, Bools],
    rng: np.random.Generator,
    n_resamples: int,
) -> list[Comparison]:
    """Compare how well the answers of each group are predicted with those of the others.

    Values are fairlearn's, over answers; errors of log loss and calibration come from resamples of learners,
    those of AUC from `auc_error`, as resampling a ranking takes long. fairlearn's own intervals draw answers,
    as if those of one person told nothing of each other.

    Parameters
    ----------
    answers : HeldOut
    sums : AnswerSums
        Of them.
    groups : mapping of str to bool array, shape (n_learners,)
        Disjoint, at least two; everybody in them has answers.
    rng, n_resamples
        As of `compare_ratios`.

    Returns
    -------
    list of Comparison
        AUC is left out for groups whose answers, or those of all others, are alike.
    """
    y, p, whose = answers.passed, answers.predicted, answers.learner
    ratios = sums.ratios
    errors = _errors(_columns(ratios), groups, rng, n_resamples)
    everybody = np.logical_or.reduce(list(groups.values()))
    is_asked = everybody[whose]
    y, p, whose = y[is_asked], p[is_asked], whose[is_asked]
    sizes, n_all = _sizes(groups)
    found = []
    by_group = _by_group(y, p, whose, groups)
    for name, group in groups.items():
        is_own = group[whose]
        own, others = by_group[name], _errors_of(y[~is_own], p[~is_own])
        at = [(one.measure, error, gap) for one, error, gap in zip(ratios, *errors[name], strict=True)]
        if not np.isnan([own["auc"], others["auc"]]).any():
            apart, of_rest = (auc_error(y[part], p[part], whose[part]) for part in (is_own, ~is_own))
            at.append((AUC, apart, np.hypot(apart, of_rest)))
        for measure, error, gap in at:
            kind, counts = measure.key[0], (sizes[name], n_all - sizes[name])
            found.append(
                compare(measure, name, counts, (own[kind], others[kind]), (float(error), float(gap)))
            )
    return found


def auc_error(y: Floats, p: Floats, learner: NDArray[np.int64]) -> float:
    """Return the standard error of an AUC over answers of which several are of one learner.

    With V the share of fails that a pass was placed above (of passes that a fail was placed below), ties
    counting half, and ``t_k = sum(V - AUC) / n_passes + sum(V - AUC) / n_fails`` over the passes and the
    fails of learner k, it is ``sqrt(K / (K - 1) * sum(t_k ** 2))`` (Obuchowski 1997, "Nonparametric analysis
    of clustered ROC curve data", equation 3, with its two variances and covariance put together).

    Parameters
    ----------
    y : float64 array, shape (n_answers,)
        1 where passed, else 0; both are there.
    p : float64 array, shape (n_answers,)
    learner : int64 array, shape (n_answers,)
        At least two.
    """
    passes, fails = y == 1, y == 0
    n_passes, n_fails = int(passes.sum()), int(fails.sum())
    rank = rankdata(p)
    above = (rank[passes] - rankdata(p[passes])) / n_fails
    below = 1 - (rank[fails] - rankdata(p[fails])) / n_passes
    part = np.empty(len(y))
    part[passes] = (above - above.mean()) / n_passes
    part[fails] = (below - below.mean()) / n_fails
    who, position = np.unique(learner, return_inverse=True)
    shares = np.bincount(position, part, len(who))
    return float(np.sqrt(len(who) / (len(who) - 1) * (shares**2).sum()))


def _by_group(
    y: Floats, p: Floats, whose: NDArray[np.int64], groups: Mapping[str, Bools]
) -> dict[str, dict[str, float]]:
    """Return the errors of the predictions for each group, by name."""
    code = np.zeros(len(y), np.int64)
    for i, group in enumerate(groups.values()):
        code[group[whose]] = i
    # All errors in one go: each metric of a frame takes a pass over the answers in plain Python.
    frame = MetricFrame(metrics=_errors_of, y_true=y, y_pred=p, sensitive_features=code)
    return dict(zip(groups, frame.by_group.sort_index().tolist(), strict=True))


def _errors_of(y: Floats, p: Floats) -> dict[str, float]:
    of_auc = auc(y, p)
    return {
        "auc": np.nan if of_auc is None else of_auc,
        "log_loss": float(log_loss(y, p, labels=[0, 1])),
        "calibration": calibration(y, p),
    }


def calibration(y: Floats, p: Floats) -> float:
    """Mean probability less the share that passed: above 0 where the model expects too much.

    >>> round(calibration(np.array([1.0, 0.0]), np.array([0.9, 0.3])), 3)
    0.1
    """
    return float(np.mean(p) - np.mean(y))


def _columns(ratios: Sequence[Ratio]) -> Floats:
    """Tops and bottoms in turns, shape (n_learners, 2 * n_ratios)."""
    return np.column_stack([column for one in ratios for column in (one.top, one.bottom)])


def _sizes(groups: Mapping[str, Bools]) -> tuple[dict[str, int], int]:
    sizes = {name: int(group.sum()) for name, group in groups.items()}
    return sizes, sum(sizes.values())


def _errors(
    columns: Floats, groups: Mapping[str, Bools], rng: np.random.Generator, n_resamples: int
) -> dict[str, tuple[Floats, Floats]]:
    """Return standard errors of each group's ratios, and of how they differ from those of the others."""
    drawn = {name: _resampled(columns[group], rng, n_resamples) for name, group in groups.items()}
    whole = np.sum(list(drawn.values()), axis=0)
    errors = {}
    for name, group in groups.items():
        n = int(group.sum())
        own, others = _divided(drawn[name]), _divided(whole - drawn[name])
        few = np.sqrt(n / (n - 1))
        errors[name] = own.std(axis=0, ddof=1) * few, (own - others).std(axis=0, ddof=1) * few
    return errors


def _resampled(columns: Floats, rng: np.random.Generator, n_resamples: int) -> Floats:
    """Sum each column over each resample of the rows, shape (n_resamples, n_columns)."""
    sizes = [min(_CHUNK, n_resamples - first) for first in range(0, n_resamples, _CHUNK)]
    return np.concatenate([draws(len(columns), size, rng) @ columns for size in sizes])


def _divided(sums: Floats) -> Floats:
    """Tops over bottoms of sums whose last axis holds them in turns."""
    return np.asarray(sums[..., ::2] / sums[..., 1::2], np.float64)
