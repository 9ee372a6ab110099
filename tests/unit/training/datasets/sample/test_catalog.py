"""Columns of a catalogue as positions, and catalogues that are no use."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.errors import DatasetError
from tests.unit.training.datasets.sample.catalogs import BARE, written
from training.datasets import load_dataset
from training.datasets.dataset import Dataset
from training.datasets.sample import catalog
from training.datasets.sample.catalog import NONE
from training.datasets.sample.simulate import START


def test_usable_catalogues_pass(full_dataset: Dataset, bare_catalog: Path) -> None:
    catalog.check_catalog(full_dataset)
    catalog.check_catalog(load_dataset(bare_catalog))


@pytest.mark.parametrize("name", ["items", "role_skills"])
def test_a_missing_table_is_named(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "c", {table: text for table, text in BARE.items() if table != name})
    with pytest.raises(DatasetError, match=f"{path} has no table {name}; .*modules, skills, items"):
        catalog.check_catalog(load_dataset(path))


def test_neither_roles_nor_what_they_need(tmp_path: Path) -> None:
    path = written(tmp_path / "c", {name: BARE[name] for name in ("modules", "skills", "items")})
    with pytest.raises(DatasetError, match="has no table roles"):
        catalog.check_catalog(load_dataset(path))


def test_items_without_modules_are_no_use(tmp_path: Path) -> None:
    path = written(tmp_path / "c", BARE | {"items": "item_id,skill_ids\ni1,s\n"})
    with pytest.raises(DatasetError, match="no item with a module_id; say which module"):
        catalog.check_catalog(load_dataset(path))


def test_codes_and_positions_of_what_is_not_there() -> None:
    at = catalog.positions(pd.Series(["b", "a"]))
    assert at == {"b": 0, "a": 1}
    column = pd.Series(["a", None, "x", "b"])
    assert catalog.looked_up(column, at).tolist() == [1, NONE, NONE, 0]
    assert catalog.codes(column, ("b", "a"), 7).tolist() == [1, 7, 7, 0]


def test_lists_become_rows_that_end() -> None:
    at = {"a": 0, "b": 1}
    matrix = catalog.of_list(pd.Series([["b", "a"], [], ["a"]]), at)
    assert matrix.tolist() == [[1, 0, NONE], [NONE] * 3, [0, NONE, NONE]]
    assert matrix.dtype == np.int32
    assert catalog.padded([]).shape == (0, 1)


def test_rows_of_groups() -> None:
    assert catalog.rows_of(np.array([1, NONE, 0, 1], np.int32), 3) == [[2], [0, 3], []]


def test_days_since_the_start() -> None:
    times = pd.Series([START, START + pd.Timedelta(hours=36), pd.NaT])
    assert catalog.days(times, START, -5.0).tolist() == [0.0, 1.5, -5.0]


def test_what_modules_need(full_dataset: Dataset) -> None:
    tables = full_dataset.tables
    at = catalog.positions(tables["modules"]["module_id"])
    needs, hard = catalog.needed_modules(tables)
    assert needs[at["a2"]].tolist() == [at["a1"], NONE]
    assert (needs[at["a3"], 0], hard[at["a3"], 0]) == (at["a2"], False)
    assert hard[at["b3"]].tolist() == [True, False]
    assert (needs[at["a1"]] == NONE).all()
    skills, required, insists = catalog.needed_skills(tables)
    assert (skills[at["a3"], 0], required[at["a3"], 0]) == (1, 0.4)
    assert (skills != NONE).sum() == 1
    assert not insists.any()
    strict = {**tables, "prerequisites": tables["prerequisites"].assign(strength="hard")}
    insists = catalog.needed_skills(strict)[2]
    assert insists.tolist() == (skills != NONE).tolist()


def test_a_catalogue_without_prerequisites_needs_nothing(bare_catalog: Path) -> None:
    tables = load_dataset(bare_catalog).tables
    needs, hard = catalog.needed_modules(tables)
    assert needs.tolist() == [[NONE]] * 3
    assert not hard.any()
    skills, required, insists = catalog.needed_skills(tables)
    assert skills.tolist() == [[NONE]] * 3
    assert required.shape == insists.shape == skills.shape
    assert not insists.any()
