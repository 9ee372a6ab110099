"""How learners stand in every skill: mastery, its interval, and what stands in where it is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import LearnerBlock
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats

# Numbers an array of a part holds at most: 32 MiB of each kind.
_PART = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Arrays of shape (n_learners, n_skills).

    Parameters
    ----------
    mastery : float64 array
        Probabilities, NaN where nothing tells.
    used : float64 array
        `mastery`, and where nothing tells it what the read-out expects of such a learner, by role, segment,
        self-assessment and answers on other skills; without a skill model ``ranking.value.assumed_mastery``.
    low, high : float64 arrays
        80% interval around `used`. Where mastery is not known it is as wide as before the first attempt;
        without a skill model it is all of [0, 1].
    n_attempts : int32 array
    """

    mastery: Floats
    used: Floats
    low: Floats
    high: Floats
    n_attempts: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.used)


def read_standing(bundle: ModelBundle, block: LearnerBlock, *, now: float) -> Standing:
    """Read how learners stand, with the numbers that `MasteryReadout.estimate` gives each of them.

    Parameters
    ----------
    bundle : ModelBundle
    block : LearnerBlock
        Of states folded against the bundle's difficulty table.
    now : float
        Seconds since 1970 UTC.
    """
    shape = len(block), bundle.catalog.n_skills
    if bundle.skills is None:
        n_attempts = np.zeros(shape, np.int32)
        row = np.repeat(np.arange(len(block)), np.diff(block.start))
        n_attempts[row, block.skill] = block.met["n_attempts"]
        unknown, usual = np.full(shape, np.nan), np.full(shape, bundle.ranking.value.assumed_mastery)
        return Standing(unknown, usual, np.zeros(shape), np.ones(shape), n_attempts)
    from recommender.blocks import standing_kernel as kernel  # it brings the compiler

    readout = bundle.skills.mastery_
    mastery, used, low, high = (np.empty(shape) for _ in range(4))
    standing = Standing(mastery, used, low, high, np.empty(shape, np.int32))
    kernel.read_standing(
        readout.compiled(bundle.catalog),
        readout.trust,
        block.learner,
        block.start,
        block.met,
        block.skill,
        block.places.role,
        block.places.segment,
        now,
        kernel.Read(mastery, used, low, high, standing.n_attempts),
    )
    return standing


def read_in_parts(
    bundle: ModelBundle, block: LearnerBlock, *, now: float
) -> Iterator[tuple[slice, Standing]]:
    """Read many learners some at a time: which of them, and how they stand."""
    size = max(1, _PART // max(1, bundle.catalog.n_skills))
    for first in range(0, len(block), size):
        rows = slice(first, min(first + size, len(block)))
        yield rows, read_standing(bundle, block.take(rows.start, rows.stop), now=now)
