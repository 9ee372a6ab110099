import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from recommender.domain.catalog_change import CatalogChange
from recommender.ranking.gain import Dosage, GainModel, Need, expected_gain
from tests.unit.ranking.compiled import gap_closed, gaps_of, leading, leading_gap, mean, total


@pytest.fixture
def catalog(make_catalog):
    return make_catalog(
        {"a": {"skill_ids": ["s", "t"]}, "b": {}, "c": {"skill_ids": ["t"]}},
        skills="stu",
        roles=pa.table({"role_id": ["r", "q"], "title": ["R", "Q"], "priority": [0.9, None]}),
        role_skills=pa.table(
            {
                "role_id": ["q", "r", "r"],
                "skill_id": ["u", "t", "s"],
                "required_mastery": [0.5, 0.8, 0.6],
                "importance": [None, 1.0, 0.25],
            }
        ),
    )


def test_need_of_a_role(catalog):
    need = Need.of_role(catalog, catalog.roles.index["r"])
    np.testing.assert_array_equal(need.required, [0.6, 0.8, np.nan])
    assert (need.importance.tolist(), need.priority) == ([0.25, 1.0, 0.0], 0.9)
    other = Need.of_role(catalog, catalog.roles.index["q"])
    assert (other.importance.tolist(), other.priority) == ([0.0, 0.0, 0.5], 0.5)


def test_no_role_needs_nothing(catalog):
    need = Need.of_role(catalog, -1)
    assert np.isnan(need.required).all()
    assert (
        gap_closed(np.array([0.1, 0.2, np.nan]), need, learning_rate=1, assumed_mastery=0).tolist() == [0] * 3
    )


def test_paces_means_and_leading_skill_over_what_a_module_teaches(catalog):
    assert total(catalog, np.array([1.0, 2.0, 4.0])).tolist() == pytest.approx([1.0, 0.0, 2 / 3])
    assert mean(catalog, np.array([1.0, 2.0, 4.0])).tolist() == [1.5, 0.0, 2.0]
    assert [leading(catalog, m, np.array([1.0, 2.0, 9.0])) for m in range(3)] == [1, -1, 1]
    assert [leading(catalog, m, np.array([0.1, np.nan, 9.0])) for m in range(3)] == [0, -1, -1]
    assert leading(catalog, 2, np.zeros(3)) == -1


def test_expected_gain_is_a_share_of_what_is_missing():
    assert [expected_gain(mastery, 0.2) for mastery in (0.0, 0.5, 1.0)] == [0.2, 0.1, 0.0]


@pytest.mark.parametrize(
    ("mastery", "worth"),
    [
        (0.4, 0.12),  # gains .12, gap .2
        (0.55, 0.05),  # gains .09, but only .05 is missing
        (0.7, 0.0),  # nothing is missing
        (np.nan, 0.14),  # as if at the assumed .3
    ],
)
def test_no_more_than_the_gap_is_worth_anything(mastery, worth):
    need = Need(np.array([0.6, np.nan]), np.array([0.5, 1.0]), 0.8)
    closed = gap_closed(np.array([mastery, 0.1]), need, learning_rate=0.2, assumed_mastery=0.3)
    np.testing.assert_allclose(closed, [worth * 0.5, 0.0], atol=1e-12)


def test_what_may_be_missing_is_worth_something_even_where_most_likely_nothing_is():
    need = Need(np.array([0.6]), np.array([1.0]), 0.8)
    worth = [
        gap_closed(np.array([0.65]), need, learning_rate=0.3, assumed_mastery=0.3, error=error)[0]
        for error in (0.0, 0.5, 1.0)
    ]
    assert worth[0] == 0.0 < worth[1] < worth[2]


def test_what_is_expected_is_the_mean_over_what_mastery_may_be():
    need, error = Need(np.array([0.6]), np.array([0.5]), 0.8), 0.8
    its = expit(logit(0.5) + error * np.random.default_rng(0).standard_normal(400_000))
    mean = np.minimum((1 - its) * 0.3, np.maximum(0.6 - its, 0)).mean()
    found = gap_closed(np.array([0.5]), need, learning_rate=0.3, assumed_mastery=0.3, error=error)
    np.testing.assert_allclose(found, [0.5 * mean], rtol=0.05)


def test_no_module_and_no_skill(make_catalog):
    empty = make_catalog({}, skills="")
    assert total(empty, np.zeros(0)).tolist() == []
    bare = make_catalog({"a": {}}, skills="")
    assert total(bare, np.zeros(0)).tolist() == mean(bare, np.zeros(0)).tolist() == [0.0]


def test_the_leading_gap_is_what_a_module_closes_most_of(catalog):
    gap = gaps_of(np.array([0.5, 0.5, 1.0]), np.array([0.3, 0.4, 0.0]), np.array([1.0, 0.5, 1.0]))
    assert leading_gap(catalog, 0, np.array([0.2, 0.2, 0.2]), gap) == 0  # .1 against .05
    assert leading_gap(catalog, 0, np.array([0.08, 0.2, 0.2]), gap) == 1  # .04 against .05
    assert leading_gap(catalog, 0, np.array([0.9, 0.9, 0.2]), gap) == 0  # .3, no more than is missing
    assert leading_gap(catalog, 0, np.zeros(3), gap) == -1
    assert leading_gap(catalog, 1, np.zeros(3), gap) == -1, "it teaches nothing"


