"""Which skills postings ask for, whether ever more of them do, and whether our people have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from training.programme.demand_mentions import Mentions, read_mentions
from training.programme.demand_supply import Supply, read_supply
from training.programme.demand_trend import Trends, trends
from training.programme.ledger import Bools
from training.programme.people import USUAL_LEVEL, Asked
from training.programme.programme import Programme

Floats = NDArray[np.float64]

RECENT: Final = timedelta(days=365)
"""How long before now postings count for what is asked for at present."""
LEAST_POSTINGS: Final = 30
"""Postings below which shares of them are not worked out."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """How often each skill is asked for at present; arrays of shape (n_skills,).

    Parameters
    ----------
    rows : bool array, shape (n_postings,)
        Which postings count.
    is_recent : bool
        Whether these are those of `RECENT`; else there are too few, and all count.
    n : int
        How many count.
    count : int64 array
        Of them that ask for the skill.
    share, low, high : float64 arrays
        `count` by `n` and its 95% interval (Wilson 1927, "Probable inference").
    """

    rows: Bools
    is_recent: bool
    n: int
    count: NDArray[np.int64]
    share: Floats
    low: Floats
    high: Floats

    @property
    def order(self) -> NDArray[np.int64]:
        """Skills, the one most asked for first; among equals as in the catalogue."""
        return np.argsort(-self.count, kind="stable")


@dataclass(frozen=True, slots=True, eq=False)
class Quadrants:
    """Which skills are asked for much, and which are scarce; bool arrays of shape (n_skills,).

    Parameters
    ----------
    much : bool array
        Asked for at least as often as the middle one of the skills that are asked for at all.
    surely_much : bool array
        Those of them whose whole interval is there.
    scarce : bool array
        Mean mastery below `USUAL_LEVEL`, and not above that of the middle skill.
    demand_line, supply_line : float
        Where much begins and where scarce ends.
    """

    much: Bools
    surely_much: Bools
    scarce: Bools
    demand_line: float
    supply_line: float

    @property
    def short(self) -> Bools:
        """Asked for much and scarce."""
        return self.much & self.scarce


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """How well skills were found in postings.

    Parameters
    ----------
    nothing : float
        Share of the postings in which no skill was found.
    named_of_listed, listed_of_named : float
        Of postings with both a list and a text: share of what the list holds that the text names, and share
        of what the text names that the list holds; NaN where there are none.
    early, late : float
        Mean number of skills that a posting asks for, in the first half of the time and in the second.
    more_low, more_high : float
        95% interval of the second less the first (Welch 1947); NaN with fewer than two postings in a half.
    """

    nothing: float
    named_of_listed: float
    listed_of_named: float
    early: float
    late: float
    more_low: float
    more_high: float


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """All that the report tells; `supply` and `quadrants` are None where nothing tells of mastery."""

    mentions: Mentions
    level: Level
    trends: Trends
    found: Found
    supply: Supply | None
    quadrants: Quadrants | None


def demand(programme: Programme, skills: pd.DataFrame, postings: pd.DataFrame) -> Demand:
    """Work out demand and supply of skills.

    Parameters
    ----------
    programme : Programme
    skills : DataFrame
    postings : DataFrame
        At least `LEAST_POSTINGS`, none of later than now.
    """
    mentions = read_mentions(skills, postings)
    level = level_of(mentions, np.datetime64(pd.Timestamp(programme.now).tz_convert("UTC").tz_localize(None)))
    supply = _supply(programme, mentions, level)
    return Demand(
        mentions,
        level,
        trends(mentions.asked, mentions.posted_at),
        found_in(mentions),
        supply,
        None if supply is None else quadrants(level, supply.mean),
    )


def level_of(mentions: Mentions, now: np.datetime64) -> Level:
    """Count how often each skill is asked for in the postings of `RECENT` before now, else in all."""
    rows = mentions.posted_at > now - np.timedelta64(RECENT)
    is_recent = int(rows.sum()) >= LEAST_POSTINGS
    if not is_recent:
        rows = np.ones(len(mentions), np.bool_)
    n, count = int(rows.sum()), mentions.asked[rows].sum(axis=0)
    bounds = [stats.binomtest(int(k), n).proportion_ci(method="wilson") for k in count]
    low, high = np.array(bounds, np.float64).reshape(-1, 2).T
    return Level(rows, is_recent, n, count, count / n, low, high)


def quadrants(level: Level, mean: Floats) -> Quadrants:
    """Tell what is asked for much and what is scarce.

    Parameters
    ----------
    level : Level
    mean : float64 array, shape (n_skills,)
        Mean mastery; NaN where it is not known, which is not scarce.
    """
    is_asked, known = level.count > 0, ~np.isnan(mean)
    line = float(np.median(level.share[is_asked])) if is_asked.any() else np.nan
    middle = float(np.median(mean[known])) if known.any() else np.nan
    much = is_asked & (level.share >= line)
    scarce = (mean <= middle) & (mean < USUAL_LEVEL)
    return Quadrants(much, much & (level.low >= line), scarce, line, min(middle, USUAL_LEVEL))


def found_in(mentions: Mentions) -> Found:
    """Tell how well skills were found, and whether postings came to ask for more of them."""
    asked = mentions.asked.sum(axis=1)
    both = mentions.has_list & mentions.has_text
    listed, named = mentions.listed[both], mentions.named[both]
    agreed = float((listed & named).sum())
    at = mentions.posted_at.astype(np.int64)
    is_late = 2 * (at - at.min()) >= at.max() - at.min()
    early, late = asked[~is_late], asked[is_late]
    bounds = (np.nan, np.nan)
    if min(len(early), len(late)) > 1 and np.ptp(early) + np.ptp(late) > 0:
        bounds = tuple(stats.ttest_ind(late, early, equal_var=False).confidence_interval())
    return Found(
        float((asked == 0).mean()),
        _ratio(agreed, listed.sum()),
        _ratio(agreed, named.sum()),
        _ratio(early.sum(), len(early)),
        _ratio(late.sum(), len(late)),
        *bounds,
    )


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else np.nan


def _supply(programme: Programme, mentions: Mentions, level: Level) -> Supply | None:
    bundle = programme.bundle
    if bundle is None or bundle.skills is None:
        return None
    index = bundle.catalog.skill_index
    columns = np.array([index.get(skill, -1) for skill in mentions.skill_ids], np.int64)
    asked = Asked.of(programme).level
    return read_supply(programme.standing(), asked, programme.is_here, columns, level.order.tolist())
