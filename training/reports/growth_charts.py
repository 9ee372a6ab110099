"""Charts of the reports on learning."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, pairwise
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.programme.growth import Gain
from training.programme.growth_groups import GrowthFound
from training.programme.growth_partitions import Kind
from training.programme.growth_proficiency import CurvePoint, Curves
from training.reports.growth_words import between, interval
from training.reports.sheet import Chart

_BLUE: Final = "#0072b2"
_ORANGE: Final = "#d55e00"
_GREY: Final = "#5f5f5f"
_LINES: Final = (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^"), ("#cc79a7", "D"), ("#e69f00", "v"))
_WIDTH: Final = 8.0
_TEXT: Final = 11
_MOST: Final = 35
_CURVES: Final = len(_LINES)


def everybody_chart(found: GrowthFound) -> Chart:
    """Gain of everybody, by months after the start."""
    rows = found.everybody
    labels = [f"after {row.months} months" for row in rows]
    figure = _intervals(labels, [row.gain for row in rows], [False] * len(rows), None)
    told = "; ".join(f"after {row.months} months {interval(row.gain)}" for row in rows)
    return Chart(figure, f"Points gained of 100 same items since the start, with 95% intervals: {told}.")


def groups_chart(kind: Kind, found: GrowthFound) -> Chart:
    """Gain of each group at the main time; where none has that, at the first time that some have."""
    months = min((row.months for row in found.groups), key=lambda one: (one != found.main, one))
    rows = [row for row in found.groups if row.months == months]
    if len(rows) > _MOST:
        largest = sorted(rows, key=lambda row: -row.gain.n_learners)[:_MOST]
        rows = [row for row in rows if row in largest]
    if kind != "cohort":
        rows.sort(key=lambda row: -row.gain.gain)
    everybody = next(row.gain.gain for row in found.everybody if row.months == found.main)
    line = everybody if months == found.main else None
    labels = [row.group or "" for row in rows]
    figure = _intervals(labels, [row.gain for row in rows], [row.differs for row in rows], line)
    most = max(rows, key=lambda row: row.gain.gain)
    which = "largest groups" if len(rows) == _MOST else "groups"
    says = (
        f"Points gained of 100 same items {months} months after the start, {which} by {kind}, with 95% "
        f"intervals. Most: {most.group}, {most.gain.gain * 100:+.1f} ({between(most.gain)})."
    )
    if line is not None:
        says += (
            f" The dashed line is everybody, {line * 100:+.1f}. Squares differ from the rest beyond chance."
        )
    return Chart(figure, says)


def curves_chart(kind: Kind, found: Curves) -> Chart:
    """Share proficient by months after the start: everybody and the largest groups."""
    by_group: dict[str | None, list[CurvePoint]] = {}
    for point in found.points:
        by_group.setdefault(point.group, []).append(point)
    named = sorted((name for name in by_group if name), key=lambda name: -found.n_learners[name])[:_CURVES]
    figure = Figure(figsize=(_WIDTH, 4.8), layout="constrained")
    axes = figure.subplots()
    ends = []
    for name, (colour, marker) in zip(named, cycle(_LINES), strict=False):
        points = by_group[name]
        axes.plot(
            [p.months for p in points],
            [100 * p.share for p in points],
            color=colour,
            marker=marker,
            lw=1.4,
            ms=6,
        )
        ends.append((points[-1], name, colour))
    points = by_group.get(None, [])
    if points:
        shares = np.array(
            [[100 * p.share, 100 * (p.share - p.low), 100 * (p.high - p.share)] for p in points]
        )
        axes.errorbar(
            [p.months for p in points],
            shares[:, 0],
            yerr=shares[:, 1:].T.clip(0),
            color=_GREY,
            lw=2.6,
            capsize=3,
        )
        ends.append((points[-1], "everybody", _GREY))
    last = max(point.months for point in found.points)
    at = _spread([100 * point.share for point, _, _ in ends], 6.0)
    for (point, label, colour), y in zip(ends, at, strict=True):
        axes.annotate(
            label,
            (point.months, 100 * point.share),
            xytext=(last * 1.06, y),
            color="#1b1f24",
            fontsize=_TEXT,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 1.0, "shrinkA": 2, "shrinkB": 4},
        )
    axes.set_xlim(0, last * 1.05)
    axes.set_ylim(0, 102)
    axes.set_xticks(sorted({point.months for point in found.points}))
    axes.set_xlabel("months after the first answer", fontsize=_TEXT)
    axes.set_ylabel("proficient in a skill, %", fontsize=_TEXT)
    _plain(axes)
    told = "; ".join(f"{p.share:.0%} after {p.months} months" for p in points)
    more = f" Thin lines: the {len(named)} largest by {kind}." if named else ""
    return Chart(
        figure, f"Estimated share proficient in at least one skill, with 95% intervals: {told}.{more}"
    )


def _intervals(
    labels: Sequence[str], gains: Sequence[Gain], stand_out: Sequence[bool], line: float | None
) -> Figure:
    figure = Figure(figsize=(_WIDTH, 1.2 + 0.36 * len(labels)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="#1b1f24", lw=1)
    if line is not None:
        axes.axvline(100 * line, color=_GREY, lw=1.2, ls="--")
    for at, (gain, stands_out) in enumerate(zip(gains, stand_out, strict=True)):
        colour = _ORANGE if stands_out else _BLUE
        axes.plot([100 * gain.low, 100 * gain.high], [at, at], color=colour, lw=2)
        axes.plot(100 * gain.gain, at, "s" if stands_out else "o", color=colour, ms=7)
        axes.annotate(
            f"{100 * gain.gain:+.1f}  ({gain.n_learners:,} people)",
            (1.02, at),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=_TEXT,
        )
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlabel("points gained, of 100 same items", fontsize=_TEXT)
    _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=_TEXT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e3e6ea", lw=0.8)
    axes.set_axisbelow(True)


def _spread(values: Sequence[float], apart: float) -> list[float]:
    """Move labels up or down until no two are nearer than some distance, in their order."""
    order = np.argsort(values)
    placed = np.array(values, np.float64)
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + apart)
    # What went over the top comes down again.
    excess = max(0.0, float(placed.max(initial=0.0)) - 100.0)
    if excess:
        placed[order[-1]] -= excess
        for above, below in zip(order[::-1], order[-2::-1], strict=False):
            placed[below] = min(placed[below], placed[above] - apart)
    return [float(value) for value in placed]
