"""What tests of the simulator share: small catalogues, compiled code as Python, the shipped organisation."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.datasets.sample.catalogs import BARE, FULL, written
from tests.unit.training.datasets.sample.interpreted import interpret
from tests.unit.training.datasets.sample.shipped import Organisation
from training.datasets import load_dataset
from training.datasets.dataset import Dataset
from training.datasets.sample import Parameters
from training.datasets.sample.simulate import START
from training.datasets.sample.world import World, build_world


@pytest.fixture(scope="session")
def full_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("catalogs") / "full", FULL)


@pytest.fixture(scope="session")
def bare_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("catalogs") / "bare", BARE)


@pytest.fixture(scope="session")
def full_dataset(full_catalog: Path) -> Dataset:
    return load_dataset(full_catalog)


@pytest.fixture(scope="session")
def full_world(full_dataset: Dataset) -> World:
    """The world of the full small catalogue, over two years."""
    return build_world(full_dataset, 104, START, Parameters(), np.random.default_rng(0))


@pytest.fixture(scope="module")
def interpreted() -> Iterator[None]:
    """Every compiled function as Python."""
    with pytest.MonkeyPatch.context() as patch:
        interpret(patch)
        yield


@pytest.fixture(scope="session")
def shipped() -> Organisation:
    """The organisation that comes with the project, and the truth behind it."""
    return Organisation(Path(__file__).parents[5] / "data" / "reskilling")
