"""How learners stand is what the read-out says of each."""

import numpy as np
import pytest
from scipy.special import expit, logit

from recommender.blocks import standing as module
from recommender.blocks.learners import LearnerBlock
from recommender.blocks.standing import read_in_parts, read_standing
from recommender.domain.events import to_seconds
from recommender.skills.mastery import Z_80
from tests.unit.organisations import organisation, person, state_of
from tests.unit.worlds import NOW

SECONDS = to_seconds(NOW)


@pytest.fixture(scope="module")
def engine():
    return organisation()


def people(engine):
    states = [
        state_of(engine, code="+++-", talk="-"),
        None,
        state_of(engine, data="+" * 30),
        state_of(engine, said={"talk": 0.9}, code="-"),
    ]
    return states, [person("a", "clerk"), person("b"), person("c", "lead"), person("d", "guest")]


def test_it_is_what_the_readout_estimates(engine):
    states, profiles = people(engine)
    standing = read_standing(
        engine.bundle, LearnerBlock.of_states(states, profiles, engine.catalog), now=SECONDS
    )
    for row, (state, profile) in enumerate(zip(states, profiles, strict=True)):
        estimate = engine.bundle.skills.mastery(
            state, engine.catalog, now=SECONDS, place=engine.place(profile)
        )
        known = estimate.has_evidence
        np.testing.assert_array_equal(np.isnan(standing.mastery[row]), ~known)
        np.testing.assert_array_equal(standing.n_attempts[row], estimate.n_attempts)
        for ours, theirs in (
            (standing.mastery, estimate.mastery),
            (standing.used, estimate.mastery),
            (standing.low, estimate.low),
            (standing.high, estimate.high),
        ):
            np.testing.assert_allclose(ours[row, known], theirs[known], atol=1e-12)


def test_where_nothing_tells_what_is_expected_stands_in_as_widely_as_before_any_attempt(engine):
    standing = read_standing(
        engine.bundle, LearnerBlock.of_states([None], [person("a")], engine.catalog), now=SECONDS
    )
    usual, error = expit(engine.bundle.skills.mastery_.base_[:-1]), Z_80 * 1.0
    assert np.isnan(standing.mastery).all()
    np.testing.assert_allclose(standing.used[0], usual)
    np.testing.assert_allclose(standing.low[0], expit(logit(usual) - error))
    np.testing.assert_allclose(standing.high[0], expit(logit(usual) + error))


def test_without_a_skill_model_anything_may_be():
    engine = organisation(known=False)
    block = LearnerBlock.of_states([state_of(engine, code="+++")], [person("a")], engine.catalog)
    standing = read_standing(engine.bundle, block, now=SECONDS)
    assert np.isnan(standing.mastery).all()
    assert (standing.used == engine.bundle.ranking.value.assumed_mastery).all()
    assert (standing.low == 0).all()
    assert (standing.high == 1).all()
    assert standing.n_attempts.tolist() == [[3, 0, 0]]


def test_in_parts_it_is_the_same(engine, monkeypatch):
    states, profiles = people(engine)
    block = LearnerBlock.of_states(states, profiles, engine.catalog)
    whole = read_standing(engine.bundle, block, now=SECONDS)
    monkeypatch.setattr(module, "_PART", 2 * engine.catalog.n_skills)
    parts = list(read_in_parts(engine.bundle, block, now=SECONDS))
    assert [(rows.start, rows.stop) for rows, _ in parts] == [(0, 2), (2, 4)]
    for rows, part in parts:
        for name in ("mastery", "used", "low", "high", "n_attempts"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows])
