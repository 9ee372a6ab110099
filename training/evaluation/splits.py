"""Who is tested on what: splits in which nothing of the answer is in the training data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import History, Interactions


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Training data, and targets to be predicted from what their learners had started before.

    Parameters
    ----------
    train : Interactions
        What may be learned from; learners keep their positions, perhaps without rows.
    source : Interactions
        Where histories are read; the same learners. It may hold rows that nobody may see, see `n_known`.
    learner, module : int arrays, shape (n_targets,)
        Who is tested, and the position of the module they started next. A learner may have several targets.
    n_known : int array, shape (n_targets,)
        How many of the learner's first rows in `source` are known when the target is predicted. Targets of
        one learner with equal numbers are looked up in one and the same list.
    group : tuple of str, one a target
        What targets are told apart by in a report.
    moment : float
        Time of all predictions, seconds since 1970 UTC; NaN where there is no such time.
    removed : mapping of str to int
        Rows of the data that had to be left out of training for a reason that a report should give.
    """

    train: Interactions
    source: Interactions
    learner: NDArray[np.int64]
    n_known: NDArray[np.int64]
    module: NDArray[np.int32]
    group: tuple[str, ...]
    moment: float = math.nan
    removed: Mapping[str, int] = field(default_factory=dict)

    def history(self, row: int) -> History:
        """Return all that is known of a learner when the target `row` is predicted."""
        whole = self.source.history(int(self.learner[row]))
        known = slice(int(self.n_known[row]))
        return History(whole.modules[known], whole.at[known], whole.role, whole.segment, self.moment)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A protocol that this data does not allow.

    Parameters
    ----------
    reason : str
        One sentence for people.
    """

    reason: str


def split_learners(n: int, fractions: Sequence[float], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Deal `n` learners out at random, each to exactly one part.

    Parameters
    ----------
    n : int
        Number of learners.
    fractions : sequence of float
        Share of each part; they sum to 1. Sizes differ from ``n * fraction`` by less than 1.
    rng : numpy Generator

    Returns
    -------
    list of int arrays
        Positions of the learners of each part, ascending.

    Raises
    ------
    ValueError
        If a fraction is negative or their sum is not 1.

    Examples
    --------
    >>> [len(part) for part in split_learners(10, (0.7, 0.2, 0.1), np.random.default_rng(0))]
    [7, 2, 1]
    """
    if min(fractions, default=0) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be at least 0 and sum to 1; got {tuple(fractions)}")
    ends = np.rint(np.cumsum(fractions)[:-1] * n).astype(np.int64)
    return [np.sort(part) for part in np.split(rng.permutation(n), ends)]


def leave_last_out(interactions: Interactions) -> Split | Unavailable:
    """Hide the module that each learner was last to start for the first time.

    Learners with a single start keep it in training and have no target: nothing came before it. Rows of
    equal time keep their order.

    Examples
    --------
    >>> ints = np.array([0, 1, 2], np.int32)
    >>> source = Interactions(np.array([0, 2, 3]), ints, np.full(3, np.nan), ints[:2], ints[:2], 3)
    >>> split = leave_last_out(source)
    >>> split.learner.tolist(), split.module.tolist(), split.train.modules.tolist()
    ([0], [1], [0, 2])
    """
    n_started = np.diff(interactions.start)
    learner = np.flatnonzero(n_started >= 2)
    if not len(learner):
        return Unavailable("no learner has started two modules, so none can be predicted from another")
    last = interactions.start[learner + 1] - 1
    train_rows = np.ones(len(interactions.modules), np.bool_)
    train_rows[last] = False
    return Split(
        train=interactions.keep(train_rows),
        source=interactions,
        learner=learner,
        n_known=n_started[learner] - 1,
        module=interactions.modules[last],
        group=known_or_new(n_started[learner] - 1),
    )


def temporal(interactions: Interactions, cut: float) -> Split | Unavailable:
    """Learn from what came strictly before one moment, predict each learner's first start from then on.

    Parameters
    ----------
    interactions : Interactions
    cut : float
        The moment, as a fraction of the time from the first start of all to the last, in (0, 1).

    Returns
    -------
    Split or Unavailable
        Unavailable without a clock, or when all starts share one time.

    Raises
    ------
    ValueError
        If `cut` is not between 0 and 1.

    Examples
    --------
    >>> ints = np.array([0, 1, 2], np.int32)
    >>> source = Interactions(np.array([0, 2, 3]), ints, np.array([0.0, 9, 8]), ints[:2], ints[:2], 3)
    >>> split = temporal(source, 0.5)
    >>> split.module.tolist(), split.group
    ([1, 2], ('known', 'new'))
    >>> split.history(0).modules.tolist(), split.moment
    ([0], 4.5)
    """
    if not 0 < cut < 1:
        raise ValueError(f"cut must be a fraction between 0 and 1; got {cut}")
    reason = _no_clock(interactions.at)
    if reason:
        return Unavailable(reason)
    first, last = float(interactions.at.min()), float(interactions.at.max())
    moment = min(first + cut * (last - first), last)
    train_rows = interactions.at < moment
    row_learner = interactions.learners()
    after = np.flatnonzero(~train_rows)
    # Rows are oldest first within a learner, so the first row met is the earliest.
    learner, met = np.unique(row_learner[after], return_index=True)
    train = interactions.keep(train_rows)
    n_known = np.diff(train.start)[learner]
    return Split(
        train=train,
        source=interactions,
        learner=learner.astype(np.int64),
        n_known=n_known,
        module=interactions.modules[after[met]],
        group=known_or_new(n_known),
        moment=moment,
    )


def known_or_new(n_known: NDArray[np.int64]) -> tuple[str, ...]:
    """Group of each target: ``known`` where the learner has a history, else ``new``."""
    return tuple("known" if n else "new" for n in n_known.tolist())


def _no_clock(at: NDArray[np.float64]) -> str:
    """Why these times cannot be cut; empty when they can."""
    missing = int(np.count_nonzero(np.isnan(at)))
    if not len(at):
        return "nobody has started a module"
    if missing:
        return f"{missing} of {len(at)} first starts have no time (occurred_at), so there is no cut in time"
    if at.min() == at.max():
        return "all first starts share one time, so there is no before and after"
    return ""
