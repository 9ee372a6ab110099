"""Simulate an organisation: a catalogue in, a dataset and the truth behind it out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from recommender.domain.dataset_format import CATALOGUE_TABLES
from recommender.domain.simulation import notice_in
from recommender.errors import ConfigurationError
from training.datasets.dataset import Dataset
from training.datasets.directories import whole_directory
from training.datasets.load import load_dataset
from training.datasets.sample import tables
from training.datasets.sample.catalog import Ints, check_catalog
from training.datasets.sample.kernel import simulate_block
from training.datasets.sample.measures import adoption_table, outcomes_table, self_assessments_table
from training.datasets.sample.parameters import LEARNER_MODELS, WEEKS_PER_MONTH, Parameters
from training.datasets.sample.people import People, Roles, draw_people, roles_of
from training.datasets.sample.postings import demand_trend, postings_table
from training.datasets.sample.state import Record, Scene, empty_desk, empty_record
from training.datasets.sample.world import World, build_world
from training.datasets.sample.writing import BlockWriter
from training.datasets.write import arrow_table

START: Final = pd.Timestamp("2023-09-04", tz="UTC")
"""First day, a Monday."""
TRUTH: Final = "truth"
"""Directory beside the tables for what is true and not shown; `load_dataset` never looks into it."""
CATALOG: Final = Path(__file__).resolve().parents[3] / "data" / "reskilling" / "catalog"
"""The catalogue that comes with the project."""
MOST_LEARNERS: Final = 999_999

_PARAMETERS: Final = "parameters.json"
_BLOCK: Final = 1000
_TRUTH_MONTHS: Final = (0, 6, 12, 24, 36)
# rows of attempts, completions and credentials for each learner, to begin with
_ROOM: Final = (400, 120, 24)


@dataclass(frozen=True, slots=True)
class SampleConfig:
    """What to simulate.

    Parameters
    ----------
    learners : int
        1 to `MOST_LEARNERS`.
    months : int
        1 to 120.
    seed : int
        At least 0; the same seed gives the same bytes.
    learner_model : {"growth", "states"}
        How hidden skills move, see `training.datasets.sample.learner_models`.
    parameters : Parameters
    """

    learners: int = 3000
    months: int = 36
    seed: int = 0
    learner_model: str = "growth"
    parameters: Parameters = field(default_factory=Parameters)

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises
        ------
        ConfigurationError
        """
        _within("--learners", self.learners, 1, MOST_LEARNERS)
        _within("--months", self.months, 1, 120)
        _within("--seed", self.seed, 0, 2**63 - 1)
        if self.learner_model not in LEARNER_MODELS:
            known = " or ".join(LEARNER_MODELS)
            raise ConfigurationError(f"--learner-model {self.learner_model!r} is not known; use {known}")

    @property
    def n_weeks(self) -> int:
        """Weeks that are simulated."""
        return round(self.months * WEEKS_PER_MONTH)


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigurationError(f"{option} {value} is out of range; give {low} to {high}")


