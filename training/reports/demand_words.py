"""What the report on demand says in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from training.reports.demand_tables import BOTH, FALLING, RISING
from training.reports.demand_told import Told, day

_MOST: Final = 3


def answer(told: Told) -> tuple[str, ...]:
    """Say what was found, the most important first."""
    lines = _scarce(told)
    asked = told.rows[told.rows["postings"] > 0].head(_MOST)
    if asked.empty:
        lines.append(f"None of our skills is asked for in {told.of_postings}.")
    else:
        lines.append(f"Most asked for, in {told.of_postings}: {_listed(map(_asked, asked.itertuples()))}.")
    if told.demand.trends.told.any():
        lines += [_trend(told, RISING), _trend(told, FALLING)]
    return (*lines, _nothing(told.demand.found.nothing, len(told.demand.mentions)))


def _scarce(told: Told) -> list[str]:
    supply = told.demand.supply
    if supply is None or np.isnan(supply.mean).all():
        return []
    short = told.rows[told.rows["asked_much_and_scarce"] == BOTH]
    n = int((~np.isnan(supply.mean)).sum())
    basis = f"By {told.of_postings} and {supply.n_people:,} people"
    lowest, highest = percent(np.nanmin(supply.mean)), percent(np.nanmax(supply.mean))
    span = (
        f"Of the skill that fewest here have, {lowest} of people would pass a typical task; of the one that "
        f"most have, {highest}."
    )
    if short.empty:
        return [f"{basis}, none of {n} skills is both asked for much and scarce here.", span]
    first, *others = (_both(row) for row in short.head(_MOST).itertuples())
    is_one = len(short) == 1
    lines = [
        f"{len(short)} of {n} skills {'is' if is_one else 'are'} asked for much and scarce here. "
        f"{'It is' if is_one else 'Most of all:'} {first}. ({basis}.)"
    ]
    return [*lines, *(["Next: " + "; ".join(others) + "."] if others else []), span]


def _both(row: Any) -> str:
    return (
        f"{row.skill}, which {percent(row.asked_share)} of postings ask for (between "
        f"{_ends(row.asked_low, row.asked_high)}) and of which {percent(row.mastery)} of people here would "
        f"pass a typical task (between {_ends(row.mastery_low, row.mastery_high)})"
    )


def _asked(row: Any) -> str:
    return f"{row.skill} ({percent(row.asked_share)}, between {_ends(row.asked_low, row.asked_high)})"


def _trend(told: Told, word: str) -> str:
    rows = told.rows[told.rows["trend"] == word]
    if rows.empty:
        more = "more" if word == RISING else "less"
        return f"No skill is asked for ever {more}: no difference that could not be chance."
    largest = rows.iloc[np.argsort(-np.abs(rows["change"].to_numpy()), kind="stable")].head(_MOST)
    more = f"; and {len(rows) - _MOST} more below" if len(rows) > _MOST else ""
    return (
        f"Asked for ever {'more' if word == RISING else 'less'} between {day(told.first)} and "
        f"{day(told.last)}: {_listed(map(_change, largest.itertuples()))}{more}."
    )


def _change(row: Any) -> str:
    ends = sorted((abs(row.change_low), abs(row.change_high)))
    return (
        f"{row.skill} (from {percent(row.start_share)} of postings to {percent(row.end_share)}, a "
        f"{'rise' if row.change > 0 else 'fall'} of between {100 * ends[0]:.0f} and {100 * ends[1]:.0f} "
        "points)"
    )


def _nothing(share: float, n: int) -> str:
    if share == 0:
        return f"In each of all {n:,} postings at least one skill of the catalogue was found."
    return f"In {percent(share)} of all {n:,} postings no skill of the catalogue was found."


def percent(share: float) -> str:
    """Write a share; a little is not nothing, and nearly all is not all.

    >>> percent(0.081), percent(0.001), percent(0.0), percent(0.999)
    ('8%', 'less than 1%', '0%', 'more than 99%')
    """
    if 0 < share < 0.005:
        return "less than 1%"
    return "more than 99%" if 0.995 < share < 1 else f"{100 * share:.0f}%"


def _ends(low: float, high: float) -> str:
    return f"{100 * low:.0f}% and {100 * high:.0f}%"


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def scarce_words(told: Told) -> tuple[str, ...]:
    """Above the picture of what is asked for much and scarce."""
    quadrants, supply = told.demand.quadrants, told.demand.supply
    if supply is not None and np.isnan(supply.mean).all():
        return ("Of no skill can it be told how many people here have it.",)
    if quadrants is None or not quadrants.short.any():
        return ("No skill is asked for much and scarce.",)
    n, surely = int(quadrants.short.sum()), int((quadrants.short & quadrants.surely_much).sum())
    return (
        f"Much is {quadrants.demand_line:.1%} of postings or more, scarce is where "
        f"{quadrants.supply_line:.1%} of people or fewer would pass a typical task; both are those of the "
        f"middle skill. Of the {n} skills that are both, {surely} are asked for much even at the low end of "
        "their interval.",
    )


def trend_words(told: Told) -> tuple[str, ...]:
    """Above the picture of what changes."""
    trends = told.demand.trends
    if not trends.told.any():
        return ("Of no skill are there enough postings over enough time to tell.",)
    calls = {word: int((told.rows["trend"] == word).sum()) for word in (RISING, FALLING)}
    return (
        f"Of {int(trends.told.sum())} skills with enough postings {calls[RISING]} rise and {calls[FALLING]} "
        "fall. Of the others no change can be told from chance; that is not to say that there is none.",
    )


def found_words(told: Told) -> tuple[str, ...]:
    """Above the table of postings by year."""
    found = told.demand.found
    lines = []
    if not np.isnan(found.named_of_listed):
        lines.append(
            "Where postings have both a list and a text, the text names "
            f"{found.named_of_listed:.1%} of the skills that the list holds."
        )
    if not np.isnan(found.listed_of_named):
        lines.append(f"The list holds {found.listed_of_named:.1%} of the skills that the text names.")
    lines.append("The first and the last year may be of a few months only.")
    return tuple(lines)
