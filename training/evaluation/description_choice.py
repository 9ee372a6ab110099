"""What is taken: popularity of modules, and how far one start tells the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.datasets.dataset import Dataset
from training.evaluation.description_events import CLOCK_WORDS, DAY_SECONDS, Clock, Starts
from training.evaluation.description_values import (
    NO_COMPLETIONS,
    Floats,
    Ints,
    Value,
    gini,
    nothing,
    share_of_top,
    shown,
)

_DERIVED = "it has no table modules, so a module nobody started is unknown"
_NO_PAIR = "no learner started two modules"
_TIED: Final = 0.5
_TIED_NOTE = "most of its consecutive starts share one time, so their order means little"


@dataclass(frozen=True, slots=True)
class Popularity:
    """How first starts are spread over modules.

    Parameters
    ----------
    gini : Value
        Gini coefficient of first starts over modules with at least one, in [0, 1); see `gini`.
    top_share : Value
        Share of first starts that belong to the most started 10% of those modules; see `share_of_top`.
    median : Value
        First starts of the median such module.
    never : Value
        Share of the catalogue, retired modules included, that nobody started, in [0, 1].
    """

    gini: Value = field(metadata=shown("Gini over modules started", "number"))
    top_share: Value = field(metadata=shown("share of starts, top 10% of modules", "share"))
    median: Value = field(metadata=shown("first starts of the median module", "count"))
    never: Value = field(metadata=shown("modules of the catalogue never started", "share"))


@dataclass(frozen=True, slots=True)
class Succession:
    """How far the module started last tells the next.

    A pair is two consecutive first starts of one learner, module and successor. Neither a repeated event of a
    module nor a return to it is a start, so no module follows itself.

    Parameters
    ----------
    pairs : Value
        Number of pairs.
    same_time : Value
        Share of pairs that share one time, in [0, 1]; there the order of rows decides.
    gap_median_days : Value
        Median over pairs of the days from one start to the next, at least 0. Whole days where times are days.
    best_successor : Value
        Share of pairs whose successor is the module's most common one, in [0, 1]; so over modules weighted by
        their pairs. Found on the pairs it is judged on: 1 for a module with a single pair.
    best_successor_of_others : Value
        The same where the most common successor is found among all other pairs of the module; ties count in
        proportion, no other pair as a miss. A learner has one pair of a module, so it is of other learners.
    best_overall : Value
        Share of pairs whose successor is the most common one of all: what knows no module.
    """

    pairs: Value = field(metadata=shown("consecutive first starts", "count"))
    same_time: Value = field(metadata=shown("of those, at one and the same time", "share"))
    gap_median_days: Value = field(metadata=shown("time between them, median", "days"))
    best_successor: Value = field(metadata=shown("most common successor of the module", "share"))
    best_successor_of_others: Value = field(metadata=shown("the same, as seen in other learners", "share"))
    best_overall: Value = field(metadata=shown("most common next module of all", "share"))


def popularity(dataset: Dataset, starts: Starts | None) -> Popularity:
    """Describe how first starts are spread over modules."""
    if starts is None:
        return nothing(Popularity, NO_COMPLETIONS)
    count = np.bincount(starts.module)
    derived = any(found.table == "modules" and "derived" in found.text for found in dataset.findings)
    never = 1 - len(count) / len(dataset.tables["modules"])
    return Popularity(
        gini=Value(gini(count)),
        top_share=Value(share_of_top(count)),
        median=Value(float(np.median(count))),
        never=Value(None, _DERIVED) if derived else Value(never),
    )


def succession(starts: Starts | None, clock: Clock) -> Succession:
    """Describe how far the module started last tells the next, and how long it takes."""
    if starts is None:
        return nothing(Succession, NO_COMPLETIONS)
    pair = np.flatnonzero(starts.learner[1:] == starts.learner[:-1])
    if not len(pair):
        return nothing(Succession, _NO_PAIR)
    module, successor = starts.module[pair], starts.module[pair + 1]
    days = (starts.at[pair + 1] - starts.at[pair]) / DAY_SECONDS
    same_time = float((days == 0).mean())
    note = _TIED_NOTE if same_time > _TIED else ""
    return Succession(
        pairs=Value(float(len(pair))),
        same_time=Value(None, CLOCK_WORDS["none"]) if clock == "none" else Value(same_time),
        gap_median_days=_median_gap(days, clock),
        best_successor=Value(most_common_successor(module, successor), note),
        best_successor_of_others=Value(most_common_successor_of_others(module, successor), note),
        best_overall=Value(float(np.bincount(successor).max() / len(successor)), note),
    )


def _median_gap(days: Floats, clock: Clock) -> Value:
    if clock in ("none", "months"):
        return Value(None, CLOCK_WORDS[clock])
    return Value(float(np.median(days)), CLOCK_WORDS["days"] if clock == "days" else "")


def most_common_successor(module: Ints, successor: Ints) -> float:
    """Return the share of pairs whose successor is the most common one of their module.

    Parameters
    ----------
    module, successor : int arrays, shape (n_pairs,)
        At least one pair, numbered from 0.

    Examples
    --------
    >>> most_common_successor(np.array([0, 0, 0, 1]), np.array([1, 1, 2, 0]))
    0.75
    """
    of, count = _counts(module, successor)
    return float(count[_last_of_run(of)].sum() / len(module))


def most_common_successor_of_others(module: Ints, successor: Ints) -> float:
    """Return the same share where each pair is judged by the other pairs of its module.

    Parameters
    ----------
    module, successor : int arrays, shape (n_pairs,)
        At least one pair, numbered from 0.

    Notes
    -----
    Without one of its c pairs, a module's most common successor is still the most common one when the second
    has fewer than c - 1, and shares the place with all that have exactly c - 1. No other successor can win
    when it loses a pair.

    Examples
    --------
    Without one of the first two pairs, successors 1 and 2 are equally common: half a hit each. The third is
    missed, and the fourth has no other pair.

    >>> most_common_successor_of_others(np.array([0, 0, 0, 1]), np.array([1, 1, 2, 0]))
    0.25
    """
    of, count = _counts(module, successor)
    last = _last_of_run(of)
    top = count[last]
    run = np.cumsum(np.concatenate([[0], last[:-1].astype(np.int64)]))
    # a run ends with its largest count; the others of the run are its rivals
    rival = ~last
    above = np.bincount(run[rival], weights=count[rival] >= top[run[rival]], minlength=len(top)) > 0
    level = np.bincount(run[rival], weights=count[rival] == top[run[rival]] - 1, minlength=len(top))
    hits = np.where(above | (top < 2), 0.0, top / (1 + level))
    return float(hits.sum() / len(module))


def _counts(module: Ints, successor: Ints) -> tuple[Ints, Ints]:
    """Count distinct pairs: the module of each and how often it occurs, by module, then rarest first."""
    width = int(successor.max()) + 1
    pairs, count = np.unique(module * width + successor, return_counts=True)
    of = pairs // width
    order = np.lexsort((count, of))
    return of[order], count[order].astype(np.int64)


def _last_of_run(of: Ints) -> NDArray[np.bool_]:
    return np.concatenate([of[1:] != of[:-1], [True]])
