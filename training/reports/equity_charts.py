"""Pictures of groups beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from training.programme.equity_verdicts import Comparison, Measure, Verdict
from training.reports.equity_words import VERDICTS, gap, is_share, title_of
from training.reports.sheet import Chart

MOST_GROUPS: Final = 20
"""Groups of a picture at most, the largest ones."""
_WIDTH: Final = 5.2
_SMALL: Final = 9
_GREY: Final = "#5f5f5f"
_PALE: Final = "#e4e4e4"
_MARKS: Final[Mapping[Verdict, tuple[str, str, str]]] = {
    "same": ("o", "#0072b2", "#0072b2"),
    "different": ("D", "#d55e00", "#d55e00"),
    "too few": ("o", _GREY, "white"),
}
_PLACES: Final = (
    ("easier", "easier than suits", "#56b4e9", "..."),
    ("on_level", "on level", "#009e73", ""),
    ("harder", "harder than suits", "#e69f00", "///"),
)
_REST: Final = "not known, empty or withheld"


def beside_others(comparisons: Sequence[Comparison]) -> Chart:
    """Draw how far each group is from everybody else by one measure, with 95% intervals."""
    groups, measure = _largest(comparisons), comparisons[0].measure
    by_group = {one.group: one for one in comparisons}
    figure = Figure(figsize=(_WIDTH, 1.8 + 0.34 * len(groups)), layout="constrained")
    axes = figure.subplots()
    _draw(axes, measure, [by_group[name] for name in groups])
    axes.set_yticks(range(len(groups)), [_short(name) for name in groups], fontsize=_SMALL)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    handles: list[Line2D | Patch] = [
        Line2D([], [], marker=mark, color=edge, markerfacecolor=face, label=VERDICTS[verdict])
        for verdict, (mark, edge, face) in _MARKS.items()
        if any(one.verdict == verdict for one in comparisons)
    ]
    handles.append(Patch(color=_PALE, label="too small to matter"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=_SMALL)
    return Chart(figure, _says(comparisons))


def of_ten_places(comparisons: Sequence[Comparison]) -> Chart:
    """Draw how difficult the places of each group's lists are, as shares of all places."""
    groups = _largest(comparisons)
    # What is withheld is of the rest.
    value = {(name, kind): 0.0 for name in groups for kind, *_ in _PLACES}
    told = {(one.group, one.measure.key[0]): one.value for one in comparisons}
    value |= told
    figure = Figure(figsize=(_WIDTH, 1.5 + 0.4 * len(groups)), layout="constrained")
    axes = figure.subplots()
    rest = [1 - sum(value[name, kind] for kind, *_ in _PLACES) for name in groups]
    parts = [
        (label, colour, hatch, [value[g, kind] for g in groups]) for kind, label, colour, hatch in _PLACES
    ]
    if max(rest) > 1e-9:
        parts.append((_REST, "#ffffff", "xx", rest))
    left = [0.0] * len(groups)
    for label, colour, hatch, widths in parts:
        axes.barh(
            range(len(groups)),
            widths,
            0.72,
            left,
            color=colour,
            hatch=hatch,
            edgecolor="#1b1f24",
            linewidth=0.5,
            label=label,
        )
        for y, (start, width) in enumerate(zip(left, widths, strict=True)):
            if width >= 0.06:
                axes.text(
                    start + width / 2,
                    y,
                    f"{width:.0%}",
                    ha="center",
                    va="center",
                    fontsize=_SMALL,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                )
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(groups)), [_short(name) for name in groups], fontsize=_SMALL)
    axes.set(ylim=(len(groups) - 0.4, -0.6), xlim=(0, 1), xticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=_SMALL)
    on_level = sorted((told[name, "on_level"], name) for name in groups if (name, "on_level") in told)
    says = (
        "Of the ten places of each person's list, how many hold a module that is easier than suits, on level "
        "or harder, by group."
    )
    if on_level:
        says += (
            f" On level are from {on_level[0][0]:.0%} ({on_level[0][1]}) to "
            f"{on_level[-1][0]:.0%} ({on_level[-1][1]}) of the places."
        )
    return Chart(figure, says)


def _draw(axes: Axes, measure: Measure, rows: Sequence[Comparison]) -> None:
    scale = 100.0 if is_share(measure) else 1.0
    edge = scale * measure.matters
    axes.axvspan(-edge, edge, color=_PALE, zorder=0)
    axes.axvline(0, color=_GREY, linewidth=0.8, zorder=1)
    for y, one in enumerate(rows):
        mark, colour, face = _MARKS[one.verdict]
        ends = scale * one.difference_low, scale * one.difference_high
        axes.plot(ends, [y, y], color=colour, linewidth=1.6, zorder=2)
        axes.plot(scale * one.difference, y, mark, color=colour, markerfacecolor=face, zorder=3)
    axes.set_title(title_of(measure), fontsize=10, loc="left")
    axes.set_xlabel("points from the others" if is_share(measure) else "from the others", fontsize=_SMALL)
    axes.tick_params(axis="x", labelsize=_SMALL)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=5)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _largest(comparisons: Sequence[Comparison]) -> list[str]:
    """Pick the groups that are shown, in the order they come in."""
    sizes: dict[str, int] = {}
    for one in comparisons:
        sizes[one.group] = max(one.n_learners, sizes.get(one.group, 0))
    kept = sorted(sizes, key=lambda name: -sizes[name])[:MOST_GROUPS]
    return [name for name in sizes if name in kept]


def _says(comparisons: Sequence[Comparison]) -> str:
    what = title_of(comparisons[0].measure).lower()
    begin = f"How far each group is from everybody else, with 95% intervals: {what}. "
    differ = [one for one in comparisons if one.verdict == "different"]
    if not differ:
        return f"{begin}No group differs by what may matter."
    widest = max(differ, key=lambda one: abs(one.difference))
    side = "above" if widest.difference > 0 else "below"
    return (
        f"{begin}The widest difference that may matter: {widest.group}, "
        f"{gap(widest.measure, abs(widest.difference))} {side} everybody else."
    )


def _short(name: str) -> str:
    return shorten(name, 26, placeholder=" …") or name[:26]
