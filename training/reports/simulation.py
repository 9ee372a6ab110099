"""What a simulation of policies found, as a table for the terminal, plots and plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from recommender.domain.simulation import LABEL
from training.evaluation.simulation.policies import ENGINE, ORACLE
from training.evaluation.simulation.summary import WorldReport

_COLUMNS: Final = {
    "minutes_to_ready": "minutes to ready",
    "modules_to_ready": "modules",
    "ready": "ready",
    "readiness_per_hour": "readiness an hour",
    "failed": "answers failed",
    "given_up": "given up",
    "left": "would leave",
}
_SHARES: Final = ("ready", "failed", "given_up", "left")
_OURS: Final = "#0b5fa5"
_OTHERS: Final = "#a9b1ba"


def simulation_table(report: WorldReport) -> Table:
    """Show what every policy reached in one world, the fewest minutes first."""
    n = report.n
    caption = (
        f"{n['counted']:,} of {n['learners']:,} learners: those who were not ready at the start "
        f"({n['not_ready']:,}) and whom the oracle gets there in time. Everything here is simulated."
    )
    table = Table(
        title=f"{LABEL}: {report.variation.name}", caption=caption, title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column("policy", no_wrap=True)
    for title in _COLUMNS.values():
        table.add_column(title, justify="right")
    table.add_column("engine / it", justify="right", no_wrap=True)
    for name in in_order(report):
        values = report.policies[name]
        cells = [_amount(metric, values[metric]) for metric in _COLUMNS]
        ratio, low, high = report.ratios[name]
        against = "" if name == ENGINE else f"{ratio:.3f} ({low:.3f} to {high:.3f})"
        table.add_row(name, *cells, against, style="bold" if name == ENGINE else "")
    return table


def in_order(report: WorldReport) -> list[str]:
    """Names of the policies, the fewest minutes to readiness first."""
    return sorted(report.policies, key=lambda name: report.policies[name]["minutes_to_ready"])


def simulation_words(reports: Sequence[WorldReport]) -> str:
    """Say in plain words how the engine fares, for the description of a run."""
    lines = ["Simulated learners took what each policy recommends; nobody in it exists."]
    for report in reports:
        best = report.best_other
        ratio, low, high = report.ratios[best]
        told = f"{abs(1 - ratio):.0%} {'fewer' if ratio < 1 else 'more'} minutes until ready than {best}"
        lines.append(
            f"- **{report.variation.name}**: the engine needs {told}, the best of the other policies "
            f"(ratio {ratio:.3f}, 95% {low:.3f} to {high:.3f}); {report.ratios[ORACLE][0]:.2f} times those "
            "of the oracle, who sees the skills."
        )
    return "\n".join(lines)


def simulation_figures(reports: Sequence[WorldReport]) -> dict[str, Figure]:
    """Draw minutes to readiness by policy, and by group, by file name."""
    return {"simulation_minutes": _minutes(reports), "simulation_groups": _groups(reports[0])}


def _minutes(reports: Sequence[WorldReport]) -> Figure:
    width = max(len(report.policies) for report in reports)
    figure = Figure(figsize=(9, 1.2 + len(reports) * (0.6 + 0.28 * width)), layout="constrained")
    figure.suptitle(f"{LABEL}: minutes of study until ready for the role")
    for axes, report in zip(np.atleast_1d(figure.subplots(len(reports), 1)), reports, strict=True):
        names = in_order(report)[::-1]
        values = np.array([report.policies[name]["minutes_to_ready"] for name in names])
        low, high = np.array([report.intervals[name]["minutes_to_ready"] for name in names]).T
        colours = [_OURS if name == ENGINE else _OTHERS for name in names]
        axes.barh(names, values, color=colours, xerr=(values - low, high - values), ecolor="#555555")
        axes.set_title(report.variation.name, loc="left", fontsize="medium")
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _groups(report: WorldReport) -> Figure:
    rows = [
        (f"{group}: {value}", found) for group, its in report.groups.items() for value, found in its.items()
    ]
    figure = Figure(figsize=(9, 1.4 + 0.32 * len(rows)), layout="constrained")
    axes = figure.subplots()
    best = report.best_other
    for name, marker, colour in ((best, "s", _OTHERS), (ENGINE, "o", _OURS)):
        minutes = [found[name] for _, found in rows]
        axes.plot(minutes, range(len(rows)), marker, color=colour, label=name)
    axes.set_yticks(range(len(rows)), [f"{label} ({found['n']:.0f})" for label, found in rows])
    axes.invert_yaxis()
    axes.set_xlabel("minutes of study until ready")
    axes.set_title(f"{LABEL}: is anybody worse off? ({report.variation.name})")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _amount(metric: str, value: float) -> str:
    if metric in _SHARES:
        return f"{value:.1%}"
    return (
        f"{value:,.0f}" if metric == "minutes_to_ready" else f"{value:.3f}" if value < 1 else f"{value:.1f}"
    )
