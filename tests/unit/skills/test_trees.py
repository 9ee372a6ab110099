"""Boosted trees: LightGBM's own, to the last digits, without LightGBM."""

import lightgbm
import numpy as np
import pytest
from scipy.special import expit

import recommender.trees.arrays as trees_module
from recommender.skills.trees import BoostedTrees, TreesConfig

NAN = float("nan")
CONFIG = TreesConfig(max_rounds=25, min_leaf_attempts=10, leaf_penalty=1.0, feature_share=0.7)


def rows(n=1500, seed=0, n_features=6):
    """Features with gaps, one without any, one of whole numbers about 0, and answers that depend on them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 2, (n, n_features)).astype(np.float32)
    x[:, 2] = rng.integers(-2, 3, n)
    signal = np.where(x[:, 0] > 0.3, 1.0, -1.0) * x[:, 2] + np.sin(x[:, 3])
    signal += np.where(rng.random(n) < 0.3, 2.0, 0.0)
    gaps = rng.random((n, n_features)) < 0.2
    gaps[:, 1] = False
    x[gaps] = NAN
    passed = (rng.random(n) < expit(signal)).astype(float)
    start = rng.normal(0, 0.5, n)
    return x, passed, start, np.arange(n) % 4 == 0


@pytest.fixture
def boosters(monkeypatch):
    """What LightGBM made, in order."""
    made, real = [], lightgbm.train

    def train(*args, **kwargs):
        made.append(real(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(lightgbm, "train", train)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_they_are_lightgbm_s(boosters, seed):
    trees = BoostedTrees(CONFIG).fit(*rows(seed=seed), seed=seed)
    booster = boosters[0]
    assert len(trees.tree_start_) - 1 == booster.best_iteration > 2
    asked = rows(seed=seed + 10)[0]
    # Also what training never saw: a gap where there was none, zeros, and far values.
    asked[:50, 1], asked[50:100, 0], asked[100:110] = NAN, 0.0, 1e30
    expected = booster.predict(asked, raw_score=True, num_iteration=booster.best_iteration)
    np.testing.assert_allclose(trees.predict_logit(asked), expected, rtol=0, atol=1e-9)
    assert np.ptp(expected) > 0.5


def test_features_without_gaps_take_an_unknown_one_for_0(boosters):
    x, passed, start, held_out = rows()
    x = np.nan_to_num(x)
    trees = BoostedTrees(CONFIG).fit(x, passed, start, held_out, seed=0)
    assert (trees.missing_[trees.feature_ >= 0] == 2).all()
    asked = np.where(np.random.default_rng(3).random(x.shape) < 0.3, np.float32(NAN), x)
    expected = boosters[0].predict(asked, raw_score=True, num_iteration=boosters[0].best_iteration)
    np.testing.assert_allclose(trees.predict_logit(asked), expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(trees.predict_logit(asked), trees.predict_logit(np.nan_to_num(asked)))


def test_many_rows_are_walked_in_parts(boosters, monkeypatch):
    trees = BoostedTrees(CONFIG).fit(*rows(), seed=0)
    asked = rows(seed=5)[0]
    whole = trees.predict_logit(asked)
    monkeypatch.setattr(trees_module, "_CHUNK", 333)
    np.testing.assert_array_equal(trees.predict_logit(asked), whole)


def test_they_are_added_to_what_is_known():
    """Told the true logit there is little left to learn; told nothing, much."""
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (4000, 3)).astype(np.float32)
    signal, held_out = 2.0 * np.where(x[:, 0] > 0.3, x[:, 1], -x[:, 1]), np.arange(4000) % 4 == 0
    passed = (rng.random(4000) < expit(signal)).astype(float)
    config = CONFIG.model_copy(update={"learning_rate": 0.2})
    knowing, guessing = (
        BoostedTrees(config).fit(x, passed, start, held_out, seed=0).predict_logit(x)
        for start in (signal, np.zeros(len(x)))
    )
    assert np.corrcoef(guessing, signal)[0, 1] > 0.8
    assert knowing.std() < 0.3 * guessing.std()


def test_boosting_stops_when_held_out_rows_gain_no_more():
    x, _, start, held_out = rows()
    noise = (np.random.default_rng(1).random(len(x)) < 0.5).astype(float)
    config = CONFIG.model_copy(update={"max_rounds": 200, "patience": 3})
    assert len(BoostedTrees(config).fit(x, noise, 0 * start, held_out, seed=0).tree_start_) < 20


def test_no_rounds_are_no_trees():
    for trees in (
        BoostedTrees(TreesConfig(max_rounds=0)).fit(*rows(), seed=0),
        BoostedTrees().none(),
    ):
        assert trees.tree_start_.tolist() == [0]
        assert all(len(getattr(trees, name)) == 0 for name in BoostedTrees.ARRAYS[1:])
        np.testing.assert_array_equal(trees.predict_logit(rows(5)[0]), np.zeros(5))
        assert trees.predict_logit(np.zeros((0, 6), np.float32)).shape == (0,)


def test_nobody_is_asked():
    trees = BoostedTrees(CONFIG).fit(*rows(), seed=0)
    assert trees.predict_logit(np.zeros((0, 6), np.float32)).shape == (0,)


def test_too_few_rows_for_a_split_are_a_tree_of_one_leaf():
    x, passed, start, held_out = rows(60)
    config = CONFIG.model_copy(update={"min_leaf_attempts": 1000})
    trees = BoostedTrees(config).fit(x, passed, start, held_out, seed=0)
    assert (trees.feature_ == -1).all()
    assert np.ptp(trees.predict_logit(x)) == 0


def test_the_same_seed_gives_the_same_trees_and_another_others():
    one, same, other = (BoostedTrees(CONFIG).fit(*rows(), seed=seed) for seed in (0, 0, 1))
    for name in BoostedTrees.ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    x = rows(seed=7)[0]
    assert (one.predict_logit(x) != other.predict_logit(x)).any()


@pytest.mark.parametrize(
    ("field", "value"), [("max_rounds", -1), ("max_leaves", 1), ("feature_share", 0), ("max_bins", 256)]
)
def test_config_refuses_what_it_cannot_use(field, value):
    with pytest.raises(ValueError, match=field):
        TreesConfig(**{field: value})