def simulate(
    out: Path, config: SampleConfig, catalog: Path = CATALOG, progress: Callable[[int], None] | None = None
) -> dict[str, int]:
    """Write a simulated organisation as a dataset, and the truth behind it in ``truth/``.

    Parameters
    ----------
    out : Path
        The directory; a simulation that lies there is replaced, texts and a directory ``catalog`` stay.
    config : SampleConfig
    catalog : Path
        A dataset with modules, skills, items, roles and role skills; tables of people in it are not read.
    progress : callable, optional
        Told how many learners were simulated since the last call.

    Returns
    -------
    dict of str to int
        Rows of each table.

    Raises
    ------
    DatasetError
        The catalogue cannot be used or `out` cannot be written.
    """
    dataset = load_dataset(catalog)
    check_catalog(dataset)
    model = LEARNER_MODELS[config.learner_model]
    root = np.random.SeedSequence(config.seed)
    of_world, of_market, of_people = root.spawn(3)
    world = build_world(dataset, config.n_weeks, START, config.parameters, np.random.default_rng(of_world))
    roles, names = roles_of(dataset), _names(dataset)
    with whole_directory(out, _is_ours, _is_kept) as new:
        writer = BlockWriter(new, _simulation(config))
        with writer.opened():
            for name in (name for name in CATALOGUE_TABLES if name in dataset.tables):
                writer.write(name, arrow_table(name, dataset.tables[name]))
            market = np.random.default_rng(of_market)
            writer.write(
                "postings", postings_table(dataset, world.skills["half_life"], START, config.months, market)
            )
            _write_world_truth(writer, world, names)
            first_team = 0
            for number, seed in enumerate(of_people.spawn(-(-config.learners // _BLOCK))):
                n = min(_BLOCK, config.learners - number * _BLOCK)
                place = tables.Place(number * _BLOCK, first_team, START.value // 1000)
                people, record, rng = _live(model, n, world, roles, config, seed)
                _write_block(writer, people, record, place, names, world, config, rng)
                first_team += len(people.is_comparison)
                if progress is not None:
                    progress(n)
        _write_parameters(new / TRUTH / _PARAMETERS, config)
    return writer.n_rows


def _live(
    model: int,
    n: int,
    world: World,
    roles: Roles,
    config: SampleConfig,
    seed: np.random.SeedSequence,
) -> tuple[People, Record, np.random.Generator]:
    """Simulate one block, with more room for events when they did not fit."""
    parameters, n_skills = config.parameters, len(world.skills)
    factor = 1
    while True:
        rng = np.random.Generator(np.random.PCG64(seed))
        people = draw_people(model, n, config.n_weeks, world, roles, parameters, rng)
        room = _ROOM[0] * n * factor, _ROOM[1] * n * factor, _ROOM[2] * n * factor
        record = empty_record(n, n_skills, config.months, room)
        desk = empty_desk(n, n_skills, len(world.modules))
        scene = Scene(model, world, people.block, desk, record, parameters)
        if simulate_block(scene, _month_of_week(config), rng):
            return people, record, rng
        factor *= 2


def _month_of_week(config: SampleConfig) -> NDArray[np.int32]:
    """Which month begins with each week, -1 for none; the last week ends the last month."""
    months = np.full(config.n_weeks + 1, -1, np.int32)
    months[np.rint(np.arange(config.months + 1) * WEEKS_PER_MONTH).astype(np.int64)] = np.arange(
        config.months + 1
    )
    return months


def _write_block(
    writer: BlockWriter,
    people: People,
    record: Record,
    place: tables.Place,
    names: tables.Names,
    world: World,
    config: SampleConfig,
    rng: np.random.Generator,
) -> None:
    parameters = config.parameters
    attempts, attempts_truth = tables.attempts_tables(record, place, names)
    completions, starts_truth = tables.completions_tables(record, place, names)
    writer.write("learners", tables.learners_table(people, place, names))
    writer.write("aliases", tables.aliases_table(people, place))
    writer.write("attempts", attempts)
    writer.write("completions", completions)
    writer.write("credentials_earned", tables.credentials_earned_table(record, place, names))
    told = self_assessments_table(people, record, place, names, world, parameters, rng)
    writer.write("self_assessments", told)
    writer.write("adoption", adoption_table(people, record, place, names, world, parameters, rng))
    writer.write("outcomes", outcomes_table(people, record, place, world, parameters, rng))
    writer.write(f"{TRUTH}/learners", tables.truth_learners_table(people, record, place, parameters))
    writer.write(f"{TRUTH}/attempts", attempts_truth)
    writer.write(f"{TRUTH}/starts", starts_truth)
    months: Ints = np.array([month for month in _TRUTH_MONTHS if month <= config.months], np.int32)
    writer.write(f"{TRUTH}/mastery", tables.truth_mastery_table(record, months, place, names))


def _write_world_truth(writer: BlockWriter, world: World, names: tables.Names) -> None:
    items = {
        "item_id": names.items,
        "difficulty": tables.small(world.items["difficulty"], 3),
        "discrimination": tables.small(world.items["discrimination"], 3),
        "guess": tables.small(world.items["guess"], 3),
        "slip": tables.small(world.items["slip"], 3),
    }
    skills = {
        "skill_id": names.skills,
        "difficulty": tables.small(world.skills["difficulty"], 3),
        "half_life_days": tables.small(world.skills["half_life"], 1),
        "demand_trend": tables.small(demand_trend(world.skills["half_life"]), 3),
    }
    writer.write(f"{TRUTH}/items", pa.table(items))
    writer.write(f"{TRUTH}/skills", pa.table(skills))


def _write_parameters(file: Path, config: SampleConfig) -> None:
    content = {
        **_simulation(config),
        "parameters": {name: part._asdict() for name, part in config.parameters._asdict().items()},
    }
    file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _simulation(config: SampleConfig) -> dict[str, Any]:
    return {
        "notice": "a made-up organisation, made by python -m training sample",
        "learners": config.learners,
        "months": config.months,
        "seed": config.seed,
        "learner_model": config.learner_model,
    }


def _names(dataset: Dataset) -> tables.Names:
    def ids(table: str, column: str) -> pa.Array:
        frame = dataset.tables.get(table)
        return pa.array([] if frame is None else frame[column].tolist(), pa.string())

    return tables.Names(
        modules=ids("modules", "module_id"),
        skills=ids("skills", "skill_id"),
        items=ids("items", "item_id"),
        roles=ids("roles", "role_id"),
        credentials=ids("credentials", "credential_id"),
    )


def _is_ours(entry: Path) -> bool:
    """Whether a simulation wrote it: real data is never replaced."""
    if entry.is_dir():
        return entry.name == TRUTH and all(
            _is_ours(inner) or inner.name == _PARAMETERS for inner in entry.iterdir()
        )
    return entry.suffix == ".parquet" and notice_in(_metadata(entry)) is not None


def _metadata(file: Path) -> Mapping[bytes, bytes] | None:
    try:
        metadata: Mapping[bytes, bytes] | None = pa.parquet.read_schema(file).metadata
    except (pa.ArrowException, OSError):
        return None
    return metadata


def _is_kept(entry: Path) -> bool:
    return entry.name == "catalog" or entry.suffix in (".md", ".txt")