@given(st.floats(0, 1), st.floats(0, 0.9))
def test_expected_gain_is_never_more_than_what_is_missing(mastery, rate):
    assert 0.0 <= expected_gain(mastery, rate) <= 1.0 - mastery


@pytest.fixture
def gain():
    return made_gain()


def made_gain(sharing=1.0):
    """By data; a dose of half an hour leaves half of what is missing."""
    dosage = Dosage(np.log(2.0), 0.1, sharing, 30.0)
    return GainModel(np.array([0.1, 0.3, 0.6]), np.array([0.01, 0.02, 0.03]), np.array([5, 0, 9]), dosage)


def test_a_model_expects_the_same_of_many(catalog, gain):
    mastery = np.array([0.0, 0.5, 1.0])
    expected = [expected_gain(m, r) for m, r in zip(mastery, gain.rate, strict=True)]
    assert gain.expected(mastery).tolist() == expected == [0.1, 0.15, 0.0]
    declared = GainModel.of_declaration(catalog, 0.2)
    assert declared.rate.tolist() == pytest.approx([0.2] * 3)
    assert not declared.n_learners.any()


def test_doses_are_by_time(make_catalog):
    catalog = make_catalog(
        {
            "a": {"skill_ids": ["s"], "duration_minutes": 30.0},
            "b": {"skill_ids": ["s", "t"], "duration_minutes": 120.0},
            "c": {"skill_ids": ["s"]},
            "d": {"skill_ids": ["t"], "duration_minutes": 60.0, "format": "assessment"},
        }
    )
    for sharing, of_b in ((1.0, 2.0), (0.5, 4.0 / np.sqrt(2.0)), (0.0, 4.0)):
        dosage = Dosage(np.log(2.0), 0.1, sharing, 30.0)
        assert dosage.doses(catalog).tolist() == pytest.approx([1.0, of_b, of_b, 1.0, 0.0])
    gain = GainModel.by_time(catalog, Dosage(np.log(2.0), 0.1, 1.0, 30.0))
    assert gain.rate.tolist() == pytest.approx([0.5, 0.75, 0.75, 0.5, 0.0])
    assert gain.error.tolist() == pytest.approx([0.05, 0.05, 0.05, 0.05, 0.0])
    declared = Dosage.of_declaration(catalog, 0.2)
    assert declared.usual == 45.0  # the median of 30 and 60; a test does not teach


def test_a_changed_catalogue_keeps_what_was_learned_and_takes_time_for_what_is_new(make_catalog):
    before = make_catalog({"a": {"skill_ids": ["s", "t"]}, "c": {"skill_ids": ["t"]}})
    gain = made_gain()
    after = make_catalog(
        {
            "new": {"skill_ids": ["s"], "duration_minutes": 60.0},
            "c": {"skill_ids": ["s", "t"], "duration_minutes": 60.0},
            "a": {"skill_ids": ["t"]},
            "odd": {"skill_ids": ["t"]},
        }
    )
    moved = gain.with_catalog(CatalogChange(before, after))
    np.testing.assert_allclose(moved.rate, [0.75, 0.5, 0.6, 0.3, 0.5])
    np.testing.assert_allclose(moved.error, [0.05, 0.05, 0.03, 0.02, 0.05])
    assert moved.n_learners.tolist() == [0, 0, 9, 0, 0]
    back = gain.with_catalog(CatalogChange(before, before))
    assert all((back.arrays()[name] == array).all() for name, array in gain.arrays().items())


def test_what_is_declared_stays_so_in_a_changed_catalogue(make_catalog):
    before = make_catalog({f"m{i}": {"skill_ids": ["s"]} for i in range(7)})
    after = make_catalog({"new": {"skill_ids": ["s", "t"]}})
    change = CatalogChange(before, after)
    expected = pytest.approx([0.3, 0.3])
    assert GainModel.of_declaration(before, 0.3).with_catalog(change).rate.tolist() == expected
    nothing = CatalogChange(make_catalog({}), after)
    assert GainModel.of_declaration(nothing.before, 0.3).with_catalog(nothing).rate.tolist() == expected


def test_arrays_make_the_model_again(catalog, gain):
    again = GainModel.from_arrays(gain.arrays(), catalog)
    for name, array in gain.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": np.zeros(2)}, "array rate of the gain has shape"),
        ({"n_learners": np.zeros(4, int)}, "array n_learners of the gain has shape"),
        ({"rate": np.array([0.1, 1.2, 0.0])}, "outside of"),
        ({"rate": np.array([0.1, np.nan, 0.0])}, "outside of"),
        ({"error": np.array([0.1, -1.0, 0.0])}, "no number of at least 0"),
        ({"error": np.array([0.1, np.inf, 0.0])}, "no number of at least 0"),
        ({"dosage": np.array([0.2, 0.0, 1.0])}, "array dosage of the gain has shape"),
        ({"dosage": np.array([0.2, 0.0, 1.5, 30.0])}, "no dosage"),
        ({"dosage": np.array([0.2, 0.0, 1.0, 0.0])}, "no dosage"),
        ({"dosage": np.array([np.nan, 0.0, 1.0, 30.0])}, "no dosage"),
    ],
)
def test_arrays_that_are_no_model_are_refused(catalog, gain, change, message):
    with pytest.raises(ValueError, match=message):
        GainModel.from_arrays(gain.arrays() | change, catalog)
