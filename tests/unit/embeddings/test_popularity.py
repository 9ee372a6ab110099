"""Shares against the formulas, worked by hand."""

import numpy as np
import pyarrow as pa
import pydantic
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.popularity import BASELINES, Popularity, PopularityConfig
from recommender.embeddings.recency import DAY_SECONDS
from recommender.errors import NotFittedError

CATALOG = Catalog.from_tables(
    {"modules": pa.table({"module_id": ["a", "b", "c"]}), "roles": pa.table({"role_id": ["x", "y"]})}
)


def starts(at=(0.0, 10.0, 20.0, 30.0)):
    """Module a by learners 0 and 1, b by 2 and c by nobody; then b by 0, a month after the first start."""
    return build_interactions(
        np.array([0, 1, 2, 0]),
        np.array([0, 0, 1, 1]),
        np.array(at) * DAY_SECONDS,
        n_learners=3,
        role=np.array([0, 1, -1]),
        segment=np.array([2, -1, 2]),
        n_modules=3,
    )


def scores(config=None, rows=None, history=None):
    view = Popularity(config).fit(rows or starts(), CATALOG, seed=0)
    return view.score(Histories.of(history or History.empty()))[0]


def test_overall_is_the_share_of_starts():
    np.testing.assert_allclose(scores(), [0.5, 0.5, np.nan])
    np.testing.assert_array_equal(scores(), scores(BASELINES["popularity"]))
    np.testing.assert_array_equal(scores(), scores(history=History.empty(role=1, segment=2)))


def test_recent_halves_every_half_life_before_the_last_start():
    weights = 2.0 ** -np.array([3, 2, 1, 0])
    counts = np.array([weights[0] + weights[1], weights[2] + weights[3]])
    expected = (counts + 4 * 0.5) / (weights.sum() + 4)
    got = scores(PopularityConfig(half_life_days=10, pseudo_count=4))
    np.testing.assert_allclose(got, [*expected, np.nan], rtol=1e-6)


def test_recent_does_not_depend_on_when_it_is_fitted():
    later = starts(np.array([0.0, 10.0, 20.0, 30.0]) + 5000)
    recent = BASELINES["recent_popularity"]
    np.testing.assert_allclose(scores(recent), scores(recent, later), rtol=1e-6)
    assert not np.allclose(scores(recent)[:2], scores()[:2])


@pytest.mark.parametrize("which", ["overall", "role", "segment"])
def test_recent_is_the_plain_share_among_everybody_without_a_clock(which):
    unclocked, who = starts([np.nan] * 4), History.empty(1, 2)
    recent = PopularityConfig(slice=which, half_life_days=10)
    np.testing.assert_allclose(scores(recent, unclocked, who), scores(rows=unclocked))


def test_a_start_without_time_does_not_count_as_recent():
    recent = PopularityConfig(half_life_days=60, pseudo_count=1)
    np.testing.assert_allclose(scores(recent, starts([0.0, np.nan, np.nan, 0.0])), [0.5, 0.5, np.nan])
    np.testing.assert_allclose(scores(recent, starts([np.nan, 0.0, np.nan, np.nan])), [0.75, 0.25, np.nan])


def test_first_modules_are_what_people_start_with():
    first = PopularityConfig(first_only=True)
    np.testing.assert_allclose(scores(first), [2 / 3, 1 / 3, np.nan], rtol=1e-6)
    at_once = starts([0.0, 10.0, 20.0, 0.0])  # learner 0 started a and b at the same time
    np.testing.assert_allclose(scores(first, at_once), [1.5 / 3, 1.5 / 3, np.nan], rtol=1e-6)
    without_clock = starts([np.nan] * 4)
    np.testing.assert_allclose(scores(first, without_clock), [2 / 3, 1 / 3, np.nan], rtol=1e-6)


