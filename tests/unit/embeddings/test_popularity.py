"""Shares against the formulas, worked by hand."""

import numpy as np
import pyarrow as pa
import pydantic
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.popularity import BASELINES, DAY_SECONDS, Popularity, PopularityConfig
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


def only(which, **settings):
    weights = dict.fromkeys(("overall_weight", "recent_weight", "role_weight", "segment_weight"), 0.0)
    return PopularityConfig(**weights | {f"{which}_weight": 2.0} | settings)


def scores(config, rows=None, history=None):
    view = Popularity(config).fit(rows or starts(), CATALOG, seed=0)
    return view.score(Histories.of(history or History.empty()))[0]


def test_overall_is_the_share_of_starts():
    np.testing.assert_allclose(scores(BASELINES["popularity"]), [0.5, 0.5, np.nan])


def test_recent_halves_every_half_life_before_the_last_start():
    weights = 2.0 ** -np.array([3, 2, 1, 0])
    counts = np.array([weights[0] + weights[1], weights[2] + weights[3]])
    expected = (counts + 4 * 0.5) / (weights.sum() + 4)
    got = scores(only("recent", half_life_days=10, pseudo_count=4))
    np.testing.assert_allclose(got, [*expected, np.nan], rtol=1e-6)


def test_recent_does_not_depend_on_when_it_is_fitted():
    later = starts(np.array([0.0, 10.0, 20.0, 30.0]) + 5000)
    np.testing.assert_allclose(scores(only("recent")), scores(only("recent"), later), rtol=1e-6)


def test_recent_is_overall_without_a_clock():
    unclocked = starts([np.nan] * 4)
    np.testing.assert_allclose(scores(only("recent"), unclocked), scores(only("overall"), unclocked))


def test_a_start_without_time_does_not_count_as_recent():
    rows = starts([0.0, np.nan, np.nan, 0.0])
    np.testing.assert_allclose(scores(only("recent"), rows), [0.5, 0.5, np.nan])
    rows = starts([np.nan, 0.0, np.nan, np.nan])
    np.testing.assert_allclose(scores(only("recent", pseudo_count=1), rows), [0.75, 0.25, np.nan])


@pytest.mark.parametrize(("role", "expected"), [(0, [3 / 6, 3 / 6]), (1, [3 / 5, 2 / 5]), (-1, [0.5, 0.5])])
def test_role_is_shrunk_towards_overall(role, expected):
    got = scores(only("role", pseudo_count=4), history=History.empty(role=role))
    np.testing.assert_allclose(got, [*expected, np.nan], rtol=1e-6)


@pytest.mark.parametrize(
    ("segment", "expected"), [(2, [3 / 7, 4 / 7]), (0, [0.5, 0.5]), (1, [0.5, 0.5]), (-1, [0.5, 0.5])]
)
def test_segment_is_shrunk_towards_overall(segment, expected):
    got = scores(only("segment", pseudo_count=4), history=History.empty(segment=segment))
    np.testing.assert_allclose(got, [*expected, np.nan], rtol=1e-6)


def test_blend_is_the_weighted_mean_whatever_the_sum_of_weights():
    who = History.empty(role=1, segment=2)
    parts = {which: scores(only(which), history=who) for which in ("overall", "recent", "role", "segment")}
    weights = {"overall": 1.0, "recent": 2.0, "role": 3.0, "segment": 4.0}
    config = PopularityConfig(**{f"{which}_weight": weight for which, weight in weights.items()})
    expected = sum(weights[which] * parts[which] for which in parts) / 10
    np.testing.assert_allclose(scores(config, history=who), expected, rtol=1e-6)
    assert np.nansum(scores(config, history=who)) == pytest.approx(1)


def test_what_was_started_does_not_matter():
    past = History(np.array([1], np.int32), np.zeros(1))
    np.testing.assert_array_equal(scores(None, history=past), scores(None))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            dict.fromkeys(("overall_weight", "recent_weight", "role_weight", "segment_weight"), 0),
            "all four weights",
        ),
        ({"role_weight": -1}, "greater than or equal to 0"),
        ({"role_weight": float("inf")}, "finite"),
        ({"half_life_days": 0}, "greater than 0"),
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
    view = Popularity().fit(rows, CATALOG, seed=0)
    assert view.is_favoured(0, 0) is said
    assert view.is_favoured(1, 1)
    assert not view.is_favoured(1, 0)
    assert not view.is_favoured(-1, 0)


def test_nothing_is_said_before_a_fit():
    with pytest.raises(NotFittedError):
        Popularity().is_favoured(0, 0)
