"""Adaptive testing: information against brute force, turns, exposure, stopping, and what is refused."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from recommender.domain.catalog import Ragged
from recommender.errors import InputError
from recommender.skills.adaptive import ItemSelector, NextItem
from recommender.skills.adaptive_config import AdaptiveConfig
from recommender.skills.item_information import ItemPool, mastery_moments, rasch_information


def pool_of(difficulty, item_skills, n_skills=1, typical=None, slope=1.0):
    typical = np.zeros(n_skills) if typical is None else np.array(typical, float)
    return ItemPool(np.array(difficulty, float), typical, Ragged.of(item_skills), slope)


def next_item(pool, m, error, weight=None, *, config=None, met=(), banned=(), n_given=0, seed=0, rate=None):
    mask = np.zeros((2, len(pool)), bool)
    mask[0, list(met)], mask[1, list(banned)] = True, True
    return ItemSelector(config).next(
        pool,
        np.array(m, float),
        np.array(error, float),
        np.ones(len(pool.typical)) if weight is None else np.array(weight, float),
        met=mask[0],
        allowed=~mask[1],
        n_given=n_given,
        rng=np.random.default_rng(seed),
        exposure_rate=None if rate is None else np.array(rate, float),
    )


def fall_of_variance(logit, spread):
    """Prior variance minus the mean posterior variance, every integral by quadrature."""

    def mean(f):
        return quad(lambda z: f(z) * norm.pdf(z, logit, spread), logit - 9 * spread, logit + 9 * spread)[0]

    left = 0.0
    for likelihood in (expit, lambda z: expit(-z)):
        p = mean(likelihood)
        first = mean(lambda z, f=likelihood: z * f(z)) / p
        left += p * (mean(lambda z, f=likelihood: z * z * f(z)) / p - first**2)
    return spread**2 - left


@pytest.mark.parametrize("logit", [-4.0, -1.0, 0.0, 0.3, 2.5])
@pytest.mark.parametrize("spread", [0.1, 0.6, 1.0, 1.5])
def test_information_is_the_expected_fall_of_variance(logit, spread):
    pool = pool_of([0.5 - logit], [[0]], typical=[0.5])
    got = pool.variance_reduction(np.arange(1), np.zeros(1), np.array([spread]), np.ones(1))
    assert got[0] == pytest.approx(fall_of_variance(logit, spread), rel=0.01)


def test_information_of_several_skills_by_simulation():
    """Two skills of three asked for, one of them twice as dear; the third makes the answer less telling."""
    pool = pool_of([0.4], [[0, 1, 2]], 3, typical=[0.1, -0.2, 0.3], slope=1.5)
    m, se, weight = np.array([0.5, -0.5, 1.0]), np.array([1.0, 0.7, 1.2]), np.array([1.0, 2.0, 0.0])
    rng = np.random.default_rng(0)
    drawn = m + se * rng.standard_normal((400_000, 3))
    logit = drawn.mean(axis=1) - 1.5 * (0.4 - 0.2 / 3)
    passed = rng.random(len(drawn)) < expit(logit)
    share = passed.mean()
    left = share * drawn[passed].var(axis=0) + (1 - share) * drawn[~passed].var(axis=0)
    got = pool.variance_reduction(np.arange(1), m, se, weight)[0]
    assert got == pytest.approx(float(weight @ (drawn.var(axis=0) - left)), rel=0.03)
    assert pool.probability(m)[0] == pytest.approx(expit(1 / 3 - 1.5 * (0.4 - 0.2 / 3)))


def test_of_a_known_mastery_it_is_the_fisher_information_of_the_rasch_model():
    logit = np.linspace(-6, 6, 25)
    fisher = expit(logit) * expit(-logit)
    np.testing.assert_allclose(rasch_information(logit, np.zeros(25)), fisher, rtol=1e-9)
    np.testing.assert_allclose(rasch_information(logit, np.ones(25), n_nodes=1), fisher, rtol=1e-9)


def test_extreme_logits_stay_finite():
    got = rasch_information(np.array([-900.0, -40.0, 40.0, 900.0]), np.array([0.0, 3.0, 3.0, 0.0]))
    assert np.isfinite(got).all()
    assert (got < 1e-3).all()


def test_the_item_nearest_to_the_learner_is_picked():
    pool = pool_of([-2.0, 0.9, 3.0], [[0]] * 3)
    got = next_item(pool, [1.0], [0.7])
    assert (got.item, got.skill, got.stop, got.stop_reason) == (1, 0, False, "")
    assert got.probability == pytest.approx(expit(0.1))
    slope = (expit(1.0 + 1e-4) - expit(1.0 - 1e-4)) / 2e-4
    sure = next_item(pool, [1.0], [0.1], config=AdaptiveConfig(target_error=0.01, min_share=0.0))
    assert sure.expected_information == pytest.approx(slope**2 * fall_of_variance(0.1, 0.1), rel=0.01)


@pytest.mark.parametrize("m", [-2.0, 0.0, 1.0])
def test_information_is_the_fall_of_the_variance_of_mastery(m):
    """By simulation; what is told is the fall along a line, so less than all of it far from even odds."""
    got = next_item(pool_of([0.5], [[0]]), [m], [1.0]).expected_information
    rng = np.random.default_rng(0)
    drawn = m + rng.standard_normal(400_000)
    mastery, passed = expit(drawn), rng.random(len(drawn)) < expit(drawn - 0.5)
    share = passed.mean()
    left = share * mastery[passed].var() + (1 - share) * mastery[~passed].var()
    assert 0.65 < got / (mastery.var() - left) < 1.05


def test_the_skill_known_least_is_next_and_weights_count():
    pool = pool_of([0.0, 0.0], [[0], [1]], 2)
    assert next_item(pool, [0, 0], [0.9, 1.2]).skill == 1
    assert next_item(pool, [0, 0], [0.9, 1.2], [3.0, 1.0]).skill == 0
    assert next_item(pool, [0, 0], [0.9, 1.2], [1.0, 0.0]).skill == 0


def test_a_skill_of_poor_items_does_not_starve():
    """Its items tell a third of the others', yet its turn comes as their errors fall."""
    pool = pool_of([0.0] * 60 + [-3.0] * 40, [[0]] * 30 + [[1]] * 30 + [[2]] * 40, 3)
    m, se, given, skills = np.zeros(3), np.full(3, 1.2), [], []
    for n in range(30):
        got = next_item(pool, m, se, banned=given, n_given=n)
        slope = mastery_moments(m, se)[1]
        se[got.skill] = np.sqrt(se[got.skill] ** 2 - (got.expected_information / slope**2)[got.skill])
        given.append(got.item)
        skills.append(got.skill)
    assert set(skills[:10]) == {0, 1, 2}
    assert np.bincount(skills, minlength=3).min() >= 5
    assert se.max() < 1.6 * se.min()