def test_first_modules_count_by_their_age_too():
    weights = 2.0 ** -np.array([3, 2, 1])
    expected = (np.array([weights[0] + weights[1], weights[2]]) + 4 * np.array([2, 1]) / 3) / (
        weights.sum() + 4
    )
    recent = PopularityConfig(first_only=True, half_life_days=10, pseudo_count=4)
    np.testing.assert_allclose(scores(recent), [*expected, np.nan], rtol=1e-6)


def test_first_modules_are_silent_about_learners_with_a_history():
    known = History(np.array([1], np.int32), np.zeros(1))
    assert np.isnan(scores(PopularityConfig(first_only=True), history=known)).all()


@pytest.mark.parametrize(("role", "expected"), [(0, [3 / 6, 3 / 6]), (1, [3 / 5, 2 / 5]), (-1, [0.5, 0.5])])
def test_role_is_shrunk_towards_everybody(role, expected):
    got = scores(PopularityConfig(slice="role", pseudo_count=4), history=History.empty(role=role))
    np.testing.assert_allclose(got, [*expected, np.nan], rtol=1e-6)


@pytest.mark.parametrize(
    ("segment", "expected"), [(2, [3 / 7, 4 / 7]), (0, [0.5, 0.5]), (1, [0.5, 0.5]), (-1, [0.5, 0.5])]
)
def test_segment_is_shrunk_towards_everybody(segment, expected):
    got = scores(PopularityConfig(slice="segment", pseudo_count=4), history=History.empty(segment=segment))
    np.testing.assert_allclose(got, [*expected, np.nan], rtol=1e-6)


def test_a_slice_with_a_half_life_counts_its_recent_starts():
    """Role 0 started a 30 days ago and b now; everybody's recent shares stand in for more."""
    settings = {"half_life_days": 10, "pseudo_count": 4}
    everybody = scores(PopularityConfig(**settings))
    expected = (np.array([1 / 8, 1, 0]) + 4 * everybody) / (9 / 8 + 4)
    got = scores(PopularityConfig(slice="role", **settings), history=History.empty(role=0))
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    np.testing.assert_array_equal(scores(PopularityConfig(slice="role", **settings)), everybody)


def test_each_of_a_block_has_its_own_slice():
    view = Popularity(PopularityConfig(slice="role")).fit(starts(), CATALOG, seed=0)
    block = view.score(Histories.of(*(History.empty(role=role) for role in (1, -1, 0, 1))))
    np.testing.assert_array_equal(block, view.shares_[[1, 2, 0, 1]])
    np.testing.assert_allclose(np.nansum(block, axis=1), 1, rtol=1e-6)


def test_what_was_started_does_not_matter():
    past = History(np.array([1], np.int32), np.zeros(1))
    np.testing.assert_array_equal(scores(history=past), scores())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"slice": "country"}, "'overall', 'role' or 'segment'"),
        ({"half_life_days": 0}, "greater than 0"),
        ({"half_life_days": float("inf")}, "finite"),
        ({"pseudo_count": 0}, "greater than 0"),
    ],
)
def test_refuses_settings_that_mean_nothing(settings, message):
    with pytest.raises(pydantic.ValidationError, match=message):
        PopularityConfig(**settings)


@pytest.mark.parametrize(("n_people", "said"), [(4, False), (5, True)])
def test_popular_in_a_role_is_said_of_five_people_or_more(n_people, said):
    rows = build_interactions(
        np.arange(20),
        np.where(np.arange(20) < n_people, 0, 1),
        np.full(20, np.nan),
        n_learners=20,
        role=np.where(np.arange(20) < n_people, 0, 1),
        segment=np.full(20, -1),
        n_modules=3,
    )
    assert not Popularity().fit(rows, CATALOG, seed=0).is_favoured(1, 1), "it counts no roles"
    view = Popularity(PopularityConfig(slice="role")).fit(rows, CATALOG, seed=0)
    assert view.is_favoured(0, 0) is said
    assert view.is_favoured(1, 1)
    assert not view.is_favoured(1, 0)
    assert not view.is_favoured(-1, 0)


def test_nothing_is_said_before_a_fit():
    with pytest.raises(NotFittedError):
        Popularity().is_favoured(0, 0)
