"""What the first one, two and three modules tell of somebody whom no model has seen."""

from __future__ import annotations

from typing import Final

import numpy as np

from recommender.embeddings.histories import Interactions
from training.evaluation.splits import Split, Unavailable, split_learners

SHOTS: Final = (1, 2, 3)
"""How many first modules are known."""
UNSEEN: Final = 0.2
"""Share of the learners that nothing is learned from."""


def few_shot(interactions: Interactions, rng: np.random.Generator) -> Split | Unavailable:
    """Hide some learners altogether, then predict their next start from their first one, two and three.

    Parameters
    ----------
    interactions : Interactions
    rng : numpy Generator
        Draws `UNSEEN` of the learners with at least two starts; the others can have no target.

    Returns
    -------
    Split or Unavailable
        Up to three targets a learner: for n = 1, 2, 3 and at least n + 1 starts, start n + 1 from the n
        before it. Groups are ``1 known``, ``2 known``, ``3 known``. No row of these learners is in training.
        Unavailable when there are too few learners to draw one.

    Examples
    --------
    >>> ints = np.tile(np.array([3, 0, 1], np.int32), 3)
    >>> source = Interactions(np.array([0, 3, 6, 9]), ints, np.full(9, np.nan), ints[:3], ints[:3], 4)
    >>> split = few_shot(source, np.random.default_rng(0))
    >>> split.module.tolist(), split.group, len(split.train.modules)
    ([0, 1], ('1 known', '2 known'), 6)
    """
    n_started = np.diff(interactions.start)
    several = np.flatnonzero(n_started >= 2)
    _, drawn = split_learners(len(several), (1 - UNSEEN, UNSEEN), rng)
    if not len(drawn):
        return Unavailable(
            f"{len(several)} learners have started two modules, and {UNSEEN:.0%} of them is nobody to test"
        )
    unseen = np.zeros(interactions.n_learners, np.bool_)
    unseen[several[drawn]] = True
    learner = np.repeat(several[drawn], len(SHOTS))
    n_known = np.tile(np.array(SHOTS, np.int64), len(drawn))
    long_enough = n_started[learner] > n_known
    learner, n_known = learner[long_enough], n_known[long_enough]
    return Split(
        train=interactions.keep(~unseen[interactions.learners()]),
        source=interactions,
        learner=learner,
        n_known=n_known,
        module=interactions.modules[interactions.start[learner] + n_known],
        group=tuple(f"{n} known" for n in n_known.tolist()),
    )