def test_need_outweighs_information_beyond_the_balance():
    """The item of the skill known less tells far less than the other's."""
    pool = pool_of([0.0, -6.0], [[0], [1]], 2)
    strict = AdaptiveConfig(balance=1.0)
    assert next_item(pool, [0, 0], [1.0, 1.1], config=strict).skill == 1
    assert next_item(pool, [0, 0], [1.0, 1.1]).skill == 0
    assert next_item(pool, [0, 0], [1.0, 2.0]).skill == 1


def test_a_skill_known_well_enough_waits_whatever_its_weight():
    pool = pool_of([0.0, 0.0], [[0], [1]], 2)
    assert next_item(pool, [0, 0], [0.5, 0.7], [10.0, 1.0]).skill == 1


def test_a_skill_that_is_known_or_has_no_item_left_gives_up_its_turn():
    pool = pool_of([0.0, 0.0], [[0], [1]], 3)
    assert next_item(pool, [0, 0, 0], [0.5, 0.7, 2.0]).skill == 1
    assert next_item(pool, [0, 0, 0], [1.0, 0.7, 2.0], banned=[0]).skill == 1


def test_an_item_met_lately_waits_while_another_is_there():
    pool = pool_of([0.0, 1.5, 0.1], [[0]] * 3)
    assert {next_item(pool, [0.0], [1.0], met=[0, 2], seed=s).item for s in range(20)} == {1}
    assert next_item(pool, [0.0], [1.0], met=[0, 1, 2]).item in (0, 2)
    two = pool_of([0.0, 1.5], [[0], [1]], 2)
    assert next_item(two, [0, 0], [1.5, 0.7], met=[0]).item == 1


