"""Charts of shares and means with their intervals, for reports on engagement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE: Final = "#0072b2"
ORANGE: Final = "#d55e00"
GREEN: Final = "#009e73"
GREY: Final = "#5f5f5f"
_ROW: Final = 0.3
_TEXT: Final = 10
# Inches: of a chart, and of a letter at most.
_WIDTH: Final = 8.2
_LETTER: Final = 0.08


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label, and what is written at its end; `hatch` tells kinds apart without colour."""

    label: str
    value: float
    low: float
    high: float
    says: str
    colour: str = BLUE
    hatch: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Bars under a title, which may be empty."""

    title: str
    bars: tuple[Bar, ...]


def bars(blocks: Sequence[Block], *, axis: str, top: float | None = None) -> Figure:
    """Draw bars with whiskers, block under block, each with its figure at the end.

    Parameters
    ----------
    blocks : sequence of Block
    axis : str
        What the lengths are.
    top : float, optional
        Where the axis ends, such as 1 for shares; by default where bars, whiskers and texts do.
    """
    rows: list[tuple[float, Bar]] = []
    titles: list[tuple[float, str]] = []
    at = 0.0
    for block in blocks:
        if block.title:
            titles.append((at, block.title))
            at += 1.0
        for bar in block.bars:
            rows.append((at, bar))
            at += 1.0
        at += 0.4
    figure = Figure(figsize=(_WIDTH, 0.9 + _ROW * at), layout="constrained")
    axes = figure.subplots()
    # Where all are 0 there is an axis still.
    end = max((max(bar.high, bar.value) for _, bar in rows), default=0.0) or 1.0
    for y, bar in rows:
        _draw(axes, y, bar, 0.012 * (top or end))
    axes.set_yticks([y for y, _ in rows], [bar.label for _, bar in rows], fontsize=_TEXT)
    for y, title in titles:
        axes.text(0.0, y + 0.15, title, fontsize=_TEXT + 0.5, fontweight="bold", va="center")
    axes.set_ylim(at - 0.6, -0.8)
    low = min([0.0, *(bar.low for _, bar in rows)])
    axes.set_xlim(low, max(end, top or 0.0) / _room([bar for _, bar in rows]))
    axes.set_xlabel(axis, fontsize=_TEXT)
    _plain(axes, percent=top is not None)
    return figure


def _room(drawn: Sequence[Bar]) -> float:
    """Share of the width of the axes that is left of it when texts at the ends have room."""
    wide = _WIDTH - 0.3 - _LETTER * max((len(bar.label) for bar in drawn), default=0)
    return max(0.3, 0.97 - _LETTER * max((len(bar.says) for bar in drawn), default=0) / wide)


def _draw(axes: Axes, y: float, bar: Bar, gap: float) -> None:
    axes.barh(y, bar.value, height=0.72, color=bar.colour, hatch=bar.hatch, edgecolor="white", linewidth=0.0)
    if bar.low < bar.high:
        axes.plot([bar.low, bar.high], [y, y], color="black", linewidth=1.2, solid_capstyle="butt")
        for x in (bar.low, bar.high):
            axes.plot([x, x], [y - 0.16, y + 0.16], color="black", linewidth=1.2)
    axes.text(max(bar.high, bar.value) + gap, y, bar.says, fontsize=_TEXT, va="center")


def _plain(axes: Axes, *, percent: bool) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9)
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    if percent:
        ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
        axes.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
