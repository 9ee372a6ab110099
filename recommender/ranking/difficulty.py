"""Difficulty as a control loop: the band of success that suits a learner now.

Inside the band a module fits by 1. Outside it the fit falls with the distance to the nearer edge in logits,
as a normal curve over `BandConfig.falloff`; lying outside also costs by itself, see
`recommender.ranking.value.ValueWeights`. What lies outside hands what it is liked
to what stands in for it: to the best-fitting variant or, if it is too hard, to its prerequisites, see
`recommender.ranking.adjust_kernel`. Why so, and by which sources, tells ADR 0011.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recommender.domain.recommendation import Challenge, DifficultyFit
from recommender.skills.records import HELD_RATE, RATES


class BandConfig(BaseModel):
    """Where the band lies and how it moves; probabilities are of passing a typical item of the module.

    The default band has the success rate of about 85% at which gradient learners learn fastest (Wilson et al.
    2019, "The eighty five percent rule for optimal learning") as its upper edge, and reaches down to even
    odds: difficulty that is overcome makes for better retention (Bjork 1994, "desirable difficulties"), and
    below it more often than not it is not overcome.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float = Field(0.50, gt=0, lt=1, description="lower edge of the band")
    high: float = Field(0.85, gt=0, lt=1, description="upper edge of the band")
    challenge_step: float = Field(0.10, ge=0, le=0.5, description="shift when easier or harder is asked for")
    push_step: float = Field(
        0.06, ge=0, le=0.25, description="shift per step of feedback, of runs of failures and of quick passes"
    )
    recent_gain: float = Field(0.5, ge=0, lt=1, description="shift per miss of the band by recent answers")
    recent_max: float = Field(0.10, ge=0, le=0.5, description="largest shift by recent answers")
    recent_half: float = Field(5.0, gt=0, description="number of recent answers at which they count half")
    caution: float = Field(
        0.05, ge=0, le=0.3, description="lower edge raised by this where nothing is known of the learner"
    )
    caution_half: float = Field(10.0, gt=0, description="number of answers at which that is half as much")
    floor: float = Field(0.35, gt=0, lt=1, description="no shift takes the lower edge below this")
    ceiling: float = Field(0.97, gt=0, lt=1, description="no shift takes the upper edge above this")
    falloff: float = Field(1.0, gt=0, description="logits outside the band at which the fit is exp(-1/2)")

    @model_validator(mode="after")
    def _ordered(self) -> BandConfig:
        if not self.floor <= self.low < self.high <= self.ceiling:
            raise ValueError(
                f"expected floor <= low < high <= ceiling, got {self.floor}, {self.low}, {self.high}, "
                f"{self.ceiling}; move the edge that is out of order"
            )
        if self.caution >= self.high - self.low:
            raise ValueError(
                f"caution is {self.caution}, expected less than high - low, {self.high - self.low:.3g}, or "
                "nothing is left of the band; lower it"
            )
        return self


class Recent(NamedTuple):
    """What a learner's state tells of how it goes.

    Parameters
    ----------
    share : float
        Running share of passes, in [0, 1], as `recommender.skills.records` holds it; NaN without answers.
    n_answers : float
        All answers so far.
    push : float
        Steps easier, if above 0, or harder; see `recommender.skills.records`.
    """

    share: float = math.nan
    n_answers: float = 0.0
    push: float = 0.0


NOTHING_YET: Final = Recent()
# Answers the share rests on at most: the weights of an exponential average of rate r are those of 2 / r - 1
# answers. It is slow, and held with play, so that passes and failures in turns do not move it; what has to be
# fast is the push.
_MOST_ANSWERS: Final = 2.0 / RATES[HELD_RATE] - 1.0


class Band(NamedTuple):
    """Probabilities of passing that suit a learner, and the logits over which the fit falls outside."""

    low: float
    high: float
    falloff: float


FITS: Final[tuple[DifficultyFit | None, ...]] = (None, "review", "on_level", "stretch")
"""Words for the codes of compiled code: unknown, above the band, in it, below."""
_ASKED: dict[Challenge, int] = {"easier": 1, "balanced": 0, "harder": -1}


def band_for(challenge: Challenge, recent: Recent, config: BandConfig) -> Band:
    """Band for a learner now.

    Three things shift the band, and one narrows it:

    1. What is asked for: one `challenge_step`, and `push_step` for each step of the push, which feedback
       (too easy, too hard), three failures in a row and five quick passes in a row make at once, and which
       answers then take back.
    2. The miss of recent answers, that is how far their pass rate lies outside of the band so shifted, with
       its sign: ``recent_gain * miss * n / (n + recent_half)``, at most `recent_max`. Answers inside the
       band move nothing, and the gain is below 1, so the loop of band, answers and next band contracts and
       settles.
    3. Floor and ceiling cut every shift.
    4. The lower edge rises by ``caution / (1 + n / caution_half)``: of whom little is known, a chance of
       passing may be far from what is told, and failing at the start costs more than an easy module does.

    Parameters
    ----------
    challenge : {"easier", "balanced", "harder"}
    recent : Recent
    config : BandConfig

    Examples
    --------
    >>> config = BandConfig()
    >>> band = band_for("balanced", Recent(share=0.4, n_answers=100, push=1.0), config)
    >>> round(band.low, 3), round(band.high, 3)
    (0.625, 0.97)
    """
    shift = _within(_ASKED[challenge] * config.challenge_step + recent.push * config.push_step, config)
    n = min(recent.n_answers, _MOST_ANSWERS)
    if n > 0 and not math.isnan(recent.share):
        low, high = config.low + shift, config.high + shift
        miss = max(0.0, low - recent.share) - max(0.0, recent.share - high)
        move = config.recent_gain * miss * n / (n + config.recent_half)
        shift = _within(shift + min(max(move, -config.recent_max), config.recent_max), config)
    caution = config.caution / (1.0 + recent.n_answers / config.caution_half)
    return Band(config.low + shift + caution, config.high + shift, config.falloff)


def _within(shift: float, config: BandConfig) -> float:
    """Shift cut so that the whole band stays between floor and ceiling, its width unchanged."""
    return min(max(shift, config.floor - config.low), config.ceiling - config.high)
