"""Modules that nobody has started yet: hidden from training, present in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import Interactions
from training.evaluation.splits import Split, Unavailable

N_FOLDS: Final = 5
NOT_STARTED: Final = -1


def cold_modules(interactions: Interactions, rng: np.random.Generator) -> list[Split] | Unavailable:
    """Hide each fold of modules in turn and predict who starts them.

    Parameters
    ----------
    interactions : Interactions
    rng : numpy Generator
        Deals out the modules to `N_FOLDS` folds.

    Returns
    -------
    list of Split, or Unavailable
        Of the folds in which somebody can be tested; Unavailable when there is none.
    """
    fold = module_folds(interactions, rng)
    splits = [hide_modules(interactions, hidden) for hidden in _masks(fold)]
    usable = [split for split in splits if len(split.learner)]
    if not usable:
        return Unavailable("no learner has started a module of one fold before one of another")
    return usable


def module_folds(interactions: Interactions, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal the modules that somebody has started out to `N_FOLDS` folds of about equal size.

    Returns
    -------
    int array, shape (n_modules,)
        From 0; `NOT_STARTED` for a module that nobody has started, which cannot be a target.
    """
    started = np.unique(interactions.modules)
    fold = np.full(interactions.n_modules, NOT_STARTED, np.int64)
    fold[started] = rng.permutation(len(started)) % N_FOLDS
    return fold


def _masks(fold: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
    return (fold == number for number in range(N_FOLDS))


def hide_modules(interactions: Interactions, hidden: NDArray[np.bool_]) -> Split:
    """Hide some modules from training and test who started one of them.

    Parameters
    ----------
    interactions : Interactions
    hidden : bool array, shape (n_modules,)

    Returns
    -------
    Split
        At most one target a learner, perhaps none at all: the last hidden start that has a visible one
        before it. Known are the visible starts before it; earlier hidden ones are not, as if these modules
        had come into the catalogue only now. Nothing hidden is in training, and of a tested learner nothing
        that came after the target. Groups are ``1 visible``, ``2-5 visible``, ``6+ visible``.

    Examples
    --------
    >>> ints = np.array([0, 1, 2, 3], np.int32)
    >>> source = Interactions(np.array([0, 4]), ints, np.full(4, np.nan), ints[:1], ints[:1], 4)
    >>> split = hide_modules(source, np.array([False, True, True, False]))
    >>> split.module.tolist(), split.train.modules.tolist(), split.group
    ([2], [0], ('1 visible',))
    """
    n_rows = len(interactions.modules)
    learners = interactions.learners()
    hidden_rows = hidden[interactions.modules]
    last_hidden = np.full(interactions.n_learners, -1, np.int64)
    # Rows lie learner by learner, oldest first, so the largest position is the latest.
    np.maximum.at(last_hidden, learners[hidden_rows], np.flatnonzero(hidden_rows))
    n_visible = np.concatenate([np.zeros(1, np.int64), np.cumsum(~hidden_rows)])
    n_before = n_visible[last_hidden] - n_visible[interactions.start[:-1]]
    # If nothing visible precedes the last hidden start, then nothing precedes an earlier one either.
    learner = np.flatnonzero((last_hidden >= 0) & (n_before > 0))
    end = interactions.start[1:].copy()
    end[learner] = last_hidden[learner]
    train = interactions.keep(~hidden_rows & (np.arange(n_rows) < end[learners]))
    return Split(
        train=train,
        source=train,
        learner=learner,
        n_known=n_before[learner],
        module=interactions.modules[last_hidden[learner]],
        group=tuple(_group(n) for n in n_before[learner].tolist()),
    )


def _group(n_visible: int) -> str:
    if n_visible == 1:
        return "1 visible"
    return "2-5 visible" if n_visible <= 5 else "6+ visible"
