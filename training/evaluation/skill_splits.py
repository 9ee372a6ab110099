"""Which learners a skill model is tested on, and which of the others only tell it when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.errors import ConfigurationError, DatasetError
from training.evaluation.splits import split_learners

Bools = NDArray[np.bool_]

HELD_OUT_FRACTION: Final = 0.1
"""Share of the training learners held out where no fold is."""
NO_FOLD: Final = 0
"""Fold of a learner that the table of folds does not name; folds count from 1."""
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class SkillSplit:
    """Learners in three parts; somebody without an attempt is in none.

    Parameters
    ----------
    protocol : str
        For people, such as ``fold 1``.
    trained, held_out, tested : bool arrays, shape (n_learners,)
        Who is learned from; who only decides when to stop, and calibrates; who is predicted.
    fold, held_out_fold : int or None
        Numbers of the folds tested and held out; None where they were drawn at random.
    """

    protocol: str
    trained: Bools
    held_out: Bools
    tested: Bools
    fold: int | None = None
    held_out_fold: int | None = None

    @property
    def for_baselines(self) -> Bools:
        """Who a model learns from that has nothing to stop, shape (n_learners,).

        A held-out fold is nobody's to learn from. Learners drawn out of the training part are part of it for
        such a model, as in the published splits, which have a training and a test part only.
        """
        return self.trained if self.held_out_fold is not None else self.trained | self.held_out


def split_by_fold(
    fold_of: NDArray[np.int64], active: Bools, fold: int, rng: np.random.Generator
) -> SkillSplit:
    """Test one published fold.

    With three folds or more the one after it, cyclic over the sorted numbers, is held out of fitting; with
    two, 10% of the other learners are, drawn at random.

    Parameters
    ----------
    fold_of : int64 array, shape (n_learners,)
        Fold of each learner, `NO_FOLD` where there is none.
    active : bool array, shape (n_learners,)
        Who has attempts; all of them are in a fold.
    fold : int
        The one tested.
    rng : numpy Generator

    Raises
    ------
    ConfigurationError, DatasetError
        No learner with attempts is in that fold, or too few are in the others.

    Examples
    --------
    >>> folds = np.array([1, 2, 5, 5])
    >>> split = split_by_fold(folds, np.ones(4, bool), 5, np.random.default_rng(0))
    >>> split.held_out.tolist(), split.trained.tolist()
    ([True, False, False, False], [False, True, False, False])
    """
    numbers = np.unique(fold_of[active]).tolist()
    if fold not in numbers:
        shown = ", ".join(map(str, numbers[:_MOST_SHOWN])) + (", ..." if len(numbers) > _MOST_SHOWN else "")
        raise ConfigurationError(
            f"--fold {fold} has no learner with attempts in the table folds; name one of {shown}"
        )
    tested = active & (fold_of == fold)
    if len(numbers) < 3:
        return _hold_out(f"fold {fold}", active & ~tested, tested, rng, fold)
    after = numbers[(numbers.index(fold) + 1) % len(numbers)]
    held_out = active & (fold_of == after)
    protocol = f"fold {fold}, fold {after} held out"
    return SkillSplit(protocol, active & ~tested & ~held_out, held_out, tested, fold, after)


def split_at_random(active: Bools, fraction: float, rng: np.random.Generator) -> SkillSplit:
    """Test a share of the learners with attempts, and hold out 10% of the others, all drawn at random.

    Parameters
    ----------
    active : bool array, shape (n_learners,)
        Who has attempts.
    fraction : float
        Share tested, in (0, 1).
    rng : numpy Generator

    Raises
    ------
    ConfigurationError
        The share is not in (0, 1), or so small that it is nobody.
    DatasetError
        Too few learners are left to learn from.

    Examples
    --------
    >>> split = split_at_random(np.ones(20, bool), 0.5, np.random.default_rng(0))
    >>> int(split.tested.sum()), int(split.held_out.sum()), int(split.trained.sum())
    (10, 1, 9)
    """
    if not 0 < fraction < 1:
        raise ConfigurationError(f"--test-fraction is {fraction:g}; give a number between 0 and 1")
    learners = np.flatnonzero(active)
    drawn = split_learners(len(learners), (1 - fraction, fraction), rng)[1]
    if not len(drawn):
        raise ConfigurationError(
            f"--test-fraction {fraction:g} of {len(learners):,} learners with attempts is nobody; "
            "give a larger share"
        )
    tested = np.zeros_like(active)
    tested[learners[drawn]] = True
    return _hold_out(f"{fraction:g} of the learners, drawn at random", active & ~tested, tested, rng)


def _hold_out(
    protocol: str, rest: Bools, tested: Bools, rng: np.random.Generator, fold: int | None = None
) -> SkillSplit:
    """Draw who is held out of those not tested: a tenth, but at least one."""
    learners = np.flatnonzero(rest)
    if len(learners) < 2:
        raise DatasetError(
            f"table attempts: testing {protocol} leaves {len(learners)} of {int((rest | tested).sum())} "
            "learners, but one to learn from and one to hold out are needed; test fewer or bring more"
        )
    n_held_out = max(1, round(HELD_OUT_FRACTION * len(learners)))
    held_out = np.zeros_like(rest)
    held_out[rng.permutation(learners)[:n_held_out]] = True
    return SkillSplit(protocol, rest & ~held_out, held_out, tested, fold)
