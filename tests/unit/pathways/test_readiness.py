"""Readiness and its interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from recommender.pathways.readiness import SHARED, readiness

SHARE = st.floats(0, 1)


@st.composite
def standings(draw):
    n = draw(st.integers(1, 8))
    required, importance = (np.array(draw(st.lists(SHARE, min_size=n, max_size=n))) for _ in range(2))
    three = np.sort(np.array(draw(st.lists(SHARE, min_size=3 * n, max_size=3 * n))).reshape(n, 3), axis=1)
    return required, importance, three[:, 1], three[:, 0], three[:, 2]


@given(standings())
def test_it_is_a_share_within_its_interval(standing):
    found = readiness(*standing)
    if found is None:
        assert standing[1] @ standing[0] <= np.finfo(float).tiny * len(standing[0]), "too little to divide by"
    else:
        assert 0 <= found.low <= found.value <= found.high <= 1


@given(standings(), st.integers(0, 7))
def test_more_mastery_is_never_less_ready(standing, which):
    required, importance, mastery, low, high = standing
    better = mastery.copy()
    better[which % len(mastery)] = high[which % len(mastery)]
    before, after = readiness(*standing), readiness(required, importance, better, low, high)
    if before is not None:
        assert after.value >= before.value - 1e-12


@given(standings())
def test_surely_known_mastery_leaves_no_doubt(standing):
    required, importance, mastery, *_ = standing
    found = readiness(required, importance, mastery, mastery, mastery)
    if found is not None:
        assert found.high - found.low < 1e-12


def test_no_profile_no_readiness():
    nothing, one = np.zeros(0), np.ones(1)
    assert readiness(nothing, nothing, nothing, nothing, nothing) is None
    assert readiness(one, 0 * one, one, one, one) is None


def test_one_skill_has_the_interval_of_its_mastery():
    one = np.ones(1)
    found = readiness(0.5 * one, 0.3 * one, 0.2 * one, 0.1 * one, 0.35 * one)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.2, 0.7))


@pytest.mark.parametrize("error", [0.3, 0.8, 1.2])
def test_the_interval_holds_four_fifths_where_errors_go_together_as_is_said(error):
    """Masteries drawn around what is estimated, with the error that their intervals are of."""
    rng = np.random.default_rng(3)
    n, inside, trials = 10, 0, 2000
    required, importance = rng.uniform(0.5, 0.9, n), rng.uniform(0.2, 1, n)
    centre = rng.normal(0, 1, n)
    z = 1.2815515655446004
    found = readiness(
        required, importance, expit(centre), expit(centre - z * error), expit(centre + z * error)
    )
    for _ in range(trials):
        errors = np.sqrt(SHARED) * rng.normal() + np.sqrt(1 - SHARED) * rng.normal(size=n)
        truth = expit(centre + error * errors)
        inside += found.low <= readiness(required, importance, truth, truth, truth).value <= found.high
    assert 0.74 < inside / trials < 0.9
