import numpy as np
import pytest

from training.evaluation.bootstrap import bootstrap_means, interval
from training.evaluation.metrics import (
    SKILL_METRICS,
    calibration_bins,
    module_metrics,
    rank_of_target,
    skill_metrics,
)


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 1], [0.5], "one number a response"),
        ([0.5, 1], [0.5, 0.5], "0 and 1 only"),
        ([0, 1], [0.5, np.nan], "without NaN"),
        ([0, 1], [0.5, 1.01], r"in \[0, 1\]"),
    ],
)
def test_what_is_no_probability_is_refused(y, p, said):
    with pytest.raises(ValueError, match=said):
        skill_metrics(y, p)


def test_no_response_defines_nothing():
    assert skill_metrics([], []) == dict.fromkeys(SKILL_METRICS)
    assert np.isnan(calibration_bins([], []).error)
    assert set(module_metrics([]).values()) == {None}


def test_what_can_never_be_found_is_worth_nothing():
    assert set(module_metrics([np.inf]).values()) == {0.0}


def test_recall_is_a_mean_over_lists_and_hits_are_over_targets():
    """Two learners: one found their only target, the other one of three."""
    found = module_metrics([1, 10, 11, 50], share=[1, 1 / 3, 1 / 3, 1 / 3])
    assert found["hr@10"] == pytest.approx(2 / 4)
    assert found["recall@10"] == pytest.approx((1 + 1 / 3) / 2)


def test_weights_make_the_bootstrap_draw_around_the_weighted_mean():
    values = np.array([[1.0], [0.0], [0.0], [0.0]])
    weights = np.array([[1.0], [1 / 3], [1 / 3], [1 / 3]])
    learner = np.array([0, 1, 1, 1])
    means = bootstrap_means(values, learner, np.random.default_rng(0), 4_000, weights=weights)
    assert set(means.ravel().tolist()) == {0.0, 0.5, 1.0}
    assert means.mean() == pytest.approx(0.5, abs=0.02)


def test_random_predictions_have_auc_of_a_half():
    rng = np.random.default_rng(0)
    found = skill_metrics(rng.integers(0, 2, 20_000), rng.random(20_000))
    assert found["auc"] == pytest.approx(0.5, abs=0.02)


def test_well_calibrated_predictions_have_a_small_error_and_shifted_ones_the_shift():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.1, 0.7, 50_000)
    y = rng.random(50_000) < p
    assert calibration_bins(y, p).error < 0.01
    assert calibration_bins(y, p + 0.2).error == pytest.approx(0.2, abs=0.01)


def test_equal_scores_give_the_target_every_place_alike():
    rng = np.random.default_rng(0)
    ranks = [rank_of_target(np.ones(5), np.ones(5, bool), 2, rng.random(5)) for _ in range(5_000)]
    np.testing.assert_allclose(np.bincount(ranks)[1:] / 5_000, 0.2, atol=0.02)


def test_interval_covers_what_theory_says():
    rng = np.random.default_rng(0)
    values = rng.normal(3.0, 2.0, (400, 1))
    low, high = interval(bootstrap_means(values, np.arange(400), rng))[0]
    half = 1.96 * 2.0 / np.sqrt(400)
    assert (high - low) / 2 == pytest.approx(half, rel=0.12)
    assert low < 3.0 < high


def test_copies_of_a_learners_rows_do_not_narrow_the_interval():
    rng = np.random.default_rng(0)
    values = rng.random((50, 1))
    once = interval(bootstrap_means(values, np.arange(50), np.random.default_rng(1)))
    copied = interval(
        bootstrap_means(np.repeat(values, 9, axis=0), np.repeat(np.arange(50), 9), np.random.default_rng(1))
    )
    np.testing.assert_allclose(copied, once)
