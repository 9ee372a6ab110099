"""Rules worked by hand; the property tests compare counts with a naive reference."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.recency import DAY_SECONDS
from recommender.embeddings.transitions import Transitions, TransitionsConfig

CATALOG = Catalog.from_tables({"modules": pa.table({"module_id": ["a", "b", "c", "d", "e"]})})


def fit(sequences, catalog=CATALOG, at=None, **settings):
    learner = np.repeat(np.arange(len(sequences)), [len(s) for s in sequences])
    none = np.full(len(sequences), -1)
    rows = build_interactions(
        learner,
        np.concatenate(sequences).astype(int),
        np.full(len(learner), np.nan) if at is None else np.array(at, np.float64) * DAY_SECONDS,
        n_learners=len(sequences),
        role=none,
        segment=none,
        n_modules=catalog.n_modules,
    )
    return Transitions(TransitionsConfig(**settings)).fit(rows, catalog, seed=0)


def score(view, *modules):
    return view.score(Histories.of(History(np.array(modules, np.int32), np.zeros(len(modules)))))[0]


def test_one_over_gap_normalised_per_module():
    got = score(fit([[0, 1, 2], [0, 2]]), 0)
    np.testing.assert_allclose(got, [0, 1 / 2.5, 1.5 / 2.5, np.nan, np.nan], rtol=1e-6)


def test_pairs_never_cross_learners_nor_the_largest_gap():
    got = score(fit([[0, 1, 2, 3], [4]], max_gap=2), 0)
    np.testing.assert_allclose(got, [0, 2 / 3, 1 / 3, 0, 0], rtol=1e-6)


def test_earlier_modules_count_less():
    got = score(fit([[0, 1], [2, 3]], recency=0.5), 0, 2)
    np.testing.assert_allclose(got, [0, 0.5, 0, 1, np.nan], rtol=1e-6)


def test_the_decay_of_gaps_is_a_power():
    flat = score(fit([[0, 1, 2, 3]], gap_decay=0), 0)
    np.testing.assert_allclose(flat[1:4], [1 / 3, 1 / 3, 1 / 3], rtol=1e-6)
    steep = np.array([1, 2.0**-2, 3.0**-2])
    np.testing.assert_allclose(
        score(fit([[0, 1, 2, 3]], gap_decay=2), 0)[1:4], steep / steep.sum(), rtol=1e-6
    )


def test_a_transition_is_as_old_as_its_later_start_and_counts_fully_without_a_time():
    half = fit([[0, 1], [0, 2]], at=[-1, 0, 0, 30], half_life_days=30)
    np.testing.assert_allclose(score(half, 0)[1:3], [1 / 3, 2 / 3], rtol=1e-6)
    unknown = fit([[0, 1], [0, 2], [3]], at=[0, np.nan, -1, 0, 30], half_life_days=30)
    np.testing.assert_allclose(score(unknown, 0)[1:3], [2 / 3, 1 / 3], rtol=1e-6)
    unclocked = fit([[0, 1], [0, 2], [0, 2]], half_life_days=30)
    np.testing.assert_array_equal(score(unclocked, 0), score(fit([[0, 1], [0, 2], [0, 2]]), 0))


def test_starts_of_equal_time_follow_one_another_half_each_way():
    view = fit([[0, 1], [0, 2], [1, 2]], at=[5, 5, 5, 6, 5, 6])
    np.testing.assert_allclose(score(view, 0), [0, 1 / 3, 2 / 3, np.nan, np.nan], rtol=1e-6)
    np.testing.assert_allclose(score(view, 1), [1 / 3, 0, 2 / 3, np.nan, np.nan], rtol=1e-6)
    assert np.isnan(score(view, 2)).all(), "nothing follows it"


def test_starts_of_equal_time_take_the_mean_of_their_places_towards_others():
    """Places 0.5, 0.5, 2, 3: from either of the tied ones it is 1.5 and 2.5 steps."""
    view = fit([[0, 1, 2, 3]], at=[5, 5, 6, 7])
    follow = np.array([1 / 2, 1 / 1.5, 1 / 2.5])
    np.testing.assert_allclose(score(view, 0)[[1, 2, 3]], follow / follow.sum(), rtol=1e-6)
    np.testing.assert_allclose(score(view, 1)[[0, 2, 3]], follow / follow.sum(), rtol=1e-6)
    later = fit([[0, 1, 2]], at=[5, 6, 6])
    np.testing.assert_allclose(score(later, 0)[[1, 2]], [1 / 2, 1 / 2], rtol=1e-6)


def test_tied_starts_are_one_step_apart_however_many_they_are():
    view = fit([[0, 1, 2, 3]], at=[5, 5, 5, 5], gap_decay=2)
    for module in range(4):
        others = [other for other in range(4) if other != module]
        np.testing.assert_allclose(score(view, module)[others], 1 / 3, rtol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"gap_decay": 2}, {"half_life_days": 3}, {"n_neighbours": 2}])
def test_the_order_of_rows_of_equal_time_changes_nothing(settings):
    at = [1, 1, 2, 2, 2]
    stored = fit([[0, 1, 2, 3, 4], [4, 0]], at=[*at, 1, 2], **settings)
    for tied in ([1, 0, 2, 3, 4], [0, 1, 4, 2, 3], [1, 0, 4, 3, 2]):
        other = fit([tied, [4, 0]], at=[*at, 1, 2], **settings)
        for module in range(5):
            np.testing.assert_allclose(score(other, module), score(stored, module), rtol=1e-6)
    untied = fit([[1, 0, 4, 3, 2], [4, 0]], at=[1, 2, 3, 4, 5, 1, 2], **settings)
    assert not np.allclose(score(untied, 0), score(stored, 0), equal_nan=True), "it matters without ties"


@pytest.mark.parametrize("settings", [{}, {"gap_decay": 0.5, "max_gap": 2}])
def test_without_ties_the_places_are_the_steps(settings):
    """Times say no more than the order then, however far apart, and what others start at them does not."""
    sequences = [[0, 1, 2, 3], [2, 0], [3], [4, 1]]
    plain = fit(sequences, **settings).arrays()
    for at in (np.arange(9), [1, 2, 30, 400, 400, 401, 401, 401, 402]):
        timed = fit(sequences, at=at, **settings).arrays()
        for name in plain:
            np.testing.assert_array_equal(timed[name], plain[name], err_msg=name)


def test_more_ties_than_the_window_holds_share_it():
    """Of six orders of a, b and c each is next to another in two thirds, and next to d in one third."""
    view = fit([[0, 1, 2, 3]], at=[5, 5, 5, 6], max_gap=1)
    follow = np.array([1 / 2 * 2 / 3, 1 / 2 * 2 / 3, 1 / 3 / 2])
    for module, others in enumerate(([1, 2, 3], [0, 2, 3], [0, 1, 3])):
        np.testing.assert_allclose(score(view, module)[others], follow / follow.sum(), rtol=1e-6)


def test_no_tied_start_loses_what_follows_to_the_order_of_rows():
    """Twelve at once and a window of two: every one of them is followed by the one that comes after."""
    catalog = Catalog.from_tables({"modules": pa.table({"module_id": [f"m{i:02d}" for i in range(13)]})})
    view = fit([list(range(13))], catalog, at=[5] * 12 + [6], max_gap=2)
    followed = [score(view, module)[12] for module in range(12)]
    assert followed[0] > 0
    np.testing.assert_allclose(followed, followed[0], rtol=1e-6)


def test_starts_without_a_time_are_in_their_order_and_no_ties():
    for at in ([np.nan] * 3, [5, np.nan, 5], [5, 6, np.nan], [np.nan, np.nan, 5]):
        view = fit([[0, 1, 2]], at=at)
        np.testing.assert_allclose(score(view, 0)[1:3], [2 / 3, 1 / 3], rtol=1e-6)
        np.testing.assert_allclose(score(view, 1)[:3], [0, 0, 1], rtol=1e-6)
        assert np.isnan(score(view, 2)).all()
    beside = score(fit([[0, 1, 2, 3]], at=[5, 5, np.nan, np.nan]), 1)
    follow = np.array([1 / 2, 1 / 1.5, 1 / 2.5])
    np.testing.assert_allclose(beside[[0, 2, 3]], follow / follow.sum(), rtol=1e-6)


def test_only_the_window_is_looked_at():
    view = fit([[0, 1], [2, 3]], window=1)
    np.testing.assert_allclose(score(view, 0, 2), [0, 0, 0, 1, np.nan])
    assert np.isnan(score(view, 0, 3)).all()


def test_an_unknown_module_takes_its_step():
    view = fit([[0, 1], [2, 3]], recency=0.5)
    np.testing.assert_allclose(score(view, 0, 4), [0, 0.5, 0, 0, np.nan])
    assert np.isnan(score(view, 4)).all()


def test_the_strongest_followers_stay_with_their_shares():
    view = fit([[0, 1], [0, 1], [0, 2], [0, 3], [0, 3], [0, 3]], n_neighbours=2)
    np.testing.assert_allclose(score(view, 0), [0, 2 / 6, 0, 3 / 6, np.nan], rtol=1e-6)


@pytest.mark.parametrize("ids", [["a", "b", "c", "d", "e"], ["a", "e", "d", "c", "b"]])
def test_equal_followers_are_cut_by_id_not_by_position(ids):
    catalog = Catalog.from_tables({"modules": pa.table({"module_id": ids})})
    got = score(fit([[0, 1], [0, 2], [0, 3], [0, 4]], catalog, n_neighbours=2), 0)
    assert {ids[module] for module in np.flatnonzero(got > 0)} == {"b", "c"}


def test_rules_are_compressed_rows():
    arrays = fit([[0, 1, 2], [3, 1]]).arrays()
    assert arrays["start"].tolist() == [0, 2, 3, 3, 4, 4]
    assert arrays["modules"].tolist() == [1, 2, 2, 1]
    assert arrays["weights"].dtype == np.float32
    assert arrays["known"].tolist() == [True, True, True, True, False]
