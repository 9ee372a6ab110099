"""What is planted in a simulated organisation is in its tables: an independent model finds it there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.model.evidence import read_answers
from tests.model.forgetting import recover_forgetting
from tests.model.recovery import recover_scales
from training.datasets.sample import Parameters, SampleConfig, simulate

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "data" / "reskilling"
MODELS = ("growth", "states")
ONE_PERCENT = 2.33


def thorough():
    """Everybody answers every check, and more items of it: the same people learn, and more of it is seen."""
    parameters = Parameters()
    activity = parameters.activity._replace(check_items=40, check_participation=1.0, check_when_gone=1.0)
    return parameters._replace(activity=activity)


@pytest.fixture(scope="session", params=MODELS)
def as_shipped(request, tmp_path_factory):
    """What ships, and the same with the other learner model."""
    if request.param == "growth":
        return SHIPPED
    out = tmp_path_factory.mktemp("recovery") / request.param
    simulate(out, SampleConfig(learner_model=request.param))
    return out


@pytest.fixture(scope="session", params=MODELS)
def examined(request, tmp_path_factory):
    """An organisation with more people and thorough skill checks: a small effect needs many answers."""
    out = tmp_path_factory.mktemp("examined") / request.param
    simulate(out, SampleConfig(learners=5000, seed=1, learner_model=request.param, parameters=thorough()))
    return out


@pytest.fixture(scope="session")
def scales(as_shipped):
    return recover_scales(as_shipped)


@pytest.fixture(scope="session")
def forgetting(examined):
    return recover_forgetting(examined)


def test_retries_can_be_told_from_the_times_alone(as_shipped):
    is_retry = pd.read_parquet(as_shipped / "truth" / "attempts.parquet", columns=["is_retry"])["is_retry"]
    unaided = np.zeros(len(is_retry), np.bool_)
    unaided[read_answers(as_shipped).row] = True
    np.testing.assert_array_equal(unaided, ~is_retry.to_numpy())


def test_difficulty_of_items_is_recovered(scales):
    assert scales.difficulty.n > 500
    assert scales.difficulty.r >= 0.9


def test_ability_of_learners_is_recovered(scales):
    """Ability moves, so its mean over the learner's answers; and the trait with which they came."""
    assert scales.ability.n > 1500
    assert scales.ability.r >= 0.85
    assert scales.ability_of_all.r >= 0.85
    assert scales.trait.r >= 0.85


def test_a_model_in_which_nobody_learns_recovers_less(scales):
    assert scales.difficulty.r > scales.difficulty_at_rest.r + 0.02
    assert scales.ability.r > scales.ability_at_rest.r


def test_nothing_is_recovered_from_shuffled_answers():
    scales = recover_scales(SHIPPED, shuffle=np.random.default_rng(0))
    assert abs(scales.difficulty.r) < 0.1
    assert abs(scales.trait.r) < 0.1


def test_an_hour_of_practice_shows_with_its_planted_size(forgetting):
    assert forgetting.gain[0] > 5 * forgetting.error[0]
    assert 0.8 < forgetting.gain[0] / forgetting.planted_gain[0] < 1.25


def test_gains_fade_along_the_planted_curve(forgetting):
    assert (forgetting.n > 5000).all()
    assert np.abs(forgetting.kept - forgetting.planted_kept).max() < 0.15


def test_forgetting_is_beyond_doubt(forgetting):
    assert forgetting.decline > ONE_PERCENT


def test_the_two_learner_models_forget_differently(forgetting, examined):
    """Growth keeps a third for good; states fall back to where they began."""
    assert (forgetting.kept[-1] > 0.55) == (examined.name == "growth")


def test_practice_shows_in_a_check_of_the_same_week(forgetting):
    assert forgetting.same_week > 0.85
