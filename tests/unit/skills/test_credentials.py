"""Credentials as evidence: so many passes in each of their skills, which fade, until they expire."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.domain.events import CredentialEarned, to_seconds
from recommender.skills.evidence import FADING
from recommender.skills.mastery import MasteryReadout
from recommender.skills.mastery_training import MasteryConfig
from recommender.skills.state import fold
from tests.unit.skills.streams import CATALOG, HALF_LIFE_DAYS, TABLE, a_readout, at, attempt

PASSES = MasteryConfig().credential_passes
COUNTED = [float(name in {"log_passed", "log_failed"}) for name in FADING]


@pytest.fixture
def readout() -> MasteryReadout:
    """Mastery is the logarithm of passes over failures, each counted from 1."""
    return a_readout(np.zeros(CATALOG.n_skills + 1), [0.0, 0.0, 0.0, *COUNTED])


def earned(days=0.0, expires=None, credential_id="c0", event_id="k"):
    return CredentialEarned(
        event_id=event_id,
        learner_id="ada",
        credential_id=credential_id,
        occurred_at=at(days),
        expires_at=at(expires),
    )


def estimate(readout, events, days):
    return readout.estimate(fold(events, TABLE), CATALOG, now=to_seconds(at(days)))


def logit(probability):
    return np.log(probability / (1 - probability))


def test_it_counts_as_so_many_passes_and_makes_its_skills_known(readout):
    got = estimate(readout, [earned()], 1.0)
    assert got.has_evidence.tolist() == [True, True, False, False]
    assert logit(got.mastery[0]) == pytest.approx(np.log1p(PASSES))
    assert got.n_attempts.tolist() == [0, 0, 0, 0]
    failed = [attempt(f"e{i}", False, 0.5) for i in range(3)]
    both = estimate(readout, [earned(), *failed], 1.0)
    assert logit(both.mastery[0]) == pytest.approx(np.log1p(PASSES) - np.log(4))
    assert both.high[0] - both.low[0] < estimate(readout, failed, 1.0).high[0]


def test_the_weight_is_a_setting(readout):
    readout.config = MasteryConfig(credential_passes=0.0)
    got = estimate(readout, [earned()], 1.0)
    assert not got.has_evidence.any()
    assert got.mastery[0] == 0.5


def test_it_fades_from_the_day_it_was_earned(readout):
    days = 3 * HALF_LIFE_DAYS
    got = estimate(readout, [earned(2.0)], 2.0 + days)
    assert logit(got.mastery[1]) == pytest.approx(np.log1p(PASSES) / 8, rel=1e-4)
    assert logit(got.mastery[0]) == pytest.approx(np.log1p(PASSES))  # this skill does not fade
    assert got.faded[1] > 0
    untimed = estimate(readout, [earned(None)], days)
    assert logit(untimed.mastery[1]) == pytest.approx(np.log1p(PASSES))


def test_it_is_gone_when_it_expires(readout):
    practised = [attempt("e", True, 0.0, item_id="q0")]
    before, after = (estimate(readout, [*practised, earned(1.0, 9.0)], days) for days in (8.9, 9.0))
    assert before.mastery[0] > after.mastery[0] == estimate(readout, practised, 9.0).mastery[0]
    assert before.has_evidence.tolist() == [True, True, False, False]
    assert after.has_evidence.tolist() == [True, False, False, False]


def test_of_several_the_last_to_expire_holds(readout):
    longer, shorter = earned(0.0, 50.0, event_id="k0"), earned(1.0, 5.0, event_id="k1")
    assert estimate(readout, [longer, shorter], 20.0).has_evidence[0]
    state = fold([longer, shorter, earned(2.0, None, event_id="k2")], TABLE)
    assert state.skills["expires_at"][0] == math.inf
    assert state.skills["certified_day"][0] == np.float32(to_seconds(at(2.0)) / 86_400)


def test_what_nobody_knows_certifies_nothing(readout):
    state = fold([earned(credential_id="unheard-of")], TABLE)
    assert (state.skill_rows, list(state.credentials)) == ({}, ["unheard-of"])


ANSWERS = st.lists(st.tuples(st.booleans(), st.floats(0, 40)), max_size=8)


@given(answers=ANSWERS, day=st.floats(0, 40) | st.none(), expires=st.floats(0, 90) | st.none())
def test_earning_one_never_lowers_mastery(answers, day, expires):
    readout = a_readout(np.zeros(CATALOG.n_skills + 1), [0.0, 0.0, 0.0, *COUNTED])
    events = [attempt(f"e{i}", passed, days, item_id="q2") for i, (passed, days) in enumerate(answers)]
    without, with_it = (estimate(readout, given, 60.0) for given in (events, [*events, earned(day, expires)]))
    assert (with_it.mastery >= without.mastery - 1e-12).all()
