"""Difficulty as a control loop: the band of success that suits a learner now, and how modules fit it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from recommender.domain.catalog import Catalog, Floats
from recommender.domain.recommendation import Adjustment, Challenge, DifficultyFit
from recommender.ranking.messages import text


class BandConfig(BaseModel):
    """Where the band lies and how it moves; probabilities are of passing a typical item of the module.

    The default band encloses the success rate of about 85% at which gradient learners learn fastest (Wilson
    et al. 2019, "The eighty five percent rule for optimal learning") and leans to the harder side of it,
    since difficulty that is overcome makes for better retention (Bjork 1994, "desirable difficulties").
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float = Field(0.70, gt=0, lt=1, description="lower edge of the band")
    high: float = Field(0.85, gt=0, lt=1, description="upper edge of the band")
    challenge_step: float = Field(0.10, ge=0, le=0.5, description="shift when easier or harder is asked for")
    recent_gain: float = Field(0.5, ge=0, lt=1, description="shift per miss of the band by recent answers")
    recent_max: float = Field(0.10, ge=0, le=0.5, description="largest shift by recent answers")
    recent_half: float = Field(5.0, gt=0, description="number of recent answers at which they count half")
    floor: float = Field(0.50, gt=0, lt=1, description="no shift takes the lower edge below this")
    ceiling: float = Field(0.97, gt=0, lt=1, description="no shift takes the upper edge above this")
    falloff: float = Field(1.0, gt=0, description="logits outside the band at which the fit is exp(-1/2)")

    @model_validator(mode="after")
    def _ordered(self) -> BandConfig:
        if not self.floor <= self.low < self.high <= self.ceiling:
            raise ValueError(
                f"expected floor <= low < high <= ceiling, got {self.floor}, {self.low}, {self.high}, "
                f"{self.ceiling}; move the edge that is out of order"
            )
        return self


@dataclass(frozen=True, slots=True)
class Band:
    """Probabilities of passing that suit a learner, and the logits over which the fit falls outside."""

    low: float
    high: float
    falloff: float


_ASKED: dict[Challenge, int] = {"easier": 1, "balanced": 0, "harder": -1}


def band_for(
    challenge: Challenge, recent_pass_rate: float | None, n_recent: float, config: BandConfig
) -> Band:
    """Band for a learner now.

    What is asked for shifts the band by one step. Then it moves against the miss of recent answers, that is
    how far their pass rate lies outside it: ``recent_gain * miss * n / (n + recent_half)``, at most
    `recent_max`. Answers inside the band move nothing, and the gain is below 1, so the loop of band, answers
    and next band contracts and settles.

    Parameters
    ----------
    challenge : {"easier", "balanced", "harder"}
    recent_pass_rate : float or None
        Share of recent answers that passed, in [0, 1]; None or NaN when there is none.
    n_recent : float
        How many answers, or how much weight of answers, that share rests on.
    config : BandConfig

    Examples
    --------
    >>> band = band_for("balanced", recent_pass_rate=0.2, n_recent=10, config=BandConfig())
    >>> round(band.low, 2), round(band.high, 2)
    (0.8, 0.95)
    """
    shift = _within(_ASKED[challenge] * config.challenge_step, config)
    if recent_pass_rate is not None and not math.isnan(recent_pass_rate) and n_recent > 0:
        low, high = config.low + shift, config.high + shift
        miss = max(0.0, low - recent_pass_rate) - max(0.0, recent_pass_rate - high)
        move = config.recent_gain * miss * n_recent / (n_recent + config.recent_half)
        shift = _within(shift + min(max(move, -config.recent_max), config.recent_max), config)
    return Band(config.low + shift, config.high + shift, config.falloff)


def _within(shift: float, config: BandConfig) -> float:
    """Shift cut so that the whole band stays between floor and ceiling, its width unchanged."""
    return min(max(shift, config.floor - config.low), config.ceiling - config.high)


