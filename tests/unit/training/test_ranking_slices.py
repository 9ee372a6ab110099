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
EVERY = np.arange(N_MODULES)


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
    return list(ranking_slices(rows, EVERY, config, np.random.default_rng(seed)))


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
        np.testing.assert_array_equal(rows.modules[chosen], part.module)
        assert part.offered[part.module].all()
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


def test_folds_hide_modules_that_are_told_of_and_ask_for_them():
    rows = starts(n_learners=300)
    told = np.arange(0, N_MODULES, 2)
    config = CONFIG.model_copy(update={"hidden_share": 0.5, "max_choices": 3000})
    parts = list(ranking_slices(rows, told, config, np.random.default_rng(0)))
    for part in parts[: CONFIG.n_folds]:
        hidden = np.setdiff1d(rows.modules, part.known.modules)
        assert 0 < len(hidden) < len(told)
        assert set(hidden.tolist()) <= set(told.tolist())
        assert np.isin(part.module, hidden).any()
    for part in parts[CONFIG.n_folds :]:
        assert np.isin(part.module, part.known.modules).all(), "new or of no use: who could tell?"


def test_folds_offer_what_nobody_starts_and_slices_of_time_what_was_started():
    rows = starts(n_learners=300)
    rows = rows.keep(rows.modules != 3)
    folds, times = of_kinds(rows, sliced(rows))
    assert all(part.offered[3] and not (part.module == 3).any() for part in folds)
    assert not any(part.offered[3] for _, part in times)


def test_after_the_last_moment_everything_is_held_out_and_nothing_is_learned():
    rows = starts(n_learners=300)
    folds, times = of_kinds(rows, sliced(rows))
    last = times[-1][0]
    for moment, part in times:
        at = rows.at[rows.start[part.learner] + part.n_known]
        assert part.held_out.all() == (moment == last)
        assert part.held_out.any() == (moment == last)
        assert (at >= last).all() == (moment == last)
        assert part.asked_at == moment
    held = [set(part.learner[part.held_out].tolist()) for part in folds]
    used = [set(part.learner[~part.held_out].tolist()) for part in folds]
    assert set.union(*held)
    assert set.union(*used)
    assert not set.union(*held) & set.union(*used)
    assert all(np.isnan(part.asked_at) for part in folds)


def test_of_starts_at_one_time_none_is_known_when_another_is_asked_for():
    rows = starts(n_learners=300)
    rows = replace(rows, at=np.floor(rows.at / 2e6))
    _, times = of_kinds(rows, sliced(rows))
    for moment, part in times:
        for learner, n_known, module in zip(part.learner, part.n_known, part.module, strict=True):
            history = part.source.history(int(learner))
            chosen = history.at[history.modules == module]
            assert chosen >= moment
            assert (history.at[:n_known] < chosen).all()
            assert (history.at[n_known:] >= chosen).all()


def test_the_order_of_starts_at_one_time_is_dealt_anew():
    rows = starts(n_learners=300)
    tied = replace(rows, at=np.zeros(len(rows.at)) + (rows.learners() == 0))
    source = sliced(tied)[0].source
    assert (source.modules != tied.modules).any()
    for learner in range(tied.n_learners):
        assert sorted(source.history(learner).modules) == sorted(tied.history(learner).modules)
    untied = sliced(rows)[0].source
    np.testing.assert_array_equal(untied.modules, rows.modules)


def test_moments_with_the_same_past_are_asked_once():
    rows = starts(n_learners=300)
    rows = replace(rows, at=np.floor(rows.at / 5e6))  # two times only
    config = CONFIG.model_copy(update={"cuts": (0.5, 0.6, 0.7)})
    assert len(sliced(rows, config)) == CONFIG.n_folds + 1


@pytest.mark.parametrize("n_learners", [0, 1, 2])
def test_hardly_anybody(n_learners):
    for part in sliced(starts(n_learners=n_learners)):
        assert len(part.learner)
        assert len(part.known.modules)
