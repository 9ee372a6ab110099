"""How it went: completion, scores and how hard items are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from training.evaluation.description_events import Starts, numbered
from training.evaluation.description_values import (
    NO_ATTEMPTS,
    NO_COMPLETIONS,
    Floats,
    Value,
    nothing,
    quantiles_or,
    shown,
)

ENOUGH_ATTEMPTS: Final = 20
"""Learners who must have tried an item before its difficulty counts."""

_ONLY_COMPLETED = "it records no status but completed, so every start is a completion"
_ONLY_ENDS = "it records how starts ended (completed, abandoned) and never that one began"
_NEVER_ABANDONED = "it records no start as abandoned"


@dataclass(frozen=True, slots=True)
class Completion:
    """What became of first starts.

    Parameters
    ----------
    completed : Value
        Share of first starts whose learner has a row ``completed`` for the module, in [0, 1]. Not defined
        when no other status occurs. With a note when ``started`` does not occur: then starts that are still
        open are missing from the data, so the share is of those that ended.
    abandoned : Value
        Share of first starts with a row ``abandoned`` and none ``completed``, in [0, 1]. Not defined when
        that status does not occur: a start that ended so cannot be told from one that is open.
    """

    completed: Value = field(metadata=shown("completed, of first starts", "share"))
    abandoned: Value = field(metadata=shown("abandoned, of first starts", "share"))


@dataclass(frozen=True, slots=True)
class Scores:
    """Distribution of scores over rows that have one, a fraction each.

    Parameters
    ----------
    count : Value
        Rows with a score.
    mean : Value
        In [0, 1].
    zero, one : Value
        Share of scores that are exactly 0 and exactly 1. They sum to 1 when scores are right or wrong.
    q25, median, q75 : Value
        Quartiles, linear between neighbours.
    """

    count: Value = field(metadata=shown("scores", "count"))
    mean: Value = field(metadata=shown("mean", "number"))
    zero: Value = field(metadata=shown("share that is 0", "share"))
    one: Value = field(metadata=shown("share that is 1", "share"))
    q25: Value = field(metadata=shown("lower quartile", "number"))
    median: Value = field(metadata=shown("median", "number"))
    q75: Value = field(metadata=shown("upper quartile", "number"))


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How often attempts fail, over all and item by item.

    Of each item only learners' first attempts at it count, and only items with at least 20 of those.

    Parameters
    ----------
    passed : Value
        Share of all attempts that passed, in [0, 1].
    repeats : Value
        Share of attempts whose learner had attempted the item before, in [0, 1].
    items : Value
        Items with at least 20 first attempts.
    p10, median, p90 : Value
        Quantiles over those items of the share of first attempts that failed, in [0, 1].
    logit_sd : Value
        Standard deviation over those items (n - 1 in the denominator) of
        log((failed + 1/2) / (passed + 1/2)), the halves as in Anscombe (1956), "On estimating binomial
        response relations", Biometrika 43. It holds the sampling noise of few attempts too, and who chose to
        try which item.
    """

    passed: Value = field(metadata=shown("attempts that passed", "share"))
    repeats: Value = field(metadata=shown("attempts at an item tried before", "share"))
    items: Value = field(metadata=shown("items with 20 or more first attempts", "count"))
    p10: Value = field(metadata=shown("share failed, 10th percentile of items", "share"))
    median: Value = field(metadata=shown("share failed, median item", "share"))
    p90: Value = field(metadata=shown("share failed, 90th percentile of items", "share"))
    logit_sd: Value = field(metadata=shown("standard deviation over items, logits", "number"))


def completion(starts: Starts | None) -> Completion:
    """Describe what became of first starts."""
    if starts is None:
        return nothing(Completion, NO_COMPLETIONS)
    if starts.statuses == {"completed"}:
        return nothing(Completion, _ONLY_COMPLETED)
    note = "" if "started" in starts.statuses else _ONLY_ENDS
    abandoned = float((starts.abandoned & ~starts.completed).mean())
    return Completion(
        completed=Value(float(starts.completed.mean()), note),
        abandoned=Value(abandoned, note) if "abandoned" in starts.statuses else Value(None, _NEVER_ABANDONED),
    )


def scores(frame: pd.DataFrame | None, table: str) -> Scores:
    """Describe the column ``score`` of a table; `table` is its name.

    Examples
    --------
    >>> scores(pd.DataFrame({"score": [0.0, 1.0, 1.0, 1.0]}), "attempts").mean.number
    0.75
    """
    if frame is None or frame.empty:
        return nothing(Scores, f"it has no {table}")
    found, none = frame["score"].dropna().to_numpy(np.float64), f"its {table} have no score"
    if not len(found):
        return nothing(Scores, none)
    q25, median, q75 = quantiles_or(found, (0.25, 0.5, 0.75), none)
    return Scores(
        count=Value(float(len(found))),
        mean=Value(float(found.mean())),
        zero=Value(float((found == 0).mean())),
        one=Value(float((found == 1).mean())),
        q25=q25,
        median=median,
        q75=q75,
    )


def difficulty(attempts: pd.DataFrame | None) -> Difficulty:
    """Describe how often attempts fail; rows of `attempts` are in order of time."""
    if attempts is None or attempts.empty:
        return nothing(Difficulty, NO_ATTEMPTS)
    repeated = attempts.duplicated(["learner_id", "item_id"])
    first = attempts[~repeated]
    n, failed = _by_item(first["item_id"], first["passed"])
    few = f"none of its items has {ENOUGH_ATTEMPTS} first attempts"
    p10, median, p90 = quantiles_or(failed / n, (0.1, 0.5, 0.9), few)
    return Difficulty(
        passed=Value(float(attempts["passed"].mean())),
        repeats=Value(float(repeated.mean())),
        items=Value(float(len(n))),
        p10=p10,
        median=median,
        p90=p90,
        logit_sd=_logit_sd(n, failed),
    )


def _by_item(item_id: pd.Series[Any], passed: pd.Series[Any]) -> tuple[Floats, Floats]:
    """First attempts and failed ones of every item that has enough."""
    item = numbered(item_id)
    n = np.bincount(item).astype(np.float64)
    failed = n - np.bincount(item, weights=passed.to_numpy(np.float64))
    enough = n >= ENOUGH_ATTEMPTS
    return n[enough], failed[enough]


def _logit_sd(n: Floats, failed: Floats) -> Value:
    if len(n) < 2:
        return Value(None, f"fewer than two of its items have {ENOUGH_ATTEMPTS} first attempts")
    return Value(float(np.log((failed + 0.5) / (n - failed + 0.5)).std(ddof=1)))