def test_chance_decides_among_the_best_only():
    pool = pool_of([0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 2.5], [[0]] * 7)

    def items(**settings):
        config = AdaptiveConfig(**settings)
        return {next_item(pool, [0.0], [1.0], config=config, seed=s).item for s in range(200)}

    assert items(n_best=3) == {0, 1, 2}
    assert items(n_best=7) == {0, 1, 2, 3, 4, 5}
    assert items(n_best=7, tolerance=0.9) == set(range(7))
    assert items(n_best=1) == {0}
    assert items(tolerance=0.0) == {0}


def test_of_equal_items_all_have_a_chance():
    pool = pool_of([0.0] * 40, [[0]] * 40)
    assert len({next_item(pool, [0.0], [1.0], seed=s).item for s in range(400)}) == 40


def test_an_item_given_too_often_waits_while_another_is_there():
    pool = pool_of([0.0, 1.5], [[0]] * 2)
    config = AdaptiveConfig(max_exposure_rate=0.25)
    assert next_item(pool, [0.0], [1.0], config=config, rate=[0.26, 0.25]).item == 1
    assert next_item(pool, [0.0], [1.0], config=config, rate=[0.26, 0.25], banned=[1]).item == 0
    assert next_item(pool, [0.0], [1.0], config=config, rate=[0.26, 0.25], met=[1]).item == 0
    assert next_item(pool, [0.0], [1.0], rate=[1.0, 0.0]).item == 0


@pytest.mark.parametrize(
    ("error", "n_given", "expected"),
    [
        ([0.6, 0.3], 5, "precise"),
        ([0.6, 0.3], 4, ""),
        ([0.7, 0.3], 59, ""),
        ([0.7, 0.3], 60, "max_items"),
        ([0.6, 0.3], 60, "precise"),
    ],
)
def test_when_a_test_stops(error, n_given, expected):
    got = next_item(pool_of([0.0, 0.0], [[0], [1]], 2), [0, 0], error, n_given=n_given)
    assert got.stop_reason == expected
    assert got.stop == bool(expected)
    assert got.item >= 0


@pytest.mark.parametrize(("m", "error"), [(29.75, 1e-5), (11.25, 1e-12), (0.0, 6.0), (-30.0, 3.0)])
def test_what_is_told_is_never_more_than_there_is(m, error):
    config = AdaptiveConfig(target_error=1e-9, min_share=0.0)
    got = next_item(pool_of([0.0, m], [[0], [0]]), [m], [error], config=config)
    spread = mastery_moments(np.array([m]), np.array([error]))[0][0]
    assert 0 <= got.expected_information <= spread**2


def test_skills_not_asked_for_hold_no_test_up():
    pool = pool_of([0.0, 0.0], [[0], [1]], 2)
    assert next_item(pool, [0, 0], [0.5, 3.0], [1, 0], n_given=9).stop_reason == "precise"


def test_an_item_that_would_tell_too_little_is_not_given():
    pool = pool_of([-7.0], [[0]])
    assert next_item(pool, [0.0], [0.7]).stop_reason == "exhausted"
    assert next_item(pool, [0.0], [0.7], config=AdaptiveConfig(min_share=0.0)).item == 0


