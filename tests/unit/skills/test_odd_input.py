"""Odd input: strange ids, clocks that fail, events told twice. Never NaN out, or a clear error."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.domain.events import to_seconds
from recommender.skills.model import SkillModel
from recommender.skills.state import LateEventError, fold, update
from tests.unit.skills.streams import CATALOG, SMALL, START, attempt, columns, completion, simulated

NAN = float("nan")
NOW = to_seconds(START) + 100 * 86_400
STRANGE = ("", " ", "ü", "q0\x00", "🐙" * 40, "x" * 5000, "0", "null", "../q0", "Q0")


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=40, n_attempts=1600)


@pytest.fixture(scope="module")
def model(attempts):
    return SkillModel(SMALL).fit(attempts, CATALOG, seed=0)


def all_of(model, state, now=NOW):
    """Everything that is asked of a state."""
    mastery = model.mastery(state, CATALOG, now=now)
    success = np.delete(model.module_success(state, CATALOG, now=now), 2)
    items = model.item_success(state, np.arange(len(CATALOG.item_ids)), now=now)
    return np.concatenate([mastery.mastery, mastery.low, mastery.high, success, items])


def sound(probability):
    assert np.isfinite(probability).all()
    assert ((probability > 0) & (probability < 1)).all()


@pytest.mark.parametrize("strange", STRANGE, ids=lambda value: repr(value)[:12])
def test_strange_ids(model, strange):
    events = [
        attempt("e0", True, 0.0, item_id=strange, skill_ids=(strange, "s1"), module_id=strange),
        completion("e1", strange, 1.0),
        attempt("e2", False, 2.0, item_id=strange),
    ]
    state = fold(events, model.difficulty_)
    sound(all_of(model, state))
    assert type(state).from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()


@pytest.mark.parametrize("now", [NAN, -1e12, 0.0, 1e15])
def test_a_clock_that_is_wrong(model, now):
    events = [attempt(f"e{i}", i % 2 == 0, float(i), item_id="q1") for i in range(6)]
    for state in (None, fold(events, model.difficulty_)):
        sound(all_of(model, state, now=now))


def test_some_rows_without_a_time(model, attempts):
    at = np.where(np.random.default_rng(2).random(len(attempts)) < 0.3, NAN, attempts.at)
    broken = replace(attempts, at=at)
    sound(model.predict(broken, CATALOG))
    sound(SkillModel(SMALL).fit(broken, CATALOG, seed=0).predict(attempts, CATALOG))


def test_times_that_run_backwards(model, attempts):
    sound(model.predict(replace(attempts, at=attempts.at[::-1].copy()), CATALOG))


def test_an_event_told_twice_is_refused_and_changes_nothing(model):
    state = fold([attempt("e0", True, 0.0)], model.difficulty_)
    before = state.to_bytes()
    with pytest.raises(LateEventError, match="replay the learner"):
        update(state, attempt("e0", True, 0.0), model.difficulty_)
    assert state.to_bytes() == before


def test_the_same_answer_a_thousand_times(model):
    for passed in (True, False):
        events = [attempt(f"{i:04d}", passed, i / 100) for i in range(1000)]
        state = fold(events, model.difficulty_)
        for name in ("ability", "level", "recent", "memory", "share", "residual"):
            assert np.isfinite(state.learner[name]).all(), name
        sound(all_of(model, state))


@pytest.mark.parametrize("passed", [0.0, 1.0])
def test_one_outcome_only_is_a_sane_prior(attempts, passed):
    same = replace(attempts, passed=np.full(len(attempts), passed), score=np.full(len(attempts), passed))
    model = SkillModel(SMALL).fit(same, CATALOG, seed=0)
    probability = model.predict(attempts, CATALOG)
    sound(probability)
    assert np.abs(probability - passed).max() < 0.05
    sound(all_of(model, None))


def test_scores_that_are_no_passes(attempts):
    """Half marks for everybody, whoever passed."""
    odd = replace(attempts, score=np.full(len(attempts), 0.5))
    sound(SkillModel(SMALL).fit(odd, CATALOG, seed=0).predict(odd, CATALOG))


def test_a_learner_of_very_many_attempts_and_one_of_one():
    rows = [(0, i % 8, float(i % 3 > 0), float(i)) for i in range(900)] + [(1, 0, 1.0, 5.0)]
    attempts = columns(rows, n_learners=2)
    sound(SkillModel(SMALL).fit(attempts, CATALOG, seed=0).predict(attempts, CATALOG))
