"""The evaluation beside its baselines, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from recommender.domain.simulation import labelled
from training.evaluation.metrics import SKILL_METRICS
from training.evaluation.module_report import ENGINE, ModuleReport, ModuleResult
from training.evaluation.skill_benchmark import BEST_LR, Contest
from training.evaluation.skills import SkillReport

OURS: Final = (ENGINE, "skill_model")
"""What would be shipped: shown in bold, above its baselines."""
PROTOCOL_TITLES: Final = {
    "leave-last-out": "the last module each learner started",
    "temporal": "the next module after a cut in time",
    "holdout": "the held-out modules of each learner",
    "few-shot": "the next module of learners never seen before",
    "cold-modules": "modules that were hidden from training",
}
_WITH_INTERVAL: Final = ("hr@10", "ndcg@10")
_PLAIN: Final = ("hr@5", "mrr", "coverage@10")
_SHOWN: Final = {"diversity": "intra_list_diversity@10", "gini": "exposure_gini@10"}


def skill_table(report: SkillReport, *, simulated: bool) -> Table:
    """Show how well every skill model predicts the next response.

    Parameters
    ----------
    report : SkillReport
    simulated : bool
        Whether it is of simulated data, which its title then says.
    """
    return _skill_table(report, labelled("Predicting the next response", simulated), "", {})


def _skill_table(report: SkillReport, title: str, note: str, more: Mapping[str, Mapping[str, str]]) -> Table:
    """Show metrics, and the cells of `more` by column and model; a caption says of how much, and `note`."""
    n = ", ".join(f"{count:,} {what}" for what, count in report.n.items())
    table = Table(title=title, caption=n + note, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("model", no_wrap=True)
    metrics = (*SKILL_METRICS, "auc_first5")
    for column in (*metrics, *more):
        table.add_column(column.replace("_", " "), justify="right", no_wrap=column in more)
    for name in _ours_first(report.models):
        values = report.models[name]
        cells = [_number(values.get(metric)) for metric in metrics]
        table.add_row(name, *cells, *(column[name] for column in more.values()), style=_style(name))
    return table


def benchmark_table(contest: Contest, *, simulated: bool, rows: str = "all attempts") -> Table:
    """Show every skill model on the same attempts, with its distance to Best-LR and its speed.

    Parameters
    ----------
    contest : Contest
    simulated : bool
        Whether it is of simulated data, which its title then says.
    rows : str
        Which attempts, for the title.
    """
    models = contest.models()
    more = {f"- {BEST_LR}": {name: _difference(models, name) for name in models}}
    for what, form in (("fit", ",.1f"), ("predict", ",.2f")):
        for unit, key in (("s", "seconds"), ("rows/s", "rows_per_second")):
            form = form if unit == "s" else ",.0f"
            cells = {name: _amount(values[f"{what}_{key}"], form) for name, values in models.items()}
            more[f"{what} {unit}"] = cells
    title = labelled(f"Predicting the next response, {rows}", simulated)
    note = f"; - {BEST_LR}: difference in AUC, 95% interval over learners"
    return _skill_table(contest.report, title, note, more)


def _difference(models: Mapping[str, Mapping[str, Any]], name: str) -> str:
    """AUC minus that of Best-LR, with its interval."""
    bounds = models[name]["ci95"].get(f"difference_to_{BEST_LR}", {}).get("auc")
    ours, theirs = models[name]["auc"], models[BEST_LR]["auc"]
    if bounds is None or ours is None or theirs is None:
        return "-"
    return f"{ours - theirs:+.4f} ({bounds[0]:+.4f}, {bounds[1]:+.4f})"


def _amount(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def module_table(report: ModuleReport, *, simulated: bool) -> RenderableType:
    """Show every module model under one protocol, with 95% intervals; or why it could not be run.

    Parameters
    ----------
    report : ModuleReport
    simulated : bool
        Whether it is of simulated data, which its title then says.
    """
    title = labelled(f"Predicting {PROTOCOL_TITLES.get(report.protocol, report.protocol)}", simulated)
    if report.unavailable:
        return Text(f"{title}: not evaluated, because {report.unavailable}.")
    table = Table(title=title, caption=_module_caption(report), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("model", no_wrap=True)
    for column in (*_WITH_INTERVAL, *_PLAIN):
        table.add_column(column.removesuffix("age@10"), justify="right", no_wrap=True)
    for name in _ours_first(report.models):
        result = report.models[name]
        table.add_row(name, *_cells(result), style=_style(name))
    return table


def module_detail_table(report: ModuleReport, *, simulated: bool) -> Table:
    """Show every module model by group of targets, against the engine, by what it shows, and its times.

    Parameters
    ----------
    report : ModuleReport
        Not an unavailable one.
    simulated : bool
        Whether it is of simulated data, which its title then says.
    """
    caption = (
        f"- {ENGINE}: difference in ndcg@10, 95% interval over learners; gini: 0 shows all modules alike"
    )
    title = labelled("By group of targets, and what is shown", simulated)
    table = Table(title=title, caption=caption, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("model", no_wrap=True)
    groups = next(iter(report.models.values())).groups
    by_group = [f"{group} {metric}" for group in groups for metric in _WITH_INTERVAL]
    for column in (*by_group, f"- {ENGINE}", *_SHOWN, "fit s", "us/learner"):
        table.add_column(column, justify="right", no_wrap=column not in by_group)
    for name in _ours_first(report.models):
        result = report.models[name]
        cells = [_number(values[metric]) for values in result.groups.values() for metric in _WITH_INTERVAL]
        cells.append(_difference_to_engine(report, name))
        cells += [_number(result.metrics[metric], "-") for metric in _SHOWN.values()]
        cells += [_amount(result.fit_seconds, ",.1f"), _amount(result.recommend_us_per_learner, ",.0f")]
        table.add_row(name, *cells, style=_style(name))
    return table


def _difference_to_engine(report: ModuleReport, name: str) -> str:
    """NDCG@10 minus that of the engine, with its interval."""
    bounds = report.models[name].difference_ci95.get("ndcg@10")
    if bounds is None:
        return "-"
    ours, theirs = report.models[name].metrics["ndcg@10"], report.models[ENGINE].metrics["ndcg@10"]
    return f"{(ours or 0.0) - (theirs or 0.0):+.3f} ({bounds[0]:+.3f}, {bounds[1]:+.3f})"


def _module_caption(report: ModuleReport) -> str:
    n = report.n
    tested = f"{n['targets']:,} targets of {n['learners']:,} learners among {n['modules']:,} modules"
    groups = next(iter(report.models.values())).groups
    split = ", ".join(f"{values['n']:,} {name}" for name, values in groups.items())
    return f"{tested} ({split}); ± is half a 95% interval over learners"


def _cells(result: ModuleResult) -> list[str]:
    with_interval = [
        f"{_number(result.metrics[name])} ±{(result.ci95[name][1] - result.ci95[name][0]) / 2:.3f}"
        for name in _WITH_INTERVAL
    ]
    plain = [_number(result.metrics[name], "-") for name in _PLAIN]
    return [*with_interval, *plain]


def _ours_first(models: Mapping[str, object]) -> list[str]:
    return sorted(models, key=lambda name: name not in OURS)


def _style(name: str) -> str:
    return "bold" if name in OURS else ""


def _number(value: float | None, none: str = "not defined") -> str:
    return none if value is None else f"{value:.3f}"
