"""The second table of ``benchmark modules``: groups, differences, what is shown, dashes for the absent."""

import numpy as np
import pytest
from rich.console import Console

from training.evaluation.module_report import ModuleReport, ModuleResult
from training.reports.tables import module_detail_table


def result(**values) -> ModuleResult:
    empty = {
        "metrics": {"ndcg@10": 0.25, "intra_list_diversity@10": None, "exposure_gini@10": None},
        "ci95": {},
        "difference_ci95": {},
        "groups": {"known": {"n": 3, "hr@10": 0.5, "ndcg@10": 0.25}},
        "recommended": np.zeros(4, np.int64),
        "fit_seconds": None,
        "recommend_us_per_learner": None,
    }
    return ModuleResult(**{**empty, **values})


@pytest.fixture
def report() -> ModuleReport:
    shown = {"ndcg@10": 0.5, "intra_list_diversity@10": 0.75, "exposure_gini@10": 0.125}
    models = {
        "told": result(difference_ci95={"ndcg@10": (-0.5, 0.25)}),
        "engine": result(metrics=shown, fit_seconds=1234.56, recommend_us_per_learner=98765.4),
    }
    return ModuleReport("temporal", {"targets": 3}, models, np.zeros(4, np.int64))


def shown(report: ModuleReport, *, simulated: bool) -> list[str]:
    console = Console(width=180)
    with console.capture() as captured:
        console.print(module_detail_table(report, simulated=simulated))
    return captured.get().splitlines()


def test_rows_hold_groups_difference_lists_and_times(report):
    lines = shown(report, simulated=False)
    assert lines[0].strip() == "By group of targets, and what is shown"
    rows = [line.split() for line in lines]
    by_model = {row[0]: row[1:] for row in rows if row}
    assert list(by_model).index("engine") < list(by_model).index("told"), "what would be shipped comes first"
    assert by_model["engine"] == ["0.500", "0.250", "-", "0.750", "0.125", "1,234.6", "98,765"]
    assert by_model["told"] == ["0.500", "0.250", "-0.250", "(-0.500,", "+0.250)", "-", "-", "-", "-"]
    assert "known hr@10" in lines[2]


def test_simulated_data_is_named_in_the_title(report):
    assert shown(report, simulated=True)[0].strip().startswith("Simulated data: By group of targets")
