"""Pictures of the report on demand. Colours: Okabe and Ito (2008, "Color universal design")."""

from __future__ import annotations

from textwrap import shorten
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, PercentFormatter
from numpy.typing import NDArray

from training.programme.demand import Quadrants
from training.reports.demand_tables import BOTH, FALLING, RISING
from training.reports.sheet import Chart

_GREY: Final = "#5f5f5f"
_PALE: Final = "#fdf1d8"
_MARKS: Final = {RISING: ("^", "#d55e00"), FALLING: ("v", "#0072b2"), "": ("o", _GREY)}
_MOST_LABELS: Final = 12
_MOST_ROWS: Final = 24
_SMALL: Final = 9
_WIDTH: Final = 7.6
_ROOM: Final = 0.055
_TICKS: Final = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)


def quadrant_chart(rows: pd.DataFrame, quadrants: Quadrants) -> Chart:
    """Draw how much each skill is asked for against how many have it."""
    shown = rows[rows["mastery"].notna()]
    figure = Figure(figsize=(_WIDTH, 5.4), layout="constrained")
    axes = figure.subplots()
    right = 1.06 * max(float(shown["asked_share"].max()), 0.01)
    low, high = float(shown["mastery"].min()), float(shown["mastery"].max())
    bottom, top = max(low - 0.05, 0.0), min(high + 0.05, 1.0)
    # Most skills are asked for seldom: a scale of square roots keeps them apart.
    axes.set_xscale("function", functions=(_root, np.square))
    axes.set_xlim(0.0, right)
    axes.set_xticks([tick for tick in _TICKS if tick <= right])
    axes.set_ylim(bottom, top)
    corner = (quadrants.demand_line, bottom)
    size = right - quadrants.demand_line, quadrants.supply_line - bottom
    axes.add_patch(Rectangle(corner, *size, color=_PALE, zorder=0))
    axes.axvline(quadrants.demand_line, color=_GREY, lw=0.8, ls=":")
    axes.axhline(quadrants.supply_line, color=_GREY, lw=0.8, ls=":")
    for word, (mark, colour) in _MARKS.items():
        of = shown[_called(shown, word)]
        label = word or "neither could be told from chance"
        axes.plot(
            of["asked_share"],
            of["mastery"],
            mark,
            color=colour,
            ms=6,
            mec="white",
            mew=0.5,
            label=label,
            clip_on=False,
        )
    short = shown[shown["asked_much_and_scarce"] == BOTH]
    _label(axes, short.head(_MOST_LABELS))
    axes.annotate(
        "asked for much, scarce here",
        corner,
        (5, 5),
        textcoords="offset points",
        fontsize=10,
        weight="bold",
    )
    axes.set_xlabel("share of postings that ask for the skill")
    axes.set_ylabel("share of people here who would pass a typical task")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=_SMALL, handletextpad=0.2)
    return Chart(figure, _quadrant_says(short, len(shown)))


def _quadrant_says(short: pd.DataFrame, n: int) -> str:
    labelled = "" if len(short) <= _MOST_LABELS else f" The {_MOST_LABELS} most asked for have their names."
    if short.empty:
        return f"Each mark is one of {n} skills. None is asked for much and scarce (shaded)."
    first = ", ".join(short["skill"].head(3))
    return (
        f"Each mark is one of {n} skills: further right is asked for more, further down fewer people have "
        f"it. {len(short)} of them are asked for much and scarce (shaded), most of all {first}.{labelled}"
    )


def _root(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.maximum(share, 0.0))


