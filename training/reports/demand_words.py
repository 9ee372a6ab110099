"""What the report on demand says in words."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from training.reports.demand_tables import BOTH, FALLING, RISING, percent, points
from training.reports.demand_told import Told, day

_MOST: Final = 3


def _listed(parts: list[str], n: int) -> str:
    more = f"; and {n - len(parts):,} more below" if n > len(parts) else ""
    return "; ".join(parts) + more


def answer(told: Told) -> tuple[str, ...]:
    """Say what was found, the most important first."""
    lines = [_scarce(told)] if told.demand.supply is not None else []
    asked = told.rows[told.rows["postings"] > 0]
    top = [_asked(row) for row in asked.head(_MOST).itertuples()]
    if top:
        lines.append(f"Most asked for, in {told.of_postings}: {'; '.join(top)}.")
    else:
        lines.append(f"None of our skills is asked for in {told.of_postings}.")
    lines += [_trend(told, RISING), _trend(told, FALLING)] if told.demand.trends.told.any() else []
    nothing = told.demand.found.nothing
    n = len(told.demand.mentions)
    lines.append(f"In {nothing:.0%} of all {n:,} postings none of the skills of the catalogue was found.")
    return tuple(lines)


def _scarce(told: Told) -> str:
    supply = told.demand.supply
    n = 0 if supply is None else supply.n_people
    short = told.rows[told.rows["asked_much_and_scarce"] == BOTH]
    if short.empty:
        return f"No skill is both asked for much and scarce, by {told.of_postings} and {n:,} people."
    parts = [f"{_asked(row)}; {_here(row)}" for row in short.head(_MOST).itertuples()]
    said = " \N{EM DASH} ".join(parts)
    more = f" \N{EM DASH} and {len(short) - _MOST} more below" if len(short) > _MOST else ""
    return f"Asked for much and scarce here, by {told.of_postings} and {n:,} people: {said}{more}."


def _asked(row: Any) -> str:
    return (
        f"{row.skill} (in {row.asked_share:.0%} of postings, between {_ends(row.asked_low, row.asked_high)})"
    )


def _here(row: Any) -> str:
    ends = _ends(row.mastery_low, row.mastery_high)
    return f"{row.mastery:.0%} of people here would pass a typical task of it, between {ends}"


def _ends(low: float, high: float) -> str:
    return str(percent(low, high)).replace(" to ", " and ")


def _change(row: Any) -> str:
    between = str(points(row.change_low, row.change_high)).replace(" to ", " and ")
    return (
        f"{row.skill} (from {row.start_share:.0%} of postings to {row.end_share:.0%}, a change of between "
        f"{between})"
    )


def _trend(told: Told, word: str) -> str:
    rows = told.rows[told.rows["trend"] == word]
    if rows.empty:
        more = "more" if word == RISING else "less"
        return f"No skill is asked for ever {more}: no difference that could not be chance."
    largest = rows.iloc[np.argsort(-np.abs(rows["change"].to_numpy()), kind="stable")].head(_MOST)
    parts = [_change(row) for row in largest.itertuples()]
    since = f"between {day(told.first)} and {day(told.last)}"
    return f"Asked for ever {'more' if word == RISING else 'less'} {since}: {_listed(parts, len(rows))}."


def scarce_words(told: Told) -> tuple[str, ...]:
    """Above the picture of what is asked for much and scarce."""
    quadrants = told.demand.quadrants
    if quadrants is None or not quadrants.short.any():
        return ("No skill is asked for much and scarce.",)
    n, surely = int(quadrants.short.sum()), int((quadrants.short & quadrants.surely_much).sum())
    return (
        f"Much is {quadrants.demand_line:.1%} of postings or more, scarce is where "
        f"{quadrants.supply_line:.1%} of people or fewer would pass a typical task. Of the {n} skills that "
        f"are both, {surely} are asked for much even at the low end of their interval.",
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
