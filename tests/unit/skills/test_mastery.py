"""The mastery read-out: its fit, and its numbers worked out by hand."""

import numpy as np
import pytest
from scipy.special import expit, logit

from recommender.domain.events import to_seconds
from recommender.skills import records
from recommender.skills.mastery import Z_80, MasteryConfig, MasteryReadout
from recommender.skills.replay import replay
from recommender.skills.state import fold
from tests.unit.skills.streams import CATALOG, HALF_LIFE_DAYS, TABLE, at, attempt, columns, simulated

OFFSET = np.array([0.1, -0.2, 0.3, 0.0])
WEIGHT = np.array([0.5, 0.4, 0.3, 0.2, 0.1])
NAN = float("nan")


@pytest.fixture
def readout():
    readout = MasteryReadout()
    readout.offset_, readout.weight_ = OFFSET, WEIGHT
    return readout


def estimate(readout, events, days):
    return readout.estimate(fold(events, TABLE), CATALOG, now=to_seconds(at(days)))


ANSWERS = [(True, 0.0), (True, 1.0), (False, 2.0), (True, 3.0)]
ON_FADING = [attempt(f"e{i}", passed, day, item_id="q1") for i, (passed, day) in enumerate(ANSWERS)]


def by_hand(kept):
    state = fold(ON_FADING, TABLE)
    skill = state.skills[state.skill_rows["s1"]]
    fresh = 0.4 * skill["ability"] + 0.3 * np.log(4) - 0.2 * np.log(2) + 0.1 * skill["pass_fast"]
    assert fresh > 0
    return -0.2 + 0.5 * state.learner["ability"][0] + fresh * kept


def test_mastery_is_the_formula(readout):
    now = estimate(readout, ON_FADING, 3.0)
    assert now.mastery[1] == pytest.approx(expit(by_hand(1.0)), rel=1e-6)
    assert (now.n_attempts[1], now.last_at[1], now.faded[1]) == (4, to_seconds(at(3.0)), 0)
    ability = fold(ON_FADING, TABLE).learner["ability"][0]
    assert now.mastery[0] == pytest.approx(expit(0.1 + 0.5 * ability), rel=1e-6)


def test_evidence_halves_every_half_life_since_the_last_pass(readout):
    later = estimate(readout, ON_FADING, 3.0 + 2 * HALF_LIFE_DAYS)
    assert later.mastery[1] == pytest.approx(expit(by_hand(0.25)), rel=1e-6)
    assert later.faded[1] == pytest.approx(expit(by_hand(1.0)) - expit(by_hand(0.25)), rel=1e-5)


def test_failures_do_not_mend_with_time(readout):
    failed = [attempt(f"e{i}", False, float(i), item_id="q1") for i in range(4)]
    soon, late = (estimate(readout, failed, days) for days in (3.0, 300.0))
    assert late.mastery[1] == soon.mastery[1] < expit(-0.2)
    assert late.faded[1] == 0


def test_a_failure_does_not_bring_back_passes_of_long_ago(readout):
    passed = [attempt(f"e{i}", True, float(i), item_id="q1") for i in range(6)]
    before = estimate(readout, passed, 301.0).mastery[1]
    after = estimate(readout, [*passed, attempt("z", False, 300.0, item_id="q1")], 301.0)
    assert after.mastery[1] < before
    assert after.last_at[1] == to_seconds(at(300.0))
    again = estimate(readout, [*passed, attempt("z", True, 300.0, item_id="q1")], 301.0)
    assert again.mastery[1] > before + 0.1


def test_without_clock_nothing_fades(readout):
    events = [attempt(f"e{i}", True, None, item_id="q1") for i in range(4)]
    now, late = (estimate(readout, events, days) for days in (3.0, 3000.0))
    assert now.mastery[1] == late.mastery[1] > expit(-0.2)
    assert np.isnan(now.last_at[1])


def test_interval_is_that_of_a_share(readout):
    got = estimate(readout, ON_FADING, 3.0)
    m = got.mastery[1]
    error = Z_80 / np.sqrt(1 + 4 * m * (1 - m))
    assert logit(got.low[1]) == pytest.approx(logit(m) - error)
    assert logit(got.high[1]) == pytest.approx(logit(m) + error)
    sure = MasteryReadout(MasteryConfig(interval_prior=100.0))
    sure.offset_, sure.weight_ = OFFSET, WEIGHT
    narrow = estimate(sure, ON_FADING, 3.0)
    assert narrow.high[1] - narrow.low[1] < 0.2 * (got.high[1] - got.low[1])


def test_trend_is_recent_minus_long_run(readout):
    rising = [attempt(f"e{i:02d}", i >= 10, float(i)) for i in range(14)]
    falling = [attempt(f"e{i:02d}", i < 10, float(i)) for i in range(14)]
    assert estimate(readout, rising, 20.0).trend[0] > 0.2
    assert estimate(readout, falling, 20.0).trend[0] < -0.2


