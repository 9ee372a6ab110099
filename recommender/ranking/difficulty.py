"""Difficulty as a control loop: the band of success that suits a learner now.

Inside the band a module fits by 1. Outside it the fit falls with the distance to the nearer edge in logits,
as a normal curve over `BandConfig.falloff`. A module outside the band gives its place to the best-fitting
variant, see `recommender.ranking.choose_kernel.swap`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recommender.domain.recommendation import Challenge, DifficultyFit


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


FITS: Final[tuple[DifficultyFit | None, ...]] = (None, "review", "on_level", "stretch")
"""Words for the codes of compiled code: unknown, above the band, in it, below."""
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