@pytest.mark.parametrize(
    ("pool", "banned", "weight"),
    [
        (pool_of([], []), (), None),
        (pool_of([], [], 0), (), None),
        (pool_of([0.0], [[]]), (), None),
        (pool_of([0.0], [[]], 0), (), None),
        (pool_of([0.0], [[0]]), (0,), None),
        (pool_of([0.0], [[0]]), (), [0.0]),
        (pool_of([0.0], [[1]], 2), (), [1.0, 0.0]),
    ],
    ids=["no items", "nothing", "no skill", "no skills", "none allowed", "none asked for", "other skill"],
)
def test_nothing_to_give(pool, banned, weight):
    n = len(pool.typical)
    got = next_item(pool, np.zeros(n), np.ones(n), weight, banned=banned)
    assert (got.item, got.skill, got.expected_information) == (-1, -1, 0.0)
    assert np.isnan(got.probability)
    assert (got.stop, got.stop_reason) == (True, "exhausted")


def test_known_without_an_item_left_is_precise():
    got = next_item(pool_of([0.0], [[0]]), [0.0], [0.0])
    assert (got.item, got.stop_reason) == (-1, "precise")


def test_an_item_without_skills_has_no_probability():
    pool = pool_of([0.0, 0.0], [[], [0]])
    assert np.isnan(pool.probability(np.zeros(1))).tolist() == [True, False]
    assert next_item(pool, [0.0], [1.0]).item == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"m": [0.0, np.nan]}, "mastery_logit at position 1 is nan, expected a finite number"),
        ({"error": [np.inf, 1.0]}, "error at position 0 is inf"),
        ({"error": [-1.0, 1.0]}, "error at position 0 is -1.0, expected a finite number of at least 0"),
        ({"weight": [1.0, -0.5]}, "weight at position 1 is -0.5"),
        ({"m": [0.0]}, r"mastery_logit has shape \(1,\), expected \(2,\)"),
        ({"rate": [np.nan]}, "exposure_rate at position 0 is nan"),
    ],
)
def test_bad_numbers_are_refused(change, message):
    pool = pool_of([0.0], [[0, 1]], 2)
    with pytest.raises(InputError, match=message):
        next_item(pool, **{"m": [0.0, 0.0], "error": [1.0, 1.0]} | change)


def test_bad_masks_and_pools_are_refused():
    pool = pool_of([0.0], [[0]])
    one, right = np.ones(1), np.ones(1, bool)
    for wrong in (np.ones(2, bool), np.ones(1)):
        with pytest.raises(InputError, match="met is"):
            ItemSelector().next(
                pool, one, one, one, met=wrong, allowed=right, n_given=0, rng=np.random.default_rng(0)
            )
    with pytest.raises(InputError, match="difficulty at position 0 is nan"):
        pool_of([np.nan], [[0]])
    with pytest.raises(InputError, match="difficulty has shape"):
        pool_of([0.0, 1.0], [[0]])
    with pytest.raises(InputError, match="typical at position 0"):
        pool_of([0.0], [[0]], typical=[np.inf])
    with pytest.raises(InputError, match="slope"):
        pool_of([0.0], [[0]], slope=np.nan)


def test_configuration_is_closed_and_in_order():
    with pytest.raises(ValidationError, match="min_items <= max_items"):
        AdaptiveConfig(min_items=9, max_items=8)
    with pytest.raises(ValidationError):
        AdaptiveConfig(surprise=1)
    assert all(field.description for field in AdaptiveConfig.model_fields.values())


def test_same_seed_same_item():
    rng = np.random.default_rng(3)
    pool = pool_of(rng.normal(size=300), [[i % 7, (i + 2) % 7] for i in range(300)], 7)
    m, se = rng.normal(size=7), rng.uniform(0.7, 1.5, 7)
    assert isinstance(next_item(pool, m, se, seed=5), NextItem)
    assert next_item(pool, m, se, seed=5) == next_item(pool, m, se, seed=5)
