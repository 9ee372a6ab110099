"""How much there is: sizes, and how activity is spread over learners."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.datasets.dataset import Dataset
from training.evaluation.description_events import CLOCK_WORDS, DAY_SECONDS, Events, Starts
from training.evaluation.description_values import (
    Ints,
    Value,
    gini,
    nothing,
    quantiles_or,
    share_of_top,
    shown,
)


@dataclass(frozen=True, slots=True)
class Size:
    """Counts of everything; a table that is not there has 0 rows.

    Parameters
    ----------
    learners_listed : Value
        Rows of table learners, also those that the loader derived from events.
    learners_active : Value
        Learners with at least one event: an attempt or a row of completions of any status. No other table
        counts as events anywhere in the description.
    events : Value
        Rows of attempts and completions.
    starts : Value
        First starts: distinct pairs of learner and module in completions.
    attempts : Value
        Rows of attempts.
    modules : Value
        Rows of table modules.
    items : Value
        Rows of table items.
    span_days : Value
        Days from the first event of all to the last, at least 0.
    """

    learners_listed: Value = field(metadata=shown("learners listed", "count"))
    learners_active: Value = field(metadata=shown("learners with an event", "count"))
    events: Value = field(metadata=shown("events (attempts and rows of completions)", "count"))
    starts: Value = field(metadata=shown("first starts of a module", "count"))
    attempts: Value = field(metadata=shown("attempts", "count"))
    modules: Value = field(metadata=shown("modules in the catalogue", "count"))
    items: Value = field(metadata=shown("items", "count"))
    span_days: Value = field(metadata=shown("from first to last event", "days"))


@dataclass(frozen=True, slots=True)
class Spread:
    """How many of something each learner has, over the learners with at least one.

    Parameters
    ----------
    p10, median, p90, p99 : Value
        Quantiles over learners, linear between neighbours, at least 1.
    mean : Value
        Mean over learners, at least 1.
    gini : Value
        Gini coefficient over learners, in [0, 1); see `gini`.
    top_share : Value
        Share that belongs to the 10% of learners with the most, in [.1, 1]; see `share_of_top`.
    """

    p10: Value = field(metadata=shown("10th percentile", "count"))
    median: Value = field(metadata=shown("median", "count"))
    p90: Value = field(metadata=shown("90th percentile", "count"))
    p99: Value = field(metadata=shown("99th percentile", "count"))
    mean: Value = field(metadata=shown("mean", "count"))
    gini: Value = field(metadata=shown("Gini over learners", "number"))
    top_share: Value = field(metadata=shown("share of the top 10% of learners", "share"))


def size(dataset: Dataset, events: Events, starts: Starts | None) -> Size:
    """Count what a dataset holds."""

    def rows(table: str) -> Value:
        return Value(float(len(dataset.tables.get(table, ()))))

    return Size(
        learners_listed=rows("learners"),
        learners_active=Value(float(events.learner[-1] + 1)),
        events=Value(float(len(events.learner))),
        starts=Value(float(len(starts.learner)) if starts is not None else 0.0),
        attempts=rows("attempts"),
        modules=rows("modules"),
        items=rows("items"),
        span_days=_span(events),
    )


def spread(learner: Ints | None, reason: str) -> Spread:
    """Describe how rows are spread over the learners they belong to.

    Parameters
    ----------
    learner : int array, shape (n_rows,), optional
        Whose each row is, numbered from 0.
    reason : str
        Why there are none, where there are none.

    Examples
    --------
    >>> found = spread(np.array([0, 0, 0, 1]), "it has no attempts")
    >>> found.mean.number, found.gini.number
    (2.0, 0.25)
    """
    if learner is None or not len(learner):
        return nothing(Spread, reason)
    count = np.bincount(learner)
    count = count[count > 0]
    p10, median, p90, p99 = quantiles_or(count, (0.1, 0.5, 0.9, 0.99), reason)
    return Spread(
        p10=p10,
        median=median,
        p90=p90,
        p99=p99,
        mean=Value(float(count.mean())),
        gini=Value(gini(count)),
        top_share=Value(share_of_top(count)),
    )


def _span(events: Events) -> Value:
    if events.clock == "none":
        return Value(None, CLOCK_WORDS["none"])
    return Value(float(events.at.max() - events.at.min()) / DAY_SECONDS)
