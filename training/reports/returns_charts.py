"""Charts of a report on returns: the course of the effect, and when value has made up for cost."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from training.programme.returns import Returns
from training.programme.returns_money import Money, return_at_end
from training.programme.returns_panel import Floats
from training.reports.returns_nouns import Nouns, between, decimals, higher
from training.reports.returns_nouns import money as cash
from training.reports.sheet import Chart

_BLUE: Final = "#0072b2"
_GREY: Final = "#5f5f5f"
_ORANGE: Final = "#d55e00"
_SIZE: Final = (6.8, 4.2)


def course_chart(found: Returns, words: Nouns) -> Chart:
    """Draw the effect by period, before and after the start, with intervals."""
    course, design = found.course, found.design
    number = course.since + design.ahead + 1
    before, after = course.since < design.base, course.since > design.base
    figure, axes = _empty(words, f"{words.measure}: difference from what was expected")
    axes.axhline(0, color=_GREY, linewidth=1)
    axes.axvline(0.5, color=_GREY, linewidth=1, linestyle=":")
    for its, colour, marker in ((before, _GREY, "s"), (after, _BLUE, "o")):
        its = its & np.isfinite(course.low)
        away = np.stack([course.effect - course.low, course.high - course.effect])[:, its]
        axes.errorbar(
            number[its],
            course.effect[its],
            away,
            fmt=marker,
            color=colour,
            capsize=2,
            markersize=5,
            markerfacecolor="white" if marker == "s" else colour,
        )
    axes.plot([0], [0], "D", color="black", markersize=5)
    _head(axes, 0.5, "before: should be near 0", "right", _GREY)
    _head(axes, 0.5, "since they began", "left", _BLUE)
    # Room for both words, however few periods lie on a side.
    width = max(number.max() - 0.5, 0.5 - number.min())
    axes.set_xlim(min(number.min() - 0.6, 0.5 - 0.55 * width), max(number.max() + 0.6, 0.5 + 0.4 * width))
    digits = decimals(found.effect)
    says = (
        f"By {words.period} since the start, by how much {words.measure} of those that began was above what "
        f"was expected; lines are 95% intervals, squares lie before the start, the diamond is the "
        f"{words.period} that all is compared with. On average since the start it was "
        f"{higher(found.effect.value, digits)} ({between(found.effect, digits)})."
    )
    if found.in_doubt:
        says += f" The {words.many} moved differently before they began: this cannot be trusted."
    return Chart(figure, says)


def money_chart(found: Returns, its: Money, words: Nouns, value: float) -> Chart:
    """Draw the return by period, with its interval."""
    assert its.back is not None  # noqa: S101
    assert its.low is not None  # noqa: S101
    assert its.high is not None  # noqa: S101
    number = np.arange(1.0, found.design.n_window + 1)
    figure, axes = _empty(words, f"Value minus cost so far, a {words.one}")
    _band(axes, number, its.back, its.low, its.high)
    paid = its.first_paid[0]
    if paid is None:
        said = f"it has not made up for its cost within {words.periods(found.design.n_window)}"
    else:
        at = paid + found.design.ahead + 1
        axes.axvline(at, color=_ORANGE, linestyle="--", linewidth=1.5)
        side = "left" if at < number.mean() else "right"
        _head(axes, at, f"paid for itself: {words.period} {at}", side, _ORANGE)
        said = f"it has made up for its cost by the end of {words.period} {at}"
    axes.yaxis.set_major_formatter(lambda y, _: cash(y) if y else "0")
    axes.set_xlim(0.7, number[-1] + 0.3)
    return Chart(
        figure,
        f"Value minus cost of a {words.one} by the end of each {words.period} since the start, at "
        f"{cash(value)} for one point of {words.measure}; the band is the 95% interval. By this, {said}.",
    )


def worth_chart(found: Returns, its: Money, words: Nouns) -> Chart | None:
    """Draw the return by what one unit of the measure is worth; None where none can be named that pays."""
    even = its.break_even
    if even is None or even.low is None or even.high is None:
        return None
    far = 1.3 * max(even.low, even.high, key=abs)
    worth = np.linspace(0, far, 61)
    figure, axes = _empty(words, f"Value minus cost of {words.periods(found.design.n_window)}, a {words.one}")
    ends = [return_at_end(found, value) for value in worth.tolist()]
    _band(axes, worth, *np.array([(end.value, end.low, end.high) for end in ends]).T)
    axes.axvline(even.value, color=_ORANGE, linestyle="--", linewidth=1.5)
    side = "left" if (even.value < far / 2) == (far > 0) else "right"
    _head(axes, even.value, f"even at {cash(even.value)}", side, _ORANGE)
    axes.set_xlabel(
        f"worth of one point of {words.measure}, for one {words.one} in one {words.period}", fontsize=10
    )
    axes.xaxis.set_major_locator(MaxNLocator(6))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda y, _: cash(y) if y else "0")
    return Chart(
        figure,
        f"Value minus cost of a {words.one} by what one point of {words.measure} is worth; the band is the "
        f"95% interval. Both are equal at {cash(even.value)} for one {words.one} in one {words.period}.",
    )


def _band(axes: Axes, x: Floats, middle: Floats, low: Floats, high: Floats) -> None:
    axes.axhline(0, color=_GREY, linewidth=1)
    axes.fill_between(x, low, high, color=_BLUE, alpha=0.18, linewidth=0)
    axes.plot(x, middle, color=_BLUE, linewidth=2, marker="o" if len(x) < 40 else None, markersize=4)


def _head(axes: Axes, x: float, text: str, side: str, colour: str) -> None:
    """Write beside a line, above the picture's marks."""
    axes.annotate(
        text,
        (x, 1.0),
        (6 if side == "left" else -6, 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha=side,
        va="top",
        color=colour,
        fontsize=10,
    )


def _empty(words: Nouns, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes: Axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    axes.margins(y=0.18)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.set_xlabel(f"{words.period} since the start (1 is the first)", fontsize=10)
    return figure, axes
