import numpy as np
import pyarrow as pa
import pytest

from recommender.ranking.gain import Need, expected_gain
from tests.unit.ranking.compiled import gap_closed, leading, mean, total


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


def test_sums_means_and_leading_skill_over_what_a_module_teaches(catalog):
    assert total(catalog, np.array([1.0, 2.0, 4.0])).tolist() == [3.0, 0.0, 2.0]
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
    np.testing.assert_allclose(closed, [worth * 0.5 * 0.8, 0.0], atol=1e-12)


def test_no_module_and_no_skill(make_catalog):
    empty = make_catalog({}, skills="")
    assert total(empty, np.zeros(0)).tolist() == []
    bare = make_catalog({"a": {}}, skills="")
    assert total(bare, np.zeros(0)).tolist() == mean(bare, np.zeros(0)).tolist() == [0.0]
