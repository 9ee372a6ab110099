"""The evaluation beside its baselines, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from recommender.domain.simulation import labelled
from training.evaluation.metrics import SKILL_METRICS
from training.evaluation.module_report import ENGINE, ModuleReport, ModuleResult
from training.evaluation.skills import SkillReport

OURS: Final = (ENGINE, "skill_model")
"""What would be shipped: shown in bold, above its baselines."""
PROTOCOL_TITLES: Final = {
    "leave-last-out": "the last module each learner started",
    "temporal": "the next module after a cut in time",
}
_WITH_INTERVAL: Final = ("hr@10", "ndcg@10")
_PLAIN: Final = ("hr@5", "mrr", "coverage@10")


def skill_table(report: SkillReport, *, simulated: bool) -> Table:
    """Show how well every skill model predicts the next response.

    Parameters
    ----------
    report : SkillReport
    simulated : bool
        Whether it is of simulated data, which its title then says.
    """
    n = ", ".join(f"{count:,} {what}" for what, count in report.n.items())
    title = labelled("Predicting the next response", simulated)
    table = Table(title=title, caption=n, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("model", no_wrap=True)
    columns = (*SKILL_METRICS, "auc_first5")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for name in _ours_first(report.models):
        values = report.models[name]
        table.add_row(name, *(_number(values.get(column)) for column in columns), style=_style(name))
    return table


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
