"""No split may leak: laws that hold for whatever data comes."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recommender.embeddings.histories import Interactions
from tests.property.starts import (
    LEARNERS,
    N_MODULES,
    SEEDS,
    check_laws,
    interactions,
    rows_of,
    same_view,
    with_modules,
)
from training.evaluation.splits import Split, Unavailable, leave_last_out, split_learners, temporal


def check_whole_past(source: Interactions, split: Split) -> None:
    """One target a learner, from all that came before it; and that is learned from as well."""
    check_laws(source, split)
    assert len(np.unique(split.learner)) == len(split.learner)
    whole, learned = rows_of(source), rows_of(split.train)
    for row, learner in enumerate(split.learner.tolist()):
        known = split.history(row).modules.tolist()
        assert known == learned[learner]
        assert whole[learner][: len(known) + 1] == [*known, split.module[row]], "target is the next start"
        assert split.group[row] == ("known" if known else "new")


@given(LEARNERS)
def test_leave_last_out_hides_exactly_the_last_start(learners):
    source = interactions(learners)
    split = leave_last_out(source)
    several = [learner for learner, (modules, _) in enumerate(learners) if len(modules) > 1]
    if not several:
        assert isinstance(split, Unavailable)
        return
    assert isinstance(split, Split)
    check_whole_past(source, split)
    assert split.learner.tolist() == several
    assert split.module.tolist() == [learners[learner][0][-1] for learner in several]
    assert len(split.train.modules) + len(split.learner) == len(source.modules)


@given(LEARNERS, SEEDS)
def test_leave_last_out_shows_nothing_of_the_last_start(learners, seed):
    source = interactions(learners)
    split = leave_last_out(source)
    assume(isinstance(split, Split))
    changed = source.modules.copy()
    rng = np.random.default_rng(seed)
    for learner in split.learner:
        changed[source.start[learner + 1] - 1] = rng.integers(N_MODULES)
    same_view(split, leave_last_out(with_modules(source, changed)))


@given(LEARNERS, st.floats(0.05, 0.95))
def test_temporal_trains_before_the_cut_and_targets_after_it(learners, cut):
    source = interactions(learners)
    split = temporal(source, cut)
    if not len(source.at) or source.at.min() == source.at.max():
        assert isinstance(split, Unavailable)
        return
    assert isinstance(split, Split)
    check_whole_past(source, split)
    moment = source.at.min() + cut * (source.at.max() - source.at.min())
    assert split.moment == moment
    assert len(split.train.modules) == np.count_nonzero(source.at < moment)
    later = {learner for learner, (_, times) in enumerate(learners) if times and times[-1] >= moment}
    assert set(split.learner.tolist()) == later


@given(LEARNERS, st.floats(0.05, 0.95), SEEDS)
def test_changing_the_future_changes_nothing_that_temporal_shows(learners, cut, seed):
    source = interactions(learners)
    split = temporal(source, cut)
    assume(isinstance(split, Split))
    changed, later = source.modules.copy(), source.at >= split.moment
    changed[later] = np.random.default_rng(seed).integers(0, N_MODULES, np.count_nonzero(later))
    again = temporal(with_modules(source, changed), cut)
    assert isinstance(again, Split)
    same_view(split, again)


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
