"""Many learners at once are many single updates; the compiled kernel is the written one."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.domain.events import event_key
from recommender.skills.kernel import FAST, SLOW, fold_attempts
from recommender.skills.records import (
    ABILITY,
    ITEM,
    LEARNER,
    LOG_ATTEMPTS,
    LOG_ITEM_ATTEMPTS,
    LOG_ITEM_PASSED,
    LOG_PASSED,
    N_ENTRIES,
    N_FEATURES,
    SKILL,
    SKILL_ABILITY,
    SKILL_LOG_ATTEMPTS,
    SKILL_LOG_FAILED,
    SKILL_LOG_PASSED,
    SKILL_PASS_FAST,
    fresh,
    item_key,
)
from recommender.skills.replay import replay
from recommender.skills.state import LearnerState, update
from recommender.skills.warm import warm_kernel
from tests.unit.skills.streams import CATALOG, TABLE, columns, events_of, simulated

N_LEARNERS = 12


def random_attempts(seed, *, clock=True):
    """Attempts of which some name skills of their own or none at all."""
    rng = np.random.default_rng(seed)
    attempts = simulated(rng, n_learners=N_LEARNERS, n_attempts=400)
    rows = np.column_stack([attempts.learner, attempts.item, attempts.passed, attempts.at])
    skills = [rng.permutation(4)[: rng.integers(1, 4)].tolist() for _ in rows]
    own = rng.random(len(rows)) < 0.3
    given = [
        s if mine else CATALOG.item_skills[item].tolist()
        for s, mine, item in zip(skills, own, attempts.item, strict=True)
    ]
    if not clock:
        rows[:, 3] = np.nan
    return columns(rows.tolist(), n_learners=N_LEARNERS, skills=given)


def known_before(state, event):
    """Features and entries as the state tells them just before an attempt."""
    learner = state.learner[0]
    slot, tag = item_key(event.item_id)
    item = state.items[slot] if state.items["tag"][slot] == tag else fresh(ITEM, 1)[0]
    features = np.empty(N_FEATURES)
    features[ABILITY] = learner["ability"]
    features[LOG_PASSED] = np.log1p(learner["n_passed"])
    features[LOG_ATTEMPTS] = np.log1p(learner["n_attempts"])
    features[LOG_ITEM_PASSED] = np.log1p(item["n_passed"])
    features[LOG_ITEM_ATTEMPTS] = np.log1p(item["n_attempts"])
    entries = []
    for skill_id in TABLE.skills_of(event.item_id, event.skill_ids, event.module_id):
        row = state.skill_rows.get(skill_id)
        skill = fresh(SKILL, 1)[0] if row is None else state.skills[row]
        entry = np.empty(N_ENTRIES)
        entry[SKILL_ABILITY] = skill["ability"]
        entry[SKILL_LOG_PASSED] = np.log1p(skill["n_passed"])
        entry[SKILL_LOG_ATTEMPTS] = np.log1p(skill["n_attempts"])
        entry[SKILL_LOG_FAILED] = np.log1p(skill["n_attempts"] - skill["n_passed"])
        entry[SKILL_PASS_FAST] = skill["pass_fast"]
        entries.append(entry)
    return features, entries


@pytest.mark.parametrize("clock", [True, False], ids=["clock", "no clock"])
def test_replay_of_many_is_one_update_after_the_other(clock):
    attempts = random_attempts(3, clock=clock)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    for learner in range(N_LEARNERS):
        state = LearnerState(TABLE.id)
        events = events_of(attempts, learner)
        assert events == sorted(events, key=event_key)
        for row, event in zip(np.flatnonzero(attempts.learner == learner), events, strict=True):
            features, entries = known_before(state, event)
            np.testing.assert_allclose(evidence.features[row], features, rtol=0, atol=1e-9)
            of_row = evidence.entries[attempts.skills.start[row] : attempts.skills.start[row + 1]]
            np.testing.assert_allclose(of_row, np.array(entries).reshape(-1, N_ENTRIES), rtol=0, atol=1e-9)
            update(state, event, TABLE)


def test_replay_has_seen_something():
    """The comparison above is not one of zeros."""
    attempts = random_attempts(3)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    assert (np.ptp(evidence.features, axis=0) > 0.5).all()
    assert (np.ptp(evidence.entries, axis=0) > 0.5).all()
    # Other items take a slot, so some counts of a learner and an item start anew.
    pairs = attempts.learner * len(CATALOG.item_ids) + attempts.item
    counts = [evidence.features[pairs == pair, LOG_ITEM_ATTEMPTS] for pair in np.unique(pairs)]
    assert any((np.diff(count) < 0).any() for count in counts)


def test_the_first_attempt_knows_nothing():
    attempts = random_attempts(4)
    evidence = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    first = np.unique(attempts.learner, return_index=True)[1]
    assert not evidence.features[first].any()


def test_replay_changes_nothing_it_was_given():
    attempts = random_attempts(5)
    difficulty = TABLE.item_difficulty[attempts.item]
    frozen = [
        attempts.learner,
        attempts.item,
        attempts.passed,
        attempts.at,
        attempts.skills.start,
        difficulty,
    ]
    before = [array.copy() for array in frozen]
    replay(attempts, CATALOG, difficulty)
    for one, other in zip(frozen, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_replay_reads_memory_maps():
    attempts = random_attempts(6)
    expected = replay(attempts, CATALOG, TABLE.item_difficulty[attempts.item])
    frozen = {name: getattr(attempts, name).copy() for name in ("learner", "item", "passed", "at")}
    for array in frozen.values():
        array.setflags(write=False)
    got = replay(replace(attempts, **frozen), CATALOG, TABLE.item_difficulty[attempts.item])
    np.testing.assert_array_equal(got.features, expected.features)
    np.testing.assert_array_equal(got.entries, expected.entries)


def kernel_arguments(rng, *, filled):
    """Random rows over two learners; slots are so few that items often take each other's place."""
    n, n_learners, n_skills, n_slots = 300, 2, 5, 3
    lengths = rng.integers(0, 4, n)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    records = (
        fresh(LEARNER, n_learners),
        fresh(SKILL, n_learners * n_skills),
        fresh(ITEM, n_learners * n_slots),
    )
    learner = rng.integers(0, n_learners, n)
    skill = np.concatenate([rng.permutation(n_skills)[:k] for k in lengths]) + n_skills * np.repeat(
        learner, lengths
    )
    return (
        *records,
        learner,
        start,
        skill.astype(np.int64),
        learner * n_slots + rng.integers(0, n_slots, n),
        rng.integers(1, 3, n).astype(np.uint32),
        rng.normal(0, 1, n),
        rng.integers(0, 2, n).astype(np.float64),
        np.where(rng.random(n) < 0.1, np.nan, np.arange(n) * 60.0),
        np.zeros((n if filled else 0, N_FEATURES)),
        np.zeros((start[-1] if filled else 0, N_ENTRIES)),
    )


