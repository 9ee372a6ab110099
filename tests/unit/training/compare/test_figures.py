"""Differences of two models on the same learners: values by hand, draws by the same resamples."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.compare.worlds import blurred, pair, true_answers
from training.compare.figures import Difference, auc_difference, ece_difference, mean_difference
from training.evaluation.metrics import auc, calibration_bins


def test_values_are_those_of_the_metrics() -> None:
    y, p, learner = true_answers(0)
    other = blurred(p, 1.0, 1)
    answers = pair(other, p, y, learner)
    found = answers.auc(np.random.default_rng(0))
    assert found is not None
    assert (found.challenger, found.champion) == (auc(y, other), auc(y, p))
    error = answers.calibration(np.random.default_rng(0))
    assert error.challenger == pytest.approx(calibration_bins(y, other).error, abs=1e-12)
    assert error.champion == pytest.approx(calibration_bins(y, p).error, abs=1e-12)
    assert (error.n_learners, error.n_rows) == (200, 6_000)
    brier = answers.brier(learner < 50, np.random.default_rng(0))
    assert brier.value == pytest.approx((((other - y) ** 2) - (p - y) ** 2)[learner < 50].mean())
    assert brier.n_learners == 50


@pytest.mark.parametrize("compare", [auc_difference, ece_difference])
def test_a_model_does_not_differ_from_itself_in_any_resample(compare) -> None:
    y, p, learner = true_answers(0)
    found = compare(y, {"challenger": p, "champion": p}, learner, np.random.default_rng(0))
    assert found.value == 0.0
    assert not found.draws.any()
    assert found.chance_within() == 1.0


def test_ece_in_a_resample_is_that_of_its_rows_in_the_same_bins() -> None:
    y, p, learner = true_answers(0, 12, 10)
    other = blurred(p, 0.5, 1)
    found = ece_difference(y, {"challenger": other, "champion": p}, learner, np.random.default_rng(3))
    # The first resample again, row by row.
    picks = np.random.default_rng(3).integers(0, 12, (50, 12))[0]
    rows = np.concatenate([np.flatnonzero(learner == who) for who in picks])

    def error(q: np.ndarray) -> float:
        count = calibration_bins(y, q).count
        edges = np.sort(q)[np.cumsum(count)[:-1] - 1]
        place = np.searchsorted(edges, q, side="left")[rows]
        gaps = [abs((q[rows] - y[rows])[place == b].sum()) for b in range(len(count))]
        return sum(gaps) / len(rows)

    assert found.draws[0] == pytest.approx(error(other) - error(p), abs=1e-12)


def test_rows_of_one_learner_are_drawn_together() -> None:
    """Ten copies of each row are no more to go by."""
    rng = np.random.default_rng(0)
    one, other, learner = rng.random(40), rng.random(40), np.arange(40)
    few = mean_difference(one, other, learner, np.random.default_rng(1))
    many = mean_difference(*(np.repeat(x, 10) for x in (one, other, learner)), np.random.default_rng(1))
    assert many.interval(0.95) == pytest.approx(few.interval(0.95))


def test_a_chance_counts_resamples_in_which_nothing_is_gained() -> None:
    found = Difference(1.0, 0.5, np.array([-0.1, 0.0, 0.2, 0.3]), 9, 9)
    assert found.chance_within() == 3 / 5
    assert found.chance_within(0.2) == 4 / 5
    assert found.interval(0.5) == pytest.approx((-0.025, 0.225))
