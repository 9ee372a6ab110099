"""Let simulated learners live by every policy, with the same luck wherever they make the same choice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.bundle import ModelBundle
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.learner import LearnerProfile
from recommender.embeddings.als import Als
from recommender.engine import Engine
from recommender.errors import DatasetError
from recommender.ranking.gain import Need
from training.columns import interactions_of
from training.datasets import load_dataset
from training.datasets.sample.people import AGE_BANDS, CONTRACTS, GENDERS, SITES, People
from training.datasets.sample.state import Record
from training.evaluation.simulation import kernel, policies
from training.evaluation.simulation.config import Rules, SimulationConfig, Variation
from training.evaluation.simulation.learner import Platform, SimulatedLearner
from training.evaluation.simulation.policies import ENGINE, Ask, Facts, Policy, Truth
from training.evaluation.simulation.world import Organisation

PROGRAMME: Final = np.dtype(
    [
        ("seed", "i4"),
        ("learner", "i4"),
        ("minutes", "f8"),
        ("modules", "i4"),
        ("end", "i4"),
        ("readiness_before", "f8"),
        ("readiness_after", "f8"),
        ("n_asked", "i4"),
        ("n_failed", "i4"),
        ("n_given_up", "i4"),
        ("leaves", "f8"),
    ]
)
"""What became of one learner under one policy: minutes of study and modules begun until the programme ended,
how it ended (codes of `kernel`, `STUCK` for nothing left to take), true readiness, items asked and failed,
modules given up, minutes after which somebody free to would have left (NaN for never)."""

SAID: Final = np.dtype(
    [("success", "f8"), ("fits", "i1"), ("any_fits", "?"), ("n_asked", "i4"), ("n_failed", "i4")]
)
"""A recommended module that was taken: the chance of passing it that the engine told, NaN for none, whether
that lay in the band (-1 where not known) and that of any allowed module did, and what became of its items,
repeats left out."""

STUCK: Final = 4

_DRAWS, _MODULE, _CHECK, _POLICY, _TEST = range(5)


@dataclass(frozen=True, eq=False)
class Cell:
    """What one policy did for the people of one seed in one world.

    Parameters
    ----------
    variation : Variation
    policy : str
    programmes : array of `PROGRAMME`, shape (n_learners,)
    said : array of `SAID`
        Of programmes.
    followed : array of `SAID`
        Of everybody for `Rules.followed_minutes`, ready or not; of policies other than the engine nothing.
    groups : mapping of str to array of str, shape (n_learners,)
    """

    variation: Variation
    policy: str
    programmes: NDArray[np.void]
    said: NDArray[np.void]
    followed: NDArray[np.void]
    groups: Mapping[str, NDArray[np.str_]]


@dataclass(frozen=True, eq=False)
class Stage:
    """Everything that does not change from world to world.

    Parameters
    ----------
    organisation : Organisation
    facts : Facts
    engines : mapping of str to Engine
        By policy: the engine, and those that lack a part.
    """

    organisation: Organisation
    facts: Facts
    engines: Mapping[str, Engine]

    @classmethod
    def of(cls, bundle: ModelBundle, data: Path, *, with_ablations: bool) -> Stage:
        """Load what is needed of a simulated dataset, and fit ALS, which the engine itself may lack."""
        dataset = load_dataset(data)
        organisation = Organisation.of(dataset)
        engines = {ENGINE: bundle, **(policies.ablations(bundle) if with_ablations else {})}

        interactions = interactions_of(dataset, bundle.catalog)
        if interactions is None:
            raise DatasetError(f"{data} holds no completions; a bundle to compare needs some")
        als = Als().fit(interactions, bundle.catalog, seed=0)
        return cls(organisation, Facts.of(bundle, als), {name: Engine(its) for name, its in engines.items()})

    def policies(self, rules: Rules) -> dict[str, tuple[Engine, Policy]]:
        """Return every policy with the engine that keeps its learners' states."""
        found = {
            name: (engine, policies.engine_policy(engine, most_items=rules.most_items))
            for name, engine in self.engines.items()
        }
        common = self.engines[ENGINE]
        return found | {name: (common, its) for name, its in policies.baselines(self.facts).items()}


