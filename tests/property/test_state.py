"""A learner's state is the fold of their events, in any order of arrival, through bytes and back."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recommender.bundle import ModelBundle
from recommender.domain.events import Attempt, Completion, event_key, to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.embeddings import build_interactions
from recommender.engine import Engine
from recommender.ranking.config import RankingConfig
from recommender.skills.records import MODULE
from recommender.skills.state import LateEventError, LearnerState, fold, fold_on, update
from tests.unit.skills.streams import CATALOG, MODULES, TABLE, a_memory, attempt, completion, streams

REMEMBERING = replace(TABLE, memory=a_memory(np.random.default_rng(1))[0])
ENGINE = Engine(ModelBundle(CATALOG, TABLE, None, {}, RankingConfig()))


def online(arrivals):
    """What a service does: fold what comes in order, replay the log when something comes late."""
    log, state = [], LearnerState(TABLE.id)
    for event in arrivals:
        log.append(event)
        before = state.to_bytes()
        try:
            update(state, event, TABLE)
        except LateEventError:
            assert state.to_bytes() == before
            state = fold(log, TABLE)
    return state


@settings(max_examples=150, deadline=None)
@given(streams(), st.randoms(use_true_random=False))
def test_online_in_any_order_is_the_fold(events, shuffler):
    arrivals = events.copy()
    shuffler.shuffle(arrivals)
    assert online(arrivals).to_bytes() == fold(events, TABLE).to_bytes()


@settings(max_examples=50, deadline=None)
@given(streams(max_size=12), st.data())
def test_another_answer_makes_another_state(events, data):
    """Bytes that agree would be worth little if they agreed always."""
    attempts = [e for e in events if isinstance(e, Attempt)]
    assume(attempts)
    flipped = data.draw(st.sampled_from(attempts))
    other = [replace(e, passed=not e.passed) if e is flipped else e for e in events]
    assert fold(other, TABLE).to_bytes() != fold(events, TABLE).to_bytes()


@settings(max_examples=100, deadline=None)
@given(streams(), st.integers(0, 25))
def test_bytes_and_back_lose_nothing(events, cut):
    events = sorted(events, key=event_key)
    state = fold(events[:cut], TABLE)
    again = LearnerState.from_bytes(state.to_bytes())
    assert again.to_bytes() == state.to_bytes()
    for name in ("difficulty_id", "last_key", "n_events", "skill_rows", "module_rows", "credentials"):
        assert getattr(again, name) == getattr(state, name), name
    for name in ("learner", "skills", "items", "modules"):
        assert getattr(again, name).tobytes() == getattr(state, name).tobytes(), name
    for event in events[cut:]:
        update(again, event, TABLE)
    assert again.to_bytes() == fold(events, TABLE).to_bytes()


@settings(max_examples=60, deadline=None)
@given(streams())
def test_the_state_counts_what_happened(events):
    state = fold(events, TABLE)
    attempts = [e for e in events if isinstance(e, Attempt)]
    started = {e.module_id for e in events if isinstance(e, Completion)}
    completed = {e.module_id for e in events if isinstance(e, Completion) and e.status == "completed"}
    assert state.n_events == len(events)
    assert state.learner["n_attempts"][0] == len(attempts)
    assert state.learner["n_passed"][0] == sum(e.passed for e in attempts)
    assert set(state.module_rows) == started
    assert {m for m, row in state.module_rows.items() if state.modules["status"][row] == 2} == completed
    # Rows are in the order of the first starts, which histories are read by.
    starts = [e.module_id for e in sorted(events, key=event_key) if isinstance(e, Completion)]
    assert list(state.module_rows) == list(dict.fromkeys(starts))
    for skill_id, row in state.skill_rows.items():
        counted = [e for e in attempts if skill_id in TABLE.skills_of(e.item_id, e.skill_ids, e.module_id)]
        assert state.skills["n_attempts"][row] == len(counted)
        assert state.skills["n_passed"][row] == sum(e.passed for e in counted)
        passes = [to_seconds(e.occurred_at) for e in sorted(counted, key=event_key) if e.passed]
        np.testing.assert_equal(state.skills["passed_at"][row], passes[-1] if passes else math.nan)


@settings(max_examples=60, deadline=None)
@given(st.lists(streams(max_size=10), max_size=4))
def test_history_is_what_views_are_trained_on(of_learners):
    """First starts come from states online and from tables in training: one definition."""
    index = CATALOG.module_index
    rows = [
        (learner, index[e.module_id], to_seconds(e.occurred_at))
        for learner, events in enumerate(of_learners)
        for e in sorted(events, key=event_key)
        if isinstance(e, Completion) and e.module_id in index
    ]
    learner, module, at = np.array(rows, np.float64).reshape(-1, 3).T
    built = build_interactions(
        learner.astype(np.int64),
        module.astype(np.int64),
        at,
        n_learners=len(of_learners),
        role=np.full(len(of_learners), -1),
        segment=np.full(len(of_learners), 2),
        n_modules=len(MODULES),
    )
    for n, events in enumerate(of_learners):
        expected = built.history(n)
        profile = LearnerProfile(learner_id="ada", segment="leader")
        got = ENGINE.history(fold(events, TABLE), profile)
        np.testing.assert_array_equal(got.modules, expected.modules)
        np.testing.assert_array_equal(got.at, expected.at)
        assert got.modules.dtype == expected.modules.dtype
        assert (got.role, got.segment) == (expected.role, expected.segment)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(streams(max_size=12), st.integers(0, 12)), max_size=5),
    st.sampled_from([TABLE, REMEMBERING]),
)
def test_several_learners_are_folded_on_as_one_event_after_the_other(histories, table):
    whole, begun = [], []
    for events, cut in histories:
        events = sorted(events, key=event_key)
        one_by_one = LearnerState(table.id)
        for event in events:
            update(one_by_one, event, table)
        whole.append(one_by_one.to_bytes())
        begun.append((LearnerState.from_bytes(fold(events[:cut], table).to_bytes()), events[cut:][::-1]))
    fold_on(begun, table)
    assert [state.to_bytes() for state, _ in begun] == whole


def test_nobody_is_folded_on_where_an_event_of_one_is_late():
    ada, bob = LearnerState(TABLE.id), fold([attempt("e3", True, 3.0)], TABLE)
    before = [ada.to_bytes(), bob.to_bytes()]
    news = [attempt("e4", True, 4.0), completion("e5", "m1", 5.0)]
    with pytest.raises(LateEventError, match="event 'e2' comes before 'e3'"):
        fold_on([(ada, news), (bob, [*news, attempt("e2", False, 2.0)])], TABLE)
    assert [ada.to_bytes(), bob.to_bytes()] == before


def test_the_same_event_again_is_late():
    state = fold([attempt("e1", True, 1.0)], TABLE)
    with pytest.raises(LateEventError, match="event 'e1' comes before 'e1'; replay the learner"):
        update(state, attempt("e1", True, 1.0), TABLE)


def practice(n_attempts, n_items):
    """Attempts on fifty skills, an hour apart; ids of twelve characters."""
    rng = random.Random(5)
    return [
        attempt(
            f"{i:05d}",
            rng.random() < 0.7,
            i / 24,
            item_id=f"item-{rng.randrange(n_items):07d}",
            skill_ids=(f"skill-{rng.randrange(50):06d}",),
        )
        for i in range(n_attempts)
    ]


def test_a_state_of_two_thousand_attempts_on_fifty_skills_is_small():
    remembering = replace(TABLE, memory=a_memory(np.random.default_rng(1))[0])
    state = fold(practice(2000, 500), remembering)
    assert (state.n_events, len(state.skill_rows)) == (2000, 50)
    assert (state.items["tag"] != 0).sum() > 120
    assert len(state.to_bytes()) < 8 * 1024


def test_a_state_grows_with_skills_and_modules_and_with_nothing_else():
    few, many = (len(fold(practice(n, 500), TABLE).to_bytes()) for n in (2000, 4000))
    assert many <= few + 64
    modules = [completion(f"x{i:04d}", f"module-{i:03d}", 500.0 + i, progress=1.0) for i in range(40)]
    with_modules = len(fold([*practice(2000, 500), *modules], TABLE).to_bytes())
    assert with_modules <= few + 40 * (MODULE.itemsize + len('"module-000",'))
