"""Whether a skill is asked for ever more, or ever less: its share of postings as a line over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from training.programme.ledger import Bools

Floats = NDArray[np.float64]

LEAST_MENTIONS: Final = 10
"""Postings that must ask for a skill, and that must not, before a trend is read."""
LEAST_DAYS: Final = 180
"""Days between the first posting and the last before a trend is read."""
FALSE_ALARMS: Final = 0.05
"""Expected share of false ones among the skills that are called rising or falling."""
_STEPS: Final = 60
_LONGEST_STEP: Final = 2.0
_SMALL: Final = 1e-9
_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """Arrays of shape (n_skills,), NaN where there is too little to tell.

    Parameters
    ----------
    start, end : float64 arrays
        Share of postings that ask for the skill on the first day and on the last, by the line.
    change, low, high : float64 arrays
        ``end - start`` and its 95% interval, of each skill by itself.
    p : float64 array
        Two-sided, of no change.
    call : int8 array
        1 rising, -1 falling, 0 neither; by `FALSE_ALARMS` over all skills that were asked.
    """

    start: Floats
    end: Floats
    change: Floats
    low: Floats
    high: Floats
    p: Floats
    call: NDArray[np.int8]

    @property
    def told(self) -> Bools:
        """Of which skills something is told."""
        return ~np.isnan(self.change)


def trends(asked: Bools, posted_at: NDArray[np.datetime64]) -> Trends:
    """Fit ``logit P(posting asks for skill) = a + b t`` to each skill, t from 0 on the first day to 1.

    By maximum likelihood with Jeffreys' prior, which is finite for every table and takes out the bias of
    small numbers (Firth 1993, "Bias reduction of maximum likelihood estimates", section 3). The change is
    ``expit(a + b) - expit(a)``; its variance is by the delta method from the inverse Fisher information.
    A skill is called rising or falling where the change stands the step-up rule of Benjamini and Hochberg
    (1995, "Controlling the false discovery rate") over all skills with enough postings.

    Parameters
    ----------
    asked : bool array, shape (n_postings, n_skills)
    posted_at : datetime64 array, shape (n_postings,)
        UTC; postings are taken as independent of each other.
    """
    n_skills = asked.shape[1]
    table = np.full((6, n_skills), np.nan)
    call = np.zeros(n_skills, np.int8)
    day = posted_at.astype("datetime64[D]")
    span = (day.max() - day.min()) / _DAY if len(day) else 0.0
    count = asked.sum(axis=0)
    fitted = np.flatnonzero((count >= LEAST_MENTIONS) & (len(day) - count >= LEAST_MENTIONS))
    if span < LEAST_DAYS or not len(fitted):
        return _trends(table, call)
    days, row = np.unique(day, return_inverse=True)
    time = (days - days[0]) / _DAY / span
    n = np.bincount(row).astype(np.float64)
    yes = np.zeros((len(days), len(fitted)))
    np.add.at(yes, row, asked[:, fitted])
    coefficients, covariance = _fit(time, n, yes.T)
    table[:, fitted] = _change(coefficients, covariance)
    p = table[5, fitted]
    stands = stats.false_discovery_control(p, method="bh") <= FALSE_ALARMS
    call[fitted] = np.where(stands, np.sign(table[2, fitted]), 0)
    return _trends(table, call)


def _trends(table: Floats, call: NDArray[np.int8]) -> Trends:
    start, end, change, low, high, p = table
    return Trends(start, end, change, low, high, p, call)


def _fit(time: Floats, n: Floats, yes: Floats) -> tuple[Floats, Floats]:
    """Coefficients (n_skills, 2) and their covariance (n_skills, 2, 2), by Newton's method.

    Firth's score is ``sum_i x_i (yes_i - n_i p_i + n_i h_i (1/2 - p_i))``; h_i is what one posting of
    day i weighs in the fit, ``w_i x_i' I^-1 x_i`` with ``w_i = p_i (1 - p_i)``.
    """
    powers = time ** np.arange(3)[:, None]
    x = powers[:2].T
    share = (yes.sum(axis=1) + 0.5) / (n.sum() + 1.0)
    beta = np.column_stack([np.log(share / (1.0 - share)), np.zeros(len(share))])
    covariance: Floats = np.empty((len(beta), 2, 2))
    for _ in range(_STEPS):
        p = expit(beta @ x.T)
        w = p * (1.0 - p)
        # Fisher information, from sums over days of 1, t and t squared.
        information = ((w * n) @ powers.T)[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
        covariance = np.asarray(np.linalg.inv(information), np.float64)
        leverage = w * ((covariance.reshape(-1, 4)[:, [0, 1, 3]] * [1.0, 2.0, 1.0]) @ powers)
        score = (yes - n * p + n * leverage * (0.5 - p)) @ x
        step = np.einsum("sij,sj->si", covariance, score)
        step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), _SMALL))
        beta += step
        if np.abs(step).max() < _SMALL:
            break
    return beta, covariance


def _change(beta: Floats, covariance: Floats) -> Floats:
    """Rows start, end, change, low, high, p."""
    start, end = expit(beta[:, 0]), expit(beta.sum(axis=1))
    slope = np.column_stack([end * (1 - end) - start * (1 - start), end * (1 - end)])
    error = np.sqrt(np.einsum("si,sij,sj->s", slope, covariance, slope))
    change = end - start
    half = stats.norm.ppf(0.975) * error
    p = 2.0 * stats.norm.sf(np.abs(change) / error)
    return np.vstack([start, end, change, np.maximum(change - half, -1.0), np.minimum(change + half, 1.0), p])
