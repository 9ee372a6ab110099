"""Who is tested, held out and learned from: every learner with attempts in exactly one part."""

import numpy as np
import pytest

from recommender.errors import ConfigurationError, DatasetError
from training.evaluation.skill_splits import NO_FOLD, split_at_random, split_by_fold

RNG = np.random.default_rng


def parts(split):
    return [split.trained, split.held_out, split.tested]


def check(split, active):
    np.testing.assert_array_equal(np.sum(parts(split), axis=0), active.astype(int))
    assert all(part.any() for part in parts(split))


@pytest.fixture
def active():
    """A hundred learners, every tenth without an attempt."""
    return np.arange(100) % 10 != 9


@pytest.mark.parametrize(("fold", "after"), [(1, 3), (3, 8), (8, 1)])
def test_the_next_of_three_folds_is_held_out(active, fold, after):
    fold_of = np.array([8, 1, 3])[np.arange(100) % 3]
    split = split_by_fold(fold_of, active, fold, RNG(0))
    check(split, active)
    np.testing.assert_array_equal(split.tested, active & (fold_of == fold))
    np.testing.assert_array_equal(split.held_out, active & (fold_of == after))
    assert (split.fold, split.held_out_fold) == (fold, after)
    assert split.protocol == f"fold {fold}, fold {after} held out"
    np.testing.assert_array_equal(split.for_baselines, split.trained)


def test_a_tenth_is_held_out_of_two_folds(active):
    fold_of = 1 + np.arange(100) % 2
    split = split_by_fold(fold_of, active, 2, RNG(0))
    check(split, active)
    assert split.held_out.sum() == round(0.1 * (active & (fold_of == 1)).sum())
    assert (split.protocol, split.fold, split.held_out_fold) == ("fold 2", 2, None)
    np.testing.assert_array_equal(split.for_baselines, split.trained | split.held_out)
    again, other = (split_by_fold(fold_of, active, 2, RNG(seed)) for seed in (0, 1))
    np.testing.assert_array_equal(split.held_out, again.held_out)
    assert (split.held_out != other.held_out).any()


def test_folds_of_nobody_with_attempts_do_not_count(active):
    """Fold 5 is of those without an attempt only, so two are left."""
    fold_of = np.where(active, 1 + np.arange(100) % 2, 5)
    assert split_by_fold(fold_of, active, 1, RNG(0)).held_out_fold is None
    with pytest.raises(ConfigurationError, match=r"--fold 5 has no learner.*; name one of 1, 2$"):
        split_by_fold(fold_of, active, 5, RNG(0))


def test_a_share_is_drawn(active):
    split = split_at_random(active, 0.2, RNG(3))
    check(split, active)
    assert [int(part.sum()) for part in parts(split)] == [65, 7, 18]
    assert split.protocol == "0.2 of the learners, drawn at random"
    assert (split.fold, split.held_out_fold) == (None, None)
    assert (split.tested != split_at_random(active, 0.2, RNG(4)).tested).any()


def test_few_learners_hold_out_one():
    split = split_at_random(np.ones(3, bool), 0.3, RNG(0))
    assert [int(part.sum()) for part in parts(split)] == [1, 1, 1]


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2, float("nan")])
def test_a_share_is_between_0_and_1(active, fraction):
    with pytest.raises(ConfigurationError, match=r"--test-fraction is .*; give a number between 0 and 1"):
        split_at_random(active, fraction, RNG(0))


def test_a_share_of_nobody_is_refused():
    with pytest.raises(ConfigurationError, match=r"--test-fraction 0\.01 of 9 learners .* is nobody"):
        split_at_random(np.ones(9, bool), 0.01, RNG(0))


def test_somebody_is_left_to_learn_from():
    with pytest.raises(DatasetError, match="testing fold 1 leaves 0 of 9 learners"):
        split_by_fold(np.ones(9, np.int64), np.ones(9, bool), 1, RNG(0))
    with pytest.raises(
        DatasetError, match=r"testing 0\.7 of the learners, drawn at random leaves 1 of 3 learners"
    ):
        split_at_random(np.ones(3, bool), 0.7, RNG(0))


def test_many_folds_are_not_all_listed():
    fold_of = np.arange(1, 31)
    with pytest.raises(ConfigurationError, match=r"name one of 1, 2, .*20, \.\.\.$"):
        split_by_fold(fold_of, np.ones(30, bool), 99, RNG(0))
    assert NO_FOLD not in fold_of
