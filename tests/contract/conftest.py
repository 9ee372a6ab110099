"""Data that every view is held against."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Interactions, build_interactions
from recommender.embeddings.new_modules import NewModules
from tests.contract.views import discovered

N_MODULES, N_TRACKS, TRACK = 60, 6, 10
DAY = 86_400.0


def make_catalog(ids: list[str]) -> Catalog:
    """Modules m0, m1, ... of few subjects and skills, each asking for the one before, and two roles."""
    numbers = [int(module_id.removeprefix("m")) for module_id in ids]
    before = {number + 1: module_id for number, module_id in zip(numbers, ids, strict=True)}
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": pa.array(ids, pa.string()),
                    "title": pa.array([f"Lesson {n}" for n in numbers], pa.string()),
                    "description": pa.array(
                        [f"On subject{n % 9:02d}, briefly" for n in numbers], pa.string()
                    ),
                    "tags": pa.array([[f"tag {n % 8}"] for n in numbers], pa.list_(pa.string())),
                    "skill_ids": pa.array([[f"s{n % 7}"] for n in numbers], pa.list_(pa.string())),
                }
            ),
            "skills": pa.table({"skill_id": [f"s{i}" for i in range(7)]}),
            "prerequisites": pa.table(
                {
                    "module_id": pa.array([m for n, m in zip(numbers, ids, strict=True) if n in before]),
                    "prerequisite_module_id": pa.array([before[n] for n in numbers if n in before]),
                },
                pa.schema([("module_id", pa.string()), ("prerequisite_module_id", pa.string())]),
            ),
            "roles": pa.table({"role_id": ["r0", "r1"], "title": ["Role 0", "Role 1"]}),
        }
    )


def make_interactions(rows: list[tuple[int, int]], *, n_learners: int, n_modules: int) -> Interactions:
    """First starts from (learner, module) pairs, one a day."""
    learner, module = np.array(rows, np.int64).reshape(-1, 2).T
    return build_interactions(
        learner,
        module,
        np.arange(len(rows)) * DAY,
        n_learners=n_learners,
        role=np.arange(n_learners) % 3 - 1,
        segment=np.arange(n_learners) % 4 - 1,
        n_modules=n_modules,
    )


def planted_rows(rng: np.random.Generator, n_learners: int) -> list[tuple[int, int]]:
    """Learners walk along tracks of unequal popularity; one start in ten is a module from anywhere."""
    track_modules = rng.permutation(N_MODULES).reshape(N_TRACKS, TRACK)
    popularity = np.array([8, 5, 3, 2, 1, 1]) / 20
    rows = []
    for learner in range(n_learners):
        first, steps = rng.integers(0, 4), rng.integers(4, 7)
        walk = track_modules[rng.choice(N_TRACKS, p=popularity), first : first + steps]
        stray = rng.random(steps) < 0.1
        anywhere = track_modules[rng.choice(N_TRACKS, steps, p=popularity), rng.integers(0, TRACK, steps)]
        rows += [(learner, int(module)) for module in np.where(stray, anywhere, walk)]
    return rows


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return make_catalog([f"m{i:02d}" for i in range(N_MODULES)])


@pytest.fixture(scope="session")
def planted() -> Interactions:
    """Three hundred learners; the last three modules of the catalogue are started by nobody."""
    rows = planted_rows(np.random.default_rng(7), 300)
    kept = [(learner, module) for learner, module in rows if module < N_MODULES - 3]
    return make_interactions(kept, n_learners=300, n_modules=N_MODULES)


@pytest.fixture(scope="session")
def train(planted: Interactions) -> Interactions:
    """Everything but each learner's last start."""
    last = np.zeros(len(planted.modules), bool)
    last[planted.start[1:][np.diff(planted.start) >= 2] - 1] = True
    return planted.keep(~last)


@pytest.fixture(scope="session")
def build() -> Callable[..., Interactions]:
    return make_interactions


@pytest.fixture(scope="session")
def name_modules() -> Callable[[list[str]], Catalog]:
    return make_catalog


@pytest.fixture(params=discovered(), ids=lambda cls: cls.__name__)
def view_class(request: pytest.FixtureRequest) -> type:
    return request.param


@pytest.fixture
def from_starts(view_class: type) -> None:
    if view_class.of_catalog_only:
        pytest.skip("it learns from the catalogue alone")


@pytest.fixture
def related_by_starts(view_class: type, from_starts: None) -> None:
    if view_class is NewModules:
        pytest.skip("starts tell it what is new, and words what that is like")
