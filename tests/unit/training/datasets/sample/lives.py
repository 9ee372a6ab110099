"""Simulated lives on a small catalogue, with everything that is known of them kept."""

from importlib import import_module
from typing import NamedTuple

import numpy as np

from training.datasets.dataset import Dataset
from training.datasets.sample import SampleConfig
from training.datasets.sample.parameters import LEARNER_MODELS, ActivityParameters, Parameters
from training.datasets.sample.people import People, draw_people, roles_of
from training.datasets.sample.state import Desk, Record, empty_desk, empty_record
from training.datasets.sample.world import World

BUSY = Parameters(activity=ActivityParameters(base=0.8, drop_out=0.006, abandon_noted=0.8))
"""Parameters with which few people do much."""


class Lives(NamedTuple):
    """What came of a simulation."""

    people: People
    desk: Desk
    record: Record
    world: World


def lived(
    dataset: Dataset,
    world: World,
    config: SampleConfig,
    *,
    room: tuple[int, int, int] = (20_000, 20_000, 5_000),
) -> Lives:
    """Let people live; asserts that what they did fits into the room."""
    # the package's own `simulate` is the function
    module = import_module("training.datasets.sample.simulate")
    rng = np.random.default_rng(config.seed)
    model = LEARNER_MODELS[config.learner_model]
    people = draw_people(
        model, config.learners, config.n_weeks, world, roles_of(dataset), config.parameters, rng
    )
    desk = empty_desk(config.learners, len(world.skills), len(world.modules))
    record = empty_record(config.learners, len(world.skills), config.months, room)
    scene = module.Scene(model, world, people.block, desk, record, config.parameters)
    run = module.simulate_block
    assert run(scene, module._month_of_week(config), rng)
    return Lives(people, desk, record, world)
