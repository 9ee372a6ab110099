"""Best-LR: its columns are those of the paper, and it learns what it should."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from recommender.errors import NotFittedError
from tests.unit.training.evaluation.answering import CATALOG, answering
from training.evaluation.best_lr import BestLR
from training.evaluation.practice_counts import practice_counts

N_ITEMS, N_SKILLS = len(CATALOG.item_ids), CATALOG.n_skills


@pytest.fixture(scope="module")
def attempts():
    return answering(n_learners=60, n_attempts=3000, seed=2)


@pytest.fixture(scope="module")
def model(attempts):
    return BestLR().fit(attempts, CATALOG)


def test_prediction_is_the_formula(model, attempts):
    counts, probability = practice_counts(attempts), model.predict(attempts, CATALOG)
    parts = np.split(model.coef_, np.cumsum([N_ITEMS, N_SKILLS, N_SKILLS, N_SKILLS]))
    item, skill, by_passed, by_attempts, by_learner = parts
    assert len(by_learner) == 4
    for row in (0, 17, 2999):
        logit = model.intercept_ + item[attempts.item[row]]
        logit += by_learner[:2] @ np.log1p(counts.learner[row])
        logit += by_learner[2:] @ np.log1p(counts.learner_item[row])
        for entry in range(attempts.skills.start[row], attempts.skills.start[row + 1]):
            s = attempts.skills.values[entry]
            passed, tried = np.log1p(counts.learner_skill[entry])
            logit += skill[s] + by_passed[s] * passed + by_attempts[s] * tried
        assert probability[row] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-12)


def test_learns_items_and_learners(model):
    new = answering(n_learners=60, n_attempts=3000, seed=3)
    probability = model.predict(new, CATALOG)
    assert roc_auc_score(new.passed, probability) > 0.7
    assert probability.mean() == pytest.approx(new.passed.mean(), abs=0.04)


def test_a_later_outcome_changes_no_prediction(model, attempts):
    flipped = attempts.passed.copy()
    flipped[1500:] = 1 - flipped[1500:]
    before, after = (
        model.predict(a, CATALOG) for a in (attempts, replace(attempts, passed=flipped, score=flipped))
    )
    np.testing.assert_array_equal(before[:1501], after[:1501])
    assert (before[1501:] != after[1501:]).any()


def test_penalty_shrinks(attempts, model):
    strong = BestLR(inverse_penalty=1e-4).fit(attempts, CATALOG)
    assert np.abs(strong.coef_).max() < 0.1 * np.abs(model.coef_).max()


@pytest.mark.parametrize(("passed", "rate"), [(1.0, 31 / 32), (0.0, 1 / 32)])
def test_one_class_only_is_its_smoothed_rate(passed, rate):
    attempts = answering(n_learners=3, n_attempts=30, seed=0)
    model = BestLR().fit(replace(attempts, passed=np.full(30, passed)), CATALOG)
    assert model.converged_
    np.testing.assert_allclose(model.predict(attempts, CATALOG), rate)


def test_says_when_it_stopped_short(attempts, model):
    assert model.converged_
    assert not BestLR(max_iterations=1).fit(attempts, CATALOG).converged_


def test_nothing_is_predicted_before_it_is_fitted(attempts):
    with pytest.raises(NotFittedError):
        BestLR().predict(attempts, CATALOG)
