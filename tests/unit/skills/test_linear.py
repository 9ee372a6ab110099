"""The linear part: scikit-learn's logistic regression on standardised columns, whatever is unknown."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from recommender.skills.linear import LinearConfig, LinearModel
from recommender.skills.records import FEATURE, N_FEATURES

MEMORY = FEATURE["memory_logit"]
OTHERS = np.delete(np.arange(N_FEATURES), MEMORY)
NAN = float("nan")


def rows(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(rng.normal(0, 3, N_FEATURES), rng.uniform(0.2, 4, N_FEATURES), (n, N_FEATURES))
    signal = (features[:, :3] - features[:, :3].mean(0)) @ np.array([0.5, -0.3, 0.2])
    passed = (rng.random(n) < expit(signal + 0.4)).astype(float)
    return features.astype(np.float32), passed


def test_it_is_scikit_learn_on_standardised_columns():
    features, passed = rows()
    model = LinearModel(LinearConfig(inverse_penalty=0.3)).fit(features, passed)
    x = features[:, OTHERS].astype(np.float64)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=0.3, tol=1e-8, max_iter=2000).fit(x, passed)
    np.testing.assert_allclose(model.predict_logit(features), theirs.decision_function(x), atol=1e-4)
    assert model.converged_


def test_the_memory_is_no_input():
    features, passed = rows()
    model = LinearModel().fit(features, passed)
    assert model.weight_[MEMORY] == model.mean_[MEMORY] == 0
    changed = features.copy()
    changed[:, MEMORY] = np.random.default_rng(1).normal(0, 100, len(features))
    np.testing.assert_array_equal(LinearModel().fit(changed, passed).weight_, model.weight_)
    np.testing.assert_array_equal(model.predict_logit(changed), model.predict_logit(features))


def test_an_unknown_feature_counts_as_an_average_one():
    features, passed = rows()
    gaps = features.copy()
    gaps[::3, 1] = NAN
    model = LinearModel().fit(gaps, passed)
    assert model.mean_[1] == pytest.approx(np.nanmean(gaps[:, 1].astype(np.float64)))
    filled = gaps.copy()
    filled[::3, 1] = model.mean_[1]
    np.testing.assert_allclose(model.predict_logit(gaps), model.predict_logit(filled), atol=1e-5)
    nothing = np.full((1, N_FEATURES), NAN, np.float32)
    assert model.predict_logit(nothing)[0] == pytest.approx(model.intercept_)


def test_its_scale_is_that_of_what_is_known():
    """Gaps tell nothing: a column of which half is not known is as wide as its other half."""
    features, passed = rows(4000)
    gaps = features.copy()
    gaps[np.random.default_rng(2).random(4000) < 0.5, 5] = NAN
    x = gaps[:, OTHERS].astype(np.float64)
    x = np.nan_to_num((x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0))
    theirs = LogisticRegression(tol=1e-8, max_iter=2000).fit(x, passed)
    got = LinearModel().fit(gaps, passed).predict_logit(gaps)
    np.testing.assert_allclose(got, theirs.decision_function(x), atol=1e-4)


def test_what_never_varies_is_ignored():
    """It may be anything later; nothing was learned of it."""
    features, passed = rows()
    features[:, 4], features[:, 7] = 2.5, NAN
    model = LinearModel().fit(features, passed)
    assert model.weight_[4] == model.weight_[7] == 0
    other = features.copy()
    other[:, 4], other[:, 7] = 1000.0, -1000.0
    np.testing.assert_array_equal(model.predict_logit(other), model.predict_logit(features))


@pytest.mark.parametrize(("passed", "rate"), [(1.0, 11 / 12), (0.0, 1 / 12)])
def test_one_class_only_is_the_smoothed_rate(passed, rate):
    features, _ = rows(10)
    model = LinearModel().fit(features, np.full(10, passed))
    np.testing.assert_allclose(expit(model.predict_logit(features)), rate)
    assert not model.weight_.any()
    assert model.converged_


def test_no_row_at_all_is_even_odds():
    model = LinearModel().fit(np.zeros((0, N_FEATURES), np.float32), np.zeros(0))
    assert model.predict_logit(np.zeros((2, N_FEATURES), np.float32)).tolist() == [0.0, 0.0]


def test_it_says_where_it_stopped_too_early():
    features, passed = rows()
    assert not LinearModel(LinearConfig(max_iterations=1)).fit(features, passed).converged_


def test_of_too_many_rows_some_are_taken_evenly():
    features, passed = rows(3000)
    some = LinearModel(LinearConfig(max_rows=1500)).fit(features, passed)
    chosen = np.linspace(0, 2999, 1500).astype(int)
    alone = LinearModel().fit(features[chosen], passed[chosen])
    np.testing.assert_array_equal(some.weight_, alone.weight_)
    np.testing.assert_array_equal(some.mean_, alone.mean_)


def test_fitting_changes_nothing_it_was_given():
    features, passed = rows()
    features[::5, 2] = NAN
    before = features.copy()
    LinearModel().fit(features, passed).predict_logit(features)
    np.testing.assert_array_equal(features, before)