def test_nobody_has_the_prior(readout):
    for state in (None, fold([], TABLE)):
        got = readout.estimate(state, CATALOG, now=0.0)
        np.testing.assert_allclose(got.mastery, expit(OFFSET))
        assert np.isnan(got.known()).all()
        assert not got.n_attempts.any()


def test_known_is_where_answers_are(readout):
    known = estimate(readout, ON_FADING, 3.0).known()
    assert np.isnan(known).tolist() == [True, False, True, True]


def test_skills_that_the_catalogue_dropped_are_passed_over(readout):
    events = [attempt("e0", True, 0.0, skill_ids=("unheard-of",))]
    got = estimate(readout, events, 1.0)
    assert not got.n_attempts.any()
    assert np.isfinite(got.mastery).all()


# Fit


def test_fit_finds_a_readout_back():
    """A target that is a read-out of the same evidence gives its weights and offsets."""
    attempts = simulated(np.random.default_rng(8), n_learners=60, n_attempts=6000)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    row, skill, e = attempts.skills.row_of_value(), attempts.skills.values, evidence.entries
    x = np.column_stack([evidence.features[row, 0], e[:, 0], e[:, 1], -e[:, 3], e[:, 4]])
    fitted = MasteryReadout(MasteryConfig(offset_prior_attempts=1e-6)).fit(
        attempts, evidence, OFFSET[skill] + x @ WEIGHT, n_skills=4
    )
    np.testing.assert_allclose(fitted.weight_, WEIGHT, atol=1e-6)
    np.testing.assert_allclose(fitted.offset_[:3], OFFSET[:3], atol=1e-5)
    # Nobody was asked about s3: the mean of the others, by attempts.
    counts = np.bincount(skill, minlength=4)
    assert fitted.offset_[3] == pytest.approx(OFFSET @ counts / counts.sum(), abs=1e-5)


def test_weights_never_turn_negative():
    attempts = simulated(np.random.default_rng(8), n_learners=60, n_attempts=2000)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    against = -evidence.entries[:, 1] - evidence.features[attempts.skills.row_of_value(), 0]
    fitted = MasteryReadout().fit(attempts, evidence, against, n_skills=4)
    assert (fitted.weight_ >= 0).all()
    np.testing.assert_allclose(fitted.weight_[:2], 0, atol=1e-9)


def test_offsets_lean_on_the_mean_where_attempts_are_few():
    attempts = columns([(0, 0, 1.0, NAN)] * 200 + [(0, 5, 1.0, NAN)], n_learners=1)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    target = np.where(attempts.skills.values == 0, 0.0, 3.0)
    fitted = MasteryReadout().fit(attempts, evidence, target, n_skills=4)
    overall = 3 / 201
    np.testing.assert_allclose(fitted.weight_, 0, atol=1e-9)
    expected = [20 * overall / 220, overall, (3 + 20 * overall) / 21, overall]
    np.testing.assert_allclose(fitted.offset_, expected, atol=1e-9)


def test_weights_are_the_best_of_those_not_negative():
    """One bound is active in this target; the optimum is that of a search over which weights are zero."""
    attempts = simulated(np.random.default_rng(5), n_learners=20, n_attempts=1000)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    row, skill = attempts.skills.row_of_value(), attempts.skills.values
    entries = evidence.entries
    x = np.column_stack(
        [
            evidence.features[row, records.ABILITY],
            entries[:, records.SKILL_ABILITY],
            entries[:, records.SKILL_LOG_PASSED],
            -entries[:, records.SKILL_LOG_FAILED],
            entries[:, records.SKILL_PASS_FAST],
        ]
    )
    target = x @ np.array([1.0, -0.8, 0.6, 0.4, 0.9])
    fitted = MasteryReadout().fit(attempts, evidence, target, n_skills=CATALOG.n_skills)
    counts = np.maximum(np.bincount(skill, minlength=CATALOG.n_skills), 1)

    def within(values):
        return values - (np.bincount(skill, values, minlength=CATALOG.n_skills) / counts)[skill]

    z, y = np.column_stack([within(column) for column in x.T]), within(target)
    best, least = None, np.inf
    for mask in range(1, 2**5):
        free = [i for i in range(5) if mask >> i & 1]
        weights = np.zeros(5)
        weights[free] = np.linalg.lstsq(z[:, free], y, rcond=None)[0]
        error = float(((y - z @ weights) ** 2).sum())
        if (weights >= 0).all() and error < least:
            best, least = weights, error
    assert (best == 0).any()
    np.testing.assert_allclose(fitted.weight_, best, atol=1e-6)


def test_attempts_without_skills_weigh_nothing():
    attempts = columns([(i % 4, 4, float(i % 3 > 0), float(i)) for i in range(24)], n_learners=4)
    assert len(attempts.skills.values) == 0
    evidence = replay(attempts, CATALOG, np.zeros(24))
    for _ in range(50):
        _dirty = np.random.default_rng(1).random(5) * 1e9  # where a solver might read what it never wrote
        del _dirty
        fitted = MasteryReadout().fit(attempts, evidence, np.zeros(0), n_skills=4)
        np.testing.assert_array_equal(fitted.weight_, np.zeros(5))
