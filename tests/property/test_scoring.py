"""Modules scored because they can still be chosen, against all of them scored."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.ranking import choose_kernel, passes_kernel
from recommender.ranking.kernel_arrays import Taught, Weights
from recommender.ranking.passes_kernel import Known
from tests.unit.ranking.compiled import order_of

N_SKILLS = 5
WEIGHTS = [
    Weights(0.3, 1.0, 0.0, 2.0, 20.0, 20.0, 4.0, 0.2, 2.0, 0.3, 1.0),
    Weights(1.0, 0.0, 5.0, 2.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.3, 1.0),
    Weights(0.1, 9.0, 3.0, 2.0, 20.0, 1e4, 1.0, 1.0, 9.0, 0.3, 1.0),
]


class Alike(NamedTuple):
    """What each module is like, as the arrays of `Neighbours`."""

    start: Any
    modules: Any
    weights: Any


def ragged(rng, n, most):
    rows = [rng.permutation(N_SKILLS)[: rng.integers(0, most + 1)] for _ in range(n)]
    start = np.cumsum([0, *map(len, rows)])
    return start, np.concatenate([*rows, np.zeros(0, np.int64)]).astype(np.int32)


def made(rng, n, allowed_share):
    """Modules, and what is known of a learner."""
    start, skill = ragged(rng, n, 3)
    item_start, item_skill = ragged(rng, n, 2)
    order = np.argsort(skill, kind="stable")
    rate = rng.choice([0.0, 0.2, 0.9], len(skill))
    taught = Taught(
        start,
        skill,
        rate,
        np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(skill, minlength=N_SKILLS))]),
        np.repeat(np.arange(n), np.diff(start))[order],
        rate[order],
        item_start,
        item_skill,
        rng.random(len(item_skill)),
        np.where(rng.random(n) < 0.4, np.nan, rng.normal(0, 3, n)),
        np.where(rng.random(n) < 0.3, np.nan, rng.random(n)),
        rng.choice([0.1, 1.0, 5.0], n),
    )
    allowed = rng.random(n) < allowed_share
    # Few values, so that many modules tie.
    mix = np.round(rng.random(n) ** 8, 2) + 1e-3
    mix /= mix[allowed].sum() if allowed.any() else 1.0
    missing, faded = (np.where(rng.random(N_SKILLS) < 0.5, 0.0, rng.random(N_SKILLS) / 20) for _ in range(2))
    nodes = (N_SKILLS, passes_kernel.N_NODES)
    worth = np.where(rng.random(N_SKILLS) < 0.3, 0.0, rng.random(N_SKILLS) / 5)
    gap = passes_kernel.Gaps(rng.random(nodes), missing[:, None] * rng.random(nodes), worth, np.empty(1))
    readiness, unlocks = np.round(rng.random(n), 1), rng.integers(0, 3, n)
    band = passes_kernel.band_of(0.7, 0.85)
    known = Known(allowed, readiness, unlocks, np.empty(n), mix, int(allowed.sum()), gap, faded, band)
    return taught, known, rng.normal(0, 2, N_SKILLS + 1)


@settings(max_examples=150, deadline=None)  # the first one compiles
@given(
    st.integers(0, 2**32),
    st.sampled_from([0, 1, 2, 15, 16, 17, 47, 100, 400]),
    st.sampled_from([0, 1, 3, 5, 20, 500]),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    st.sampled_from([0.0, 0.5, 3.0]),
    st.sampled_from(WEIGHTS),
)
def test_what_is_left_unscored_would_not_have_been_chosen(seed, n, k, allowed_share, diversity, weights):
    rng = np.random.default_rng(seed)
    taught, known, logit = made(rng, n, allowed_share)
    score, full = np.full(n, np.nan), np.full(n, np.nan)
    among = passes_kernel.score_modules(known, taught, weights, k, diversity, logit, score)
    everything = known._replace(success=np.full(n, np.nan))
    for m in np.flatnonzero(known.allowed):
        passes_kernel.judge(m, everything, taught, weights, logit, full)
    ids = [f"m{i:03}" for i in rng.permutation(n)]
    # Each module is like some others.
    near = [rng.permutation(n)[: min(n, 4)] for _ in range(n)]
    alike = Alike(
        np.cumsum([0, *map(len, near)]),
        np.concatenate([*near, np.zeros(0, np.int64)]).astype(np.int32),
        rng.random(sum(map(len, near))).astype(np.float32),
    )
    order = order_of(ids, None, diversity, alike)
    free, full_free = np.full(n, np.nan), np.full(n, np.nan)
    passes_kernel.uncharge(among, known, weights, score, free)
    passes_kernel.uncharge(np.flatnonzero(known.allowed), everything, weights, full, full_free)
    best, expected = (
        choose_kernel.choose(of, which, k, order).tolist()
        for of, which in ((free, among), (full_free, np.flatnonzero(known.allowed)))
    )
    assert best == expected
    chosen = choose_kernel.choose(score, among, k, order)
    expected = choose_kernel.choose(full, np.flatnonzero(known.allowed), k, order)
    assert chosen.tolist() == expected.tolist()
    np.testing.assert_array_equal(score[chosen], full[chosen])
    np.testing.assert_array_equal(known.success[chosen], everything.success[chosen])
