"""How much more people can do some months after they began, by group.

Everybody is compared with themselves: a gain is of people who were measured at both times, on one scale
(`training.programme.growth_scale`). It says how they changed, not what changed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.programme.growth_scale import Scale, resampled
from training.programme.growth_sittings import (
    FEWEST_PEOPLE,
    Floats,
    sittings,
    time_after,
)
from training.programme.ledger import Bools
from training.programme.programme import Programme

MAIN: Final = 12
"""Months that are looked at first."""
_ENOUGH: Final = 400
"""Resamples that are drawn at most: a standard error is then known to a twenty-fifth of it."""
_WIDTH: Final = 1.959964
"""Standard errors to either side that hold the truth in 95 of 100 cases, as if estimates were normal."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A change or a difference of the share passed of the same items.

    Parameters
    ----------
    n_learners : int
        Of whom it is.
    gain : float
        As a fraction: .12 is 12 percentage points.
    low, high : float
        95% interval over people.
    """

    n_learners: int
    gain: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance brings about: the interval does not hold 0."""
        return self.low > 0 or self.high < 0


def gains(programme: Programme, groups: Mapping[str, Bools], *, months: int = MAIN) -> dict[str, Gain | None]:
    """Estimate what groups gained, on one scale, so that they compare.

    Parameters
    ----------
    programme : Programme
    groups : mapping of str to bool array, shape (n_learners,)
        Overlapping or not. Not chosen by what their people scored.
    months : int
        After the first answer; one of `MONTHS`.

    Returns
    -------
    dict of str to Gain or None
        None where fewer than 20 people were measured at both times, or no items link the two. Whether it may
        be told is for the ledger of who tells it to say: it is of the members with `measured_twice`.

    Raises
    ------
    ValueError
        Nobody is measured after so many months.
    """
    time, scale = time_after(months), scale_of(programme)
    if scale is None or not scale.sittings.is_linked(time):
        return dict.fromkeys(groups)
    sat = scale.sittings
    twice = {name: group & sat.measured(time) for name, group in groups.items()}
    twice = {name: group for name, group in twice.items() if group.sum() >= FEWEST_PEOPLE}
    levels = scale.levels([sat.rows(at, group) for group in twice.values() for at in (0, time)]).T
    draws = dict(zip(twice, levels[1::2] - levels[::2], strict=True))
    return {name: gain_of(int(twice[name].sum()), draws[name]) if name in draws else None for name in groups}


def measured_twice(programme: Programme, *, months: int = MAIN) -> Bools:
    """Learners whom gains after some months, one of `MONTHS`, are of; shape (n_learners,)."""
    found = sittings(programme)
    if found is None:
        return np.zeros(len(programme.learners), np.bool_)
    return found.measured(time_after(months))


def scale_of(programme: Programme) -> Scale | None:
    """Put everybody's sittings on a scale; None where there are none, or too few."""
    found = sittings(programme)
    if found is None or len(found.learner) < FEWEST_PEOPLE:
        return None
    n_learners = len(programme.learners)
    return Scale(found, resampled(n_learners, min(programme.n_resamples, _ENOUGH), programme.rng("growth")))


def gain_of(n_learners: int, draws: Floats) -> Gain:
    """Return a gain from its value for all people, first, and those of two resamples or more.

    Their deviation is the standard error: it takes fewer of them than their quantiles do.
    """
    width = _WIDTH * float(np.nanstd(draws[1:], ddof=1))
    return Gain(n_learners, float(draws[0]), float(draws[0]) - width, float(draws[0]) + width)
