"""AUC in resamples of learners against scikit-learn's weighted AUC."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluation.auc_bootstrap import auc_interval, bootstrap_aucs
from training.evaluation.bootstrap import draws

N_FOLDS = 60


@pytest.fixture(scope="module")
def rows():
    """Responses of 40 learners of very different numbers, and two models, one with many ties."""
    rng = np.random.default_rng(0)
    learner = 7 * np.minimum(rng.geometric(0.05, 900), 40)
    p = rng.random(900)
    y = (rng.random(900) < p).astype(int)
    return y, {"fine": p, "coarse": np.round(p, 1)}, learner


def test_every_resample_is_the_weighted_auc_of_sklearn(rows):
    y, predictions, learner = rows
    found = bootstrap_aucs(y, predictions, learner, np.random.default_rng(1), N_FOLDS)
    who, position = np.unique(learner, return_inverse=True)
    rng = np.random.default_rng(1)
    # Chunks of 50, each drawn at once.
    weights = np.concatenate([draws(len(who), size, rng) for size in (50, 10)])
    for name, p in predictions.items():
        expected = [roc_auc_score(y, p, sample_weight=weight[position]) for weight in weights]
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-12)


def test_differences_are_paired(rows):
    """The same model twice differs by nothing in every resample, and its AUCs vary."""
    y, predictions, learner = rows
    twice = {"a": predictions["fine"], "b": predictions["fine"] / 2}
    found = bootstrap_aucs(y, twice, learner, np.random.default_rng(1), N_FOLDS)
    np.testing.assert_array_equal(found["a"], found["b"])
    assert found["a"].std() > 0


def test_the_interval_is_about_the_value(rows):
    y, predictions, learner = rows
    aucs = bootstrap_aucs(y, predictions, learner, np.random.default_rng(1))["fine"]
    low, high = auc_interval(aucs)
    assert len(aucs) == 1000
    assert 0.7 < low < roc_auc_score(y, predictions["fine"]) < high < 0.95


def test_resamples_of_one_class_are_left_out():
    """Somebody who passes and somebody who fails: half of the resamples hold one of them only."""
    found = bootstrap_aucs(
        np.array([0, 1]), {"m": np.array([0.1, 0.9])}, np.array([0, 1]), np.random.default_rng(0), 40
    )["m"]
    assert 5 < np.isnan(found).sum() < 35
    assert auc_interval(found) == (1.0, 1.0)
    assert auc_interval(np.full(3, np.nan)) is None
