import json

import numpy as np
import pytest

from training.evaluation.metrics import SKILL_METRICS
from training.evaluation.skills import evaluate_skills, responses_before


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    learner = rng.integers(0, 40, 800)
    p = rng.random(800)
    return (rng.random(800) < p).astype(int), learner, p


def test_report_has_the_shape_of_the_interface(rows):
    y, learner, p = rows
    n = {"attempts": 800, "learners": 40, "items": 3, "skills": 2}
    predictions = {"skill_model": p, "item_mean": np.full(800, 0.5)}
    report = evaluate_skills(y, learner, predictions, n, {"skill_model": (1.5, 0.2)})
    written = json.loads(json.dumps(report.as_json("toy", "fold 1")))
    assert set(written) == {"dataset", "protocol", "n", "models"}
    assert written["n"] == n
    expected = {*SKILL_METRICS, "auc_first5", "fit_seconds", "predict_seconds"}
    assert set(written["models"]["skill_model"]) == expected
    assert written["models"]["skill_model"]["fit_seconds"] == 1.5
    assert written["models"]["item_mean"]["fit_seconds"] is None
    assert written["models"]["item_mean"]["auc"] == 0.5
    assert written["models"]["skill_model"]["auc"] > 0.75


def test_first_five_are_each_learners_first_five(rows):
    y, learner, p = rows
    later = responses_before(learner) >= 5
    wrong_later = np.where(later, 1 - p, p)
    report = evaluate_skills(y, learner, {"right": p, "wrong_later": wrong_later}, {})
    assert report.models["right"]["auc_first5"] == report.models["wrong_later"]["auc_first5"]
    assert report.models["right"]["auc"] > report.models["wrong_later"]["auc"] + 0.3


def test_counting_responses_before_matches_a_loop(rows):
    _, learner, _ = rows
    seen: dict[int, int] = {}
    for row, found in zip(learner.tolist(), responses_before(learner).tolist(), strict=True):
        assert found == seen.get(row, 0)
        seen[row] = found + 1


def test_no_response_is_reported_as_such():
    report = evaluate_skills(np.zeros(0), np.zeros(0, int), {"skill_model": np.zeros(0)}, {"attempts": 0})
    assert report.models["skill_model"]["auc"] is None
    assert report.models["skill_model"]["auc_first5"] is None


def test_calibration_is_kept_for_the_plot(rows):
    y, learner, p = rows
    report = evaluate_skills(y, learner, {"skill_model": p}, {})
    assert report.calibration["skill_model"].error == report.models["skill_model"]["ece"]
