"""Best-LR: its columns are those of the paper, and it learns what it should."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from recommender.skills import records
from recommender.skills.best_lr import BestLR, BestLRConfig
from recommender.skills.replay import replay
from tests.unit.skills.streams import CATALOG, TABLE, columns, simulated

N_ITEMS, N_SKILLS = len(CATALOG.item_ids), CATALOG.n_skills


def evidence_of(attempts):
    return replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])


def fit(attempts, **config):
    return BestLR(BestLRConfig(**config)).fit(
        attempts, evidence_of(attempts), n_items=N_ITEMS, n_skills=N_SKILLS
    )


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(2), n_learners=40, n_attempts=3000)


@pytest.fixture(scope="module")
def model(attempts):
    return fit(attempts)


def test_logit_is_the_formula(model, attempts):
    evidence = evidence_of(attempts)
    got = model.predict_logit(attempts, evidence)
    for row in (0, 17, 2999):
        logit = model.intercept_ + model.item_weight_[attempts.item[row]]
        for entry in range(attempts.skills.start[row], attempts.skills.start[row + 1]):
            skill = attempts.skills.values[entry]
            logit += model.skill_weight_[skill]
            logit += model.skill_passed_weight_[skill] * evidence.entries[entry, records.SKILL_LOG_PASSED]
            logit += model.skill_attempts_weight_[skill] * evidence.entries[entry, records.SKILL_LOG_ATTEMPTS]
        logit += model.learner_weight_ @ evidence.features[row, 1:5]
        assert got[row] == pytest.approx(logit, abs=1e-9)


def test_learns_items_and_learners(model):
    new = simulated(np.random.default_rng(3), n_learners=40, n_attempts=3000)
    logit = model.predict_logit(new, evidence_of(new))
    assert roc_auc_score(new.passed, logit) > 0.7
    assert expit(logit).mean() == pytest.approx(new.passed.mean(), abs=0.03)
    assert model.learner_weight_[0] > 0 > model.learner_weight_[1]
    # Items and their skills share what is easy.
    easy = [w + model.skill_weight_[CATALOG.item_skills[i]].sum() for i, w in enumerate(model.item_weight_)]
    assert np.corrcoef(easy, -TABLE.item_difficulty)[0, 1] > 0.95


def test_penalty_shrinks(attempts, model):
    strong = fit(attempts, inverse_penalty=1e-4)
    assert np.abs(strong.item_weight_).max() < 0.1 * np.abs(model.item_weight_).max()


@pytest.mark.parametrize(("passed", "rate"), [(1.0, 31 / 32), (0.0, 1 / 32)])
def test_one_class_only_is_its_smoothed_rate(passed, rate):
    attempts = columns([(0, i % 3, passed, float(i)) for i in range(30)], n_learners=1)
    model = fit(attempts)
    assert model.converged_
    logit = model.predict_logit(attempts, evidence_of(attempts))
    np.testing.assert_allclose(expit(logit), rate)


def test_says_when_it_stopped_short(attempts, model):
    assert model.converged_
    assert not fit(attempts, max_iterations=1).converged_
