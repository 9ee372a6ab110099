"""The catalogue as arrays, and the hidden truth drawn for it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.domain.dataset_format import LEVELS, MODULE_FORMATS
from tests.unit.training.datasets.sample.catalogs import N_ITEMS
from training.datasets import load_dataset
from training.datasets.dataset import Dataset
from training.datasets.sample import CATALOG, Parameters
from training.datasets.sample import world as hidden
from training.datasets.sample.simulate import START
from training.datasets.sample.world import CORE_SKILLS, World, build_world


@pytest.fixture(scope="module")
def at(full_dataset: Dataset) -> dict[str, int]:
    return {name: i for i, name in enumerate(full_dataset.tables["modules"]["module_id"])}


@pytest.fixture(scope="module")
def bundled_dataset() -> Dataset:
    return load_dataset(CATALOG)


@pytest.fixture(scope="module")
def bundled(bundled_dataset: Dataset) -> World:
    return build_world(bundled_dataset, 156, START, Parameters(), np.random.default_rng(0))


def test_modules_are_what_the_catalogue_says(full_world: World, at: dict[str, int]) -> None:
    modules = full_world.modules
    assert LEVELS[modules["level"][at["a3"]]] == "advanced"
    assert MODULE_FORMATS[modules["format"][at["a3"]]] == "project"
    assert modules["minutes"][at["a3"]] == 120
    assert modules["variant_of"][at["a2-easy"]] == at["a2"]
    assert modules["credential"][[at["a3"], at["b3"], at["a1"]]].tolist() == [0, 1, -1]
    assert modules["is_test"].tolist() == [name == "b3" for name in at]
    assert modules["is_meeting"].tolist() == [name in ("b3", "d1") for name in at]
    assert modules["retired"][at["c1"]] == 88
    assert modules["published"][at["c2"]] == 150
    assert {name: int(modules["n_items"][i]) for name, i in at.items()} == {**N_ITEMS, "d1": 0}


def test_what_the_catalogue_leaves_open_has_a_default(full_world: World, at: dict[str, int]) -> None:
    module = full_world.modules[at["c2"]]
    assert LEVELS[module["level"]] == "intermediate"
    assert (module["minutes"], module["format"]) == (60, 0)
    assert full_world.modules["published"][at["a1"]] < -1e6
    assert full_world.modules["retired"][at["a1"]] > 1e6


def test_half_lives_are_the_declared_ones_but_for_what_the_catalogue_errs() -> None:
    n = 4000
    table = pd.DataFrame({"half_life_days": [180.0, np.nan] * (n // 2), "domain": ["technical"] * n})
    items = np.zeros(0, np.dtype([("difficulty", "f8")]))
    skills = hidden._skills(table, items, np.zeros((0, 1), np.int32), Parameters(), np.random.default_rng(0))
    error = np.log(skills["half_life"] / np.tile([180.0, 365.0], n // 2))
    assert abs(error.mean()) < 4 * 0.3 / np.sqrt(n)
    assert error.std() == pytest.approx(0.3, rel=0.05)


def test_a_module_is_as_difficult_as_its_items(full_world: World, at: dict[str, int]) -> None:
    for module, items in enumerate(full_world.module_items):
        own = items[items >= 0]
        if len(own):
            mean = full_world.items["difficulty"][own].mean()
            assert full_world.modules["difficulty"][module] == pytest.approx(mean)
    assert np.isfinite(full_world.modules["difficulty"][at["d1"]])


def test_half_of_a_gain_fades_in_the_half_life(full_world: World) -> None:
    unit = Parameters().learning.forgetting_unit_days
    left = (1 + full_world.skills["half_life"] / unit) ** -full_world.skills["decay"]
    np.testing.assert_allclose(left, 0.5)


def test_checks_ask_items_of_no_module_where_there_are_any(full_dataset: Dataset, full_world: World) -> None:
    ids = full_dataset.tables["items"]["item_id"].to_numpy()
    names = [set(ids[row[row >= 0]]) for row in full_world.skill_checks]
    assert names[0] == {f"prompting-check{q}" for q in range(4)}
    assert names[1] == {f"sql-check{q}" for q in range(4)}
    assert names[2] == set()
    assert full_world.n_checks.tolist() == [4, 4, 0]


def test_checks_fall_back_on_items_of_modules(bare_catalog: Path) -> None:
    world = build_world(load_dataset(bare_catalog), 8, START, Parameters(), np.random.default_rng(0))
    assert world.n_checks.tolist() == [2, 1]
    assert not world.modules["is_core"].any()
    assert not world.leads_to.any()


def test_a_module_leads_to_what_needs_it_and_to_the_next_level(full_world: World, at: dict[str, int]) -> None:
    leads = full_world.leads_to
    assert leads[at["a1"], at["a2"]]
    assert leads[at["b1"], at["b2-hard"]]
    assert leads[at["b2-hard"], at["b3"]]
    assert not leads[at["a2"], at["a1"]]
    assert not leads[at["a1"], at["b2"]]
    assert not leads[at["a1"], at["a3"]]


def test_hidden_properties_of_items_stay_in_their_ranges(bundled: World) -> None:
    items = bundled.items
    assert set(items["guess"]) == {0.0, 0.1, 0.2}
    assert items["slip"].min() >= 0.01
    assert items["slip"].max() <= 0.06
    assert np.log(items["discrimination"]).std() == pytest.approx(0.18, rel=0.1)
    graded = bundled.items["is_graded"]
    assert 0 < graded.mean() < 0.5


def test_declared_difficulty_is_right_but_for_what_the_author_errs(
    bundled_dataset: Dataset, bundled: World
) -> None:
    declared = bundled_dataset.tables["items"]["difficulty"].to_numpy(float)
    truth = bundled.items["difficulty"]
    assert np.corrcoef(np.log(declared / (1 - declared)), truth)[0, 1] > 0.6
    level = bundled.modules["level"]
    of_level = [bundled.modules["difficulty"][level == position].mean() for position in range(3)]
    assert of_level[0] < of_level[1] < of_level[2]


def test_the_core_is_beginners_modules_on_core_skills_alone(bundled_dataset: Dataset, bundled: World) -> None:
    table = bundled_dataset.tables["modules"]
    skills = bundled_dataset.tables["skills"]["skill_id"].tolist()
    assert set(CORE_SKILLS) <= set(skills)
    expected = [
        bool(taught) and set(taught) <= set(CORE_SKILLS) and level == "beginner"
        for taught, level in zip(table["skill_ids"], table["level"], strict=True)
    ]
    assert bundled.modules["is_core"].tolist() == expected
    assert sum(expected) > 3


def test_popularity_is_a_segments_own_and_falls_with_the_level(bundled: World) -> None:
    level = bundled.modules["level"]
    shared = np.corrcoef(bundled.popularity)
    assert ((shared > 0.5) & (shared < 0.99))[np.triu_indices(3, 1)].all()
    mean = bundled.popularity.mean(axis=0)
    assert mean[level == 0].mean() > mean[level == 2].mean() + 0.5
    assert (bundled.spotlight.sum(axis=1) == 3).all()
    assert len(bundled.spotlight) == 40


def test_the_turn_of_the_year_takes_most(bundled: World) -> None:
    days = START + pd.to_timedelta(7 * np.arange(156), unit="D")
    week = days.isocalendar().week.to_numpy(int)
    turn = np.isin(week, (52, 1))
    assert bundled.season[turn].min() > 1.5
    assert bundled.season[~np.isin(week, (52, 53, 1))].max() < 1


def test_the_same_seed_draws_the_same_world(full_dataset: Dataset, full_world: World) -> None:
    again = build_world(full_dataset, 104, START, Parameters(), np.random.default_rng(0))
    other = build_world(full_dataset, 104, START, Parameters(), np.random.default_rng(1))
    for one, two in zip(full_world, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert (full_world.items["difficulty"] != other.items["difficulty"]).all()
