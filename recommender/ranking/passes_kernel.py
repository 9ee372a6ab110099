"""Passes over the whole catalogue for one learner, compiled; explained where they are called."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

# Probabilities closer to 0 or 1 than this are one logit distance: their logits would be infinite.
_EDGE = 1e-9


@numba.njit(cache=True, nogil=True)
def check_requirements(
    module: Any,
    needed_module: Any,
    needed_skill: Any,
    required_mastery: Any,
    hard: Any,
    count: Any,
    finished: Any,
    mastery: Any,
    reachable: Any,
    all_met: Any,
    share: Any,
    missing: Any,
) -> None:
    """Fill what `Requirements.check` tells, the last four."""
    reachable[:] = True
    all_met[:] = True
    share[:] = 0.0
    on_modules = len(needed_module)
    for r in range(len(module)):
        if r < on_modules:
            met = bool(finished[needed_module[r]])
            degree = 1.0 if met else 0.0
        else:
            known, required = mastery[needed_skill[r - on_modules]], required_mastery[r - on_modules]
            met = known >= required
            # Not met and known means 0 <= mastery < required, so nothing divides by 0.
            degree = 1.0 if met else 0.0 if np.isnan(known) else max(known / required, 0.0)
        missing[r] = hard[r] and not met
        if not met:
            all_met[module[r]] = False
            reachable[module[r]] &= not hard[r]
        share[module[r]] += 1.0 - degree
    for m in range(len(share)):
        share[m] = 1.0 - share[m] / count[m]


@numba.njit(cache=True, nogil=True)
def count_unlocks(module: Any, needed_module: Any, missing: Any, wanted: Any, unlocks: Any) -> None:
    """Fill what `Requirements.unlocks` tells."""
    n_missing = np.zeros(len(unlocks), np.int32)
    for r in range(len(module)):
        n_missing[module[r]] += missing[r]
    unlocks[:] = 0
    for r in range(len(needed_module)):
        if missing[r] and n_missing[module[r]] == 1 and wanted[module[r]]:
            unlocks[needed_module[r]] += 1


@numba.njit(cache=True, nogil=True)
def sum_taught(start: Any, skill: Any, per_skill: Any, total: Any) -> None:
    """Fill `total` (n_modules,) with the sum of a value over the skills each module teaches."""
    for m in range(len(total)):
        value = 0.0
        for s in range(start[m], start[m + 1]):
            value += per_skill[skill[s]]
        total[m] = value


@numba.njit(cache=True, nogil=True)
def away(probability: float, low: float, high: float, low_logit: float, high_logit: float) -> Any:
    """Logits from one probability to the nearer edge of the band."""
    if low <= probability <= high:
        return 0.0
    if np.isnan(probability):
        return np.nan
    odds = min(max(probability, _EDGE), 1.0 - _EDGE)
    logit = np.log(odds / (1.0 - odds))
    return max(max(low_logit - logit, logit - high_logit), 0.0)


@numba.njit(cache=True, nogil=True)
def fill_distance(
    probability: Any, low: float, high: float, low_logit: float, high_logit: float, out: Any
) -> None:
    """Fill `difficulty.distance`."""
    for m in range(len(out)):
        out[m] = away(probability[m], low, high, low_logit, high_logit)


@numba.njit(cache=True, nogil=True)
def fill_fit(
    probability: Any, low: float, high: float, low_logit: float, high_logit: float, falloff: float, out: Any
) -> None:
    """Fill `difficulty.fit`."""
    for m in range(len(out)):
        scaled = away(probability[m], low, high, low_logit, high_logit) / falloff
        out[m] = 1.0 if scaled == 0.0 else np.exp(-0.5 * scaled * scaled)


@numba.njit(cache=True, nogil=True)
def fill_terms(
    mix: Any,
    n_allowed: int,
    fit: Any,
    gap: Any,
    readiness: Any,
    unlocks: Any,
    faded: Any,
    weights: Any,
    liked: Any,
    added: Any,
    score: Any,
) -> None:
    """Fill what `value.terms` tells: rows of `added` (5, n_modules) and `weights` (5,) in its order."""
    for m in range(len(mix)):
        liked[m] = np.log(mix[m] * n_allowed)
        added[0, m] = weights[0] * (2.0 * (0.5 if np.isnan(fit[m]) else fit[m]) - 1.0)
        added[1, m] = weights[1] * gap[m]
        added[2, m] = weights[2] * (readiness[m] - 1.0)
        added[3, m] = weights[3] * np.log1p(unlocks[m]) if unlocks[m] > 0 else 0.0
        added[4, m] = weights[4] * faded[m]
        score[m] = liked[m] + added[0, m] + added[1, m] + added[2, m] + added[3, m] + added[4, m]
