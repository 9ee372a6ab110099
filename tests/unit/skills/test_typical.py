"""Typical items: means worked out one by one."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.skills.best_lr import BestLR
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.typical import typical_items
from tests.unit.skills.streams import CATALOG, TABLE


@pytest.fixture
def model():
    model = BestLR()
    model.intercept_ = 0.5
    model.item_weight_ = np.arange(8.0)
    model.skill_weight_ = np.array([10.0, 20.0, 40.0, 80.0])
    return model


@pytest.fixture
def typical(model):
    return typical_items(model, TABLE, CATALOG)


def test_item_weight_of_a_skill(typical):
    # s0: q0, q2, q3; s1: q1, q2, q3; s2: q3 and the last three; s3 has none: the mean of all.
    expected = [(0 + 2 + 3) / 3, (1 + 2 + 3) / 3, (3 + 5 + 6 + 7) / 4, 3.5]
    np.testing.assert_allclose(typical.skill_item_weight, expected)


def test_module_with_items_takes_their_mean(typical):
    assert typical.module_base[0] == pytest.approx(0.5 + 0 + 10)
    # m1 holds q1 (s1), q2 (s0, s1) and q4 (none).
    assert typical.module_base[1] == pytest.approx(0.5 + (1 + 2 + 4) / 3 + (20 + 30 + 0) / 3)


def test_module_without_items_takes_its_skills(typical):
    # m4 teaches s0 and no item is its own; an item here assesses 10 / 8 skills.
    expected = 0.5 + 5 / 3 + 10 * (10 / 8)
    assert typical.module_base[4] == pytest.approx(expected)


def test_module_without_either_is_unknown(typical):
    assert np.isnan(typical.module_base[2])
    assert np.isfinite(np.delete(typical.module_base, 2)).all()


def test_logit_adds_what_the_learner_brings(typical):
    by_skill = np.array([1.0, 2.0, 4.0, 8.0])
    gained = typical.module_logit(by_skill) - typical.module_base
    assert gained[0] == pytest.approx(1)
    assert gained[1] == pytest.approx((2 + 3 + 0) / 3)
    assert gained[4] == pytest.approx(10 / 8)
    assert np.isnan(gained[2])


def test_nothing_at_all():
    empty = Catalog.from_tables({"modules": pa.table({"module_id": ["m"], "title": ["M"]})})
    table = DifficultyTable(
        0.0, (), np.zeros(0), empty.item_skills, (), np.zeros(0), empty.module_ids, empty.module_skills
    )
    model = BestLR()
    model.intercept_, model.item_weight_, model.skill_weight_ = 0.0, np.zeros(0), np.zeros(0)
    typical = typical_items(model, table, empty)
    assert typical.skill_item_weight.shape == (0,)
    assert np.isnan(typical.module_logit(np.zeros(0))).tolist() == [True]