@pytest.mark.parametrize("filled", [True, False], ids=["with features", "without"])
def test_compiled_kernel_is_the_written_one(filled):
    compiled = kernel_arguments(np.random.default_rng(1), filled=filled)
    written = kernel_arguments(np.random.default_rng(1), filled=filled)
    fold_attempts(*compiled)
    fold_attempts.py_func(*written)
    for one, other in zip(compiled, written, strict=True):
        for name in one.dtype.names or (None,):
            got, expected = (one, other) if name is None else (one[name], other[name])
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5, err_msg=str(name))
    assert compiled[0]["n_attempts"].sum() == 300


def folded_once(answers, difficulty=0.3, at=None):
    """One learner, one skill, one item: the records after some answers."""
    n = len(answers)
    learners, skills, items = fresh(LEARNER, 1), fresh(SKILL, 1), fresh(ITEM, 1)
    zeros = np.zeros(n, np.int64)
    fold_attempts(
        learners,
        skills,
        items,
        zeros,
        np.arange(n + 1),
        zeros,
        zeros,
        np.full(n, 7, np.uint32),
        np.full(n, difficulty),
        np.array(answers, np.float64),
        np.arange(n, dtype=np.float64) if at is None else np.array(at, np.float64),
        np.zeros((0, N_FEATURES)),
        np.zeros((0, N_ENTRIES)),
    )
    return learners[0], skills[0], items[0]


def test_elo_is_the_formula():
    """Computed by hand: K = .8 / (1 + .05 n), both ratings move by K (passed - p)."""
    theta = theta_s = 0.0
    for n, answer in enumerate([1, 1, 0]):
        surprise = answer - 1 / (1 + np.exp(-(theta + theta_s - 0.3)))
        step = 0.8 / (1 + 0.05 * n) * surprise
        theta, theta_s = theta + step, theta_s + step
    learner, skill, _ = folded_once([1, 1, 0])
    assert learner["ability"] == pytest.approx(theta, rel=1e-5)
    assert skill["ability"] == pytest.approx(theta_s, rel=1e-5)


def test_running_shares_start_as_means():
    """The first answers count evenly, then each at its rate."""
    for answers in ([1], [1, 0], [1, 0, 0]):
        assert folded_once(answers)[1]["pass_fast"] == pytest.approx(np.mean(answers), rel=1e-6)
    share_fast = share_slow = np.mean([1, 0, 0])
    share_fast, share_slow = share_fast + FAST * (1 - share_fast), share_slow + 0.25 * (1 - share_slow)
    learner, skill, _ = folded_once([1, 0, 0, 1])
    for record in (learner, skill):
        assert record["pass_fast"] == pytest.approx(share_fast, rel=1e-6)
        assert record["pass_slow"] == pytest.approx(share_slow, rel=1e-6)
    many = [1] * 40
    assert folded_once([*many, 0])[1]["pass_slow"] == pytest.approx(1 - SLOW, rel=1e-6)


def test_times_are_those_of_the_last_attempt_and_the_last_pass():
    learner, skill, _ = folded_once([0, 1, 0], at=[10, 20, 30])
    assert (learner["last_at"], skill["last_at"], skill["passed_at"]) == (30, 30, 20)
    _, failed, _ = folded_once([0, 0])
    assert np.isnan(failed["passed_at"])


def test_warming_compiles_what_an_online_update_calls():
    warm_kernel()
    n_compiled = len(fold_attempts.signatures)
    assert n_compiled > 0
    warm_kernel()
    update(LearnerState(TABLE.id), events_of(random_attempts(1), 0)[0], TABLE)
    assert len(fold_attempts.signatures) == n_compiled
