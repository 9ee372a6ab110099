"""No split may leak: laws that hold for whatever data comes."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recommender.embeddings.view import Interactions
from training.evaluation.splits import Split, Unavailable, leave_last_out, split_learners, temporal

N_MODULES = 8
LEARNER = st.lists(st.sampled_from(range(N_MODULES)), unique=True, max_size=N_MODULES).flatmap(
    lambda modules: st.tuples(
        st.just(modules),
        # Few distinct times: ties within and between learners are common in day- or quarter-grained data.
        st.lists(st.integers(0, 6), min_size=len(modules), max_size=len(modules)).map(sorted),
    )
)
LEARNERS = st.lists(LEARNER, max_size=8)


def interactions(learners) -> Interactions:
    start = np.cumsum([0, *(len(modules) for modules, _ in learners)]).astype(np.int64)
    modules = np.array([m for modules, _ in learners for m in modules], np.int32)
    at = np.array([t for _, times in learners for t in times], np.float64)
    unknown = np.full(len(learners), -1, np.int32)
    return Interactions(start, modules, at, unknown, unknown, N_MODULES)


def check_laws(source: Interactions, split: Split) -> None:
    train = split.train
    assert train.n_learners == source.n_learners
    assert split.train_rows.sum() == len(train.modules)
    assert len(split.learner) == len(split.module) == len(split.group)
    assert len(np.unique(split.learner)) == len(split.learner)
    for learner in range(source.n_learners):
        whole = source.history(learner).modules.tolist()
        seen = train.history(learner).modules.tolist()
        assert whole[: len(seen)] == seen, "history must be the oldest part of what the learner did"
    for learner, module, group in zip(split.learner, split.module, split.group, strict=True):
        seen = train.history(learner).modules.tolist()
        assert module not in seen
        assert source.history(learner).modules[len(seen)] == module, "target must be the next start"
        assert group == ("known" if seen else "new")


@given(LEARNERS)
def test_leave_last_out_hides_exactly_the_last_start(learners):
    source = interactions(learners)
    split = leave_last_out(source)
    several = [learner for learner, (modules, _) in enumerate(learners) if len(modules) > 1]
    if not several:
        assert isinstance(split, Unavailable)
        return
    assert isinstance(split, Split)
    check_laws(source, split)
    assert split.learner.tolist() == several
    assert split.module.tolist() == [learners[learner][0][-1] for learner in several]
    assert len(split.train.modules) + len(split.learner) == len(source.modules)


@given(LEARNERS, st.floats(0.05, 0.95))
def test_temporal_trains_before_the_cut_and_targets_after_it(learners, cut):
    source = interactions(learners)
    split = temporal(source, cut)
    if not len(source.at) or source.at.min() == source.at.max():
        assert isinstance(split, Unavailable)
        return
    assert isinstance(split, Split)
    check_laws(source, split)
    moment = source.at.min() + cut * (source.at.max() - source.at.min())
    assert (split.train.at < moment).all()
    assert (source.at[~split.train_rows] >= moment).all()
    later = {learner for learner, (_, times) in enumerate(learners) if times and times[-1] >= moment}
    assert set(split.learner.tolist()) == later


@given(LEARNERS, st.floats(0.05, 0.95), st.integers(0, 10_000))
def test_changing_the_future_changes_no_training_row(learners, cut, seed):
    source = interactions(learners)
    split = temporal(source, cut)
    assume(isinstance(split, Split))
    changed = source.modules.copy()
    rng = np.random.default_rng(seed)
    changed[~split.train_rows] = rng.integers(0, N_MODULES, np.count_nonzero(~split.train_rows))
    other = Interactions(source.start, changed, source.at, source.role, source.segment, N_MODULES)
    again = temporal(other, cut)
    assert isinstance(again, Split)
    np.testing.assert_array_equal(again.train.modules, split.train.modules)
    np.testing.assert_array_equal(again.train.start, split.train.start)


@given(
    st.integers(0, 300),
    st.lists(st.integers(1, 10), min_size=1, max_size=5),
    st.integers(0, 99),
)
def test_every_learner_is_in_exactly_one_part(n, weights, seed):
    fractions = [weight / sum(weights) for weight in weights]
    parts = split_learners(n, fractions, np.random.default_rng(seed))
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert len(parts) == len(fractions)
    for part, fraction in zip(parts, fractions, strict=True):
        assert abs(len(part) - n * fraction) <= 1
    again = split_learners(n, fractions, np.random.default_rng(seed))
    assert [part.tolist() for part in again] == [part.tolist() for part in parts]


@pytest.mark.parametrize("fractions", [(0.5, 0.6), (1.5, -0.5), ()])
def test_fractions_that_are_no_shares_are_refused(fractions):
    with pytest.raises(ValueError, match="sum to 1"):
        split_learners(10, fractions, np.random.default_rng(0))


@pytest.mark.parametrize("cut", [0.0, 1.0, -0.1, 5.0])
def test_a_cut_outside_of_the_time_span_is_refused(cut):
    with pytest.raises(ValueError, match="between 0 and 1"):
        temporal(interactions([([0, 1], [0, 1])]), cut)


def test_without_clock_there_is_no_temporal_split():
    source = interactions([([0, 1], [0, 1])])
    blind = Interactions(
        source.start, source.modules, np.array([0.0, np.nan]), source.role, source.segment, 8
    )
    found = temporal(blind, 0.5)
    assert isinstance(found, Unavailable)
    assert "1 of 2 first starts have no time (occurred_at)" in found.reason
