"""What adaptive testing promises, whatever the items, skills and learner."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Ragged
from recommender.skills.adaptive import ItemSelector
from recommender.skills.adaptive_config import AdaptiveConfig
from recommender.skills.item_information import ItemPool, mastery_moments, rasch_information

CONFIGS = st.builds(
    AdaptiveConfig,
    target_error=st.floats(0.02, 0.25),
    min_items=st.integers(0, 5),
    max_items=st.integers(5, 20),
    min_share=st.floats(0, 0.05),
    balance=st.floats(0.01, 1),
    n_best=st.integers(1, 6),
    tolerance=st.floats(0, 0.9),
    max_exposure_rate=st.floats(0.1, 1),
    n_nodes=st.integers(3, 20),
)


@st.composite
def positions(draw):
    """A pool, a learner and what may be given, as the arguments of `next`."""
    n_skills, n_items = draw(st.integers(0, 4)), draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    most = min(n_skills, 3)
    item_skills = [
        rng.choice(n_skills, rng.integers(most + 1), replace=False) if most else [] for _ in range(n_items)
    ]
    pool = ItemPool(
        rng.normal(0, 2, n_items),
        rng.normal(0, 1, n_skills),
        Ragged.of([list(s) for s in item_skills]),
        rng.uniform(0.2, 2),
    )
    error = np.where(rng.random(n_skills) < 0.1, 0.0, rng.uniform(0, 2, n_skills))
    learner = (rng.normal(0, 2, n_skills), error, rng.choice([0.0, 0.5, 1.0], n_skills))
    return (pool, *learner), {
        "met": rng.random(n_items) < draw(st.sampled_from([0.0, 0.5, 1.0])),
        "allowed": rng.random(n_items) < draw(st.sampled_from([0.5, 1.0])),
        "n_given": draw(st.integers(0, 25)),
        "exposure_rate": rng.random(n_items) if draw(st.booleans()) else None,
    }


def select(config, position, seed=0, **changed):
    args, rest = position
    return ItemSelector(config).next(*args, **rest | changed, rng=np.random.default_rng(seed))


@settings(max_examples=200, deadline=None)
@given(CONFIGS, positions(), st.integers(0, 99))
def test_what_is_given_may_be_given(config, position, seed):
    got = select(config, position, seed)
    (pool, _, error, weight), rest = position
    assert got == select(config, position, seed) or got.item == -1
    assert got.stop == bool(got.stop_reason)
    if got.item < 0:
        assert got.stop
        return
    assert rest["allowed"][got.item]
    assert got.skill in pool.item_skills[got.item]
    assert weight[got.skill] > 0
    assert 0 <= got.probability <= 1
    variance = mastery_moments(position[0][1], error, config.n_nodes)[0] ** 2
    assert 0 < got.expected_information <= (weight * variance)[pool.item_skills[got.item]].sum() * (1 + 1e-9)


@settings(max_examples=200, deadline=None)
@given(CONFIGS, positions(), st.integers(0, 99))
def test_a_met_item_only_where_no_new_one_would_do(config, position, seed):
    rest = position[1]
    got = select(config, position, seed)
    if got.item >= 0 and rest["met"][got.item]:
        assert select(config, position, seed, allowed=rest["allowed"] & ~rest["met"]).item == -1
    assert (got.item >= 0) == (select(config, position, seed, met=~rest["met"]).item >= 0)


@settings(max_examples=200, deadline=None)
@given(CONFIGS, positions())
def test_stopping_follows_its_rule(config, position):
    (_, m, error, weight), rest = position
    got = select(config, position)
    asked, spread = weight > 0, mastery_moments(m, error, config.n_nodes)[0]
    known = bool(asked.any() and (spread[asked] <= config.target_error).all())
    if got.stop_reason == "precise":
        assert known
    if got.stop_reason == "":
        assert rest["n_given"] < config.max_items
        assert not known or rest["n_given"] < config.min_items
    if got.stop_reason == "exhausted":
        assert got.item == -1


@settings(max_examples=100, deadline=None)
@given(CONFIGS, positions())
def test_only_a_skill_near_the_largest_need_is_next(config, position):
    (pool, m, error, weight), rest = position
    got = select(config, position)
    if got.item < 0:
        return
    spread = mastery_moments(m, error, config.n_nodes)[0]
    need = weight * spread**2
    unsure = (weight > 0) & (spread > config.target_error)
    open_skills = unsure if unsure.any() else weight > 0
    # Any rival with a larger need has no item that is allowed, new and telling enough.
    for rival in np.flatnonzero(open_skills & (config.balance * need > need[got.skill] * (1 + 1e-12))):
        only = np.array([rival in pool.item_skills[i] for i in range(len(pool))])
        other = select(config, position, allowed=rest["allowed"] & only)
        assert other.item < 0 or (rest["met"][other.item] and not rest["met"][got.item])


@settings(max_examples=100, deadline=None)
@given(CONFIGS, st.integers(0, 2**32 - 1))
def test_a_test_ends_and_leaves_no_skill_out(config, seed):
    """Every answer takes the variance expected: then all that could be measured is, or the test is full."""
    rng = np.random.default_rng(seed)
    pool = ItemPool(rng.normal(0, 0.5, 40), np.zeros(3), Ragged.of([[i % 3] for i in range(40)]))
    error, given_items, skills = np.full(3, 1.6), np.zeros(40, bool), []
    for n in range(config.max_items + 1):
        args = (pool, np.zeros(3), error, np.ones(3))
        got = select(config, (args, {"met": given_items, "allowed": ~given_items, "n_given": n}), seed)
        if got.stop:
            break
        given_items[got.item] = True
        skills.append(got.skill)
        slope = mastery_moments(np.zeros(3), error, config.n_nodes)[1][got.skill]
        error[got.skill] = np.sqrt(error[got.skill] ** 2 - got.expected_information / slope**2)
    assert got.stop
    if got.stop_reason == "precise":
        assert (mastery_moments(np.zeros(3), error, config.n_nodes)[0] <= config.target_error).all()
        assert set(skills) == {0, 1, 2}


@settings(max_examples=200, deadline=None)
@given(st.floats(-50, 50), st.floats(0, 3), st.floats(0.01, 2))
def test_information_is_symmetric_bounded_and_best_at_even_odds(logit, spread, step):
    at = np.array([logit, -logit, 0.0, abs(logit) + step])
    got = rasch_information(at, np.full(4, spread))
    assert ((got >= 0) & (got <= 0.25 + 1e-12)).all()
    np.testing.assert_allclose(got[0], got[1], rtol=1e-6, atol=1e-12)
    assert got[2] >= got[0] - 1e-9
