"""Tables of a report on returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from training.programme.returns import Returns
from training.programme.returns_money import Money
from training.programme.returns_panel import Bools
from training.reports.returns_nouns import Nouns, amount, decimals
from training.reports.sheet import Kind, Sheet

_ENOUGH: Final = 2


def course_sheet(found: Returns, words: Nouns) -> Sheet:
    """Return the effect by period, before and after the start."""
    course, design = found.course, found.design
    rows = pd.DataFrame(
        {
            words.period.split()[0].replace("-", "_"): course.since + design.ahead + 1,
            "phase": [_phase(since, design.base) for since in course.since.tolist()],
            "n_units": course.n_treated,
            "n_comparison": course.n_comparison,
            "mean": course.level,
            "expected": course.level - course.effect,
            "difference": course.effect,
            "low": course.low,
            "high": course.high,
        }
    )
    first = str(rows.columns[0])
    titles = {
        first: first.replace("_", "-").capitalize(),
        "phase": "Phase",
        "n_units": f"{words.many.capitalize()} that began",
        "n_comparison": f"{words.many.capitalize()} compared with",
        "mean": f"{words.measure}, mean",
        "expected": "Expected",
        "difference": "Difference",
        "low": "Lower end",
        "high": "Upper end",
    }
    kinds: dict[str, Kind] = {first: "count", "n_units": "count", "n_comparison": "count"}
    numbers = ("mean", "expected", "difference", "low", "high")
    return _sheet("by-period", rows, titles, kinds, numbers, decimals(found.effect), first)


def cohort_sheet(found: Returns, words: Nouns) -> Sheet | None:
    """Return the mean effect by when units began; None where no group may be told of."""
    if not found.cohorts:
        return None
    rows = pd.DataFrame(
        {
            "began": [str(found.panel.month(one.start)) for one in found.cohorts],
            "n_units": [one.n_treated for one in found.cohorts],
            "n_comparison": [one.n_comparison for one in found.cohorts],
            "difference": [one.effect.value for one in found.cohorts],
            "low": [one.effect.low for one in found.cohorts],
            "high": [one.effect.high for one in found.cohorts],
        }
    )
    titles = {
        "began": "Marked as taking part from",
        "n_units": f"{words.many.capitalize()} that began",
        "n_comparison": f"{words.many.capitalize()} compared with",
        "difference": "Mean difference",
        "low": "Lower end",
        "high": "Upper end",
    }
    kinds: dict[str, Kind] = {"n_units": "count", "n_comparison": "count"}
    return _sheet(
        "by-start", rows, titles, kinds, ("difference", "low", "high"), decimals(found.effect), "began"
    )


def money_sheet(found: Returns, its: Money, words: Nouns, value: float | None) -> Sheet:
    """Return what a unit brought and cost by the end of each period."""
    first = words.period.split()[0].replace("-", "_")
    rows = pd.DataFrame(
        {first: np.arange(1, found.design.n_window + 1), "effect_so_far": its.effect, "cost_so_far": its.cost}
    )
    titles = {
        first: first.replace("_", "-").capitalize(),
        "effect_so_far": f"{words.measure} more, added up",
        "cost_so_far": "Cost so far",
    }
    kinds: dict[str, Kind] = {first: "count", "cost_so_far": "money"}
    if value is not None:
        rows = rows.assign(
            value_so_far=value * its.effect, return_so_far=its.back, low=its.low, high=its.high
        )
        titles |= {
            "value_so_far": "Value so far",
            "return_so_far": "Value minus cost",
            "low": "Lower end",
            "high": "Upper end",
        }
        kinds |= dict.fromkeys(("value_so_far", "return_so_far", "low", "high"), "money")
    return _sheet("return", rows, titles, kinds, ("effect_so_far",), decimals(found.effect), first)


def who_sheet(found: Returns, words: Nouns) -> Sheet:
    """Return of how many units and people the report is, and who is not in it.

    Asked last of the ledger: how many were left out matters less than what came of the others.
    """
    panel, design, people = found.panel, found.design, found.people
    begun, clear = panel.has_begun, panel.is_clear
    early = clear & begun & (panel.start <= design.ahead)
    groups: dict[str, Bools] = {
        "Began; judged here": design.treated,
        "Had not begun; compared with": design.comparison,
        f"Took part so early that no {words.period} before is known": early,
        "Began; not followed long enough, or values missing": clear & begun & ~early & ~design.treated,
        "Had not begun; not compared with": clear & ~begun & ~design.comparison,
        "Not clear whether or when they took part": ~clear,
    }
    told = {}
    for name, group in groups.items():
        if group.any() and people.tell(group):
            told[name] = group
    rows = pd.DataFrame(
        {
            "group": list(told),
            "n_units": [int(group.sum()) for group in told.values()],
            "n_people": [people.count(group) for group in told.values()],
        }
    )
    titles = {"group": "Group", "n_units": words.many.capitalize(), "n_people": "People"}
    if panel.kind == "learner":
        del titles["n_people"]
    return Sheet("who", rows, titles, {"n_units": "count", "n_people": "count"}, "group")


def _phase(since: int, base: int) -> str:
    if since == base:
        return "compared with"
    return "before" if since < base else "after"


def _sheet(
    name: str,
    rows: pd.DataFrame,
    titles: dict[str, str],
    kinds: dict[str, Kind],
    numbers: Sequence[str],
    digits: int,
    stub: str,
) -> Sheet:
    """Return a table whose `numbers` have as many digits on the page as they are worth; all in the CSV."""
    if digits <= _ENOUGH:
        return Sheet(name, rows, titles, {**kinds, **dict.fromkeys(numbers, "number")}, stub)
    written = {f"{column}_written": [amount(v, digits) for v in rows[column]] for column in numbers}
    shown = {(f"{c}_written" if c in numbers else c): title for c, title in titles.items()}
    return Sheet(name, rows.assign(**written), shown, {**kinds, **dict.fromkeys(numbers, "number")}, stub)
