"""Mastery of a block of learners, by the read-out that serves one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.blocks.learners import LearnerBlock
from recommender.domain.catalog import Catalog
from recommender.skills.evidence import fading_rate
from recommender.skills.mastery import MasteryReadout

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BlockMastery:
    """Arrays by learner and skill.

    Parameters
    ----------
    known : float64 array, shape (n_learners, n_skills)
        Mastery, a probability, NaN where there is no evidence.
    faded : float64 array, shape (n_learners, n_skills)
        Mastery lost since the last pass, at least 0.
    logit : float64 array, shape (n_learners, n_skills + 1)
        Of mastery with or without evidence; last of an item without skills.
    said : float64 array, shape (n_learners, n_skills)
        What the last self-assessment adds to that logit, 0 without one.
    """

    known: Floats
    faded: Floats
    logit: Floats
    said: Floats

    @classmethod
    def unknown(cls, n_learners: int, n_skills: int) -> BlockMastery:
        """Without a skill model nothing is known, and nothing fades."""
        return cls(
            np.full((n_learners, n_skills), np.nan),
            np.zeros((n_learners, n_skills)),
            np.zeros((n_learners, n_skills + 1)),
            np.zeros((n_learners, n_skills)),
        )


def read_mastery(readout: MasteryReadout, block: LearnerBlock, catalog: Catalog, now: float) -> BlockMastery:
    """Mastery at `now`, seconds since 1970 UTC, as `MasteryReadout.standing` reads it of one learner."""
    from recommender.skills.mastery_kernel import read_block  # it brings the compiler

    places, n_learners = block.places, len(block)
    unfaded = np.tile(readout.base_, (n_learners, 1))
    for added, position in ((readout.segment_, places.segment), (readout.role_, places.role)):
        has_one = position >= 0
        unfaded[has_one] += added[position[has_one]]
    unfaded += readout.weight_[0] * block.ability[:, None]
    unfaded += readout.weight_[1] * block.level[:, None]
    logit, met = unfaded.copy(), block.met
    rate = fading_rate(catalog.half_life_days)
    read_block(
        block.start, met, block.skill, readout.pass_rate_, readout.weight_[2:], rate, now, logit, unfaded
    )
    evidence = np.zeros((n_learners, catalog.n_skills), np.bool_)
    learner = np.repeat(np.arange(n_learners), np.diff(block.start))
    taught = (met["taught_hours"] > 0) & (readout.weight_[-1] > 0)
    evidence[learner, block.skill] = (met["n_attempts"] > 0) | taught
    said = np.zeros(evidence.shape)
    levels = met["self_level"] - readout.pass_rate_[block.skill]
    said[learner, block.skill] = readout.weight_[2] * np.nan_to_num(levels)
    mastery = expit(logit[:, :-1])
    faded = np.maximum(expit(unfaded[:, :-1]) - mastery, 0.0)
    return BlockMastery(np.where(evidence, mastery, np.nan), faded, logit, said)
