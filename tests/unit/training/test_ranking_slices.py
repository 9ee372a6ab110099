"""What the ranker learns from: views that are asked know nothing later, or of the same learner."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.embeddings import build_interactions
from training.ranking_slices import SlicesConfig, ranking_slices

N_MODULES = 15
CONFIG = SlicesConfig(max_choices=120, n_folds=3, cuts=(0.4, 0.8))


def starts(seed=0, n_learners=30, clock=True):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 8, n_learners)
    at = [np.sort(rng.uniform(0, 1e7, n)) for n in lengths]
    return build_interactions(
        np.repeat(np.arange(n_learners), lengths),
        np.array([m for n in lengths for m in rng.permutation(N_MODULES)[:n]], np.int64),
        np.concatenate([np.zeros(0), *at]) if clock else np.full(lengths.sum(), np.nan),
        n_learners=n_learners,
        role=np.full(n_learners, -1),
        segment=np.full(n_learners, -1),
        n_modules=N_MODULES,
    )


def sliced(rows, config=CONFIG, seed=0):
    return list(ranking_slices(rows, config, np.random.default_rng(seed)))


def of_kinds(rows, parts):
    """Folds, and slices of time with the moments that they were cut at."""
    if np.isnan(rows.at).any():
        return parts, []
    first, last = rows.at.min(), rows.at.max()
    moments = [first + cut * (last - first) for cut in CONFIG.cuts]
    return parts[: -len(moments)], list(zip(moments, parts[-len(moments) :], strict=True))


@pytest.mark.parametrize("clock", [True, False])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_choice_is_unknown_to_the_views_that_are_asked(clock, seed):
    rows = starts(seed, clock=clock)
    parts = sliced(rows, seed=seed)
    assert len(parts) == CONFIG.n_folds + clock * len(CONFIG.cuts)
    for part in parts:
        chosen = rows.start[part.learner] + part.n_known
        assert (chosen < rows.start[part.learner + 1]).all()
        known = set(zip(part.known.learners().tolist(), part.known.modules.tolist(), strict=True))
        asked = zip(part.learner.tolist(), rows.modules[chosen].tolist(), strict=True)
        assert not known & set(asked)
    folds, times = of_kinds(rows, parts)
    for part in folds:
        assert not set(part.known.learners().tolist()) & set(part.learner.tolist())
    for moment, part in times:
        assert part.known.at.max() < moment
        assert (rows.at[rows.start[part.learner] + part.n_known] >= moment).all()


def test_folds_ask_of_learners_the_views_never_saw():
    rows = starts()
    folds = sliced(rows)[: CONFIG.n_folds]
    for part in folds:
        assert not set(part.known.learners().tolist()) & set(part.learner.tolist())
        assert (part.n_known >= 1).all(), "with a clock, slices of time ask for first modules"
    asked = [set(part.learner.tolist()) for part in folds]
    assert not asked[0] & asked[1]
    assert not asked[1] & asked[2]


def test_slices_of_time_ask_for_first_modules_of_new_learners_too():
    times = sliced(starts())[CONFIG.n_folds :]
    assert len(times) == len(CONFIG.cuts)
    assert any((part.n_known == 0).any() for part in times)


def test_without_a_clock_there_are_folds_only_and_they_ask_for_first_modules():
    parts = sliced(starts(clock=False))
    assert len(parts) == CONFIG.n_folds
    assert all((part.n_known == 0).any() for part in parts)


def test_no_more_choices_than_asked_for():
    parts = sliced(starts(n_learners=400))
    assert sum(len(part.learner) for part in parts) <= CONFIG.max_choices
    assert sum(len(part.learner) for part in parts) > 0.9 * CONFIG.max_choices


def test_what_comes_after_a_moment_changes_nothing_that_its_views_learn_from():
    rows = starts(3)
    _, times = of_kinds(rows, sliced(rows))
    for place, (moment, part) in enumerate(times):
        later = rows.at >= moment
        changed = replace(rows, modules=np.where(later, N_MODULES - 1 - rows.modules, rows.modules))
        assert (changed.modules != rows.modules).any()
        _, after = of_kinds(changed, sliced(changed))
        np.testing.assert_array_equal(after[place][1].known.modules, part.known.modules)
        np.testing.assert_array_equal(after[place][1].known.start, part.known.start)


@pytest.mark.parametrize("n_learners", [0, 1, 2])
def test_hardly_anybody(n_learners):
    for part in sliced(starts(n_learners=n_learners)):
        assert len(part.learner)
        assert len(part.known.modules)
