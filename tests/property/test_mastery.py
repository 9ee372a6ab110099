"""What mastery promises, over any history and any non-negative weights."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.events import Attempt, to_seconds
from recommender.skills.mastery import MasteryReadout
from recommender.skills.state import fold
from tests.unit.skills.streams import CATALOG, ITEMS, SKILLS, START, TABLE, at, attempt, streams

LAST_DAY = 6.0
FADING = [1, 3]
LASTING = [0, 2]


@st.composite
def readouts(draw):
    """Any read-out that the fit could have found."""
    readout = MasteryReadout()
    weights = st.lists(st.just(0.0) | st.floats(0, 2), min_size=5, max_size=5)
    readout.weight_ = np.array(draw(weights))
    readout.offset_ = np.array(draw(st.lists(st.floats(-3, 3), min_size=4, max_size=4)))
    return readout


@st.composite
def timed_streams(draw, max_size=25):
    """Histories with a clock in every event or in none."""
    events = draw(streams(max_size=max_size))
    if draw(st.booleans()):
        return [replace(e, occurred_at=None) for e in events]
    return [e if e.occurred_at is not None else replace(e, occurred_at=START) for e in events]


def days_after(day):
    return to_seconds(START) + 86_400 * day


ONE_MORE = st.tuples(
    st.sampled_from((*ITEMS, "unheard-of")),
    st.just(()) | st.lists(st.sampled_from(SKILLS), max_size=3).map(tuple),
    st.floats(0, 100),
    st.floats(0, 100),
)


@settings(max_examples=150, deadline=None)
@given(readouts(), timed_streams(), ONE_MORE)
def test_one_more_pass_never_lowers_and_one_more_failure_never_raises(readout, events, one_more):
    item_id, skill_ids, pause, wait = one_more
    clock = not events or events[0].occurred_at is not None
    day = LAST_DAY + 1 + pause if clock else None
    now = days_after(LAST_DAY + 1 + pause + wait)

    def mastery(*added):
        return readout.estimate(fold([*events, *added], TABLE), CATALOG, now=now).mastery

    before = mastery()
    passed = mastery(attempt("z", True, day, item_id=item_id, skill_ids=skill_ids))
    failed = mastery(attempt("z", False, day, item_id=item_id, skill_ids=skill_ids))
    assert (passed >= before - 1e-12).all()
    assert (failed <= before + 1e-12).all()


@settings(max_examples=150, deadline=None)
@given(
    readouts(),
    st.lists(st.tuples(st.booleans(), st.floats(0, 40)), min_size=1, max_size=8),
    st.floats(0, 40),
)
def test_nor_after_long_pauses_on_a_skill_that_fades(readout, practice, wait):
    """A failure brings no old pass back, and a pass no old failure."""
    days = np.cumsum([pause for _, pause in practice])
    events = [
        attempt(f"{i}", p, float(day), item_id="q1")
        for i, ((p, _), day) in enumerate(zip(practice, days, strict=True))
    ]
    now = days_after(float(days[-1]) + wait)

    def mastery(n):
        return readout.estimate(fold(events[:n], TABLE), CATALOG, now=now).mastery

    change = mastery(len(events)) - mastery(len(events) - 1)
    assert ((change if practice[-1][0] else -change) >= -1e-12).all()


@settings(max_examples=60, deadline=None)
@given(timed_streams())
def test_a_pass_and_a_failure_do_count(events):
    """Never lowering would be easy for a read-out that never moves."""
    readout = MasteryReadout()
    readout.weight_, readout.offset_ = np.full(5, 0.3), np.zeros(4)
    day = None if events and events[0].occurred_at is None else LAST_DAY + 1

    def mastery(*added):
        return readout.estimate(fold([*events, *added], TABLE), CATALOG, now=days_after(LAST_DAY + 1)).mastery

    before = mastery()
    assert (mastery(attempt("z", True, day, item_id="q3"))[:3] > before[:3]).all()
    assert (mastery(attempt("z", False, day, item_id="q3"))[:3] < before[:3]).all()


@settings(max_examples=100, deadline=None)
@given(readouts(), timed_streams(), st.lists(st.floats(0, 400), min_size=2, max_size=6).map(sorted))
def test_time_alone_only_fades_and_only_where_a_half_life_is(readout, events, waits):
    state = fold(events, TABLE)
    nows = [days_after(LAST_DAY + wait) for wait in waits]
    estimates = [readout.estimate(state, CATALOG, now=now) for now in nows]
    mastery = np.array([e.mastery for e in estimates])
    assert (np.diff(mastery, axis=0) <= 1e-12).all()
    assert (np.diff([e.faded for e in estimates], axis=0) >= -1e-12).all()
    assert (mastery[:, LASTING] == mastery[0, LASTING]).all()
    unfaded = np.array([e.mastery + e.faded for e in estimates])
    np.testing.assert_allclose(unfaded, np.broadcast_to(unfaded[0], unfaded.shape), atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(readouts(), timed_streams())
def test_in_the_end_what_spoke_for_the_learner_is_gone(readout, events):
    """Then mastery is what lasts: the prior, the ability, and no more than the failures."""
    state = fold(events, TABLE)
    end = readout.estimate(state, CATALOG, now=days_after(1e6)).mastery
    lasting = readout.offset_ + readout.weight_[0] * float(state.learner["ability"][0])
    passed = {
        s
        for e in events
        if isinstance(e, Attempt) and e.passed and e.occurred_at is not None
        for s in TABLE.skills_of(e.item_id, e.skill_ids, e.module_id)
    }
    faded = [s for s in FADING if CATALOG.skill_ids[s] in passed]
    assert (end[faded] <= 1 / (1 + np.exp(-lasting[faded])) + 1e-12).all()


@settings(max_examples=100, deadline=None)
@given(readouts(), timed_streams(), st.floats(0, 400))
def test_mastery_lies_in_its_interval_and_that_between_0_and_1(readout, events, wait):
    got = readout.estimate(fold(events, TABLE), CATALOG, now=days_after(LAST_DAY + wait))
    assert (got.low > 0).all()
    assert (got.low < got.mastery).all()
    assert (got.mastery < got.high).all()
    assert (got.high < 1).all()
    assert (got.faded >= 0).all()
    attempted = {
        s
        for e in events
        if isinstance(e, Attempt)
        for s in TABLE.skills_of(e.item_id, e.skill_ids, e.module_id)
    }
    known = {s for s, n in zip(SKILLS, got.n_attempts, strict=True) if n}
    assert known == attempted & set(SKILLS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=20), st.floats(-3, 3))
def test_interval_narrows_with_attempts(answers, offset):
    """At the same mastery, which a read-out of no weight keeps, every answer tells more."""
    readout = MasteryReadout()
    readout.weight_, readout.offset_ = np.zeros(5), np.full(4, offset)
    events = [attempt(f"{i:02d}", passed, float(i)) for i, passed in enumerate(answers)]
    estimates = [
        readout.estimate(fold(events[:n], TABLE), CATALOG, now=to_seconds(at(30.0)))
        for n in range(len(events) + 1)
    ]
    widths = np.array([e.high[0] - e.low[0] for e in estimates])
    assert (np.diff(widths) < 0).all()
