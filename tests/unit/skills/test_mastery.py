"""The mastery read-out: its numbers worked out by hand, and its fit."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit

from recommender.domain.catalog import Catalog
from recommender.domain.events import SelfAssessment, to_seconds
from recommender.skills.difficulty import fit_difficulty
from recommender.skills.evidence import FADING, N_FADING, evidence_of_features, fading_rate, kept
from recommender.skills.mastery import Z_80, MasteryReadout, Place
from recommender.skills.mastery_kernel import evidence_of_record
from recommender.skills.mastery_training import MasteryConfig, weights_of
from recommender.skills.replay import replay
from recommender.skills.state import LearnerState, fold, update
from tests.unit.skills.streams import (
    CATALOG,
    HALF_LIFE_DAYS,
    TABLE,
    a_readout,
    at,
    attempt,
    columns,
    completion,
    events_of,
    simulated,
)

BASE = np.array([0.1, -0.2, 0.3, 0.0, 0.5])
PASS_RATE = expit(-TABLE.skill_difficulty)
# Of ability, level and self-assessment, then of the columns of evidence.
WEIGHT = np.array([0.5, 0.25, 2.0, 0.4, 0.15, 0.3, 0.2, 0.1, 0.05, 0.3, 0.2, 0.6])
STRETCH = 1.25
NAN = float("nan")


@pytest.fixture
def readout():
    return a_readout(BASE, WEIGHT, pass_rate=PASS_RATE, n_roles=2, stretch=STRETCH)


def estimate(readout, events, days, **place):
    state = fold(events, TABLE)
    return readout.estimate(state, CATALOG, now=to_seconds(at(days)), place=Place(**place))


ANSWERS = [(True, 0.0), (True, 1.0), (False, 2.0), (True, 3.0)]
ON_FADING = [attempt(f"e{i}", passed, day, item_id="q1") for i, (passed, day) in enumerate(ANSWERS)]


def evidence_by_hand(skill, pass_rate):
    n, passed = int(skill["n_attempts"]), int(skill["n_passed"])
    mean = (passed + 2 * pass_rate) / (n + 2)
    shares = [(float(s) - pass_rate) if n else 0.0 for s in skill["share"]]
    odds = np.log(mean / (1 - mean)) - np.log(pass_rate / (1 - pass_rate))
    taught = np.log1p(float(skill["taught_hours"]))
    return np.array(
        [skill["ability"], skill["level"], odds, *shares, np.log1p(passed), -np.log1p(n - passed), taught]
    )


def of_learner(state):
    return WEIGHT[0] * state.learner["ability"][0] + WEIGHT[1] * state.learner["level"][0]


def by_hand(share_kept, events=ON_FADING, level=0.0):
    state = fold(events, TABLE)
    skill = state.skills[state.skill_rows["s1"]]
    x = evidence_by_hand(skill, PASS_RATE[1])
    total = (np.maximum(x, 0) * share_kept + np.minimum(x, 0)) @ WEIGHT[3:]
    return BASE[1] + of_learner(state) + total + WEIGHT[2] * level


def test_mastery_is_the_formula(readout):
    now = estimate(readout, ON_FADING, 3.0)
    assert now.mastery[1] == pytest.approx(expit(by_hand(1.0)), rel=1e-6)
    assert (now.n_attempts[1], now.last_at[1], now.faded[1]) == (4, to_seconds(at(3.0)), 0)
    state = fold(ON_FADING, TABLE)
    assert now.mastery[0] == pytest.approx(expit(0.1 + of_learner(state)), rel=1e-6)
    logits = readout.logit(state, CATALOG, now=to_seconds(at(3.0)))
    np.testing.assert_allclose(expit(logits[:-1]), now.mastery)
    assert logits[-1] == pytest.approx(0.5 + of_learner(state), rel=1e-6)


def test_evidence_halves_every_half_life_since_the_last_pass(readout):
    later = estimate(readout, ON_FADING, 3.0 + 2 * HALF_LIFE_DAYS)
    assert later.mastery[1] == pytest.approx(expit(by_hand(0.25)), rel=1e-6)
    assert later.faded[1] == pytest.approx(expit(by_hand(1.0)) - expit(by_hand(0.25)), rel=1e-5)


def test_a_finished_module_teaches_and_refreshes(readout):
    events = [*ON_FADING, completion("m", "m1", 3.0 + HALF_LIFE_DAYS)]
    later = estimate(readout, events, 3.0 + 2 * HALF_LIFE_DAYS)
    assert later.mastery[1] == pytest.approx(expit(by_hand(0.5, events)), rel=1e-6)
    assert later.mastery[1] > estimate(readout, ON_FADING, 3.0 + 2 * HALF_LIFE_DAYS).mastery[1]
    # Taught and never asked: that counts, and is no attempt.
    taught = estimate(readout, [completion("m", "m1", 0.0)], 0.0)
    assert taught.mastery[1] == pytest.approx(expit(-0.2 + 0.6 * np.log1p(1.0)), rel=1e-6)
    assert taught.n_attempts[1] == 0


def test_answers_and_finished_modules_are_evidence(readout):
    """A self-assessment is a prior only, as is a module that was merely begun."""
    said = SelfAssessment(event_id="s", learner_id="ada", skill_id="s1", level=0.9, occurred_at=at(1.0))
    events = [attempt("a", True, 0.0, item_id="q0"), said, completion("c", "m3", 1.0)]
    got = estimate(readout, events, 3.0)
    assert got.has_evidence.tolist() == [True, False, False, True]
    np.testing.assert_array_equal(np.isnan(got.known()), ~got.has_evidence)
    readout.weight_[-1] = 0.0  # nothing was learned of teaching: mastery stays the prior
    assert not estimate(readout, events, 3.0).has_evidence[3]
    begun = estimate(readout, [completion("c", "m3", 1.0, status="started")], 3.0)
    assert not begun.has_evidence.any()


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_self_assessment_counts_by_its_distance_from_what_is_usual(readout, level):
    said = SelfAssessment(event_id="s", learner_id="ada", skill_id="s1", level=level, occurred_at=at(3.0))
    now = estimate(readout, [*ON_FADING, said], 3.0)
    usual = PASS_RATE[1]
    assert now.mastery[1] == pytest.approx(expit(by_hand(1.0, level=np.float32(level) - usual)), rel=1e-6)


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


def test_interval_rests_on_what_is_kept(readout):
    """v(n) = v_1 + (v_0 - v_1) / (1 + n / n_0), with the attempts whose evidence is kept."""
    for days, share in ((3.0, 1.0), (3.0 + HALF_LIFE_DAYS, 0.5)):
        got = estimate(readout, ON_FADING, days)
        error = Z_80 * np.sqrt(0.25 + 0.75 / (1 + 4 * share / 4.0))
        centre = STRETCH * logit(got.mastery[1])
        assert logit(got.low[1]) == pytest.approx(centre - error)
        assert logit(got.high[1]) == pytest.approx(centre + error)
        assert got.n_kept[1] == pytest.approx(4 * share)
    assert logit(got.high[3]) - STRETCH * logit(got.mastery[3]) == pytest.approx(Z_80)


def test_the_interval_holds_mastery_however_far_out_it_is():
    far = a_readout(np.full(5, 9.0), np.zeros(len(WEIGHT)), variance=(0.05, 0.05, 1.0), stretch=STRETCH)
    got = far.estimate(None, CATALOG, now=0.0)
    assert (got.low <= got.mastery).all()
    assert (got.mastery <= got.high).all()


def test_a_place_moves_the_prior(readout):
    readout.role_[1], readout.segment_[2] = 0.25, [0.5, 0, 0, 0, 1]
    nobody = {"state": None, "catalog": CATALOG, "now": 0.0}
    np.testing.assert_array_equal(readout.logit(**nobody), BASE)
    moved = readout.logit(**nobody, place=Place(role=1, segment=2))
    np.testing.assert_allclose(moved - BASE, [0.75, 0.25, 0.25, 0.25, 1.25])
    of_answers = estimate(readout, ON_FADING, 3.0, role=1).mastery - estimate(readout, ON_FADING, 3.0).mastery
    assert (of_answers > 0).all()
    np.testing.assert_array_equal(readout.base_, BASE)


def test_trend_is_recent_minus_long_run(readout):
    rising = [attempt(f"e{i:02d}", i >= 10, float(i)) for i in range(14)]
    falling = [attempt(f"e{i:02d}", i < 10, float(i)) for i in range(14)]
    assert estimate(readout, rising, 20.0).trend[0] > 0.2
    assert estimate(readout, falling, 20.0).trend[0] < -0.2


def test_nobody_has_the_prior(readout):
    for state in (None, fold([], TABLE)):
        got = readout.estimate(state, CATALOG, now=0.0)
        np.testing.assert_allclose(got.mastery, expit(BASE[:-1]))
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


# Evidence


def test_evidence_of_features_is_that_of_records():
    """What is fitted on is what is read: attempts of one skill, before each of them."""
    attempts = simulated(np.random.default_rng(4), n_learners=2, n_attempts=80)
    features, n_compared = evidence_of_features(replay(attempts, CATALOG, TABLE)), 0
    for learner in range(2):
        state = LearnerState(TABLE.id)
        rows = np.flatnonzero(attempts.learner == learner)
        for row, event in zip(rows.tolist(), events_of(attempts, learner), strict=True):
            skills = attempts.skills[row]
            if len(skills) == 1 and CATALOG.skill_ids[skills[0]] in state.skill_rows:
                met = state.skills[[state.skill_rows[CATALOG.skill_ids[skills[0]]]]]
                expected = np.empty(N_FADING)
                evidence_of_record(met, 0, PASS_RATE[skills[0]], 0.0, expected)
                np.testing.assert_allclose(features[row], expected, atol=2e-4)
                np.testing.assert_allclose(
                    expected, evidence_by_hand(met[0], PASS_RATE[skills[0]]), atol=1e-6
                )
                n_compared += 1
            update(state, event, TABLE)
    assert n_compared > 20


def test_fading():
    rate = fading_rate(np.array([10.0, NAN]))
    np.testing.assert_allclose(kept(np.array([20.0, 20.0]), rate), [0.25, 1.0])
    np.testing.assert_array_equal(kept(np.array([NAN, -5.0]), rate[[0, 0]]), [1.0, 1.0])


# Fit


def fit(attempts, table=TABLE, catalog=CATALOG, **config):
    features = replay(attempts, catalog, table)
    return MasteryReadout(MasteryConfig(**config)).fit(attempts, features, catalog, table)


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(8), n_learners=150, n_attempts=9000)


def test_fit_predicts_answers(attempts):
    """Mastery, harder items taken off, is about as good as the chance that the answers were drawn by."""
    readout = fit(attempts)
    assert (readout.weight_ >= 0).all()
    assert readout.weight_.shape == (3 + len(FADING),)
    members = weights_of(CATALOG.item_skills, 4).toarray()
    typical = members.T @ TABLE.item_difficulty / np.maximum(members.sum(axis=0), 1e-9)
    harder = TABLE.item_difficulty - members @ typical
    np.testing.assert_allclose(readout.item_difficulty_, harder, atol=0.3)
    assert readout.variance_[0] >= readout.variance_[1] > 0
    able = [
        readout.estimate(fold(events_of(attempts, n), TABLE), CATALOG, now=0.0).mastery.mean()
        for n in range(60)
    ]
    rate = [attempts.passed[attempts.learner == n].mean() for n in range(60)]
    assert np.corrcoef(able, rate)[0, 1] > 0.9
    assert np.mean(able) == pytest.approx(np.mean(rate), abs=0.1)


def test_fit_of_a_planted_skill_difference():
    """Items of the skill a pass at .8, those of b at .3; of c nobody knows anything."""
    skills = ["a", "b", "c"]
    catalog = Catalog.from_tables(
        {
            "skills": pa.table({"skill_id": skills, "name": skills}),
            "items": pa.table(
                {"item_id": [f"{s}{i}" for s in skills for i in (1, 2)], "skill_ids": [[s] for s in "aabbcc"]}
            ),
        }
    )
    rng = np.random.default_rng(2)
    rows = [(i % 200, int(rng.integers(0, 4)), 0.0, NAN) for i in range(6000)]
    attempts = columns(rows, n_learners=200, catalog=catalog)
    passed = (rng.random(6000) < np.where(attempts.item < 2, 0.8, 0.3)).astype(float)
    attempts = replace(attempts, passed=passed, score=passed)
    got = fit(attempts, fit_difficulty(attempts, catalog), catalog).estimate(None, catalog, now=0.0).mastery
    assert got[0] == pytest.approx(0.8, abs=0.05)
    assert got[1] == pytest.approx(0.3, abs=0.05)
    assert got[1] < got[2] < got[0], "something between"


def test_weights_never_turn_negative(attempts):
    """Where passes come before failures, evidence speaks against itself and is not heard."""
    against = np.zeros(len(attempts))
    for learner in range(150):
        mine = np.flatnonzero(attempts.learner == learner)
        against[mine] = np.arange(len(mine)) % 2
    readout = fit(replace(attempts, passed=against, score=against))
    assert (readout.weight_ >= 0).all()
    assert readout.weight_[FADING.index("share_0.3") + 3] == 0


def test_a_stronger_penalty_leans_on_the_difficulty(attempts):
    loose, strict = fit(attempts), fit(attempts, penalty=1e6)
    assert np.abs(strict.weight_).max() < 0.1 * np.abs(loose.weight_).max()


def test_answers_outside_of_modules_alone_set_the_weights_where_there_are_enough(attempts):
    """Inside of modules everybody passes by the toss of a coin: only where those count weights are small."""
    inside = attempts.module >= 0
    assert 500 < (~inside).sum() < 10**6
    coin = (np.random.default_rng(1).random(len(attempts)) < 0.5).astype(float)
    noisy = replace(attempts, passed=np.where(inside, coin, attempts.passed))
    features = replay(attempts, CATALOG, TABLE)
    outside, all_of_them = (
        MasteryReadout(MasteryConfig(min_outside=least)).fit(noisy, features, CATALOG, TABLE)
        for least in (500, 10**6)
    )
    assert outside.weight_.sum() > 1.5 * all_of_them.weight_.sum()


def test_what_answers_within_a_module_gain_is_told(attempts):
    inside = attempts.module >= 0
    lucky = np.random.default_rng(1).random(len(attempts)) < 0.5
    flattered = replace(attempts, passed=np.where(inside & lucky, 1.0, attempts.passed))
    features = replay(attempts, CATALOG, TABLE)
    plain, better = (
        MasteryReadout(MasteryConfig(min_outside=500)).fit(a, features, CATALOG, TABLE)
        for a in (attempts, flattered)
    )
    assert better.inside_[0] > plain.inside_[0] + 0.3


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_that_what_is_gained_within_a_module_depends_on_mastery_is_told(attempts, share):
    """A toss of a coin in the place of some answers makes those within modules say less of mastery."""
    inside, rng = attempts.module >= 0, np.random.default_rng(1)
    tossed = inside & (rng.random(len(attempts)) < share)
    passed = np.where(tossed, rng.random(len(attempts)) < 0.5, attempts.passed).astype(float)
    features = replay(attempts, CATALOG, TABLE)
    readout = MasteryReadout(MasteryConfig(min_outside=500)).fit(
        replace(attempts, passed=passed), features, CATALOG, TABLE
    )
    assert (readout.inside_[1] < 0.7) == (share > 0.0)


def test_attempts_without_skills():
    attempts = columns([(i % 4, 4, float(i % 3 > 0), float(i)) for i in range(240)], n_learners=4)
    assert len(attempts.skills.values) == 0
    readout = fit(attempts)
    assert np.isfinite(readout.base_).all()
    assert expit(readout.base_[-1] + 0.0) == pytest.approx(2 / 3, abs=0.2)


def test_of_too_many_attempts_those_of_learners_drawn_count(attempts):
    features = replay(attempts, CATALOG, TABLE)
    counts = np.bincount(attempts.learner)
    order = np.random.default_rng(0).permutation(np.flatnonzero(counts))
    drawn = order[np.cumsum(counts[order]) <= 3000]
    first = np.isin(attempts.learner, drawn)
    assert 2900 < first.sum() <= 3000
    assert drawn.tolist() != sorted(drawn.tolist()), "not the first ones"
    some = MasteryReadout(MasteryConfig(max_attempts=3000)).fit(attempts, features, CATALOG, TABLE)
    alone = MasteryReadout().fit(attempts.take(first), features[first], CATALOG, TABLE)
    for name in MasteryReadout.ARRAYS:
        np.testing.assert_array_equal(getattr(some, name), getattr(alone, name), err_msg=name)
