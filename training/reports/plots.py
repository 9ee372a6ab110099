"""Plots of an evaluation, each answering one question a person would ask.

Figures are made without pyplot, which keeps every figure it ever made in a global list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recommender.domain.simulation import LABEL
from training.evaluation.module_report import ModuleReport
from training.evaluation.skills import SkillReport
from training.reports.tables import OURS, PROTOCOL_TITLES

_OURS_COLOUR: Final = "#0b5fa5"
_BASELINE_COLOUR: Final = "#a9b1ba"
_LINES: Final = ("-", "--", "-.", ":")


def all_figures(
    skills: SkillReport | None, modules: Sequence[ModuleReport], *, simulated: bool
) -> dict[str, Figure]:
    """Draw every plot that the reports allow, by file name.

    Parameters
    ----------
    skills : SkillReport or None
    modules : sequence of ModuleReport
        One a protocol; those that were unavailable are left out of the plots.
    simulated : bool
        Whether they are of simulated data, which every title then says.
    """
    figures: dict[str, Figure] = {}
    if skills is not None and skills.models:
        figures["skills_auc"] = auc_figure(skills)
        figures |= {
            f"skills_calibration_{name}": calibration_figure(skills, name)
            for name in skills.calibration
            if name in OURS
        }
    usable = [report for report in modules if report.models]
    if usable:
        figures["modules_ranking"] = ranking_figure(usable)
        figures |= {
            f"modules_spread_{report.protocol.replace('-', '_')}": spread_figure(report) for report in usable
        }
    for figure in figures.values() if simulated else ():
        _say_simulated(figure)
    return figures


def calibration_figure(report: SkillReport, model: str) -> Figure:
    """Draw predicted probability against what happened, and how many responses stand behind each point."""
    bins = report.calibration[model]
    figure = Figure(figsize=(6, 6.5), layout="constrained")
    curve, counts = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    curve.plot([0, 1], [0, 1], color=_BASELINE_COLOUR, label="as predicted")
    curve.plot(bins.predicted, bins.observed, "o-", color=_OURS_COLOUR, label=model)
    curve.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that passed")
    curve.set_title(f"When the model says 70%, do 70% pass?\n(off by {bins.error:.3f} on average)")
    curve.legend(loc="upper left", frameon=False)
    counts.bar(bins.predicted, bins.count, width=0.02, color=_BASELINE_COLOUR)
    counts.set(xlabel="predicted probability of passing", ylabel="responses")
    return _plain(figure)


def auc_figure(report: SkillReport) -> Figure:
    """Draw the AUC of every skill model, on all responses and on each learner's first five."""
    names = list(report.models)
    figure = Figure(figsize=(7, 1.6 + 0.6 * len(names)), layout="constrained")
    axes = figure.subplots()
    for offset, metric, label, hatch in (
        (-0.19, "auc", "all responses", ""),
        (0.19, "auc_first5", "first five", "///"),
    ):
        values = [report.models[name].get(metric) for name in names]
        widths = [np.nan if value is None else value for value in values]
        bars = axes.barh(
            np.arange(len(names)) + offset, widths, 0.36, label=label, hatch=hatch, edgecolor="white"
        )
        for bar, name in zip(bars, names, strict=True):
            bar.set_facecolor(_colour(name))
        axes.bar_label(bars, ["not defined" if value is None else f" {value:.3f}" for value in values])
    axes.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlim=(0.4, 1), xlabel="AUC (0.5 is guessing)")
    axes.set_title("How well is a pass told from a fail?")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return _plain(figure)


def ranking_figure(reports: Sequence[ModuleReport], metric: str = "ndcg@10") -> Figure:
    """Draw one ranking metric of every model with its 95% interval, one panel a protocol."""
    rows = max(len(report.models) for report in reports)
    figure = Figure(figsize=(5.5 * len(reports), 1.6 + 0.5 * rows), layout="constrained")
    panels = figure.subplots(1, len(reports), squeeze=False)[0]
    for axes, report in zip(panels, reports, strict=True):
        _ranking_panel(axes, report, metric)
    figure.suptitle("How high is the module that the learner really started next?")
    return _plain(figure)


def spread_figure(report: ModuleReport) -> Figure:
    """Draw whether a model recommends only what is popular: share of its top tens by module popularity."""
    by_popularity = np.argsort(-report.popularity, kind="stable")
    share = 100 * np.arange(1, len(by_popularity) + 1) / len(by_popularity)
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for place, (name, result) in enumerate(report.models.items()):
        shown = np.cumsum(result.recommended[by_popularity])
        coverage = result.metrics["coverage@10"] or 0.0
        axes.plot(
            share,
            100 * shown / max(shown[-1], 1),
            _LINES[place % len(_LINES)],
            label=f"{name}: {coverage:.0%} of modules shown",
            linewidth=2.5 if name in OURS else 1.3,
        )
    started = np.cumsum(report.popularity[by_popularity])
    axes.plot(
        share, 100 * started / max(started[-1], 1), color="black", linewidth=1, label="what people start"
    )
    axes.set(xlabel="most popular modules, % of the catalogue", ylabel="% of all recommendations")
    axes.set(xlim=(0, 100), ylim=(0, 101))
    axes.set_title("Is more than the most popular recommended?")
    axes.legend(loc="lower right", frameon=False)
    return _plain(figure)


def _ranking_panel(axes: Axes, report: ModuleReport, metric: str) -> None:
    names = list(report.models)
    for place, name in enumerate(names):
        value = report.models[name].metrics[metric] or 0.0
        low, high = report.models[name].ci95[metric]
        # Skewed resamples can leave a value outside of its own interval; no bar has negative length.
        reach = [[max(0.0, value - low)], [max(0.0, high - value)]]
        axes.barh(place, value, 0.6, color=_colour(name))
        axes.errorbar(value, place, xerr=reach, color="black", capsize=3, linewidth=1)
        axes.annotate(f" {value:.3f}", (max(high, value), place), va="center")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{metric.upper()} with 95% interval, {report.n['targets']:,} targets")
    axes.set_title(f"Predicting {PROTOCOL_TITLES.get(report.protocol, report.protocol)}", fontsize="medium")


def _colour(name: str) -> str:
    return _OURS_COLOUR if name in OURS else _BASELINE_COLOUR


def _say_simulated(figure: Figure) -> None:
    """Put the label on a line of its own above the title, whichever kind of title the figure has."""
    above = figure.get_suptitle()
    if above:
        figure.suptitle(f"{LABEL}\n{above}")
    else:
        axes = figure.axes[0]
        axes.set_title(f"{LABEL}\n{axes.get_title()}")


def _plain(figure: Figure) -> Figure:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return figure
