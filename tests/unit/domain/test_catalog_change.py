"""Where what was learned of one catalogue belongs in another."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange, positions_of, taken

COLUMNS = {"modules": "module_id", "skills": "skill_id", "items": "item_id", "roles": "role_id"}


def catalog(**ids):
    tables = {name: pa.table({COLUMNS[name]: pa.array(list(own), pa.string())}) for name, own in ids.items()}
    return Catalog.from_tables(tables)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_each_is_matched_by_its_own_ids(name):
    change = CatalogChange(catalog(**{name: "abc"}), catalog(**{name: "xcab"}))
    assert getattr(change, name).tolist() == [-1, 2, 0, 1]
    for other in COLUMNS.keys() - {name}:
        assert getattr(change, other).tolist() == []


@pytest.mark.parametrize(
    ("before", "after", "expected"), [("", "", []), ("", "ab", [-1, -1]), ("ab", "", []), ("ab", "b", [1])]
)
def test_tables_may_be_empty_or_absent(before, after, expected):
    for was in (catalog(modules=before), *([Catalog.from_tables({})] if not before else [])):
        found = CatalogChange(was, catalog(modules=after)).modules
        assert (found.tolist(), found.dtype) == (expected, np.int64)


def test_there_and_back():
    one, other = catalog(modules="abcd"), catalog(modules="dxb")
    change, back = CatalogChange(one, other), CatalogChange(other, one)
    values = np.arange(4.0)
    moved = taken(values, change.modules, np.nan)
    np.testing.assert_array_equal(moved, [3, np.nan, 1])
    np.testing.assert_array_equal(taken(moved, back.modules, -1), [-1, 1, -1, 3])


def test_rows_taken_keep_their_type_and_shape():
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    moved = taken(values, np.array([2, -1]), np.array([7, 8], np.float32))
    np.testing.assert_array_equal(moved, [[4, 5], [7, 8]])
    assert moved.dtype == np.float32
    assert taken(values, np.zeros(0, np.int64), 0).shape == (0, 2)
    assert taken(values[:0], np.array([-1]), 5).tolist() == [[5, 5]]
    assert taken(np.zeros(2, np.bool_), np.array([-1, 1]), True).tolist() == [True, False]


def test_what_was_taken_is_a_copy():
    values = np.arange(2.0)
    taken(values, np.array([0, 1]), 0.0)[:] = 9
    assert values.tolist() == [0, 1]


def test_positions_of_nothing():
    assert positions_of([], {"a": 0}).dtype == np.int64
    assert positions_of(["a"], {}).tolist() == [-1]
