import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking.mixture import LEAST_STARTED, N_STAGES, mixture_weights, stage_of

DECLARED = np.array([0.7, 0.3])


def learned(shares, stage=None, declared=DECLARED, prior=1.0):
    shares = np.array(shares, np.float32)
    stage = np.zeros(len(shares), np.int64) if stage is None else np.array(stage)
    return mixture_weights(shares, stage, np.array(declared, float), prior)


def log_likelihood(shares, weights):
    return np.log(np.array(shares) @ weights).sum()


def test_stages_begin_where_they_are_said_to():
    stages = [stage_of(n, ahead) for ahead in (False, True) for n in LEAST_STARTED]
    assert stages == list(range(N_STAGES))
    assert stage_of(10**6, ahead=False) == len(LEAST_STARTED) - 1
    assert stage_of(10**6, ahead=True) == N_STAGES - 1


def test_without_choices_the_declared_weights_stand():
    weights = learned(np.empty((0, 2)))
    np.testing.assert_allclose(weights, np.tile(DECLARED, (N_STAGES, 1)))


def test_each_stage_learns_from_its_own_choices():
    weights = learned([[0.5, 0.0]] * 500 + [[0.0, 0.5]] * 500, [0] * 500 + [N_STAGES - 1] * 500)
    assert weights[0, 0] > 0.99
    assert weights[-1, 1] > 0.99
    np.testing.assert_allclose(weights[1], DECLARED)


def test_few_choices_move_the_weights_little_and_many_much():
    few, many = (learned([[0.0, 0.4]] * n, prior=50.0)[0, 1] for n in (5, 5000))
    assert DECLARED[1] < few < 0.5 < 0.95 < many


def test_no_other_weights_make_the_choices_more_likely():
    """The likelihood of a mixture is concave in its weights, so no point of a grid may lie above."""
    rng = np.random.default_rng(0)
    shares = rng.random((400, 2)) * [0.4, 0.6]
    found = learned(shares, prior=1e-9)[0]
    grid = [np.array([w, 1 - w]) for w in np.linspace(0, 1, 201)]
    assert log_likelihood(shares, found) >= max(log_likelihood(shares, w) for w in grid) - 1e-3


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), max_size=20), st.randoms())
def test_weights_are_proportions_whatever_the_shares_and_their_order(shares, random):
    weights = learned(np.array(shares).reshape(-1, 2))
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    random.shuffle(shares)
    np.testing.assert_allclose(learned(np.array(shares).reshape(-1, 2)), weights, atol=1e-9)


@pytest.mark.parametrize("declared", [[0.0, 0.0], [0.0, 1.0]])
def test_a_view_declared_worthless_can_still_earn_weight(declared):
    assert learned([[0.4, 0.1]] * 300, declared=declared)[0, 0] > 0.9
