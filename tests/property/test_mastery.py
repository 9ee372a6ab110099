"""What mastery promises, over any history and any non-negative weights."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.events import Attempt, Completion, to_seconds
from recommender.skills.evidence import FADING as EVIDENCE
from recommender.skills.mastery import Place
from recommender.skills.state import fold
from tests.unit.skills.streams import (
    CATALOG,
    ITEMS,
    SKILLS,
    START,
    TABLE,
    a_readout,
    at,
    attempt,
    completion,
    streams,
)

LAST_DAY = 6.0
FADING = [1, 3]
LASTING = [0, 2]
N_WEIGHTS = 3 + len(EVIDENCE)
PLACES = st.builds(Place, role=st.integers(-1, 1), segment=st.integers(-1, len(SEGMENTS) - 1))


def numbers(low, high, n):
    return st.lists(st.just(0.0) | st.floats(low, high), min_size=n, max_size=n)


@st.composite
def readouts(draw):
    """Any read-out that the fit could have found."""
    last = draw(st.floats(0.02, 1))
    readout = a_readout(
        draw(numbers(-3, 3, 5)),
        draw(numbers(0, 2, N_WEIGHTS)),
        pass_rate=draw(st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4)),
        variance=(last + draw(st.floats(0, 2)), last, draw(st.sampled_from((1.0, 4.0, 16.0)))),
        stretch=draw(st.floats(0.5, 2)),
        n_roles=2,
    )
    readout.role_[:] = np.array(draw(numbers(-1, 1, 10))).reshape(2, 5)
    readout.segment_[0] = draw(numbers(-1, 1, 5))
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
@given(readouts(), timed_streams(), ONE_MORE, PLACES)
def test_one_more_pass_never_lowers_and_one_more_failure_never_raises(readout, events, one_more, place):
    item_id, skill_ids, pause, wait = one_more
    clock = not events or events[0].occurred_at is not None
    day = LAST_DAY + 1 + pause if clock else None
    now = days_after(LAST_DAY + 1 + pause + wait)

    def mastery(*added):
        return readout.estimate(fold([*events, *added], TABLE), CATALOG, now=now, place=place).mastery

    before = mastery()
    passed = mastery(attempt("z", True, day, item_id=item_id, skill_ids=skill_ids))
    failed = mastery(attempt("z", False, day, item_id=item_id, skill_ids=skill_ids))
    assert (passed >= before - 1e-12).all()
    assert (failed <= before + 1e-12).all()


@settings(max_examples=150, deadline=None)
@given(
    readouts(),
    st.lists(
        st.tuples(st.sampled_from(("pass", "failure", "module")), st.floats(0, 40)), min_size=1, max_size=8
    ),
    st.booleans(),
    st.floats(0, 40),
)
def test_nor_after_long_pauses_on_a_skill_that_fades(readout, practice, last, wait):
    """A failure brings no old pass back, and a pass no old failure; modules lie between."""
    days = np.cumsum([pause for _, pause in practice])
    events = [
        completion(f"{i}", "m1", float(day))
        if kind == "module"
        else attempt(f"{i}", kind == "pass", float(day), item_id="q1")
        for i, ((kind, _), day) in enumerate(zip(practice, days, strict=True))
    ]
    final = float(days[-1]) + 1.0
    now = days_after(final + wait)

    def mastery(of):
        return readout.estimate(fold(of, TABLE), CATALOG, now=now).mastery

    change = mastery([*events, attempt("z", last, final, item_id="q1")]) - mastery(events)
    assert ((change if last else -change) >= -1e-12).all()


@settings(max_examples=60, deadline=None)
@given(readouts(), timed_streams(max_size=15), st.sampled_from(("m0", "m1", "m3", "m4")), st.floats(0, 60))
def test_a_finished_module_never_lowers(readout, events, module_id, wait):
    clock = not events or events[0].occurred_at is not None
    now = days_after(LAST_DAY + 1 + wait)
    taught = completion("z", module_id, LAST_DAY + 1 if clock else None)
    before, after = (
        readout.estimate(fold(of, TABLE), CATALOG, now=now).mastery for of in (events, [*events, taught])
    )
    assert (after >= before - 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(timed_streams())
def test_a_pass_and_a_failure_do_count(events):
    """Never lowering would be easy for a read-out that never moves."""
    readout = a_readout(np.zeros(5), np.full(N_WEIGHTS, 0.3))
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
    """Then mastery is what lasts: the prior, the ability, what was said, and no more than the failures."""
    state = fold(events, TABLE)
    end = readout.estimate(state, CATALOG, now=days_after(1e6)).mastery
    learner = state.learner[0]
    lasting = (
        readout.base_[:-1] + readout.weight_[0] * learner["ability"] + readout.weight_[1] * learner["level"]
    )
    for skill_id, row in state.skill_rows.items():
        level = float(state.skills["self_level"][row])
        if skill_id in CATALOG.skill_index and not np.isnan(level):
            skill = CATALOG.skill_index[skill_id]
            lasting[skill] += readout.weight_[2] * (level - readout.pass_rate_[skill])
    refreshed = set()
    for e in events:
        if isinstance(e, Attempt) and e.passed and e.occurred_at is not None:
            refreshed |= set(TABLE.skills_of(e.item_id, e.skill_ids, e.module_id))
        if isinstance(e, Completion) and e.status == "completed" and e.occurred_at is not None:
            refreshed |= {CATALOG.skill_ids[s] for s in taught_by(e.module_id)}
    faded = [s for s in FADING if CATALOG.skill_ids[s] in refreshed]
    assert (end[faded] <= 1 / (1 + np.exp(-lasting[faded])) + 1e-12).all()


def taught_by(module_id):
    position = CATALOG.module_index.get(module_id)
    return () if position is None else CATALOG.module_skills[position].tolist()


@settings(max_examples=100, deadline=None)
@given(readouts(), timed_streams(), st.floats(0, 400), PLACES)
def test_mastery_lies_in_its_interval_and_that_between_0_and_1(readout, events, wait, place):
    got = readout.estimate(fold(events, TABLE), CATALOG, now=days_after(LAST_DAY + wait), place=place)
    assert (got.low > 0).all()
    assert (got.low <= got.mastery).all()
    assert (got.mastery <= got.high).all()
    assert (got.low < got.high).all()
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
def test_interval_narrows_with_attempts(answers, base):
    """At the same mastery, which a read-out of no weight keeps, every answer tells more."""
    readout = a_readout(np.full(5, base), np.zeros(N_WEIGHTS))
    events = [attempt(f"{i:02d}", passed, float(i)) for i, passed in enumerate(answers)]
    estimates = [
        readout.estimate(fold(events[:n], TABLE), CATALOG, now=to_seconds(at(30.0)))
        for n in range(len(events) + 1)
    ]
    widths = np.array([e.high[0] - e.low[0] for e in estimates])
    assert (np.diff(widths) < 0).all()
