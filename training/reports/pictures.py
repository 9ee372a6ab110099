"""The pictures of the guide for learning designers: a gap, the band, a pathway.

They are of one simulated learner, and each says so. Colours are those of Okabe and Ito (2008, "Color
universal design"), which people of every colour vision can tell apart; what they say is also said by shape.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Final

import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from recommender.domain.gap import RoleReadiness
from recommender.domain.pathway import StepWhy
from recommender.domain.simulation import LABEL
from recommender.skills.records import FAILURES_A_STEP, QUICK_PASSES_A_STEP
from training.reports.shown_learner import Moment, Outcome, ShownLearner

NAMES: Final = ("gap.png", "band.png", "pathway.png")
"""Files of the pictures."""

_BLUE: Final = "#0072b2"
_SKY: Final = "#a6d4f0"
_ORANGE: Final = "#e69f00"
_VERMILION: Final = "#d55e00"
_GREEN: Final = "#009e73"
_GREY: Final = "#5f5f5f"
_PALE: Final = "#e4e4e4"
_WIDTH: Final = 9.0
_DPI: Final = 130
_COLOURS: Final = 128
_OUTCOMES: Final[Mapping[Outcome, tuple[str, str, str]]] = {
    "pass": ("passed", "o", _BLUE),
    "fail": ("failed", "X", _VERMILION),
    "quick": ("passed quickly", ">", _GREEN),
}
_WHY: Final[Mapping[StepWhy, tuple[str, str, str]]] = {
    "gap": ("brings a skill nearer to what the role asks", _BLUE, ""),
    "prerequisite": ("comes first: another module needs it", _ORANGE, "///"),
    "review": ("review: without it a skill would fade too far", _SKY, "..."),
    "credential": ("awards the credential at the end", _GREEN, "xxx"),
}


def pictures(shown: ShownLearner, moments: Sequence[Moment]) -> dict[str, bytes]:
    """Draw every picture, by file name, as PNG; the same arguments give the same bytes.

    Parameters
    ----------
    shown : ShownLearner
    moments : sequence of Moment
    """
    # What somebody set in a matplotlibrc would change the bytes.
    with matplotlib.style.context("default", after_reset=True):
        figures = (gap_figure(shown), band_figure(moments), pathway_figure(shown))
        return {name: _png(figure) for name, figure in zip(NAMES, figures, strict=True)}


def gap_figure(shown: ShownLearner) -> Figure:
    """Draw mastery with its interval against what the role requires, what counts most first."""
    skills, role = shown.gaps.skills, _role(shown)
    figure = Figure(figsize=(_WIDTH, 2.0 + 0.29 * len(skills)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3.4, 1), sharey=True)
    for y, skill in enumerate(skills):
        if skill.mastery is None or skill.interval is None:
            left.text(0.01, y, "nothing known yet", va="center", color=_GREY, fontsize="small")
        else:
            left.plot(skill.interval, [y, y], color=_SKY, linewidth=9, solid_capstyle="butt", zorder=2)
            left.plot(skill.mastery, y, "o", color=_BLUE, markersize=7, zorder=4)
        if skill.gap > 0:
            short = [skill.required - skill.gap, skill.required]
            left.plot(short, [y, y], color=_ORANGE, linewidth=3, zorder=3)
        left.plot(skill.required, y, "|", color="black", markersize=13, markeredgewidth=2.5, zorder=5)
    counts = np.array([skill.importance * skill.gap for skill in skills])
    share = counts / max(counts.sum(), np.finfo(float).tiny)
    right.barh(range(len(skills)), share, color=_ORANGE, height=0.6)
    for y, its in enumerate(share.tolist()):
        if its > 0:
            right.text(its, y, f" {its:.0%}" if its >= 0.005 else " <1%", va="center", fontsize="small")
    left.set_yticks(range(len(skills)), [skill.name for skill in skills])
    left.set(xlim=(0, 1), ylim=(len(skills) - 0.4, -0.6))
    _percent(left.xaxis)
    left.grid(axis="x", color=_PALE)
    left.set_axisbelow(True)
    left.set_xlabel("mastery: chance of passing a typical question of the skill, now")
    right.set(xlim=(0, max(share.max() * 1.3, 0.05)), xticks=[])
    right.set_title("share of all\nthat is missing", fontsize="small", loc="left")
    right.tick_params(left=False)
    _legend(
        figure,
        *left.plot([], [], "o", color=_BLUE, markersize=7, label="mastery, as estimated"),
        Patch(color=_SKY, label="where it likely lies (80%)"),
        *left.plot([], [], "|", color="black", markersize=13, markeredgewidth=2.5, label="role requires"),
        *left.plot([], [], color=_ORANGE, linewidth=3, label="gap"),
    )
    ready = f"{role.readiness:.0%} ready"
    if role.interval is not None:
        ready += f" (likely {role.interval[0]:.0%} to {role.interval[1]:.0%})"
    return _titled(figure, f"What one learner lacks for the role «{role.title}»: {ready}")


def band_figure(moments: Sequence[Moment]) -> Figure:
    """Draw the band and the chance of success of what is recommended first, over answers."""
    figure = Figure(figsize=(_WIDTH, 5.2), layout="constrained")
    axes, strip = figure.subplots(2, 1, height_ratios=(6, 1), sharex=True)
    n = np.arange(len(moments))
    low = np.array([moment.band.low for moment in moments])
    high = np.array([moment.band.high for moment in moments])
    told = [moment.module.success_probability for moment in moments]
    chance = np.array([np.nan if its is None else its for its in told])
    axes.bar(n, high - low, 1.0, low, color=_SKY)
    for i in range(len(moments) - 1):
        if moments[i].module.module_id == moments[i + 1].module.module_id:
            axes.plot(n[i : i + 2], chance[i : i + 2], color="black", linewidth=1)
    inside = (chance >= low) & (chance <= high)
    for which, face in ((inside, "black"), (~inside, "white")):
        axes.plot(n[which], chance[which], "o", color="black", markerfacecolor=face, markersize=7)
    _percent(axes.yaxis)
    lowest = np.fmin(low, chance).min()
    axes.set_ylim(max(0.0, np.floor(lowest * 10) / 10 - 0.05), 1.0)
    axes.set_ylabel("chance of passing (higher is easier)")
    axes.grid(axis="y", color=_PALE)
    axes.set_axisbelow(True)
    _say_jumps(axes, moments)
    _legend(
        figure,
        Patch(color=_SKY, label="band that suits the learner"),
        *axes.plot([], [], "o-", color="black", label="what is recommended first (line: the same module)"),
        *axes.plot(
            [], [], "o", color="black", markerfacecolor="white", label="the same, outside of the band"
        ),
    )
    for i, moment in enumerate(moments):
        if moment.outcome is not None:
            _, marker, colour = _OUTCOMES[moment.outcome]
            strip.plot(i, 0, marker, color=colour, markersize=9)
    for first, last, outcome in _runs(moments):
        word = _OUTCOMES[outcome][0]
        strip.text((first + last) / 2, 1.0, word, ha="center", va="center", fontsize="small")
    strip.set(ylim=(-0.8, 1.6), xlim=(-0.6, len(moments) - 0.4), yticks=[])
    strip.set_xticks(n)
    strip.set_xlabel("answers so far")
    strip.set_ylabel("answer", rotation=0, ha="right", va="center")
    title = "How the band of success moves with answers, and what is recommended first"
    return _titled(figure, title, ", and the answers are made up")


def pathway_figure(shown: ShownLearner) -> Figure:
    """Draw the steps of the pathway over weeks, and readiness after each of them."""
    pathway, role = shown.pathway, _role(shown)
    n = len(pathway.steps)
    figure = Figure(figsize=(_WIDTH, 3.4 + 0.25 * n), layout="constrained")
    top, axes = figure.subplots(2, 1, height_ratios=(1.7, 0.6 + 0.25 * n), sharex=True)
    weeks, ready = zip(*shown.readiness(), strict=True)
    end = max(pathway.weeks, 1)
    top.step([*weeks, end], [*ready, ready[-1]], where="post", color="black", linewidth=2)
    for its, week, side, away in ((ready[0], 0, "left", -14), (ready[-1], end, "right", 5)):
        top.annotate(f"{its:.0%}", (week, its), (0, away), textcoords="offset points", ha=side)
    lowest = max(0.0, np.floor(ready[0] * 10) / 10 - 0.1)
    top.set_ylim(lowest, 1.0 + 0.15 * (1.0 - lowest))
    top.set_yticks(np.linspace(lowest, 1.0, 3))
    _percent(top.yaxis)
    top.set_ylabel("readiness")
    for y, step in enumerate(pathway.steps):
        _, colour, hatch = _WHY[step.why]
        left, length = step.starts_week - 1, step.ends_week - step.starts_week + 1
        axes.barh(y, length, 0.74, left, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5)
    labels = [
        f"{shorten(step.title, 50, placeholder=' …')}, {step.minutes:.0f} min" for step in pathway.steps
    ]
    axes.set_yticks(range(n), labels, fontsize="small")
    axes.set(xlim=(0, end), ylim=(n - 0.4, -0.6))
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    for panel in (top, axes):
        panel.grid(axis="x", color=_PALE)
        panel.set_axisbelow(True)
    axes.set_xlabel("weeks from now; a bar covers the weeks that a module falls into")
    present = {step.why for step in pathway.steps}
    _legend(
        figure,
        *(
            Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=label)
            for why, (label, colour, hatch) in _WHY.items()
            if why in present
        ),
        n_columns=2,
    )
    at = f"{pathway.total_minutes / 60:.0f} hours, {pathway.weekly_minutes:.0f} minutes a week"
    return _titled(figure, f"One learner's pathway to the role «{role.title}»: {at}")


def _role(shown: ShownLearner) -> RoleReadiness:
    if shown.gaps.role is None:
        raise AssertionError("gaps of a shown learner are those to a role")
    return shown.gaps.role


def _say_jumps(axes: Axes, moments: Sequence[Moment]) -> None:
    """Say where answers in a row move the band at once; the first time for each kind."""
    said = (
        ("fail", FAILURES_A_STEP, "failures in a row:\neasier modules at once", -0.13),
        ("quick", QUICK_PASSES_A_STEP, "quick passes in a row:\nharder modules at once", 0.13),
    )
    for outcome, count, words, away in said:
        found = [last for first, last, its in _runs(moments) if its == outcome and last - first + 1 >= count]
        first = next((first for first, last, its in _runs(moments) if its == outcome), None)
        if first is None or not found:
            continue
        at = first + count - 1
        band = moments[at].band
        axes.annotate(
            f"{count} {words}",
            (at, band.low if away < 0 else band.high),
            (at + 0.8, (band.low if away < 0 else band.high) + away),
            ha="left",
            va="center",
            fontsize="small",
            arrowprops={"arrowstyle": "->", "color": _GREY},
        )


def _runs(moments: Sequence[Moment]) -> list[tuple[int, int, Outcome]]:
    """First and last place of each run of equal outcomes."""
    runs: list[tuple[int, int, Outcome]] = []
    for i, moment in enumerate(moments):
        if moment.outcome is None:
            continue
        if runs and runs[-1][2] == moment.outcome:
            runs[-1] = (runs[-1][0], i, moment.outcome)
        else:
            runs.append((i, i, moment.outcome))
    return runs


def _titled(figure: Figure, title: str, more: str = "") -> Figure:
    figure.suptitle(f"{title}\n{LABEL}: this learner does not exist{more}", fontsize="medium")
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _legend(figure: Figure, *handles: Artist, n_columns: int | None = None) -> None:
    columns = n_columns or len(handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize="small")


def _percent(axis: Axis) -> None:
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _png(figure: Figure) -> bytes:
    """Bytes with few colours, without the time and the program they were made with."""
    drawn, kept = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    about = PngInfo()
    about.add_text("Title", figure.get_suptitle().replace("\n", ". "))
    with Image.open(drawn) as image:
        few = image.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(kept, "PNG", optimize=True, pnginfo=about)
    return kept.getvalue()
