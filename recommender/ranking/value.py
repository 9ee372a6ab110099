"""The score of a module: log(learned preference) plus weighted terms. Every weight is in `ValueWeights`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Floats
from recommender.domain.recommendation import ReasonCode


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
    mix : float64 array, shape (n_modules,)
        Probabilities, above 0; they sum to 1 over the allowed modules.
    shares : float64 array, shape (n_views, n_modules)
        Each view's part of what all views give a module, in [0, 1]; a column sums to 1, or to 0 everywhere
        when no view has an opinion. A module that no view supports is shared by the views' weights.
    """

    codes: tuple[ReasonCode, ...]
    mix: Floats
    shares: Floats


# Far below the sum of any float32 scores, and far above where float64 loses precision.
_TINY = 1e-200

ViewScore: TypeAlias = tuple[float, ReasonCode, NDArray[np.float32]]


def preference(
    view_scores: Sequence[ViewScore], allowed: NDArray[np.bool_], uniform_floor: float
) -> Preference:
    """Mix views into one distribution over the allowed modules.

    Each view is scaled to sum to 1 over the allowed modules. A view without an opinion there (all NaN or 0)
    drops out and the weights of the others take its place. The mix gives up `uniform_floor` of its mass to
    all allowed modules evenly, so that a module unknown to every view keeps a finite log.

    Parameters
    ----------
    view_scores : sequence of (weight, reason code, scores)
        Weights >= 0; scores float32 (n_modules,), never negative, NaN where the view knows nothing.
    allowed : bool array, shape (n_modules,)
    uniform_floor : float
        In (0, 1).

    Examples
    --------
    >>> views = [(1.0, "popular_in_role", np.array([3, 1, np.nan], np.float32))]
    >>> preference(views, np.ones(3, bool), uniform_floor=0.03).mix.round(4).tolist()
    [0.7375, 0.2525, 0.01]
    """
    parts = np.empty((len(view_scores), len(allowed)))
    for row, (_, _, scores) in enumerate(view_scores):
        parts[row] = scores
    np.fmax(parts, 0.0, out=parts)
    parts *= allowed
    totals = parts.sum(axis=1)
    codes = tuple(code for _, code, _ in view_scores)
    weights = np.where(totals > 0, np.array([weight for weight, _, _ in view_scores], np.float64), 0.0)
    n_allowed = max(1, int(np.count_nonzero(allowed)))
    if not weights.any():
        return Preference(codes, np.full(len(allowed), 1.0 / n_allowed), np.zeros_like(parts))
    weights /= weights.sum()
    parts *= (weights / np.maximum(totals, _TINY))[:, None]
    # Too little to change any sum, yet where nothing else is there the shares become those of the weights.
    parts += (weights * _TINY)[:, None]
    support = parts.sum(axis=0)
    mix = support * (1.0 - uniform_floor) + uniform_floor / n_allowed
    parts /= support
    return Preference(codes, mix, parts)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The score, term by term.

    Parameters
    ----------
    codes : tuple of ReasonCode, length n_terms
        Each at most once.
    values : float64 array, shape (n_terms, n_modules)
        Finite; positive speaks for the module, negative against it.
    score : float64 array, shape (n_modules,)
        Exactly ``values.sum(axis=0)``.
    """

    codes: tuple[ReasonCode, ...]
    values: Floats
    score: Floats


def terms(
    preferred: Preference,
    *,
    allowed: NDArray[np.bool_],
    fit: Floats,
    gap: Floats,
    readiness: Floats,
    unlocks: NDArray[np.int64],
    faded: Floats | None = None,
    weights: ValueWeights,
) -> Terms:
    """Every term of the score; arrays are of shape (n_modules,).

    ``log(mix * n_allowed)`` is 0 for a module the views like as much as the average one, and is divided among
    the views' reason codes by their shares. Terms with the same code are one term: readiness belongs to
    ``next_in_sequence``, and being at most 0 it only ever weakens that reason.

    Parameters
    ----------
    preferred : Preference
    allowed : bool array
        The one `preferred` was made with.
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
    liked = np.log(preferred.mix * max(1, int(np.count_nonzero(allowed))))
    added: list[tuple[ReasonCode, Floats]] = [
        *zip(preferred.codes, preferred.shares * liked, strict=True),
        ("right_difficulty", weights.difficulty * (2.0 * np.where(np.isnan(fit), 0.5, fit) - 1.0)),
        ("closes_gap", weights.gap * gap),
        ("next_in_sequence", weights.readiness * (readiness - 1.0)),
        ("unlocks", weights.unlocking * np.log1p(unlocks)),
    ]
    if faded is not None:
        added.append(("review_due", weights.review * faded))
    by_code: dict[ReasonCode, Floats] = {}
    for code, term in added:
        by_code[code] = by_code[code] + term if code in by_code else term
    values = np.stack(list(by_code.values()))
    return Terms(tuple(by_code), values, values.sum(axis=0))
