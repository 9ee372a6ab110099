"""The published test set of a dataset, as a split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import Interactions
from training.evaluation.splits import Split, Unavailable, known_or_new


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A published test set: who started what later on.

    Parameters
    ----------
    learner : int array, shape (n_pairs,)
        Positions of learners; one may be there several times.
    module : int array, shape (n_pairs,)
        Positions in the catalogue; no pair is there twice.
    """

    learner: NDArray[np.int64]
    module: NDArray[np.int32]


def holdout(interactions: Interactions, held_out: HeldOut | None) -> Split | Unavailable:
    """Predict a published test set from every first start that is not part of it.

    Where a held-out pair is among the starts as well, that start is the answer, and what its learner started
    after it came later than what is asked for: both are left out of training and of the history, and
    ``removed`` counts them. A pair that is not among the starts is taken to come after all of them.

    Parameters
    ----------
    interactions : Interactions
    held_out : HeldOut, optional

    Returns
    -------
    Split or Unavailable
        One target a pair, so several for some learners, all with the same history. ``removed`` has
        ``held_out_starts`` (rows that were the answer) and ``later_starts`` (rows after them). Groups are
        ``known`` (has a history) and ``new``. Unavailable without a pair, or when no start is left.

    Examples
    --------
    >>> ints = np.array([0, 1, 2], np.int32)
    >>> source = Interactions(np.array([0, 3]), ints, np.full(3, np.nan), ints[:1], ints[:1], 4)
    >>> split = holdout(source, HeldOut(np.array([0, 0]), np.array([1, 3], np.int32)))
    >>> split.train.modules.tolist(), split.module.tolist(), split.history(1).modules.tolist()
    ([0], [1, 3], [0])
    >>> dict(split.removed)
    {'held_out_starts': 1, 'later_starts': 1}
    """
    if held_out is None or not len(held_out.learner):
        return Unavailable("there is no table holdout (learner_id, module_id), or it is empty")
    learners = interactions.learners()
    rows = learners.astype(np.int64) * interactions.n_modules + interactions.modules
    answer = np.isin(rows, held_out.learner * interactions.n_modules + held_out.module)
    # Rows lie learner by learner, oldest first: the first answer of a learner ends what may be known.
    end = interactions.start[1:].copy()
    np.minimum.at(end, learners[answer], np.flatnonzero(answer))
    kept = np.arange(len(rows)) < end[learners]
    if not kept.any():
        return Unavailable("no start is left to learn from once the pairs of the table holdout are taken out")
    train = interactions.keep(kept)
    n_known = np.diff(train.start)[held_out.learner]
    return Split(
        train=train,
        source=train,
        learner=held_out.learner,
        n_known=n_known,
        module=held_out.module,
        group=known_or_new(n_known),
        removed={
            "held_out_starts": int(np.count_nonzero(answer)),
            "later_starts": int(np.count_nonzero(~kept & ~answer)),
        },
    )
