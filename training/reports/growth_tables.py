"""Tables of the reports on learning."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from training.programme.growth import Gain
from training.programme.growth_groups import Growth, GrowthFound
from training.programme.growth_partitions import Kind
from training.programme.growth_proficiency import Curves
from training.reports.sheet import Kind as Written
from training.reports.sheet import Sheet

EVERYBODY: Final = "everybody"
_GROWTH_KINDS: Final[dict[str, Written]] = {
    "months": "count",
    "people_eligible": "count",
    "people": "count",
    "share_again": "share",
    "passed_at_start": "share",
    "passed_later": "share",
    "gain": "points",
    "gain_low": "points",
    "gain_high": "points",
}
_GROWTH_TITLES: Final = {
    "months": "months after",
    "people": "people measured twice",
    "share_again": "of those who could be",
    "passed_at_start": "passed at the start",
    "passed_later": "passed then",
    "gain": "gain, points",
    "gain_low": "at least",
    "gain_high": "at most",
}


def everybody_sheet(found: GrowthFound) -> Sheet:
    """Everybody by months after the start."""
    rows = pd.DataFrame([_row(row) for row in found.everybody]).drop(columns="group")
    return Sheet("everybody", rows, _GROWTH_TITLES, _GROWTH_KINDS)


def groups_sheet(kind: Kind, found: GrowthFound) -> Sheet:
    """Return groups by months after the start."""
    rows = pd.DataFrame([_row(row) for row in found.groups])
    return Sheet("groups", rows, {"group": kind, **_GROWTH_TITLES}, _GROWTH_KINDS)


def rest_sheet(kind: Kind, found: GrowthFound) -> Sheet | None:
    """Return groups beside everybody else at the main time; None where none was compared."""
    rows = [
        {
            "group": row.group,
            "months": row.months,
            "people": row.rest.n_learners,
            **_bounds("more_than_rest", row.rest),
            "beyond_chance": "yes" if row.differs else "no",
        }
        for row in found.groups
        if row.rest is not None
    ]
    if not rows:
        return None
    titles = {
        "group": kind,
        "people": "people measured twice",
        "more_than_rest": "more than everybody else, points",
        "more_than_rest_low": "at least",
        "more_than_rest_high": "at most",
        "beyond_chance": "beyond chance",
    }
    kinds: dict[str, Written] = {
        "months": "count",
        "people": "count",
        "more_than_rest": "points",
        "more_than_rest_low": "points",
        "more_than_rest_high": "points",
    }
    return Sheet("against-rest", pd.DataFrame(rows), titles, kinds)


def returned_sheet(found: GrowthFound) -> Sheet:
    """Those who were measured again beside those who were not, at the start."""
    rows = [
        {
            "months": row.months,
            "people_again": row.n_again,
            "people_not_again": row.n_not,
            "passed_again": row.again,
            "passed_not_again": row.not_again,
            **_bounds("difference", row.difference),
        }
        for row in found.returned
    ]
    titles = {
        "months": "months after",
        "people_again": "people measured again",
        "people_not_again": "people not measured again",
        "passed_again": "passed at the start: again",
        "passed_not_again": "not again",
        "difference": "difference, points",
        "difference_low": "at least",
        "difference_high": "at most",
    }
    kinds: dict[str, Written] = {
        "months": "count",
        "people_again": "count",
        "people_not_again": "count",
        "passed_again": "share",
        "passed_not_again": "share",
        "difference": "points",
        "difference_low": "points",
        "difference_high": "points",
    }
    return Sheet("returned", pd.DataFrame(rows), titles, kinds)


def curves_sheet(kind: Kind, found: Curves) -> Sheet:
    """Points of all curves."""
    rows = [
        {
            "group": EVERYBODY if point.group is None else point.group,
            "months": point.months,
            "people": found.n_learners[point.group],
            "people_reached": point.n_reached,
            "people_followed": point.n_followed,
            "share": point.share,
            "share_low": point.low,
            "share_high": point.high,
        }
        for point in found.points
    ]
    titles = {
        "group": kind,
        "months": "months after",
        "people": "people",
        "people_reached": "proficient by then",
        "people_followed": "followed and not yet",
        "share": "estimated share",
        "share_low": "at least",
        "share_high": "at most",
    }
    kinds: dict[str, Written] = {
        "months": "count",
        "people": "count",
        "people_reached": "count",
        "people_followed": "count",
        "share": "share",
        "share_low": "share",
        "share_high": "share",
    }
    return Sheet("curves", pd.DataFrame(rows), titles, kinds)


def _row(row: Growth) -> dict[str, Any]:
    n = row.gain.n_learners
    return {
        "group": row.group,
        "months": row.months,
        "people_eligible": row.n_eligible,
        "people": n,
        "share_again": None if row.n_eligible is None else n / row.n_eligible,
        "passed_at_start": row.start,
        "passed_later": row.later,
        **_bounds("gain", row.gain),
    }


def _bounds(name: str, gain: Gain | None) -> dict[str, float | None]:
    if gain is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: gain.gain, f"{name}_low": gain.low, f"{name}_high": gain.high}