def simulate(
    bundle: Path,
    data: Path,
    config: SimulationConfig,
    *,
    jobs: int,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Cell]:
    """Run every policy for every seed of every world.

    Parameters
    ----------
    bundle, data : Path
        The engine, and the simulated dataset that it was trained on.
    config : SimulationConfig
    jobs : int
        Processes.
    progress : callable
        Told how many (world, seed) pairs are done since the last call.
    """
    work = [(variation, seed) for variation in config.variations for seed in range(config.seeds)]
    found: list[Cell] = []
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for cells in pool.map(_work, *zip(*[(bundle, data, config, *task) for task in work], strict=True)):
            found += cells
            progress(1)
    return found


@cache
def _stage(bundle: Path, data: Path, with_ablations: bool) -> Stage:
    return Stage.of(ModelBundle.open(bundle), data, with_ablations=with_ablations)


def _work(bundle: Path, data: Path, config: SimulationConfig, variation: Variation, seed: int) -> list[Cell]:
    with threadpool_limits(1):
        stage = _stage(bundle, data, config.ablations)
        return list(run_seed(stage, variation, config.learners, seed, config.rules))


def run_seed(stage: Stage, variation: Variation, n: int, seed: int, rules: Rules) -> Iterator[Cell]:
    """Let the people of one seed live through a world once under every policy."""
    for name, (engine, policy) in stage.policies(rules).items():
        people, scene, record = stage.organisation.people(variation, n, seed)
        run = _Run(stage.organisation, people, scene, record, Platform(engine), policy, rules, seed)
        rows, said = run.everybody()
        followed = np.zeros(0, SAID)
        if name == ENGINE:
            people, scene, record = stage.organisation.people(variation, n, seed)
            endless = replace(rules, ready=math.inf, most_minutes=rules.followed_minutes)
            run = replace(run, people=people, scene=scene, record=record, rules=endless)
            _, followed = run.everybody()
        yield Cell(variation, name, rows, said, followed, _groups(people))