def _label(axes: Axes, points: pd.DataFrame) -> None:
    """Write names in a column on the right, each as near to the height of its point as there is room."""
    points = points.sort_values("mastery", kind="stable")
    bottom, top = axes.get_ylim()
    heights = ((points["mastery"] - bottom) / (top - bottom)).to_numpy(np.float64)
    heights = _apart(heights)
    for height, point in zip(heights, points.itertuples(), strict=True):
        axes.annotate(
            shorten(str(point.skill), 34, placeholder="\N{HORIZONTAL ELLIPSIS}"),
            (float(str(point.asked_share)), float(str(point.mastery))),
            xytext=(1.03, height),
            textcoords="axes fraction",
            va="center",
            fontsize=_SMALL,
            arrowprops={
                "arrowstyle": "-",
                "color": "#a0a0a0",
                "lw": 0.6,
                "shrinkA": 2,
                "shrinkB": 3,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )


def _apart(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move rising heights `_ROOM` apart and into [0, 1], half of them up and half down.

    >>> _apart(np.array([0.5, 0.5])).round(4).tolist()
    [0.4725, 0.5275]
    """
    steps = _ROOM * np.arange(len(heights))
    up = np.maximum.accumulate(heights - steps) + steps
    down = np.minimum.accumulate((heights - steps)[::-1])[::-1] + steps
    apart: NDArray[np.float64] = (up + down) / 2.0
    if len(apart):
        apart = apart - max(apart[-1] - 1.0, 0.0)
        apart = apart + max(-apart[0], 0.0)
    return apart


def trend_chart(rows: pd.DataFrame) -> Chart:
    """Draw how much the most asked for skills are asked for, and how that changed, with 95% intervals."""
    shown = rows.head(_MOST_ROWS)
    names = [shorten(name, 40, placeholder="\N{HORIZONTAL ELLIPSIS}") for name in shown["skill"]]
    figure = Figure(figsize=(_WIDTH, 1.3 + 0.29 * len(shown)), layout="constrained")
    now, change = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(shown))
    now.hlines(place, shown["asked_low"], shown["asked_high"], color=_GREY, lw=1.2)
    now.plot(shown["asked_share"], place, "o", color=_GREY, ms=5)
    now.set_yticks(place, names, fontsize=_SMALL)
    now.set_ylim(len(shown) - 0.4, -0.6)
    now.set_title("Asked for by this share of postings", fontsize=10, loc="left")
    now.set_xlim(left=0.0)
    now.xaxis.set_major_formatter(PercentFormatter(1.0, 0))
    for word, (mark, colour) in _MARKS.items():
        which = _called(shown, word) & shown["change"].notna()
        of, at = shown[which], place[which]
        change.hlines(at, of["change_low"], of["change_high"], color=colour, lw=1.2)
        change.plot(of["change"], at, mark, color=colour, ms=6)
        is_up = word == RISING
        for y, end in zip(at, of["change_high" if is_up else "change_low"], strict=True):
            offset, side = ((4, 0), "left") if is_up else ((-4, 0), "right")
            change.annotate(
                word, (end, y), offset, textcoords="offset points", va="center", ha=side, fontsize=_SMALL
            )
    change.axvline(0.0, color=_GREY, lw=0.8, ls=":")
    change.set_title("Change from start to end, in points", fontsize=10, loc="left")
    change.xaxis.set_major_formatter(FuncFormatter(_signed))
    change.tick_params(left=False)
    change.margins(x=0.3)
    for axes in (now, change):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e4e4e4", lw=0.6)
        axes.set_axisbelow(True)
    return Chart(figure, _trend_says(shown))


def _signed(value: float, _: int) -> str:
    return f"{100 * value:+.0f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _trend_says(shown: pd.DataFrame) -> str:
    up, down = (int((shown["trend"] == word).sum()) for word in (RISING, FALLING))
    return (
        f"The {len(shown)} skills most asked for, with 95% intervals: on the left the share of postings now, "
        f"on the right how it changed since the first posting. {up} of them rise and {down} fall, by more "
        "than chance."
    )


def _called(rows: pd.DataFrame, word: str) -> pd.Series[bool]:
    return rows["trend"] == word if word else ~rows["trend"].isin((RISING, FALLING))
