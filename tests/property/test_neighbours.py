"""The compiled walk over neighbours against plain NumPy, to the last bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recommender.embeddings import Histories, History
from recommender.embeddings.neighbours import Neighbours
from tests.unit.embeddings.leading import leading_source

N = 6
FINITE = st.floats(-4, 4, width=32)
WEIGHTS = arrays(np.float32, (N, N), elements=st.one_of(st.just(0.0), FINITE))
KNOWN = arrays(np.bool_, N)
PASTS = st.lists(st.lists(st.integers(0, N - 1), unique=True, max_size=N), max_size=4)


def make(weights, known, n_neighbours=N):
    return Neighbours.strongest([weights], known, n_neighbours=n_neighbours, order=np.arange(N))


def past(modules):
    return History(np.array(modules, np.int32), np.zeros(len(modules)))


def plain_score(weights, known, modules, window, recency):
    scores, step, spoken = np.zeros(N, np.float32), 1.0, False
    for module in modules[::-1][:window]:
        spoken = spoken or weights[module].any()
        scores += np.float32(step) * weights[module]
        step *= recency
    return np.where(known & spoken, np.maximum(scores, 0), np.float32(np.nan))


@settings(max_examples=200, deadline=None)  # the first call compiles
@given(WEIGHTS, KNOWN, PASTS, st.integers(1, N), st.floats(0.1, 1))
def test_scores_are_the_sums_of_rows(weights, known, pasts, window, recency):
    block = Histories.of(*map(past, pasts))
    got = make(weights, known).score(block, window=window, recency=recency)
    expected = [plain_score(weights, known, modules, window, recency) for modules in pasts]
    np.testing.assert_array_equal(got, np.array(expected, np.float32).reshape(-1, N))


@given(WEIGHTS, st.integers(1, N))
def test_what_is_kept_is_at_least_as_strong_as_what_is_not(weights, n_neighbours):
    cut = make(weights, np.ones(N, bool), n_neighbours)
    cut.check(N)
    for module, row in enumerate(weights):
        kept = slice(cut.start[module], cut.start[module + 1])
        np.testing.assert_array_equal(cut.weights[kept], row[cut.modules[kept]])
        strengths = np.sort(np.abs(row[row != 0]))[::-1][:n_neighbours]
        np.testing.assert_array_equal(np.abs(cut.weights[kept]), strengths)


@settings(deadline=None)
@given(WEIGHTS, PASTS.filter(len), st.integers(0, N - 1), st.integers(1, N), st.floats(0.1, 1))
def test_the_leading_source_has_the_largest_part(weights, pasts, target, window, recency):
    recent = pasts[0][::-1][:window]
    parts = [recency**step * float(weights[module, target]) for step, module in enumerate(recent)]
    near = make(weights, np.ones(N, bool))
    got = leading_source(near, past(pasts[0]), target, window=window, recency=recency)
    if max(parts, default=0.0) <= 0:
        assert got == -1
    else:
        np.testing.assert_allclose(parts[recent.index(got)], max(parts), rtol=1e-12)
