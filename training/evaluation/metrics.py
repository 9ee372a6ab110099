"""Metrics of predicted probabilities and of ranked modules, each with its formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

SKILL_METRICS: Final = ("auc", "accuracy", "log_loss", "rmse", "ece")
TARGET_METRICS: Final = ("hr@5", "hr@10", "ndcg@10", "recall@10", "mrr")
"""Metrics of where targets are in lists, in the column order of `target_values`."""
TOP_K: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationBins:
    """What was predicted and what came true, in groups of about equal size.

    Parameters
    ----------
    predicted, observed : float arrays, shape (n_bins,)
        Mean probability and share of passes, both in [0, 1].
    count : int array, shape (n_bins,)
        Responses in each bin, all at least 1.
    """

    predicted: Floats
    observed: Floats
    count: Ints

    @property
    def error(self) -> float:
        """Expected calibration error: |observed - predicted|, weighted by count; NaN without a bin."""
        if not len(self.count):
            return float("nan")
        return float(np.average(np.abs(self.observed - self.predicted), weights=self.count))


def calibration_bins(y: ArrayLike, p: ArrayLike, n_bins: int = 10) -> CalibrationBins:
    """Group responses by predicted probability into bins of equal mass.

    Parameters
    ----------
    y : array of 0 and 1, shape (n_responses,)
    p : array in [0, 1], shape (n_responses,)
    n_bins : int
        At most so many bins: equal probabilities share one, so that the result does not depend on row order.

    Notes
    -----
    Equal-mass bins as in Nguyen and O'Connor (2015), "Posterior calibration and exploratory analysis for
    natural language processing models" (adaptive binning).

    Examples
    --------
    >>> bins = calibration_bins([0, 1, 1, 1], [0.5, 0.5, 1.0, 1.0], n_bins=2)
    >>> bins.observed.tolist(), bins.count.tolist(), bins.error
    ([0.5, 1.0], [2, 2], 0.0)
    """
    outcome, probability = _responses(y, p)
    if not len(outcome):
        return CalibrationBins(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    # The last value of each bin. Interpolated edges could differ from the ties they come from by rounding.
    ends = np.arange(1, n_bins) * len(outcome) // n_bins
    edges = np.sort(probability)[np.maximum(ends - 1, 0)]
    bin_of = np.searchsorted(edges, probability, side="left")
    count = np.bincount(bin_of, minlength=n_bins)
    full = count > 0
    predicted = np.bincount(bin_of, probability, n_bins)[full] / count[full]
    observed = np.bincount(bin_of, outcome, n_bins)[full] / count[full]
    return CalibrationBins(predicted, observed, count[full].astype(np.int64))


def skill_metrics(y: ArrayLike, p: ArrayLike) -> dict[str, float | None]:
    """Measure predicted probabilities of passing against what happened.

    Parameters
    ----------
    y : array of 0 and 1, shape (n_responses,)
        1 where the learner passed.
    p : array in [0, 1], shape (n_responses,)

    Returns
    -------
    dict
        ``auc``, ``accuracy`` (passed predicted where p >= .5), ``log_loss`` (nats), ``rmse`` (root of the
        Brier score), ``ece`` (ten equal-mass bins). What is not defined is None: everything without a
        response, ``auc`` when all responses are alike.

    Raises
    ------
    ValueError
        If lengths differ, `y` holds something else than 0 and 1, or `p` is NaN or outside of [0, 1].

    Examples
    --------
    >>> skill_metrics([0, 1], [0.2, 0.8])["auc"]
    1.0
    >>> skill_metrics([1, 1], [0.2, 0.8])["auc"] is None
    True
    """
    outcome, probability = _responses(y, p)
    if not len(outcome):
        return dict.fromkeys(SKILL_METRICS)
    return {
        "auc": auc(outcome, probability),
        "accuracy": float(accuracy_score(outcome, probability >= 0.5)),
        "log_loss": float(log_loss(outcome, probability, labels=[0, 1])),
        "rmse": float(np.sqrt(brier_score_loss(outcome, probability, labels=[0, 1], pos_label=1))),
        "ece": calibration_bins(outcome, probability).error,
    }


def auc(y: ArrayLike, p: ArrayLike) -> float | None:
    """Area under the ROC curve; None where all of `y` is alike, for then nothing can be told apart."""
    outcome, probability = _responses(y, p)
    if not len(outcome) or outcome.min() == outcome.max():
        return None
    return float(roc_auc_score(outcome, probability))


def rank_of_target(scores: ArrayLike, allowed: NDArray[np.bool_], target: int, tie_keys: Floats) -> int:
    """Place of one module among those allowed, 1 for the best.

    Parameters
    ----------
    scores : float array, shape (n_modules,)
        Larger is better. NaN (no opinion) ranks after everything finite.
    allowed : bool array, shape (n_modules,)
        Modules in the race; the target is always in it.
    target : int
        Position of the target.
    tie_keys : float array, shape (n_modules,)
        Random numbers that order equal scores, larger first. With n tied modules the target takes each of
        their n places with the same chance, so a model that scores everything alike does as well as chance.
        Give all models the same keys: then luck with ties is not mistaken for a difference between them.

    Examples
    --------
    >>> keys = np.array([0.1, 0.9, 0.5])
    >>> rank_of_target([np.nan, 0.7, 0.7], np.ones(3, bool), 2, keys)
    2
    """
    key = _sortable(scores)
    tied_ahead = (key == key[target]) & (tie_keys > tie_keys[target])
    return 1 + int(np.count_nonzero(allowed & ((key > key[target]) | tied_ahead)))


def top_modules(scores: ArrayLike, allowed: NDArray[np.bool_], tie_keys: Floats, k: int = TOP_K) -> Ints:
    """List the best `k` modules allowed, best first, ties ordered as in `rank_of_target`; shape (<= k,).

    Examples
    --------
    >>> top_modules([0.1, np.nan, 0.9], np.ones(3, bool), np.zeros(3), k=2).tolist()
    [2, 0]
    """
    key = _sortable(scores)
    candidates = np.flatnonzero(allowed)
    if len(candidates) > k:
        threshold = np.partition(key[candidates], -k)[-k]
        candidates = candidates[key[candidates] >= threshold]
    order = np.lexsort((-tie_keys[candidates], -key[candidates]))
    return candidates[order[:k]]


def target_values(ranks: ArrayLike) -> Floats:
    """Value of every metric of `TARGET_METRICS` for every target, shape (n_targets, n_metrics).

    Each target is looked up by itself: ndcg@10 is 1 / log2(1 + rank) up to rank 10, for with one target the
    ideal DCG is 1 (Järvelin and Kekäläinen 2002, equation 2; discount of Burges et al. 2005, section 5), and
    mrr is 1 / rank. Where several targets share one list they are in each other's way, as in that list.
    The rank of what can never be found is infinity, and every value of it 0.

    Examples
    --------
    >>> target_values([1, 7]).round(3).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.333, 1.0, 0.143]]
    """
    rank = np.asarray(ranks, np.float64)
    in_ten = rank <= TOP_K
    return np.column_stack([rank <= 5, in_ten, in_ten / np.log2(1 + rank), in_ten, 1 / rank])


def target_weights(share: ArrayLike) -> Floats:
    """How much every value of `target_values` counts in its mean, shape (n_targets, n_metrics).

    1 for all metrics but recall@10: it is the share of a list's targets that are among its ten, averaged over
    lists, so the targets of one list count as much together as the one target of another. With one target a
    list it equals hr@10.

    Parameters
    ----------
    share : float array, shape (n_targets,)
        1 / number of targets that are looked up in the same list.
    """
    weights = np.ones((np.size(share), len(TARGET_METRICS)))
    weights[:, TARGET_METRICS.index("recall@10")] = share
    return weights


def module_metrics(ranks: ArrayLike, share: ArrayLike | None = None) -> dict[str, float | None]:
    """Mean of every metric of `TARGET_METRICS`, each in [0, 1]; None without a target.

    Parameters
    ----------
    ranks : float array, shape (n_targets,)
        From `rank_of_target`; infinity for a target that can never be found.
    share : float array, shape (n_targets,), optional
        As in `target_weights`; by default each target has a list of its own.

    Examples
    --------
    >>> found = module_metrics([1, 12, 3], share=[0.5, 0.5, 1])
    >>> round(found["hr@10"], 3), found["recall@10"]
    (0.667, 0.75)
    """
    if not np.size(ranks):
        return dict.fromkeys(TARGET_METRICS)
    weights = target_weights(np.ones(np.size(ranks)) if share is None else share)
    means = np.average(target_values(ranks), axis=0, weights=weights)
    return dict(zip(TARGET_METRICS, map(float, means), strict=True))


def _sortable(scores: ArrayLike) -> Floats:
    values = np.asarray(scores, np.float64)
    return np.where(np.isnan(values), -np.inf, values)


def _responses(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    outcome, probability = np.asarray(y, np.float64), np.asarray(p, np.float64)
    if outcome.shape != probability.shape or outcome.ndim != 1:
        raise ValueError(f"y and p must be one number a response; got {outcome.shape}, {probability.shape}")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("y must hold 0 and 1 only; turn scores into passes first")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("p must be probabilities in [0, 1] without NaN")
    return outcome, probability
