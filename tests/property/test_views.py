"""Vectorised counting against the obvious loops, over any small data."""

from itertools import groupby, permutations, product

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.transitions import Transitions, TransitionsConfig

N_LEARNERS, N_MODULES = 4, 7
CATALOG = Catalog.from_tables({"modules": pa.table({"module_id": [f"m{i}" for i in range(N_MODULES)]})})
ROWS = st.lists(
    st.tuples(
        st.integers(0, N_LEARNERS - 1),
        st.integers(0, N_MODULES - 1),
        st.sampled_from([0.0, 1.0, 2.5, 9.0]) | st.floats(0, 9),
        st.integers(0, 3),
    ),
    max_size=40,
)


def build(rows, *, ordered=True):
    learner, module, at, rank = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    return build_interactions(
        np.array(learner, np.int64),
        np.array(module, np.int64),
        np.array(at, np.float64),
        np.array(rank, np.int64) if ordered else None,
        n_learners=N_LEARNERS,
        role=np.arange(N_LEARNERS),
        segment=np.full(N_LEARNERS, -1),
        n_modules=N_MODULES,
    )


def first_starts(rows):
    """Per learner, [(module, at)] by the definition: in order of rank, ties in row order."""
    found = {learner: {} for learner in range(N_LEARNERS)}
    for learner, module, at, _ in sorted(rows, key=lambda row: row[3]):
        found[learner].setdefault(module, at)
    return {learner: list(starts.items()) for learner, starts in found.items()}


@given(ROWS)
def test_interactions_are_the_first_starts_in_order(rows):
    built = build(rows)
    for learner, expected in first_starts(rows).items():
        history = built.history(learner)
        assert list(zip(history.modules.tolist(), history.at.tolist(), strict=True)) == expected
        assert history.role == learner
    assert built.start[0] == 0
    assert built.start[-1] == len(built.modules) == len(built.at)


@given(ROWS)
def test_rows_in_event_order_need_no_rank(rows):
    in_order = sorted(rows, key=lambda row: row[3])
    one, other = build(in_order, ordered=False), build(rows)
    for field in ("start", "modules", "at"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


@given(ROWS)
def test_repeating_events_later_changes_nothing(rows):
    one, other = build(rows), build(rows + [(*row[:2], row[2] + 1, 4) for row in rows])
    for field in ("start", "modules", "at"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


@given(ROWS, st.floats(0, 9))
def test_keep_is_building_from_what_is_kept(rows, cut):
    built = build(rows)
    kept = built.keep(built.at < cut)
    for learner, expected in first_starts(rows).items():
        history = kept.history(learner)
        assert history.modules.tolist() == [module for module, at in expected if at < cut]


def mean_places(times):
    """Place of each start; those of equal time, one after the other, share the mean of theirs."""
    places = []
    for _, run in groupby(enumerate(times), key=lambda pair: pair[1]):
        run = [place for place, _ in run]
        places += [sum(run) / len(run)] * len(run)
    return places


def orders(starts):
    """Every order that equal times leave open."""
    runs = [list(run) for _, run in groupby(starts, key=lambda start: start[1])]
    for order in product(*(permutations(run) for run in runs)):
        yield [start for run in order for start in run]


def naive_weights(starts, config):
    """The definition of sequential rules for one learner, pair by pair, and the mean of all orders."""
    weight = np.zeros((N_MODULES, N_MODULES))
    places = mean_places([at for _, at in starts])
    every = list(orders(starts))
    for order in every:
        for i, (module, _) in enumerate(order):
            for gap in range(1, min(config.max_gap, len(order) - 1 - i) + 1):
                follower = order[i + gap][0]
                steps = places[i + gap] - places[i]
                if steps:
                    weight[module, follower] += 1 / max(steps, 1)
                else:  # of equal time: half each way
                    weight[module, follower] += 1 / 2
                    weight[follower, module] += 1 / 2
    return weight / len(every)


def naive_scores(rows, modules, config):
    started = first_starts(rows).values()
    weight = sum(naive_weights(starts, config) for starts in started)
    scores = np.zeros(N_MODULES)
    for age, module in enumerate(reversed(modules[-config.window :])):
        if weight[module].any():
            scores += config.recency**age * weight[module] / weight[module].sum()
    seen = {module for starts in started for module, _ in starts}
    scores[[m for m in range(N_MODULES) if m not in seen]] = np.nan
    has_opinion = any(weight[module].any() for module in modules[-config.window :])
    return scores if has_opinion else np.full(N_MODULES, np.nan)


@settings(max_examples=150, deadline=None)  # the first call compiles
@given(
    ROWS,
    st.lists(st.integers(0, N_MODULES - 1), unique=True, max_size=N_MODULES),
    st.integers(1, 4),
    st.integers(1, 4),
    st.floats(0.1, 1),
)
def test_transitions_are_the_naive_counts(rows, modules, max_gap, window, recency):
    config = TransitionsConfig(max_gap=max_gap, window=window, recency=recency)
    view = Transitions(config).fit(build(rows), CATALOG, seed=0)
    got = view.score(Histories.of(History(np.array(modules, np.int32), np.zeros(len(modules)))))[0]
    np.testing.assert_allclose(got, naive_scores(rows, modules, config), rtol=1e-5, atol=1e-6)


@settings(deadline=None)
@given(ROWS, st.integers(1, 3), st.randoms())
def test_the_order_of_starts_of_equal_time_changes_no_transition(rows, max_gap, random):
    """Times are whole, so that many are equal; whoever of them was stored first."""
    starts = [
        (learner, module, float(int(at / 3)), place)
        for place, (learner, module, at, _) in enumerate(sorted(rows, key=lambda row: int(row[2] / 3)))
    ]
    once = list({row[:2]: row for row in reversed(starts)}.values())
    shuffled = sorted(random.sample(once, len(once)), key=lambda row: row[2])
    view = Transitions(TransitionsConfig(max_gap=max_gap))
    stored = dense(view.fit(build(sorted(once, key=lambda row: row[3])), CATALOG, seed=0).arrays())
    other = dense(view.fit(build(shuffled, ordered=False), CATALOG, seed=0).arrays())
    np.testing.assert_allclose(other, stored, rtol=1e-6)


def dense(arrays):
    """Weights as a square."""
    square = np.zeros((N_MODULES, N_MODULES))
    square[np.repeat(np.arange(N_MODULES), np.diff(arrays["start"])), arrays["modules"]] = arrays["weights"]
    return square


@given(ROWS, st.integers(1, 3))
def test_truncation_keeps_the_strongest(rows, n_neighbours):
    full = Transitions().fit(build(rows), CATALOG, seed=0).arrays()
    cut = Transitions(TransitionsConfig(n_neighbours=n_neighbours)).fit(build(rows), CATALOG, seed=0).arrays()
    for module in range(N_MODULES):
        all_weights = full["weights"][full["start"][module] : full["start"][module + 1]]
        kept = cut["weights"][cut["start"][module] : cut["start"][module + 1]]
        np.testing.assert_allclose(kept, np.sort(all_weights)[::-1][:n_neighbours], rtol=1e-6)
