"""How far to trust a read-out: planted errors are had back."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit

from recommender.skills.mastery_fit import fit_signed, group_offsets, interval_variance

NAN = float("nan")


def shrunk(variance, *, n_pairs, seed=0):
    """The truth lies about a read-out of 0 with a variance that falls with the attempts it rests on."""
    rng = np.random.default_rng(seed)
    n = np.repeat(rng.integers(0, 40, n_pairs), 2).astype(float)
    truth = np.repeat(rng.normal(0, 1, n_pairs), 2) * np.sqrt(variance(n))
    shift = rng.normal(0, 0.7, len(n))
    passed = (rng.random(len(n)) < expit(truth + shift)).astype(float)
    return np.repeat(np.arange(n_pairs), 2), n, np.zeros(len(n)), shift, passed


def estimate(pair, n, logit, shift, passed, at=None):
    at = np.full(len(pair), NAN) if at is None else at
    return interval_variance(pair, at, n, logit, shift, passed)


def at_attempts(found, n):
    first, last, half = found
    return last + (first - last) / (1 + n / half)


@pytest.mark.parametrize("planted", [0.3, 0.8])
def test_a_planted_spread_is_had_back(planted):
    found = estimate(*shrunk(lambda n: np.full(len(n), planted), n_pairs=120_000))
    for n in (0, 4, 30):
        # What is seen through a curve of chances is a little narrower than on the scale itself.
        assert at_attempts(found, n) == pytest.approx(planted, rel=0.3)


def test_it_shrinks_with_attempts():
    found = estimate(*shrunk(lambda n: 0.2 + 0.8 / (1 + n / 4), n_pairs=60_000))
    assert found[0] > found[1]
    for n, planted in ((0, 1.0), (4, 0.6), (36, 0.28)):
        assert at_attempts(found, n) == pytest.approx(planted, rel=0.35)


def test_a_read_out_without_error_is_hardly_doubted():
    found = estimate(*shrunk(lambda n: 0 * n, n_pairs=120_000))
    assert (found[:2] < 0.15).all()
    assert (found[:2] >= 0.05).all(), "nothing is believed to be certain"


def test_answers_more_than_a_day_apart_tell_nothing():
    made = shrunk(lambda n: np.full(len(n), 0.8), n_pairs=5000)
    apart = np.tile([0.0, 2 * 86_400.0], 5000)
    default = [1.0, 0.25, 4.0]
    np.testing.assert_allclose(estimate(*made, at=apart), default, rtol=1e-6)
    assert not np.allclose(estimate(*made, at=apart / 4), default, rtol=0.02)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_answers_give_what_is_assumed(n):
    made = [column[:n] for column in shrunk(lambda n: 0 * n + 1, n_pairs=2)]
    np.testing.assert_allclose(estimate(*made), [1.0, 0.25, 4.0], rtol=0.1)


# Fits


def test_signs_are_held_and_the_rest_is_logistic_regression():
    rng = np.random.default_rng(1)
    x = rng.normal(0, [1, 3, 1], (20_000, 3))
    group = rng.integers(0, 3, len(x))
    z = x @ [0.8, 0.2, -0.5] + np.array([0.5, 0.0, -0.5])[group] + 0.3
    passed = (rng.random(len(x)) < expit(z)).astype(float)
    start = np.zeros(len(x))
    fitted = fit_signed(x[:, :2], x[:, 2:], group, 3, passed, start, penalty=1e-3, group_penalty=1e-3)
    np.testing.assert_allclose(fitted.signed, [0.8, 0.2], atol=0.05)
    assert fitted.free[0] == pytest.approx(-0.5, abs=0.05)
    np.testing.assert_allclose(fitted.offset + fitted.intercept, [0.8, 0.3, -0.2], atol=0.08)
    bounded = fit_signed(x, x[:, :0], group, 3, passed, start, penalty=1e-3, group_penalty=1e-3)
    assert bounded.signed[2] == 0
    known = fit_signed(x[:, :2], x[:, 2:], group, 3, passed, z, penalty=1.0, group_penalty=1.0)
    assert np.abs([*known.signed, *known.free, *known.offset]).max() < 0.05


def test_no_rows_and_constant_inputs_are_zeros():
    none = fit_signed(
        np.zeros((0, 2)), np.zeros((0, 1)), np.zeros(0, int), 3, np.zeros(0), np.zeros(0),
        penalty=1.0, group_penalty=1.0,
    )  # fmt: skip
    assert (none.signed.tolist(), none.free.tolist(), none.offset.tolist()) == ([0, 0], [0], [0, 0, 0])
    passed = np.array([1.0, 0.0, 1.0])
    flat = fit_signed(
        np.full((3, 1), 7.0),
        np.zeros((3, 0)),
        np.zeros(3, int),
        0,
        passed,
        np.zeros(3),
        penalty=1.0,
        group_penalty=1.0,
    )
    assert flat.signed.tolist() == [0]
    # Beside one pass and one failure of nobody.
    assert expit(flat.intercept) == pytest.approx(3 / 5, abs=0.01)


def test_a_few_pairs_of_answers_hardly_move_what_is_assumed():
    """A spread that chance alone gives is not taken for certainty, nor for ignorance."""
    for seed in range(6):
        made = shrunk(lambda n: np.full(len(n), 0.9), n_pairs=40, seed=seed)
        assert 0.6 < at_attempts(estimate(*made), 0) < 1.4


def test_group_offsets_are_those_planted_and_shrink():
    rng = np.random.default_rng(2)
    group = rng.integers(-1, 2, 9000)
    planted = np.array([[0.3, 0.0], [-0.3, 0.2]])
    skill = rng.integers(0, 2, 9000)
    members = sparse.csr_matrix((np.ones(9000), skill, np.arange(9001)), (9000, 2))
    logit = rng.normal(0, 1, 9000)
    moved = logit + np.where(group >= 0, planted[group, skill], 0.0)
    passed = (rng.random(9000) < expit(moved)).astype(float)
    found = group_offsets(group, 2, members, logit, passed, prior=1.0)
    np.testing.assert_allclose(found, planted, atol=0.12)
    stubborn = group_offsets(group, 2, members, logit, passed, prior=1e6)
    assert np.abs(stubborn).max() < 0.001
    assert not group_offsets(np.full(9000, -1), 2, members, logit, passed, prior=1.0).any()
