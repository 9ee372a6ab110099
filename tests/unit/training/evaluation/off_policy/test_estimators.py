"""The estimators on designs small enough to add up every draw by hand."""

from itertools import product

import numpy as np
import pytest

from recommender.ranking.explore import explore
from training.evaluation.off_policy.estimators import doubly_robust, ips, snips, weights_of
from training.evaluation.off_policy.intervals import mean_by_learner
from training.evaluation.off_policy.log import Log
from training.evaluation.off_policy.target import Target

MODULES = tuple("abcdef")
REWARD = np.array([0.1, 0.9, 0.4, 0.7, 0.2, 0.5])


def log_of(modules: list[list[int]], propensity: list[list[float]], learner: list[int] | None = None) -> Log:
    n = len(modules)
    return Log(
        tuple(f"r{i}" for i in range(n)),
        tuple(f"p{i}" for i in range(n)),
        np.array(learner or range(n), np.int64),
        np.arange(n, dtype=np.float64),
        np.cumsum([0, *map(len, modules)]).astype(np.int64),
        MODULES,
        np.concatenate([np.array(m, np.int64) for m in modules]),
        np.concatenate([np.array(p, np.float64) for p in propensity]),
        (),
    )


def every_draw(exploration: float) -> tuple[list, list, np.ndarray]:
    """Every answer that exploring can give, and its probability: explored or not, each place, each module."""
    rarity = np.array([1.0, 1.0, 2.0, 1.0, 3.0, 1.0])
    chosen, allowed = np.array([0, 1, 2]), np.array([True, True, True, True, True, False])
    ask = {"probability": exploration, "rarity": rarity, "by_id": np.arange(6)}
    modules, propensity, chance = [], [], []
    # What is drawn: d with rarity 1 of 4, e with 3 of 4.
    draws = [((0.999, 0.0, 0.0), 1 - exploration)]
    for place, what, share in [(p, *w) for p, w in product((0.2, 0.7), ((0.1, 0.25), (0.6, 0.75)))]:
        draws.append(((0.0, place, what), exploration * 0.5 * share))
    for draw, probability in draws:
        shown = explore(chosen, allowed, draws=draw, **ask)
        modules.append(shown.modules.tolist())
        propensity.append(shown.propensity.tolist())
        chance.append(probability)
    return modules, propensity, np.array(chance)


@pytest.mark.parametrize("target", [[0, 1, 2], [3, 0, 4], [4, 3, 2]])
@pytest.mark.parametrize("exploration", [0.1, 0.5])
def test_over_every_draw_the_estimates_are_the_truth(target, exploration):
    """Unbiased to the last digit, with the propensities that the engine tells; whatever the model expects."""
    modules, propensity, chance = every_draw(exploration)
    assert chance.sum() == pytest.approx(1.0)
    found = {"ips": 0.0, "dr": 0.0, "weight": 0.0}
    for shown, told, probability in zip(modules, propensity, chance, strict=True):
        log = log_of([shown], [told])
        wanted = Target.of("t", [np.array(target)])
        expected = np.linspace(0, 1, 6) ** 2
        found["ips"] += probability * ips(log, wanted, REWARD[log.module]).value
        dr = doubly_robust(log, wanted, REWARD[log.module], expected[wanted.module], expected[log.module])
        found["dr"] += probability * dr.value
        found["weight"] += probability * weights_of(log, wanted).sum()
    truth = REWARD[target].sum()
    assert found == pytest.approx({"ips": truth, "dr": truth, "weight": 3.0})


def test_the_logged_policy_is_worth_its_mean():
    log = log_of([[0, 1], [2, 3]], [[1.0, 0.9], [1.0, 0.05]])
    target = Target("as_logged", log.start, log.module, log.propensity)
    assert ips(log, target, REWARD[log.module]).value == pytest.approx((0.1 + 0.9 + 0.4 + 0.7) / 2)


def test_self_normalised_by_hand():
    log = log_of([[0, 1], [2, 3]], [[1.0, 0.5], [1.0, 0.1]])
    target = Target.of("t", [np.array([0, 1]), np.array([3, 4])])
    reward = np.array([1.0, 0.0, 1.0, 1.0])
    # weights 1, 2, 0, 10
    assert snips(log, target, reward).value == pytest.approx(2 * 11 / 13)


def test_the_self_normalised_estimate_is_blind_to_a_constant_more():
    rng = np.random.default_rng(0)
    log = log_of([[0, 1], [2, 3], [1, 4]], [[1.0, 0.5], [1.0, 0.1], [1.0, 0.2]])
    target = Target.of("t", [np.array([0, 1]), np.array([3, 4]), np.array([4, 1])])
    reward = rng.random(6)
    assert snips(log, target, reward + 1).value == pytest.approx(snips(log, target, reward).value + 2)


def test_a_right_model_leaves_no_doubt_of_the_draws():
    """Where rewards are as expected, weights do not matter."""
    log = log_of([[0, 1], [2, 3]], [[1.0, 0.5], [1.0, 0.01]])
    target = Target.of("t", [np.array([1, 4]), np.array([3, 1])])
    found = doubly_robust(log, target, REWARD[log.module], REWARD[target.module], REWARD[log.module])
    assert found.value == pytest.approx((0.9 + 0.2 + 0.7 + 0.9) / 2)


def test_shares_of_a_random_policy_are_weights():
    log = log_of([[0, 1]], [[0.5, 1.0]])
    target = Target.of("t", [np.array([0, 2])], [np.array([0.25, 0.75])])
    assert weights_of(log, target).tolist() == [0.5, 0.0]
    assert target.mass().tolist() == [1.0]


def test_the_interval_is_over_learners():
    """The same answers twice to each learner tell no more than once."""
    values = np.random.default_rng(2).random(40)
    once = mean_by_learner(values, np.arange(40))
    twice = mean_by_learner(np.tile(values, 2), np.tile(np.arange(40), 2))
    assert twice.standard_error == pytest.approx(once.standard_error)
    assert twice.high == pytest.approx(once.high)
    assert once.standard_error == pytest.approx(values.std(ddof=1) / np.sqrt(40))


def test_few_heavy_values_have_a_wide_interval_and_none_have_none():
    light = mean_by_learner(np.tile([0.0, 1.0], 200), np.arange(400))
    assert (light.high - light.value) / light.standard_error == pytest.approx(1.96, abs=0.02)
    heavy = mean_by_learner(np.r_[np.zeros(397), 300.0, 300.0, 300.0], np.arange(400))
    assert (heavy.high - heavy.value) / heavy.standard_error > 4
    nothing = mean_by_learner(np.zeros(10), np.arange(10))
    assert np.isnan(nothing.low)
    assert not nothing.holds(0.0)