def distance(success_probability: Floats, band: Band) -> Floats:
    """Logits from each probability to the nearer edge of the band; 0 inside, NaN stays NaN."""
    from recommender.ranking.passes_kernel import fill_distance

    away = np.empty(len(success_probability))
    fill_distance(success_probability, band.low, band.high, _logit(band.low), _logit(band.high), away)
    return away


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def fit(success_probability: Floats, band: Band) -> Floats:
    """How well each probability fits the band: 1 inside, falling smoothly to 0 on both sides.

    ``exp(-(d / falloff)^2 / 2)`` with the distance `d` in logits, so that a step from .95 to .99 counts as
    the large step in difficulty that it is.

    Parameters
    ----------
    success_probability : float64 array
        In [0, 1]; NaN where unknown, which stays NaN.
    band : Band

    Returns
    -------
    float64 array, same shape, in [0, 1]

    Examples
    --------
    >>> fit(np.array([0.5, 0.75, 0.99]), Band(0.7, 0.85, 1.0)).round(2).tolist()
    [0.7, 1.0, 0.02]
    """
    from recommender.ranking.passes_kernel import fill_fit

    found, edges = np.empty(len(success_probability)), (_logit(band.low), _logit(band.high))
    fill_fit(success_probability, band.low, band.high, *edges, band.falloff, found)
    return found


def classify(success_probability: float | None, band: Band) -> DifficultyFit | None:
    """Word for a probability: ``review`` above the band, ``on_level`` in it, ``stretch`` below; None unknown.

    >>> classify(0.9, Band(0.7, 0.85, 1.0))
    'review'
    """
    if success_probability is None or math.isnan(success_probability):
        return None
    if success_probability > band.high:
        return "review"
    return "stretch" if success_probability < band.low else "on_level"


Adjustments: TypeAlias = dict[int, Adjustment]


def swap(
    chosen: NDArray[np.intp],
    *,
    allowed: NDArray[np.bool_],
    success_probability: Floats,
    band: Band,
    catalog: Catalog,
    language: str = "en",
) -> tuple[NDArray[np.intp], Adjustments]:
    """Put the best-fitting eligible variant in the place of every chosen module outside the band.

    Parameters
    ----------
    chosen : int array, shape (k,)
        Positions of modules, best first; earlier ones pick their variant first.
    allowed : bool array, shape (n_modules,)
    success_probability : float64 array, shape (n_modules,)
        NaN where unknown: such a module is neither replaced nor a replacement.
    band : Band
    catalog : Catalog
    language : str
        Of the sentence that says why.

    Returns
    -------
    modules : int array, shape (k,)
        No module twice unless it was in `chosen` twice.
    adjustments : dict of int to Adjustment
        By position of the module that was put in.
    """
    modules, adjustments = chosen.copy(), {}
    away = distance(success_probability[chosen], band)
    for place in np.flatnonzero(away > 0):
        old = int(modules[place])
        variants = np.flatnonzero((catalog.variant_group == catalog.variant_group[old]) & allowed)
        new = _best_variant(variants, modules, success_probability, band, catalog)
        if new is not None and distance(success_probability[[new]], band)[0] < away[place]:
            modules[place] = new
            adjustments[new] = _adjustment(old, new, success_probability, catalog, language)
    return modules, adjustments


def _best_variant(
    variants: NDArray[np.intp], taken: NDArray[np.intp], success: Floats, band: Band, catalog: Catalog
) -> int | None:
    """Variant nearest to the band that is not taken and whose probability is known; ids break ties."""
    free = [int(v) for v in variants if not (v == taken).any() and not math.isnan(success[v])]
    if not free:
        return None
    away = distance(success[free], band).tolist()
    return min(zip(away, (catalog.module_ids[v] for v in free), free, strict=True))[2]


def _adjustment(old: int, new: int, success: Floats, catalog: Catalog, language: str) -> Adjustment:
    easier = bool(success[new] > success[old])
    why = text(
        "variant_easier" if easier else "variant_harder",
        language,
        title=catalog.titles[old],
        before=float(success[old]),
        after=float(success[new]),
    )
    return Adjustment(catalog.module_ids[old], "easier" if easier else "harder", why)
