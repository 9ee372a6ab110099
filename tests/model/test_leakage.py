"""The answer must not reach its own prediction: by no later event, no other learner, no own row."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

import recommender.skills.model as model_module
from recommender.skills.difficulty import fit_difficulty
from recommender.skills.model import SkillModel
from recommender.skills.records import FEATURE
from recommender.skills.replay import replay
from tests.unit.skills.streams import CATALOG, SMALL, simulated

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
    return SkillModel(SMALL).fit(train, CATALOG, seed=SEED)


def auc(train, unseen):
    fitted = SkillModel(SMALL).fit(train, CATALOG, seed=SEED)
    return roc_auc_score(unseen.passed, fitted.predict(unseen, CATALOG))


def test_learns_from_true_labels(model, unseen):
    assert roc_auc_score(unseen.passed, model.predict(unseen, CATALOG)) > 0.75


def test_shuffled_labels_teach_nothing(attempts):
    passed = np.random.default_rng(6).permutation(attempts.passed)
    shuffled = replace(attempts, passed=passed, score=passed)
    mine = shuffled.learner < N_TRAIN
    assert auc(shuffled.take(mine), shuffled.take(~mine)) == pytest.approx(0.5, abs=0.02)


def test_features_of_training_do_not_hold_the_answer(attempts, monkeypatch):
    """With shuffled labels: what the trees are fitted on tells nothing of other learners' answers."""
    passed = np.random.default_rng(7).permutation(attempts.passed)
    shuffled, real, seen = replace(attempts, passed=passed, score=passed), model_module.replay, []

    def spy(rows, *rest):
        seen.append((rows, real(rows, *rest)))
        return seen[-1][1]

    monkeypatch.setattr(model_module, "replay", spy)
    SkillModel(SMALL).fit(shuffled, CATALOG, seed=SEED)
    seen = seen[len(seen) // 2 :]
    x = np.nan_to_num(np.concatenate([features for _, features in seen]))
    y = np.concatenate([rows.passed for rows, _ in seen])
    learner = np.concatenate([rows.learner for rows, _ in seen])
    assert len(y) == len(shuffled)
    assert roc_auc_score(y, x[:, FEATURE["memory_logit"]]) == pytest.approx(0.5, abs=0.02)
    mine = learner % 2 == 0
    told = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(x[mine], y[mine])
    assert roc_auc_score(y[~mine], told.predict_proba(x[~mine])[:, 1]) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("n_kept", [0, 1, 7000, 19_000])
def test_later_answers_change_no_earlier_feature_and_no_earlier_prediction(model, unseen, n_kept):
    later = np.arange(len(unseen)) >= n_kept
    other_answers = np.where(later, 1 - unseen.passed, unseen.passed)
    flipped = replace(unseen, passed=other_answers, score=other_answers)
    before, after = (replay(a, CATALOG, model.difficulty_, model.memory_) for a in (unseen, flipped))
    # The row itself is told only after its features are.
    n_rows = n_kept + 1
    np.testing.assert_array_equal(before[:n_rows], after[:n_rows])
    assert (before[n_rows:] != after[n_rows:]).any()
    one, other = (model.predict(a, CATALOG) for a in (unseen, flipped))
    np.testing.assert_array_equal(one[:n_rows], other[:n_rows])
    assert (one[n_rows:] != other[n_rows:]).any()


def test_later_attempts_need_not_be_there(model, unseen):
    earlier = unseen.take(np.arange(len(unseen)) < 5000)
    np.testing.assert_allclose(
        model.predict(unseen, CATALOG)[:5000], model.predict(earlier, CATALOG), rtol=1e-12
    )


def test_learners_do_not_touch_each_other(model, unseen):
    alone = unseen.take(unseen.learner == N_TRAIN + 1)
    among = model.predict(unseen, CATALOG)[unseen.learner == N_TRAIN + 1]
    np.testing.assert_allclose(model.predict(alone, CATALOG), among, rtol=1e-12)


def test_without_the_test_learners_the_features_of_training_are_the_same(attempts, train, model):
    """Folded together or alone, with the difficulty that the training learners tell."""
    together = replay(attempts, CATALOG, model.difficulty_, model.memory_)
    alone = replay(train, CATALOG, model.difficulty_, model.memory_)
    np.testing.assert_array_equal(together[attempts.learner < N_TRAIN], alone)


def test_answers_of_one_learner_change_no_prediction_of_another(model, unseen):
    mine = unseen.learner == N_TRAIN + 1
    passed = np.where(mine, 1 - unseen.passed, unseen.passed)
    one, other = (model.predict(a, CATALOG) for a in (unseen, replace(unseen, passed=passed, score=passed)))
    np.testing.assert_array_equal(one[~mine], other[~mine])
    assert (one[mine] != other[mine]).any()


def test_a_table_of_the_learner_s_own_answers_would_have_told(train):
    """What the tests of difficulty out of fold would miss if it made no difference; see test_model.py."""
    rows = np.flatnonzero(train.learner == 17)
    passed = train.passed.copy()
    passed[rows[-1]] = 1 - passed[rows[-1]]
    flipped = replace(train, passed=passed)
    leaky = [replay(a, CATALOG, fit_difficulty(a, CATALOG)) for a in (train, flipped)]
    assert (leaky[0][rows, FEATURE["ability"]] != leaky[1][rows, FEATURE["ability"]]).any()


def test_calibrated_on_learners_it_was_not_fitted_on(model, unseen):
    """Predicted and observed rates agree over tenths of the test learners' attempts."""
    probability = model.predict(unseen, CATALOG)
    order = np.argsort(probability)
    gaps = [abs(probability[part].mean() - unseen.passed[part].mean()) for part in np.array_split(order, 10)]
    assert np.mean(gaps) < 0.03
