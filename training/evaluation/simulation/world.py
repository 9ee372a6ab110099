"""The organisation that a bundle was trained on, made again for people whom it has never met."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.errors import DatasetError
from training.datasets.dataset import Dataset
from training.datasets.files import read_table
from training.datasets.sample.catalog import check_catalog
from training.datasets.sample.parameters import (
    LEARNER_MODELS,
    WEEKS_PER_MONTH,
    Parameters,
)
from training.datasets.sample.people import People, Roles, draw_people, roles_of
from training.datasets.sample.simulate import START, TRUTH
from training.datasets.sample.state import Record, Scene, empty_desk, empty_record
from training.datasets.sample.world import World, build_world
from training.evaluation.oracle import require_simulated
from training.evaluation.simulation.config import Variation

_LUCK: Final = (("guess", "f8"), ("slip", "f8"))
_PARAMETERS: Final = "parameters.json"
# A module asks 10 items or so, each perhaps twice.
_ROOM: Final = (512, 16, 4)
# Tells people of a simulation apart from those of the sample, who are drawn from the third child of the seed.
_NEW_PEOPLE: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Organisation:
    """A world with its catalogue.

    Parameters
    ----------
    dataset : Dataset
    world : World
        Its hidden properties of items are those that the data was made with.
    roles : Roles
    parameters : Parameters
    first_week : int
        Week at which the data end.
    seed : int
        Of the data.
    """

    dataset: Dataset
    world: World
    roles: Roles
    parameters: Parameters
    first_week: int
    seed: int

    @classmethod
    def of(cls, dataset: Dataset) -> Organisation:
        """Make the world of a simulated dataset again, and see that it is the same.

        Raises
        ------
        DatasetError
            The data is not simulated, or its truth is missing or of other data.
        """
        require_simulated(dataset)
        check_catalog(dataset)
        made = _made(dataset.path)
        parameters = _parameters(made["parameters"])
        n_weeks = round(made["months"] * WEEKS_PER_MONTH)
        of_world = np.random.SeedSequence(made["seed"]).spawn(1)[0]
        world = build_world(dataset, n_weeks, START, parameters, np.random.default_rng(of_world))
        _check_same(dataset.path, world)
        return cls(dataset, world, roles_of(dataset), parameters, n_weeks, made["seed"])

    def varied(self, variation: Variation) -> tuple[int, World, Parameters]:
        """Return the learner model, world and parameters of a variation."""
        learning, skills = self.parameters.learning, self.world.skills.copy()
        factor = variation.learning
        changed = learning._replace(
            growth_rate=factor * learning.growth_rate, learn_rate=factor * learning.learn_rate
        )
        skills["half_life"] /= variation.forgetting
        skills["decay"] = np.log(2.0) / np.log1p(skills["half_life"] / learning.forgetting_unit_days)
        parameters = self.parameters._replace(learning=changed)
        world = self.world._replace(skills=_with_luck(skills, self.world))
        return LEARNER_MODELS[variation.learner_model], world, parameters

    def people(self, variation: Variation, n: int, seed: int) -> tuple[People, Scene, Record]:
        """Draw people of a seed, the same under every policy, and put them where they begin.

        The record has room for one module of one of them.
        """
        model, world, parameters = self.varied(variation)
        entropy = np.random.SeedSequence([self.seed, _NEW_PEOPLE, seed])
        rng = np.random.Generator(np.random.PCG64(entropy))
        people = draw_people(model, n, self.first_week, world, self.roles, parameters, rng)
        n_skills = len(world.skills)
        desk = empty_desk(n, n_skills, len(world.modules))
        record = empty_record(n, n_skills, 1, _ROOM)
        return people, Scene(model, world, people.block, desk, record, parameters), record


def _with_luck(skills: NDArray[np.void], world: World) -> NDArray[np.void]:
    """Add to each skill the mean guess and slip of its items: they are part of passing a typical one."""
    item, _ = np.nonzero(world.item_skills >= 0)
    skill = world.item_skills[world.item_skills >= 0]
    counts = np.maximum(np.bincount(skill, minlength=len(skills)), 1)
    wider = np.zeros(
        len(skills), [*((name, skills.dtype[name]) for name in skills.dtype.names or ()), *_LUCK]
    )
    for name in skills.dtype.names or ():
        wider[name] = skills[name]
    for name, _ in _LUCK:
        wider[name] = np.bincount(skill, world.items[name][item], len(skills)) / counts
    return wider


def _made(data: Path) -> Mapping[str, Any]:
    file = data / TRUTH / _PARAMETERS
    try:
        made: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _ = made["seed"], made["months"], made["parameters"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{file} does not say how {data} was made ({type(error).__name__}: {error}); "
            "name data that python -m training sample wrote"
        ) from error
    return made


def _parameters(told: Mapping[str, Mapping[str, Any]]) -> Parameters:
    parts = {}
    for name, part in Parameters()._asdict().items():
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in told[name].items()}
        parts[name] = part._replace(**values)
    return Parameters(**parts)


def _check_same(data: Path, world: World) -> None:
    truth: NDArray[np.float64] = read_table(data / TRUTH / "items.parquet")["difficulty"].to_numpy()
    made = world.items["difficulty"]
    if len(truth) != len(made) or not np.allclose(truth, made, atol=1e-3):
        raise DatasetError(
            f"the items of {data / TRUTH} are not those that its seed makes; write data and truth again, "
            "both at once, with python -m training sample"
        )
