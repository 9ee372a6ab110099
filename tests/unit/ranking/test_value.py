import numpy as np
import pytest
from pydantic import ValidationError

from recommender.ranking.difficulty import Band
from recommender.ranking.value import ValueWeights
from tests.unit.ranking import compiled
from tests.unit.ranking.compiled import Terms

WEIGHTS = ValueWeights(out_of_band=0.0)
ALL = np.ones(3, bool)
BAND = Band(0.7, 0.85, 1.0)


def scores(*values):
    return np.array(values, np.float32)


def preference(views, allowed, floor):
    return compiled.preference(views, allowed, floor)[0]


def parts(views, allowed=ALL):
    """Each view's part of every module, (n_views, n_modules)."""
    made_of = made(views, allowed)
    return np.stack([made_of.parts(module) for module in range(len(allowed))], axis=1)


def made(views=(), allowed=ALL, weights=WEIGHTS, **given):
    n = len(allowed)
    neutral = {
        "success": np.full(n, np.nan),
        "gap": np.zeros(n),
        "readiness": np.ones(n),
        "unlocks": np.zeros(n, int),
        "faded": np.zeros(n),
    }
    return Terms(views, allowed, weights, band=BAND, **{**neutral, **given})


def test_views_are_scaled_before_they_are_mixed():
    views = [(3.0, "popular_in_role", scores(100, 300, 0)), (1.0, "learners_like_you", scores(0, 0.1, 0.1))]
    mixed = preference(views, ALL, 0.1)
    expected = 0.9 * np.array([0.75 * 0.25, 0.75 * 0.75 + 0.25 * 0.5, 0.25 * 0.5]) + 0.1 / 3
    np.testing.assert_allclose(mixed.mix, expected)
    np.testing.assert_allclose(parts(views)[:, 0], [1, 0], atol=1e-12)
    np.testing.assert_allclose(parts(views)[:, 2], [0, 1], atol=1e-12)
    np.testing.assert_allclose(parts(views)[0, 1], 0.5625 / (0.5625 + 0.125))


def test_views_without_an_opinion_drop_out():
    silent = (5.0, "next_in_sequence", scores(np.nan, np.nan, np.nan))
    zero = (5.0, "learners_like_you", scores(0, 0, np.nan))
    unused = (0.0, "closes_gap", scores(1, 9, 1))
    popular = (0.5, "popular_in_role", scores(1, 2, 3))
    together = preference([silent, zero, unused, popular], ALL, 0.1)
    np.testing.assert_allclose(together.mix, preference([popular], ALL, 0.1).mix)
    np.testing.assert_allclose(parts([silent, zero, unused, popular])[3], 1)


def test_only_allowed_modules_count():
    allowed = np.array([True, False, True])
    mixed = preference([(1.0, "popular_in_role", scores(1, 98, 3))], allowed, 0.1)
    np.testing.assert_allclose(mixed.mix[allowed], [0.9 * 0.25 + 0.05, 0.9 * 0.75 + 0.05])
    assert mixed.mix[allowed].sum() == pytest.approx(1)
    assert mixed.mix[1] > 0


def test_an_opinion_only_on_forbidden_modules_is_none():
    mixed = preference([(1.0, "popular_in_role", scores(0, 9, np.nan))], np.array([True, False, True]), 0.1)
    np.testing.assert_allclose(mixed.mix[[0, 2]], 0.5)
    assert not mixed.shares.any()


def test_a_module_no_view_supports_is_shared_by_weight():
    views = [(3.0, "popular_in_role", scores(1, 1, 0)), (1.0, "learners_like_you", scores(1, 0, np.nan))]
    mixed = preference(views, ALL, 0.1)
    np.testing.assert_allclose(parts(views)[:, 2], [0.75, 0.25])
    assert mixed.mix[2] == pytest.approx(0.1 / 3)


