"""The ranker on made choices: what it learns, what it leaves alone, and how it is kept."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.ranking.mixture import N_STAGES
from recommender.ranking.ranker import Choices, Ranker, RankerConfig

CONFIG = RankerConfig(min_choices=50, max_rounds=60, min_leaf_candidates=5)
N_CANDIDATES = 8


def made_choices(n=2400, *, strength=3.0, seed=0, held_out=0.2):
    """Choices among eight candidates; the first of three features tells what the mix does not."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n * N_CANDIDATES, 3)).astype(np.float32)
    log_mix = np.log(rng.dirichlet(np.ones(N_CANDIDATES), n)).ravel()
    utility = (log_mix + strength * (x[:, 0] > 0) + rng.gumbel(size=len(x))).reshape(n, N_CANDIDATES)
    start = np.arange(n + 1, dtype=np.int64) * N_CANDIDATES
    chosen, stage = start[:-1] + utility.argmax(axis=1), rng.integers(0, N_STAGES, n)
    return Choices(start, chosen, rng.random(n) < held_out, stage, x, log_mix)


def log_likelihood(choices, value):
    total = np.logaddexp.reduceat(value, choices.start[:-1])
    return float(np.mean(value[choices.chosen] - total))


def fitted(choices, config=CONFIG, seed=0):
    return Ranker.declared(config, np.ones(2)).fit_trees(choices, seed=seed)


def test_learns_what_the_mix_misses():
    ranker, unseen = fitted(made_choices()), made_choices(seed=1)
    corrected = unseen.log_mix + ranker.predict_logit(unseen.features)
    assert ranker.n_trees > 0
    assert log_likelihood(unseen, corrected) > log_likelihood(unseen, unseen.log_mix) + 0.3


def test_shuffled_choices_teach_nothing():
    """Who is chosen by the mix alone cannot be told better by features that have nothing to do with it."""
    ranker, unseen = fitted(made_choices(strength=0.0)), made_choices(seed=1, strength=0.0)
    corrected = unseen.log_mix + ranker.predict_logit(unseen.features)
    assert log_likelihood(unseen, corrected) < log_likelihood(unseen, unseen.log_mix) + 0.01


@pytest.mark.parametrize(
    ("n", "config"),
    [
        pytest.param(40, CONFIG, id="few choices"),
        pytest.param(0, CONFIG, id="no choices"),
        pytest.param(600, CONFIG.model_copy(update={"max_rounds": 0}), id="no rounds"),
    ],
)
def test_without_enough_to_learn_from_the_mix_stays(n, config):
    ranker = fitted(made_choices(n), config)
    assert ranker.n_trees == 0
    np.testing.assert_array_equal(ranker.weights_, np.ones((N_STAGES, 2)))


@pytest.mark.parametrize("held_out", [0.0, 1.0])
def test_without_choices_to_learn_from_and_to_check_by_there_is_no_tree(held_out):
    ranker = fitted(made_choices(held_out=held_out))
    assert ranker.n_trees == 0
    assert not ranker.corrected_.any()


def test_a_stage_with_few_choices_held_out_stays_as_it_was():
    choices = made_choices()
    few = choices.stage == N_STAGES - 1
    held_out = choices.held_out & ~few
    held_out[np.flatnonzero(few)[:29]] = True
    corrected = fitted(replace(choices, held_out=held_out)).corrected_
    assert corrected.tolist() == [True] * (N_STAGES - 1) + [False]
    held_out[np.flatnonzero(few)[:30]] = True
    assert fitted(replace(choices, held_out=held_out)).corrected_.all()


def test_stages_are_corrected_where_it_helps_what_was_held_out():
    """At the last stage the held-out choices go against what all others teach."""
    choices, worst = made_choices(3200), made_choices(3200, strength=-3.0)
    against = choices.held_out & (choices.stage == N_STAGES - 1)
    chosen = np.where(against, worst.chosen, choices.chosen)
    ranker = fitted(replace(choices, chosen=chosen))
    assert ranker.corrected_[:-1].all()
    assert not ranker.corrected_[-1]


def test_the_same_choices_and_seed_give_the_same_bits():
    one, other = (fitted(made_choices()).arrays() for _ in range(2))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], strict=True)


def test_arrays_round_trip_and_are_checked():
    ranker, choices = fitted(made_choices()), made_choices(seed=2)
    again = Ranker.from_arrays(CONFIG, ranker.arrays(), n_views=2, n_features=3)
    np.testing.assert_array_equal(
        again.predict_logit(choices.features), ranker.predict_logit(choices.features)
    )
    np.testing.assert_array_equal(again.corrected_, ranker.corrected_)
    with pytest.raises(ValueError, match="does not tell the stages"):
        Ranker.from_arrays(CONFIG, ranker.arrays() | {"corrected": np.ones(3, bool)}, n_views=2, n_features=3)
    with pytest.raises(ValueError, match="hold no trees"):
        Ranker.from_arrays(CONFIG, ranker.arrays(), n_views=2, n_features=0)
    with pytest.raises(ValueError, match="does not weigh the views"):
        Ranker.from_arrays(CONFIG, ranker.arrays(), n_views=3, n_features=3)


def test_taking_choices_keeps_each_whole():
    choices = made_choices(20)
    kept = np.arange(20) % 3 == 0
    taken = choices.take(kept)
    assert len(taken) == kept.sum()
    np.testing.assert_array_equal(taken.features[taken.chosen], choices.features[choices.chosen[kept]])
    np.testing.assert_array_equal(np.diff(taken.start), np.diff(choices.start)[kept])


def test_thinning_keeps_the_chosen_and_the_expected_sum():
    choices = made_choices(400)
    thin = choices.thinned(2, 0.25, np.random.default_rng(0))
    assert len(thin) == len(choices)
    assert len(thin.log_mix) < 0.7 * len(choices.log_mix)
    np.testing.assert_array_equal(thin.features[thin.chosen], choices.features[choices.chosen])
    assert np.add.reduceat(np.exp(choices.log_mix), choices.start[:-1]) == pytest.approx(1.0)
    totals = []
    for seed in range(30):
        thin = choices.thinned(0, 0.5, np.random.default_rng(seed))
        totals.append(np.add.reduceat(np.exp(thin.log_mix), thin.start[:-1]).mean())
    assert np.mean(totals) == pytest.approx(1.0, abs=0.03)
