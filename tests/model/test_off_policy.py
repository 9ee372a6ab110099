"""Off-policy estimates hold the truth as often as their intervals say, on 100 logs of a known world."""

from collections import Counter

import numpy as np
import pytest

from tests.model.off_policy_world import (
    K,
    World,
    chance_of,
    simulate,
    target_of,
    with_propensity,
)
from training.evaluation.off_policy.estimators import doubly_robust, ips, snips
from training.evaluation.off_policy.features import Features
from training.evaluation.off_policy.log import read_log
from training.evaluation.off_policy.overlap import OverlapError, overlap_of, require_overlap
from training.evaluation.off_policy.reward_model import CrossFitted
from training.evaluation.off_policy.rewards import reward_of

N_LOGS, EXPLORATION, N_LEARNERS = 100, 0.3, 250
LEAST = 90


@pytest.fixture(scope="module")
def held() -> Counter:
    """How many of 100 intervals hold the truth, by policy, by estimator and by what was done to the log."""
    counts: Counter = Counter()
    for seed in range(N_LOGS):
        world = World.made(seed)
        logged = simulate(world, seed, n_learners=N_LEARNERS, exploration=EXPLORATION)
        log = read_log(logged.dataset)
        reward = reward_of("accepted", logged.dataset, log).values
        rng = np.random.default_rng(seed)
        model = CrossFitted().fit(log, Features.of(logged.dataset, log), reward, rng)
        of_shown = model.of_shown(log)
        shuffled = rng.permutation(reward)
        # What a service would tell that forgot how rarely it explores.
        low = log.propensity < 1.0 - EXPLORATION
        wrong = with_propensity(log, np.where(low, log.propensity / EXPLORATION, log.propensity))
        for target, truth in (
            (target_of(world, logged), world.value(world.target)),
            (chance_of(world, logged), world.value_of_chance()),
        ):
            name = target.name
            counts[name, "ips"] += ips(log, target, reward).holds(truth)
            counts[name, "snips"] += snips(log, target, reward).holds(truth)
            dr = doubly_robust(log, target, reward, model.of_target(target), of_shown)
            counts[name, "dr"] += dr.holds(truth)
            counts[name, "shuffled"] += snips(log, target, shuffled).holds(K * float(reward.mean()))
            counts[name, "wrong"] += ips(wrong, target, reward).holds(truth)
            for what, kind in ((log, "covered"), (wrong, "wrong covered")):
                try:
                    require_overlap(what, target, overlap_of(what, target))
                    counts[name, kind] += 1
                except OverlapError:
                    pass
    print(dict(counts))  # noqa: T201
    return counts


@pytest.mark.parametrize("name", ["target", "chance"])
@pytest.mark.parametrize("estimator", ["ips", "snips", "dr"])
def test_intervals_hold_the_truth(held, name, estimator):
    assert held[name, estimator] >= LEAST


@pytest.mark.parametrize("name", ["target", "chance"])
def test_with_shuffled_rewards_every_policy_is_worth_the_same(held, name):
    """Nothing but the mean of what was shown, times the modules of an answer."""
    assert held[name, "shuffled"] >= LEAST


@pytest.mark.parametrize("name", ["target", "chance"])
def test_wrong_propensities_miss_the_truth_and_are_noticed(held, name):
    assert held[name, "wrong"] < 50
    assert held[name, "wrong covered"] == 0


def test_most_of_these_logs_are_good_enough_to_be_judged(held):
    assert held["target", "covered"] >= LEAST
    assert held["chance", "covered"] >= LEAST