@dataclass(frozen=True, eq=False)
class _Run:
    """One policy, one seed, one world."""

    organisation: Organisation
    people: People
    scene: Any
    record: Record
    platform: Platform
    policy: Policy
    rules: Rules
    seed: int

    def everybody(self) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Lead everybody through a programme; what became of each, and what was said of modules."""
        rows = np.zeros(len(self.people.team), PROGRAMME)
        said: list[tuple[float, int, bool, int, int]] = []
        for i in range(len(rows)):
            rows[i] = self.programme(i, said)
        return rows, np.array(said, SAID)

    def programme(self, i: int, said: list[tuple[float, int, bool, int, int]]) -> tuple[Any, ...]:
        """Lead one learner from the start of a programme to its end."""
        scene, rules, catalog = self.scene, self.rules, self.platform.engine.catalog
        profile = self._profile(i)
        need = Need.of_role(catalog, catalog.roles.index[profile.target_role_id or ""])
        goal = np.nan_to_num(need.required), need.importance
        progress = np.zeros(len(self.people.team), kernel.PROGRESS)
        draws = self._draws(i)
        rule_row = np.array([tuple(asdict(rules).values())], [(k, "f8") for k in asdict(rules)])[0]
        checks = bool(self._rng(i, _CHECK).random() < rules.check_share)
        first_week = self.organisation.first_week
        kernel.begin_programme(scene, i, progress, first_week, checks, self._rng(i, _CHECK, 1))
        learner = SimulatedLearner(self.platform, profile, rules.rest_days)
        learner.see(self.record, progress[i]["second"])
        before = float(kernel.readiness(scene, i, *goal))
        p, end, n_modules, n_given_up = progress[i], kernel.READY if before >= rules.ready else -1, 0, 0
        begun: dict[int, int] = {}
        if end < 0 and checks and self.policy.ask is not None:
            self._assess(i, learner, progress, self.policy.ask)
        while end < 0:
            see, rng = partial(self._truth, i, goal), self._rng(i, _POLICY, n_modules)
            choice = self.policy.choose(learner.situation(), see, rng)
            module = choice.module
            if module < 0:
                end = STUCK
                break
            nth = begun[module] = begun.get(module, 0) + 1
            asked, failed = int(p["n_asked"]), int(p["n_failed"])
            outcome = kernel.take(
                scene,
                i,
                module,
                progress,
                draws,
                first_week,
                *goal,
                rule_row,
                self._rng(i, _MODULE, module, nth),
            )
            n_modules += 1
            learner.see(self.record, p["second"])
            learner.last = module
            told = choice.said
            success = np.nan if told is None or told.success_probability is None else told.success_probability
            fits = -1 if told is None or told.difficulty_fit is None else told.difficulty_fit == "on_level"
            became = int(p["n_asked"]) - asked, int(p["n_failed"]) - failed
            said.append((success, fits, choice.any_fits, *became))
            if outcome == kernel.GIVEN_UP:
                n_given_up += 1
                learner.rest(module)
            elif outcome != kernel.FINISHED:
                end = outcome
        after = float(kernel.readiness(scene, i, *goal))
        row = (self.seed, i, p["minutes"], n_modules, end, before, after, p["n_asked"], p["n_failed"])
        return (*row, n_given_up, p["leaves"])

    def _assess(self, i: int, learner: SimulatedLearner, progress: Any, ask: Ask) -> None:
        """Ask a learner what the policy wants to know first."""
        given: list[str] = []
        rng, index = self._rng(i, _TEST), self.platform.engine.catalog.item_index
        while (item := ask(learner.situation(), given, rng)) is not None:
            kernel.ask(self.scene, i, index[item], progress, rng)
            given.append(item)
            learner.see(self.record, progress[i]["second"])

    def _truth(self, i: int, goal: tuple[Any, Any]) -> Truth:
        n, n_skills = self.platform.engine.catalog.n_modules, self.platform.engine.catalog.n_skills
        truth = Truth(np.empty(n_skills), np.empty(n), np.empty(n))
        kernel.true_values(self.scene, i, *goal, *truth)
        return truth

    def _draws(self, i: int) -> NDArray[np.float64]:
        """Luck of every week, the same under every policy."""
        rng, n = self._rng(i, _DRAWS), self.rules.most_weeks
        draws = rng.random((n, kernel.DRAWS))
        draws[:, 2] = rng.standard_normal(n)
        return draws

    def _rng(self, i: int, *what: int) -> np.random.Generator:
        entropy = np.random.SeedSequence([self.organisation.seed, self.seed, i, *what])
        return np.random.Generator(np.random.PCG64(entropy))

    def _profile(self, i: int) -> LearnerProfile:
        """Return what is known; who wants no other role wants to be ready for the present one."""
        person, roles = self.people.block.people[i], self.platform.engine.catalog.roles.ids
        goal = person["target"] if person["target"] >= 0 else person["role"]
        return LearnerProfile(
            learner_id=f"sim-{self.seed}-{i}",
            role_id=roles[person["role"]],
            target_role_id=roles[goal],
            segment=SEGMENTS[person["segment"]],
            language="en",
            weekly_minutes=float(person["minutes"]) if self.people.says_minutes[i] else None,
        )


def _groups(people: People) -> dict[str, NDArray[np.str_]]:
    person = people.block.people
    return {
        "goal": np.where(person["target"] >= 0, "another role", "present role"),
        "segment": np.array(SEGMENTS)[person["segment"]],
        "site": np.array(SITES)[people.site],
        "contract": np.array(CONTRACTS)[people.part_time],
        "gender": np.array(GENDERS)[people.gender],
        "age_band": np.array(AGE_BANDS)[people.age],
    }
