"""Typical items: means worked out one by one."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit

from recommender.domain.catalog import Catalog
from recommender.skills.typical import typical_items
from tests.unit.skills.streams import CATALOG

# By how much items are harder than the typical ones of their skills.
HARDER = np.array([0.5, -0.25, 1.0, 2.0, 0.75, 0.0, 0.0, -1.0])
MASTERY = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


@pytest.fixture
def typical():
    return typical_items(CATALOG, HARDER, 0.0)


def test_skills_of_a_module_are_those_of_its_items(typical):
    # m0 holds q0 (s0); m1 holds q1 (s1), q2 (s0, s1) and q4 (none); m3 the last item, of s2.
    third = 1 / 3
    expected = [
        [1, 0, 0, 0, 0],
        [third / 2, third * 1.5, 0, 0, third],
        [0, 0, 0, 0, 1],
        [0, 0, 1, 0, 0],
        [1, 0, 0, 0, 0],
    ]
    np.testing.assert_allclose(typical.skills.toarray(), expected)


def test_how_much_harder_its_items_are_is_their_mean(typical):
    np.testing.assert_allclose(typical.harder, [0.5, (-0.25 + 1.0 + 0.75) / 3, np.nan, -1.0, 0.0])


def test_answers_within_a_module_are_better(typical):
    inside = typical_items(CATALOG, HARDER, 0.3)
    np.testing.assert_allclose(typical.harder - inside.harder, [0.3, 0.3, np.nan, 0.3, 0.3])
    np.testing.assert_array_equal(inside.skills.toarray(), typical.skills.toarray())


def test_how_much_better_may_depend_on_mastery(typical):
    steep = typical_items(CATALOG, HARDER, 0.3, 1.5)
    outside, inside = (logit(of.success(MASTERY)) for of in (typical, steep))
    np.testing.assert_allclose(inside, 0.3 + 1.5 * outside)


def test_a_module_without_items_and_skills_is_unknown(typical):
    assert np.isnan(typical.success(MASTERY)).tolist() == [False, False, True, False, False]


def test_success_is_mastery_less_what_the_items_are_harder(typical):
    success = typical.success(MASTERY)
    assert success[0] == pytest.approx(expit(1.0 - 0.5))
    assert success[1] == pytest.approx(expit((2 + 1.5 + 16) / 3 - 0.5))
    assert success[3] == pytest.approx(expit(4.0 + 1.0))
    assert success[4] == pytest.approx(expit(1.0)), "without items it takes those of its skills"


def test_nothing_at_all():
    empty = Catalog.from_tables({"modules": pa.table({"module_id": ["m"], "title": ["M"]})})
    typical = typical_items(empty, np.zeros(0), 0.0)
    assert typical.skills.shape == (1, 1)
    assert np.isnan(typical.success(np.zeros(1))).tolist() == [True]
