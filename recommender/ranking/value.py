"""The score of a module: log(learned preference) plus weighted terms. Every weight is in `ValueWeights`."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Weights of the terms beside log(preference), whose own weight is 1. All terms are in natural logs.

    They are declared, not learned: with `difficulty` 1.0, a module of perfect fit beats one of no fit at
    e^2 = 7.4 times its preference; with `gap` 20.0, a module that brings an unknown skill one step (.14)
    nearer to a role of importance .6 and priority .6 beats one that does not at e = 2.7 times its preference.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    difficulty: float = Field(1.0, ge=0, description="of 2 * fit - 1, from -1 to 1; an unknown fit counts 0")
    gap: float = Field(
        20.0, ge=0, description="of the sum over taught skills of gap closed x importance x priority"
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
        0.2, gt=0, le=1, description="share of what is not mastered that one module teaches"
    )
    assumed_mastery: float = Field(
        0.3, ge=0, le=1, description="mastery in gaps where nothing is known of a skill"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Preference:
    """What the views together prefer.

    Parameters
    ----------
    codes : tuple of ReasonCode, length n_views
    weights : float64 array, shape (n_views,)
        Of the views in the mix, each at least 0.
    shares : float32 array, shape (n_views, n_modules)
        Scores of each view, scaled to sum to 1 over the allowed modules; all 0 where a view has no opinion.
    mix : float64 array, shape (n_modules,)
        Probabilities, above 0; they sum to 1 over the allowed modules.
    n_allowed : int
    """

    codes: tuple[ReasonCode, ...]
    weights: Floats
    shares: NDArray[np.float32]
    mix: Floats
    n_allowed: int

    def parts(self, module: int) -> Floats:
        """Each view's part of what all views give a module, (n_views,), in [0, 1].

        They sum to 1, or are all 0 when no view has an opinion at all. A module that no view supports is
        shared by the weights of the views that have one.
        """
        return np.array(self.part_list(module))

    def part_list(self, module: int) -> list[float]:
        """Return `parts` as a list: views are few, and lists of few numbers are faster than arrays."""
        weights: list[float] = self.weights.tolist()
        shares: list[float] = self.shares[:, module].tolist()
        given = [w * s for w, s in zip(weights, shares, strict=True)]
        total = sum(given)
        if total == 0.0:
            told: list[bool] = np.any(self.shares, axis=1).tolist()
            given = [w * t for w, t in zip(weights, told, strict=True)]
            total = sum(given)
        return [g / total for g in given] if total > 0.0 else given


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The score, term by term.

    Parameters
    ----------
    preferred : Preference
    liked : float64 array, shape (n_modules,)
        ``log(mix * n_allowed)``: 0 for a module the views like as much as the average one.
    added : dict of ReasonCode to float64 array, shape (n_modules,)
        The weighted terms beside it.
    score : float64 array, shape (n_modules,)
        Sum of all terms.
    """

    preferred: Preference
    liked: Floats
    added: Mapping[ReasonCode, Floats]
    score: Floats

    def of(self, module: int) -> dict[ReasonCode, float]:
        """Every term of a module; positive speaks for it, negative against it.

        What the views like is divided among their reason codes by their parts. Terms with the same code are
        one: readiness belongs to ``next_in_sequence``, and being at most 0 it only ever weakens that reason.
        """
        values: dict[ReasonCode, float] = {}
        liked = float(self.liked[module])
        for code, part in zip(self.preferred.codes, self.preferred.part_list(module), strict=True):
            values[code] = values.get(code, 0.0) + part * liked
        for code, term in self.added.items():
            values[code] = values.get(code, 0.0) + float(term[module])
        return values


def terms(
    preferred: Preference,
    *,
    fit: Floats,
    gap: Floats,
    readiness: Floats,
    unlocks: NDArray[np.int64],
    faded: Floats | None = None,
    weights: ValueWeights,
) -> Terms:
    """Every term of the score; arrays are of shape (n_modules,).

    Parameters
    ----------
    preferred : Preference
    fit : float64 array
        From `difficulty.fit`, in [0, 1]; NaN where unknown.
    gap : float64 array
        `gain.gap_closed` summed over the skills each module teaches, >= 0.
    readiness : float64 array
        In [0, 1].
    unlocks : int64 array
        From `Rules.unlocks`.
    faded : float64 array or None
        Mean mastery lost since the last pass over the skills each module teaches, in [0, 1]; None unknown.
    weights : ValueWeights
    """
    from recommender.ranking.passes_kernel import fill_terms

    n = len(preferred.mix)
    liked, added, score = np.empty(n), np.empty((5, n)), np.empty(n)
    of_terms = (weights.difficulty, weights.gap, weights.readiness, weights.unlocking, weights.review)
    lost = np.zeros(n) if faded is None else faded
    n_allowed = max(1, preferred.n_allowed)
    fill_terms(preferred.mix, n_allowed, fit, gap, readiness, unlocks, lost, of_terms, liked, added, score)
    codes = ADDED[:-1] if faded is None else ADDED
    return Terms(preferred, liked, dict(zip(codes, added, strict=False)), score)
