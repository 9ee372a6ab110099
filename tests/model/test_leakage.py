"""The answer must not reach its own prediction: by no later event, no other learner, no own row."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from recommender.skills.difficulty import DifficultyConfig, fit_difficulty, out_of_fold_difficulty
from recommender.skills.kernel import ABILITY
from recommender.skills.model import SkillModel
from recommender.skills.replay import replay
from tests.unit.skills.streams import CATALOG, simulated

N_LEARNERS, N_TRAIN = 400, 200
SEED = 3


@pytest.fixture(scope="module")
def attempts():
    """Half of the learners to train on, half to unseen."""
    return simulated(np.random.default_rng(5), n_learners=N_LEARNERS, n_attempts=40_000)


@pytest.fixture(scope="module")
def train(attempts):
    return attempts.take(attempts.learner < N_TRAIN)


@pytest.fixture(scope="module")
def unseen(attempts):
    return attempts.take(attempts.learner >= N_TRAIN)


@pytest.fixture(scope="module")
def model(train):
    return SkillModel().fit(train, CATALOG, seed=SEED)


def auc(train, unseen):
    fitted = SkillModel().fit(train, CATALOG, seed=SEED)
    return roc_auc_score(unseen.passed, fitted.predict(unseen, CATALOG))


def test_learns_from_true_labels(model, unseen):
    assert roc_auc_score(unseen.passed, model.predict(unseen, CATALOG)) > 0.75


def test_shuffled_labels_teach_nothing(attempts):
    passed = np.random.default_rng(6).permutation(attempts.passed)
    shuffled = replace(attempts, passed=passed, score=passed)
    mine = shuffled.learner < N_TRAIN
    assert auc(shuffled.take(mine), shuffled.take(~mine)) == pytest.approx(0.5, abs=0.02)


def test_shuffled_labels_teach_nothing_about_the_rows_fitted_on(attempts):
    """The features of training themselves must not hold the answer: fitted and asked on the same rows."""
    passed = np.random.default_rng(7).permutation(attempts.passed)
    shuffled = replace(attempts, passed=passed, score=passed)
    assert auc(shuffled, shuffled) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("n_kept", [0, 1, 7000, 19_000])
def test_later_answers_change_no_earlier_feature_and_no_earlier_prediction(model, unseen, n_kept):
    later = np.arange(len(unseen)) >= n_kept
    flipped = replace(unseen, passed=np.where(later, 1 - unseen.passed, unseen.passed))
    difficulty = model.difficulty_.item_difficulty[unseen.item]
    before, after = (replay(a, CATALOG, difficulty) for a in (unseen, flipped))
    # The row itself is told only after its features are.
    n_rows = n_kept + 1
    n_entries = unseen.skills.start[n_rows]
    np.testing.assert_array_equal(before.features[:n_rows], after.features[:n_rows])
    np.testing.assert_array_equal(before.entries[:n_entries], after.entries[:n_entries])
    assert (before.features[n_rows:] != after.features[n_rows:]).any()
    one, other = (model.predict(a, CATALOG) for a in (unseen, flipped))
    np.testing.assert_array_equal(one[:n_rows], other[:n_rows])
    assert (one[n_rows:] != other[n_rows:]).any()


def test_later_attempts_need_not_be_there(model, unseen):
    earlier = unseen.take(np.arange(len(unseen)) < 5000)
    np.testing.assert_array_equal(model.predict(unseen, CATALOG)[:5000], model.predict(earlier, CATALOG))


def test_learners_do_not_touch_each_other(model, unseen):
    alone = unseen.take(unseen.learner == N_TRAIN + 1)
    among = model.predict(unseen, CATALOG)[unseen.learner == N_TRAIN + 1]
    np.testing.assert_array_equal(model.predict(alone, CATALOG), among)


def test_without_the_test_learners_the_features_of_training_are_the_same(attempts, train):
    """Folded together or alone, with the difficulty that the training learners tell."""
    table = fit_difficulty(train, CATALOG)
    together = replay(attempts, CATALOG, table.item_difficulty[attempts.item])
    alone = replay(train, CATALOG, table.item_difficulty[train.item])
    mine = attempts.learner < N_TRAIN
    np.testing.assert_array_equal(together.features[mine], alone.features)
    entries = np.repeat(mine, np.diff(attempts.skills.start))
    np.testing.assert_array_equal(together.entries[entries], alone.entries)


def test_own_answers_do_not_reach_own_ability_by_way_of_difficulty(train):
    """Flip everything one learner did last: nothing that was known before it moves."""
    fold = np.arange(N_LEARNERS) % 5
    learner = 17
    rows = np.flatnonzero(train.learner == learner)
    last = rows[-1]
    passed = train.passed.copy()
    passed[last] = 1 - passed[last]
    flipped = replace(train, passed=passed)
    before, after = (
        replay(a, CATALOG, out_of_fold_difficulty(a, CATALOG, DifficultyConfig(), fold))
        for a in (train, flipped)
    )
    np.testing.assert_array_equal(before.features[rows], after.features[rows])
    # A table that the learner's own answers made would have told.
    leaky = [replay(a, CATALOG, fit_difficulty(a, CATALOG).item_difficulty[a.item]) for a in (train, flipped)]
    assert (leaky[0].features[rows, ABILITY] != leaky[1].features[rows, ABILITY]).any()


def test_calibrated_on_learners_it_was_not_fitted_on(model, unseen):
    """Predicted and observed rates agree over tenths of the test learners' attempts."""
    probability = model.predict(unseen, CATALOG)
    order = np.argsort(probability)
    gaps = [abs(probability[part].mean() - unseen.passed[part].mean()) for part in np.array_split(order, 10)]
    assert np.mean(gaps) < 0.03