def test_the_smallest_scores_still_make_a_preference():
    tiny = np.nextafter(np.float32(0), np.float32(1))
    mixed = preference([(1.0, "popular_in_role", scores(tiny, 0, 0))], ALL, 0.1)
    np.testing.assert_allclose(mixed.mix, np.array([0.9, 0, 0]) + 0.1 / 3)


@pytest.mark.parametrize("n", [0, 1])
def test_few_modules_and_no_views(n):
    allowed = np.ones(n, bool)
    assert made(allowed=allowed).score.tolist() == [0.0] * n
    views = [(1.0, "popular_in_role", np.ones(n, np.float32))]
    np.testing.assert_allclose(made(views, allowed).score, np.zeros(n), atol=1e-12)


def test_nothing_allowed_stays_finite():
    result = made([(1.0, "popular_in_role", scores(1, 2, 3))], np.zeros(3, bool))
    assert np.isfinite(result.rows).all()


def test_what_views_like_is_the_log_of_the_mix():
    views = [(1.0, "popular_in_role", scores(1, 1, 2)), (1.0, "learners_like_you", scores(2, 1, 1))]
    mixed = preference(views, ALL, WEIGHTS.uniform_floor)
    np.testing.assert_allclose(
        [row[0] for row in made(views).rows], WEIGHTS.preference * np.log(mixed.mix * 3)
    )


def test_log_preference_is_divided_among_the_views():
    views = [(1.0, "popular_in_role", scores(1, 1, 4)), (1.0, "learners_like_you", scores(1, 1, 2))]
    (first, one), (second, other) = made(views).reasons(2)
    assert (first, second) == ("popular_in_role", "learners_like_you")
    assert one / other == pytest.approx((4 / 6) / (2 / 4))
    assert one + other == pytest.approx(1)


def test_views_with_the_same_code_and_terms_with_it_are_one_term():
    views = [(1.0, "next_in_sequence", scores(1, 2, 3)), (2.0, "next_in_sequence", scores(1, 2, 9))]
    weights = ValueWeights(preference=1.0, gap=20.0, readiness=0.1, out_of_band=0.0)
    result = made(views, weights=weights, readiness=np.array([1.0, 1.0, 0.5]), gap=np.array([0, 0, 0.05]))
    liked = np.log(preference(views, ALL, WEIGHTS.uniform_floor).mix[2] * 3) - 0.05
    assert result.reasons(2) == [
        ("closes_gap", pytest.approx(1 / (1 + liked))),
        ("next_in_sequence", pytest.approx(liked / (1 + liked))),
    ]


def test_each_weighted_term():
    weights = ValueWeights(
        difficulty=2.0, out_of_band=10.0, gap=3.0, readiness=4.0, unlocking=5.0, review=6.0
    )
    result = made(
        weights=weights,
        success=np.array([0.8, 0.0, np.nan]),
        gap=np.array([0.1, 0.0, 0.2]),
        readiness=np.array([1.0, 0.25, 0.0]),
        unlocks=np.array([0, 1, 3]),
        faded=np.array([0.0, 0.5, 0.25]),
    )
    _, difficulty, gap, readiness, unlocks, review = np.array(result.rows).T
    np.testing.assert_allclose(difficulty, [2, -12, -5])
    np.testing.assert_allclose(gap, [0.3, 0, 0.6])
    np.testing.assert_allclose(readiness, [0, -3, -4])
    np.testing.assert_allclose(unlocks, 5 * np.log([1, 2, 4]))
    np.testing.assert_allclose(review, [0, 3, 1.5])


@pytest.mark.parametrize("values", [{"gap": -1.0}, {"uniform_floor": 0.0}, {"w_p": 1.0}])
def test_weights_that_cannot_work_are_refused(values):
    with pytest.raises(ValidationError):
        ValueWeights(**values)


def test_every_weight_is_documented():
    assert all(field.description for field in ValueWeights.model_fields.values())
