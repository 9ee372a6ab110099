"""Charts of the reports on skill gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from training.programme.figures import Mean
from training.programme.skill_gaps import GroupGaps, SkillGap, SkillGaps

MOST_SKILLS: Final = 25
MOST_GROUPS: Final = 30
_LABELS = 42
_LEAST_SKILLS = 10
_SHADES = LinearSegmentedColormap.from_list("gap", ["#ffffff", "#f2b98a", "#d55e00", "#5e2a00"])
_INK, _GREY, _BLUE, _DEEP, _GREEN = "#1b1f24", "#5f5f5f", "#0072b2", "#d55e00", "#009e73"
_SIZE = 9.5
_MARKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "up": ("^", _GREEN, _GREEN),
    "down": ("v", _DEEP, _DEEP),
}


def shown_groups(found: SkillGaps) -> tuple[GroupGaps, ...]:
    """Return the groups that charts show: the least ready."""
    return found.groups[:MOST_GROUPS]


def shown_skills(found: SkillGaps) -> tuple[SkillGap, ...]:
    """Return the skills that the heat map shows: those that matter most, fewer where groups are many."""
    n = min(MOST_SKILLS, max(_LEAST_SKILLS, _LABELS - len(shown_groups(found))))
    return found.skills[:n]


def heat_map(found: SkillGaps, names: Mapping[str, str], skills: Sequence[str]) -> Figure:
    """Draw mean gaps: a row a skill, a column a group, everybody first."""
    groups, rows = shown_groups(found), shown_skills(found)
    gaps: list[Mapping[int, Mean]] = [{one.skill: one.gap for one in rows}, *(g.gaps for g in groups)]
    columns = ["Everybody", *(names.get(group.name, group.name) for group in groups)]
    wide = 0.9 if len(columns) <= 6 else 0.25
    figure = Figure(figsize=(2.4 + wide * len(columns), 1.9 + 0.25 * len(rows)), layout="constrained")
    axes = figure.subplots()
    top = max((its[one.skill].value for its in gaps for one in rows if one.skill in its), default=0.0)
    for x, its in enumerate(gaps):
        # Everybody stands a little apart.
        left = x - 0.5 + (0.25 if x else 0.0)
        for y, one in enumerate(rows):
            _cell(axes, left, y - 0.5, its.get(one.skill), max(top, 0.01))
    places = np.arange(len(columns)) + np.where(np.arange(len(columns)) > 0, 0.25, 0.0)
    turned = 0 if len(columns) <= 6 else 90
    axes.set_xticks(places, columns, rotation=turned, fontsize=_SIZE)
    axes.set_yticks(range(len(rows)), [skills[one.skill] for one in rows], fontsize=_SIZE)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xlim(-0.5, len(columns) - 0.25)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    return figure


def _cell(axes: Axes, left: float, top: float, gap: Mean | None, most: float) -> None:
    if gap is None:
        axes.add_patch(Rectangle((left, top), 1.0, 1.0, facecolor="#ededed", edgecolor="#ffffff"))
        return
    shade = gap.value / most
    face = _SHADES(shade)
    axes.add_patch(Rectangle((left, top), 1.0, 1.0, facecolor=face, edgecolor="#d9d9d9", linewidth=0.4))
    light = float(np.dot(face[:3], (0.299, 0.587, 0.114)))
    axes.text(
        left + 0.5,
        top + 0.52,
        f"{100.0 * gap.value:.0f}",
        ha="center",
        va="center",
        fontsize=9,
        color=_INK if light > 0.46 else "#ffffff",
    )


def readiness_chart(found: SkillGaps, names: Mapping[str, str], main: str | None) -> Figure:
    """Draw readiness of each group now and, where told, how it changed since a moment."""
    groups = shown_groups(found)
    figure = Figure(figsize=(8.6, 1.1 + 0.25 * len(groups)), layout="constrained")
    panels: list[Axes] = [*figure.subplots(1, 1 if main is None else 2, sharey=True, squeeze=False)[0]]
    _ready(panels[0], found, groups)
    if main is not None:
        _changes(panels[1], groups, main)
    panels[0].set_yticks(
        range(len(groups)), [names.get(group.name, group.name) for group in groups], fontsize=_SIZE
    )
    panels[0].set_ylim(len(groups) - 0.4, -0.6)
    for axes in panels:
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=_SIZE)
        axes.grid(axis="y", color="#e6e8eb", linewidth=0.8)
        axes.set_axisbelow(True)
    return figure


def _ready(axes: Axes, found: SkillGaps, groups: Sequence[GroupGaps]) -> None:
    for y, group in enumerate(groups):
        short = group.short
        if short is None:
            continue
        if short.has_interval:
            ends = 100.0 * np.clip([1.0 - short.high, 1.0 - short.low], 0.0, 1.0)
            axes.plot(ends, [y, y], color=_BLUE, linewidth=2)
        axes.plot(100.0 * (1.0 - short.value), y, "o", color=_BLUE, markersize=6)
    title = "Ready now, %"
    if found.short is not None:
        whole = 100.0 * (1.0 - found.short.value)
        axes.axvline(whole, color=_GREY, linewidth=1, linestyle="--")
        title += f" (dashed: everybody, {whole:.0f}%)"
    axes.set_title(title, loc="left", fontsize=_SIZE, color=_INK)


def _changes(axes: Axes, groups: Sequence[GroupGaps], main: str) -> None:
    axes.axvline(0.0, color=_GREY, linewidth=1)
    for y, group in enumerate(groups):
        moved = group.moved.get(main)
        if moved is None:
            continue
        change = moved.change
        mark, edge, face = _MARKS.get(moved.verdict, ("o", _GREY, "#ffffff"))
        if change.has_interval:
            axes.plot([100.0 * change.low, 100.0 * change.high], [y, y], color=edge, linewidth=2)
        axes.plot(100.0 * change.value, y, mark, color=edge, markerfacecolor=face, markersize=7)
    axes.set_title(f"Change since {main}, points", loc="left", fontsize=_SIZE, color=_INK)
