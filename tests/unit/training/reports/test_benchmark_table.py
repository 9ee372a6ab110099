"""The table of ``benchmark skills``: what would be shipped first, differences, dashes for what is absent."""

import numpy as np
import pytest
from rich.console import Console

from training.evaluation.skill_benchmark import Contest
from training.evaluation.skills import evaluate_skills
from training.reports.tables import benchmark_table


def speed(rows_per_second):
    return {"fit_rows_per_second": rows_per_second, "predict_rows_per_second": rows_per_second}


@pytest.fixture
def contest() -> Contest:
    y, learner = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    predictions = {
        "item_mean": np.full(4, 0.5),
        "best_lr": np.array([0.1, 0.8, 0.9, 0.7]),
        "skill_model": np.array([0.1, 0.8, 0.2, 0.9]),
    }
    seconds = {"best_lr": (1.25, 0.5), "skill_model": (12.0, 0.25)}
    report = evaluate_skills(y, learner, predictions, {"attempts": 4, "learners": 2}, seconds)
    ci95 = {
        "item_mean": {"auc": (0.5, 0.5), "difference_to_best_lr": {"auc": None}},
        "best_lr": {"auc": (0.2, 0.9)},
        "skill_model": {"auc": (1.0, 1.0), "difference_to_best_lr": {"auc": (0.125, 0.75)}},
    }
    extra = {"item_mean": speed(None), "best_lr": speed(4321.0), "skill_model": speed(98765.4)}
    return Contest(report, ci95, extra)


def shown(contest: Contest, **options: object) -> list[str]:
    console = Console(width=180)
    with console.capture() as captured:
        console.print(benchmark_table(contest, **options))
    return captured.get().splitlines()


def test_rows_hold_metrics_difference_and_speed(contest):
    lines = shown(contest, simulated=False, rows="attempts with one skill")
    assert lines[0].strip() == "Predicting the next response, attempts with one skill"
    rows = [line.split() for line in lines]
    by_model = {row[0]: row for row in rows if row}
    assert list(by_model).index("skill_model") < list(by_model).index("item_mean")
    difference = ["+0.5000", "(+0.1250,", "+0.7500)"]
    assert by_model["skill_model"][7:] == [*difference, "12.0", "98,765", "0.25", "98,765"]
    assert by_model["best_lr"][7:] == ["-", "1.2", "4,321", "0.50", "4,321"]
    assert by_model["item_mean"][7:] == ["-"] * 5
    assert "4 attempts, 2 learners; - best_lr: difference in AUC" in lines[-1]


def test_simulated_data_is_named_in_the_title(contest):
    title = shown(contest, simulated=True)[0].strip()
    assert title == "Simulated data: Predicting the next response, all attempts"
