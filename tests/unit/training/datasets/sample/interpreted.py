"""The compiled functions as the Python that they are: to step through, and to measure what is tested."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

from training.datasets.sample import choice, kernel, learner_models, people, responses, studying
from training.datasets.sample.parameters import Parameters
from training.datasets.sample.state import Block, Desk, Record
from training.datasets.sample.world import World

# the package's own `simulate` is the function
SIMULATE = import_module("training.datasets.sample.simulate")
_MODULES = (SIMULATE, choice, kernel, learner_models, people, responses, studying)


def interpret(patch: pytest.MonkeyPatch) -> None:
    """Let every module of the simulator call Python where it calls compiled code."""
    for module in _MODULES:
        for name, value in list(vars(module).items()):
            if isinstance(value, CPUDispatcher):
                patch.setattr(module, name, value.py_func)
    patch.setattr(SIMULATE, "Scene", scene_of)


def scene_of(
    model: int, world: World, block: Block, desk: Desk, record: Record, parameters: Parameters
) -> SimpleNamespace:
    """Return what `Scene` holds, over the same arrays, as Python can walk it."""
    fields: dict[str, Any] = {"model": model}
    for part in (world, block, desk, record):
        for name, array in part._asdict().items():
            fields[name] = array.view(np.recarray) if array.dtype.names else array
    for name in ("learning", "response", "activity", "choice"):
        fields[name] = (getattr(parameters, name),)
    return SimpleNamespace(**fields)
