"""Tables of the report on demand: what is asked for and scarce, what rises or falls, and every skill."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from training.programme.demand import Demand
from training.reports.sheet import Kind, Sheet

RISING: Final = "rising"
FALLING: Final = "falling"
STEADY: Final = "could be chance"
TOO_FEW: Final = "too few to say"
BOTH: Final = "yes"
_KINDS: Final[dict[str, Kind]] = {
    "postings": "count",
    "asked_share": "share",
    "asked_low": "share",
    "asked_high": "share",
    "start_share": "share",
    "end_share": "share",
    "change": "points",
    "change_low": "points",
    "change_high": "points",
    "mastery": "share",
    "mastery_low": "share",
    "mastery_high": "share",
    "at_level": "share",
    "at_level_low": "share",
    "at_level_high": "share",
}
_ASKED: Final = {
    "skill": "Skill",
    "postings": "Postings",
    "asked_share": "Share of all",
    "asked_low": "from",
    "asked_high": "to",
}
_TREND: Final = {
    "start_share": "At the start",
    "end_share": "At the end",
    "change": "Change, in points",
    "change_low": "from",
    "change_high": "to",
    "trend": "Over time",
}
_HERE: Final = {"mastery": "Would pass a typical task here", "mastery_low": "from", "mastery_high": "to"}
_LEVEL: Final = {
    "at_level": "At the level their role asks for",
    "at_level_low": "from",
    "at_level_high": "to",
}


def rows_of(demand: Demand, skills: pd.DataFrame) -> pd.DataFrame:
    """Everything that is told of every skill, the one most asked for first.

    Parameters
    ----------
    demand : Demand
    skills : DataFrame
        The table that `demand` was worked out with.
    """
    level, trend, supply = demand.level, demand.trends, demand.supply
    called = np.select([trend.call > 0, trend.call < 0, trend.told], [RISING, FALLING, STEADY], TOO_FEW)
    rows = pd.DataFrame(
        {
            "skill_id": skills["skill_id"].to_numpy(object),
            "skill": skills["name"].to_numpy(object),
            "postings": level.count,
            "asked_share": level.share,
            "asked_low": level.low,
            "asked_high": level.high,
            "start_share": trend.start,
            "end_share": trend.end,
            "change": trend.change,
            "change_low": trend.low,
            "change_high": trend.high,
            "trend": called,
        }
    )
    if supply is not None and demand.quadrants is not None:
        rows = rows.assign(
            mastery=supply.mean,
            mastery_low=supply.low,
            mastery_high=supply.high,
            at_level=supply.reached,
            at_level_low=supply.reached_low,
            at_level_high=supply.reached_high,
            asked_much_and_scarce=pd.Series(
                np.where(demand.quadrants.short, BOTH, "no"), dtype="object"
            ).mask(np.isnan(supply.mean), None),
        )
    return rows.iloc[level.order].reset_index(drop=True)


def short_sheet(rows: pd.DataFrame) -> Sheet:
    """Skills that are asked for much and scarce."""
    kept = rows[rows["asked_much_and_scarce"] == BOTH].reset_index(drop=True)
    titles = _titles(_ASKED, _HERE, {"trend": _TREND["trend"]})
    return Sheet("asked-and-scarce", kept, titles, _KINDS, "skill")


def trend_sheet(rows: pd.DataFrame) -> Sheet:
    """Skills that are asked for ever more or ever less, the largest change first."""
    kept = rows[rows["trend"].isin((RISING, FALLING))]
    order = np.argsort(-np.abs(kept["change"].to_numpy()), kind="stable")
    return Sheet("trends", kept.iloc[order].reset_index(drop=True), _titles(_ASKED, _TREND), _KINDS, "skill")


def all_sheet(rows: pd.DataFrame) -> Sheet:
    """Every skill."""
    here = (_HERE, _LEVEL) if "mastery" in rows else ()
    return Sheet("skills", rows, _titles(_ASKED, {"trend": _TREND["trend"]}, *here), _KINDS, "skill")


def years_sheet(demand: Demand) -> Sheet:
    """How many postings there are of each year, and how skills were found in them."""
    mentions = demand.mentions
    asked = mentions.asked.sum(axis=1)
    year = mentions.posted_at.astype("datetime64[Y]").astype(str)
    by_posting = pd.DataFrame(
        {
            "postings": 1,
            "with_list": mentions.has_list,
            "with_text": mentions.has_text,
            "nothing_found": asked == 0,
            "skills_each": asked,
        }
    )
    means = by_posting.groupby(year).mean().assign(postings=by_posting.groupby(year).size())
    titles = {
        "year": "Year",
        "postings": "Postings",
        "with_list": "With a list of skills",
        "with_text": "With a text",
        "nothing_found": "No skill found",
        "skills_each": "Skills each asks for",
    }
    kinds: dict[str, Kind] = {
        "postings": "count",
        "with_list": "share",
        "with_text": "share",
        "nothing_found": "share",
        "skills_each": "number",
    }
    return Sheet("postings", means.rename_axis("year").reset_index(), titles, kinds, "year")


def _titles(*parts: dict[str, str]) -> dict[str, str]:
    return {name: title for part in parts for name, title in part.items()}
