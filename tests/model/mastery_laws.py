"""What a simulated organisation lives by, as the oracle filter knows it: world, parameters, people.

Nothing here is of one learner but the role, which is no secret. The hidden world is made again from the seed
beside the data, and held against ``truth/`` before it is believed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtr

from recommender.domain.dataset_format import DOMAINS
from recommender.errors import DatasetError
from tests.model.irt import Floats, Ints
from training.datasets.dataset import Dataset
from training.datasets.sample.catalog import rows_of
from training.datasets.sample.parameters import LEARNER_MODELS, WEEKS_PER_MONTH, Parameters
from training.datasets.sample.people import (
    _IN_ROLE,
    _LEVELS,
    _OTHER,
    _SITE_SHARES,
    _TECHNICAL,
    LOW_SITE,
)
from training.datasets.sample.simulate import START, TRUTH
from training.datasets.sample.world import World, build_world

Z_GRID: Final = np.linspace(-3.5, 3.5, 57)
"""Standard normal values at which levels at the start are tabulated."""
_MASTERY_GRID: Final = np.linspace(1e-4, 1.0 - 1e-4, 4000)
# of rounding in truth/
_ROUNDED: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Laws:
    """Everything but the learners.

    Parameters
    ----------
    model : int
        The learner model.
    parameters : Parameters
    world : World
    item_module, item_place : int arrays, shape (n_items,)
        Module of each item, -1 for those of skill checks, and its place in the module, from 0.
    start_level : float array, shape (n_roles, n_skills, len(Z_GRID))
        Level at the start by the standard normal value of somebody's rank.
    guess, slip : float arrays, shape (n_skills,)
        Of a skill's typical item: means over its items.
    n_weeks : int
        How long it was simulated.
    """

    model: int
    parameters: Parameters
    world: World
    item_module: Ints
    item_place: Ints
    start_level: Floats
    guess: Floats
    slip: Floats
    n_weeks: int

    def typical(self, latent: Floats) -> Floats:
        """Chance to pass the typical item from sigmoid(ability - difficulty), skills on the last axis."""
        return self.guess + (1.0 - self.guess - self.slip) * latent

    def ability_prior(self) -> tuple[float, float]:
        """Mean and deviation of general ability in logits over people whose site is not looked at."""
        people, share = self.parameters.people, _SITE_SHARES[LOW_SITE]
        variance = people.ability_deviation**2 + people.site_gap**2 * share * (1 - share)
        return -people.site_gap * share, float(np.sqrt(variance))


def read_laws(dataset: Dataset) -> Laws:
    """Make the world of a simulated dataset again.

    Raises
    ------
    DatasetError
        What comes out is not the world in ``truth/``: the simulator has changed since.
    """
    told = json.loads((dataset.path / TRUTH / "parameters.json").read_text(encoding="utf-8"))
    parameters = _parameters(told["parameters"])
    n_weeks = round(told["months"] * WEEKS_PER_MONTH)
    of_world = np.random.SeedSequence(told["seed"]).spawn(3)[0]
    world = build_world(dataset, n_weeks, START, parameters, np.random.default_rng(of_world))
    _require_same(dataset.path, world)
    skills = [row[row >= 0] for row in world.item_skills]
    skill = np.concatenate(skills)
    item = np.repeat(np.arange(len(skills)), list(map(len, skills)))
    n = np.maximum(np.bincount(skill, minlength=len(world.skills)), 1)
    module = pd.Index(dataset.tables["modules"]["module_id"]).get_indexer(
        dataset.tables["items"]["module_id"]
    )
    place = np.zeros(len(module), np.int64)
    for own in rows_of(module.astype(np.int32), len(world.modules)):
        place[own] = np.arange(len(own))
    return Laws(
        model=LEARNER_MODELS[told["learner_model"]],
        parameters=parameters,
        world=world,
        item_module=module.astype(np.int64),
        item_place=place,
        start_level=_start_levels(world, parameters),
        guess=np.bincount(skill, world.items["guess"][item], len(n)) / n,
        slip=np.bincount(skill, world.items["slip"][item], len(n)) / n,
        n_weeks=n_weeks,
    )


def _parameters(told: dict[str, dict[str, Any]]) -> Parameters:
    """Return parameters from their JSON form, in which tuples are lists."""
    parts = {}
    for name, default in Parameters()._asdict().items():
        values = {key: tuple(v) if isinstance(v, list) else v for key, v in told[name].items()}
        parts[name] = default._replace(**values)
    return Parameters(**parts)


def _require_same(data: Path, world: World) -> None:
    for name, made in (("items", world.items), ("skills", world.skills)):
        known = pd.read_parquet(data / TRUTH / f"{name}.parquet")["difficulty"].to_numpy(np.float64)
        if len(known) != len(made) or np.abs(known - made["difficulty"]).max() > _ROUNDED:
            raise DatasetError(
                f"{data}/{TRUTH}/{name}.parquet is not what this version of the simulator makes of "
                "parameters.json; write the data again with python -m training sample"
            )


def _start_levels(world: World, parameters: Parameters) -> Floats:
    """Quantiles of the level at the start, see `training.datasets.sample.people`.

    Mastery is the larger of two independent uniform ones, so its distribution function is their product.
    """
    technical = world.skills["domain"] == DOMAINS.index("technical")
    low, high = np.where(technical[:, None], _TECHNICAL, _OTHER).T
    m, rank = _MASTERY_GRID, ndtr(Z_GRID)
    levels = np.empty((*world.role_required.shape, len(Z_GRID)))
    for role, required in enumerate(world.role_required):
        for s, asked in enumerate(required):
            share = np.clip((m - low[s]) / (high[s] - low[s]), 0, 1)
            if asked > 0:
                bottom, top = asked * np.array(_IN_ROLE)
                share = share * np.clip((m - bottom) / (top - bottom), 0, 1)
            rising = np.r_[True, np.diff(share) > 0]
            mastery = np.interp(rank, share[rising], m[rising])
            theta = logit(mastery) + world.skills["difficulty"][s]
            levels[role, s] = np.clip(0.5 + theta / parameters.response.spread, *_LEVELS)
    return levels


def latent_mastery(theta: Floats, difficulty: Floats) -> Floats:
    """Return sigmoid(ability - difficulty): mastery as ``truth/mastery`` has it, without guess and slip."""
    return np.asarray(expit(theta - difficulty))
