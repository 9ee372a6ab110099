"""Of a module that is not there yet nothing can be learned, and nothing of what came after it was started."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

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
from training.evaluation.splits import Unavailable
from training.evaluation.splits_cold import N_FOLDS, NOT_STARTED, cold_modules, hide_modules, module_folds

HIDDEN = st.sets(st.integers(0, N_MODULES - 1)).map(lambda some: np.isin(np.arange(N_MODULES), list(some)))


def target_of(modules, hidden):
    """Place of the last hidden start with a visible one before it, by looping; None without."""
    for place in reversed(range(len(modules))):
        if hidden[modules[place]] and any(not hidden[m] for m in modules[:place]):
            return place
    return None


@given(LEARNERS, HIDDEN)
def test_the_last_hidden_start_after_a_visible_one_is_the_target(learners, hidden):
    source = interactions(learners)
    split = hide_modules(source, hidden)
    check_laws(source, split)
    assert not hidden[split.train.modules].any()
    learned = rows_of(split.train)
    expected = {}
    for learner, (modules, _) in enumerate(learners):
        place = target_of(modules, hidden)
        visible = [m for m in modules[:place] if not hidden[m]]
        assert learned[learner] == visible, "all that is visible is learned from, until the target"
        if place is not None:
            expected[learner] = (modules[place], visible)
    assert split.learner.tolist() == list(expected)
    for row, learner in enumerate(split.learner.tolist()):
        assert (split.module[row], split.history(row).modules.tolist()) == expected[learner]
        n = len(expected[learner][1])
        assert split.group[row] == ("1 visible" if n == 1 else "2-5 visible" if n < 6 else "6+ visible")


@given(LEARNERS, HIDDEN, SEEDS)
def test_what_a_learner_did_after_the_target_changes_nothing(learners, hidden, seed):
    assume(not hidden.all())
    source = interactions(learners)
    split = hide_modules(source, hidden)
    rng, changed = np.random.default_rng(seed), source.modules.copy()
    for row, learner in enumerate(split.learner.tolist()):
        place = learners[learner][0].index(split.module[row])
        # Other visible modules: a hidden one would be a later target.
        later = np.arange(source.start[learner] + place + 1, source.start[learner + 1])
        changed[later] = rng.choice(np.flatnonzero(~hidden), len(later))
    same_view(split, hide_modules(with_modules(source, changed), hidden))


@given(LEARNERS, HIDDEN, SEEDS)
def test_which_hidden_modules_were_started_changes_nothing(learners, hidden, seed):
    assume(hidden.any())
    source = interactions(learners)
    changed, rows = source.modules.copy(), hidden[source.modules]
    rng = np.random.default_rng(seed)
    changed[rows] = rng.choice(np.flatnonzero(hidden), np.count_nonzero(rows))
    same_view(hide_modules(source, hidden), hide_modules(with_modules(source, changed), hidden))


@given(LEARNERS, SEEDS)
def test_every_started_module_is_in_one_fold_of_about_a_fifth(learners, seed):
    source = interactions(learners)
    fold = module_folds(source, np.random.default_rng(seed))
    started = np.isin(np.arange(N_MODULES), source.modules)
    np.testing.assert_array_equal(fold != NOT_STARTED, started)
    sizes = np.bincount(fold[started], minlength=N_FOLDS)
    assert len(sizes) == N_FOLDS
    assert np.ptp(sizes) <= 1


@given(LEARNERS, SEEDS)
def test_folds_that_test_somebody_are_pooled(learners, seed):
    source = interactions(learners)
    splits = cold_modules(source, np.random.default_rng(seed))
    fold = module_folds(source, np.random.default_rng(seed))
    expected = {
        number: [target_of(modules, fold == number) is not None for modules, _ in learners]
        for number in range(N_FOLDS)
    }
    tested = [np.flatnonzero(some).tolist() for some in expected.values() if any(some)]
    if not tested:
        assert isinstance(splits, Unavailable)
        return
    assert [split.learner.tolist() for split in splits] == tested
