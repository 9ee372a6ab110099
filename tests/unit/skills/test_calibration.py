"""Platt scaling mends what is over- or underconfident, and leaves the order alone."""

import numpy as np
import pytest
from scipy.special import expit

from recommender.skills.calibration import PlattScaling

RNG = np.random.default_rng(4)
TRUE_LOGIT = RNG.normal(0.5, 1.5, 20_000)
PASSED = (RNG.random(len(TRUE_LOGIT)) < expit(TRUE_LOGIT)).astype(float)


@pytest.mark.parametrize(("stretch", "shift"), [(1.0, 0.0), (3.0, 0.0), (0.4, -1.0)])
def test_finds_the_line_back(stretch, shift):
    scaling = PlattScaling.fit(stretch * TRUE_LOGIT + shift, PASSED)
    assert scaling.slope == pytest.approx(1 / stretch, rel=0.06)
    assert scaling.offset == pytest.approx(-shift / stretch, abs=0.06)
    mended = scaling.predict(stretch * TRUE_LOGIT + shift)
    assert np.abs(mended - expit(TRUE_LOGIT)).max() < 0.03


def test_keeps_the_order_and_stays_between_0_and_1():
    scaling = PlattScaling.fit(2 * TRUE_LOGIT, PASSED)
    probability = scaling.predict(np.linspace(-20, 20, 50))
    assert (np.diff(probability) > 0).all()
    assert (probability > 0).all()
    assert (probability < 1).all()


def test_a_logit_that_is_worth_less_than_nothing_is_left_alone():
    assert PlattScaling.fit(-TRUE_LOGIT, PASSED) == PlattScaling(1.0, 0.0)


@pytest.mark.parametrize("passed", [[], [1.0, 1.0], [0.0]])
def test_one_class_or_no_row_changes_nothing(passed):
    assert PlattScaling.fit(np.arange(len(passed), dtype=float), np.array(passed)) == PlattScaling()


def test_separable_rows_stay_finite():
    scaling = PlattScaling.fit(np.array([-1.0, 1.0]), np.array([0.0, 1.0]))
    assert 0 < scaling.slope < np.inf
    assert np.isfinite(scaling.offset)
