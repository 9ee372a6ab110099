"""The score of a module: log(learned preference) plus weighted terms. Every weight is in `ValueWeights`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Floats
from recommender.domain.recommendation import ReasonCode

ADDED: tuple[ReasonCode, ...] = (
    "right_difficulty",
    "closes_gap",
    "next_in_sequence",
    "unlocks",
    "review_due",
)
"""Codes of the terms beside preference, in the order of the compiled code."""


class ValueWeights(BaseModel):
    """Weights of the terms of a score. All terms are in natural logs.

    They are declared, not learned; those of gap and band were tried on simulated learners, see ADR 0012 and
    0014. With `gap` 16.0, the module that adds most readiness an hour beats one that adds half of it at
    e^8 = 3,000 times its preference; with `difficulty` 1.0, a module of perfect fit beats one of no fit at
    e^2 = 7.4 times, and with `out_of_band` 6.0 one in the band beats one just outside that adds more
    readiness an hour by up to three eighths of what the fastest module adds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preference: float = Field(1.0, gt=0, description="of log(preference)")
    difficulty: float = Field(1.0, ge=0, description="of 2 * fit - 1, from -1 to 1; an unknown fit counts 0")
    out_of_band: float = Field(
        6.0, ge=0, description="taken off outside of the band of success, half where success is unknown"
    )
    declined: float = Field(
        2.0, ge=0, description="taken off log preference where the learner declined the module just now"
    )
    declined_half: float = Field(20.0, gt=0, description="answers after which that is half as much")
    gap: float = Field(
        16.0,
        ge=0,
        description="of readiness gained an hour, as a share of the allowed module's with most of it",
    )
    readiness: float = Field(4.0, ge=0, description="of readiness - 1: missing soft prerequisites cost")
    unlocking: float = Field(
        0.2, ge=0, description="of log(1 + modules that finishing this one makes reachable)"
    )
    review: float = Field(2.0, ge=0, description="of the mean loss of mastery over the skills taught")
    uniform_floor: float = Field(
        0.05, gt=0, lt=1, description="share of preference spread evenly, keeps logs finite"
    )
    learning_rate: float = Field(
        0.2,
        gt=0,
        le=1,
        description="share of what is not mastered that a module teaches, where data do not tell",
    )
    assumed_mastery: float = Field(
        0.3, gt=0, lt=1, description="mastery in gaps where there is no skill model"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Preference:
    """What the views together prefer.

    Parameters
    ----------
    shares : float32 array, shape (n_views, n_modules)
        Scores of each view, scaled to sum to 1 over the allowed modules; all 0 where a view has no opinion.
    mix : float64 array, shape (n_modules,)
        Probabilities, above 0; they sum to 1 over the allowed modules.
    n_allowed : int
    """

    shares: NDArray[np.float32]
    mix: Floats
    n_allowed: int
