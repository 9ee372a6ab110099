import json

import numpy as np
import pytest

from recommender.ranking.gain import MOST_GAIN
from recommender.skills.model import SkillModelConfig
from tests.unit.training.gain.world import BOTH, N_SKILLS, Studies, make_world, unlucky, with_answers
from training.gain.config import GainConfig
from training.gain.fit import fit_gain

CONFIG = GainConfig(by_module=True)


def fitted(world, declared=0.2, config=CONFIG, studies=None):
    studies = world.studies if studies is None else studies
    return fit_gain(world.attempts, studies, world.catalog, declared, config, SkillModelConfig(), seed=0)


@pytest.fixture(scope="module")
def world():
    return make_world(1200, seed=1)


@pytest.fixture(scope="module")
def found(world):
    return fitted(world)


def test_what_teaches_twice_as_much_is_told_from_what_teaches_nothing(world, found):
    twice, once, nothing = found.model.rate.reshape(3, N_SKILLS)
    assert twice.min() > once.max() > nothing.max()
    np.testing.assert_allclose([twice.mean(), once.mean(), nothing.mean()], [0.4, 0.2, 0.0], atol=0.07)


def test_intervals_cover_the_truth(world, found):
    off = np.abs(found.model.rate - world.rate) / found.model.error
    assert (off < 2.0).mean() >= 0.75
    assert (found.model.error > 0.005).all()
    assert (found.model.error < 0.1).all()


def test_by_time_alone_all_modules_of_a_length_teach_the_same(world):
    found = fitted(world, config=GainConfig())
    np.testing.assert_allclose(found.model.rate, world.rate.mean(), atol=0.05)
    assert np.ptp(found.model.rate) < 1e-12
    assert found.report.by_level == {}
    losses = found.report.log_loss
    assert losses["estimated"] == losses["by_time"]
    assert losses["by_time"] < losses["declared"] + 1e-3


@pytest.mark.parametrize(("sharing", "of_both"), [(1.0, 0.225), (0.0, 0.4)])
def test_how_skills_share_the_time_is_found(sharing, of_both):
    """Modules of one skill leave .6 of what is missing; those of two leave it of both, or its root."""
    world = make_world(2000, 2, {"one": 0.4, BOTH: of_both})
    found = fitted(world, config=GainConfig())
    assert found.report.sharing == found.model.dosage.sharing == sharing
    np.testing.assert_allclose(found.model.rate, world.rate, atol=0.06)


def test_report_counts_what_it_rests_on(world, found):
    report = found.report
    assert found.why_not == ""
    assert report.n_answers + report.n_controls == 1200 * N_SKILLS * 4
    assert report.n_learners == 1200
    assert report.n_modules == 12
    assert found.model.n_learners.sum() == len(world.studies)
    assert report.log_loss["estimated"] < report.log_loss["declared"]
    assert report.by_level["beginner"] == pytest.approx(found.model.rate.mean())
    assert json.loads(json.dumps(report.to_json()))["n_negative"] == report.n_negative


@pytest.mark.parametrize("seed", [3, 4])
def test_a_run_of_bad_luck_before_a_module_is_no_gain_after_it(seed):
    """Everybody takes a module that teaches nothing, on what went worst: it gets better by itself."""
    world = make_world(1200, seed, {"nothing": 0.0}, unlucky)
    attempts = world.attempts
    chosen = np.zeros((attempts.n_learners, N_SKILLS), bool)
    chosen[world.studies.learner, world.studies.module % N_SKILLS] = True
    taught = chosen[attempts.learner, attempts.skills.values]
    later = attempts.at > world.studies.finished_at.min()
    # As it looks to who compares before with after.
    assert attempts.passed[taught & later].mean() - attempts.passed[taught & ~later].mean() > 0.06
    assert fitted(world).model.rate.max() < 0.06


def test_shuffled_answers_teach_nothing(world):
    """Answers dealt out anew among those to the same item."""
    rng, attempts = np.random.default_rng(0), world.attempts
    passed = attempts.passed.copy()
    for item in np.unique(attempts.item):
        rows = np.flatnonzero(attempts.item == item)
        passed[rows] = passed[rng.permutation(rows)]
    found = fitted(with_answers(world, passed))
    assert found.model.rate.max() < 0.08
    assert np.ptp(found.model.rate) < 0.08


def test_without_data_it_is_what_is_declared(world):
    none = np.zeros(0, np.int64)
    empty = Studies(none, none, np.zeros(0), np.zeros(0))
    few = CONFIG.model_copy(update={"min_controls": 10**6})
    for found in (
        fit_gain(None, world.studies, world.catalog, 0.3, CONFIG, SkillModelConfig(), seed=0),
        fitted(world, 0.3, studies=empty),
        fitted(world, 0.3, few),
        fitted(world, 0.3, few.model_copy(update={"by_module": False})),
    ):
        assert found.report is None
        assert found.why_not
        assert np.allclose(found.model.rate, 0.3)
        assert not found.model.n_learners.any()


def test_every_rate_is_a_share(found):
    assert ((found.model.rate >= 0.0) & (found.model.rate <= MOST_GAIN)).all()
