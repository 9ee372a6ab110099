"""A small world of which the value of every policy is known, and logs of an engine that explores in it.

People are of a segment, keen or not, and meet one of four shelves of modules each time they ask. What is
accepted depends on segment, keenness and module. The logging policy shows the best by its own scores and
explores with the project's own `explore`; so propensities are those that a service logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.domain.dataset_format import SEGMENTS
from recommender.ranking.explore import draws_of, explore
from training.datasets.dataset import Dataset
from training.evaluation.off_policy.log import Log
from training.evaluation.off_policy.target import Target

N_MODULES, N_SHELVES, ON_SHELF, K = 20, 4, 14, 4
SHARE_OF_SEGMENT = np.array([0.5, 0.3, 0.2])
KEENNESS = np.array([-0.8, 0.8])
START = pd.Timestamp("2026-01-05T08:00", tz="UTC")
MODULE_IDS = tuple(f"m{i:02d}" for i in range(N_MODULES))
BY_ID = np.arange(N_MODULES)


def ids(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i:05d}" for i in range(n)]


@dataclass(frozen=True, eq=False)
class World:
    """Shelves bool (4, n_modules), `taste` in logits and scores of both policies (3, n_modules)."""

    shelves: np.ndarray
    taste: np.ndarray
    logging: np.ndarray
    target: np.ndarray
    rarity: np.ndarray

    @classmethod
    def made(cls, seed: int) -> World:
        rng = np.random.default_rng(seed)
        shelves = np.array([np.isin(BY_ID, rng.permutation(N_MODULES)[:ON_SHELF]) for _ in range(N_SHELVES)])
        shape = (len(SEGMENTS), N_MODULES)
        taste, logging = rng.normal(-1.2, 1.0, shape), rng.normal(0, 1, shape)
        # Better informed than the logging policy, and like it in part.
        target = 0.6 * logging + 0.6 * (taste + 1.2) + 0.5 * rng.normal(0, 1, shape)
        return cls(shelves, taste, logging, target, rng.uniform(0.3, 1.0, N_MODULES))

    def accepts(self) -> np.ndarray:
        """Probability that it is accepted, (segment, keenness, module)."""
        logits = self.taste[:, None, :] + KEENNESS[None, :, None]
        return 1.0 / (1.0 + np.exp(-logits))

    def best(self, scores: np.ndarray, segment: int, shelf: int, k: int = K) -> np.ndarray:
        order = np.argsort(np.where(self.shelves[shelf], -scores[segment], np.inf), kind="stable")
        return order[:k].astype(np.int64)

    def value(self, scores: np.ndarray) -> float:
        """True mean reward per answer of showing the best by these scores."""
        accepts = self.accepts().mean(axis=1)
        return float(
            sum(
                SHARE_OF_SEGMENT[s] / N_SHELVES * accepts[s, self.best(scores, s, shelf)].sum()
                for s in range(len(SEGMENTS))
                for shelf in range(N_SHELVES)
            )
        )

    def value_of_chance(self) -> float:
        """True mean reward per answer of showing `K` modules of the shelf drawn evenly."""
        accepts = self.accepts().mean(axis=1)
        each = (accepts[:, None, :] * self.shelves[None]).sum(axis=2).mean(axis=1) * K / ON_SHELF
        return float(SHARE_OF_SEGMENT @ each)


@dataclass(frozen=True, eq=False)
class Logged:
    """A log as a dataset, with what the world knows of each answer, both in the order of time."""

    dataset: Dataset
    segment: np.ndarray
    shelf: np.ndarray


def simulate(
    world: World, seed: int, *, n_learners: int = 600, exploration: float = 0.3, most: int = 5
) -> Logged:
    """Let learners ask one to `most` times each."""
    rng = np.random.default_rng([seed, 1])
    segment = rng.choice(len(SEGMENTS), n_learners, p=SHARE_OF_SEGMENT)
    keen = rng.integers(0, 2, n_learners)
    asker = np.repeat(np.arange(n_learners), rng.integers(1, most + 1, n_learners))
    rng.shuffle(asker)
    shelf = rng.integers(0, N_SHELVES, len(asker))
    accepts = world.accepts()
    answers, modules, propensity, taken = [], [], [], []
    for i, learner in enumerate(asker.tolist()):
        shown = explore(
            world.best(world.logging, segment[learner], shelf[i]),
            world.shelves[shelf[i]],
            probability=exploration,
            rarity=world.rarity,
            by_id=BY_ID,
            draws=draws_of(f"log {seed}", str(learner), str(i)),
        )
        answers += [i] * len(shown.modules)
        modules.append(shown.modules)
        propensity.append(shown.propensity)
        taken.append(rng.random(K) < accepts[segment[learner], keen[learner], shown.modules])
    table = _tables(asker, np.array(answers), np.concatenate(modules), np.concatenate(propensity))
    rows = table["recommendations"][np.concatenate(taken)]
    feedback = rows[["recommendation_id", "module_id"]].assign(
        kind="accepted", event_id=[f"f{i}" for i in range(len(rows))]
    )
    feedback["occurred_at"] = rows["occurred_at"] + pd.Timedelta(hours=1)
    learners = pd.DataFrame(
        {
            "learner_id": ids("p", n_learners),
            "segment": np.array(SEGMENTS)[segment],
            "role_id": pd.Series([None] * n_learners, dtype="str"),
        }
    )
    table |= {"feedback": feedback.reset_index(drop=True), "learners": learners}
    return Logged(dataset_of(table), segment[asker], shelf)


def _tables(
    asker: np.ndarray, answer: np.ndarray, module: np.ndarray, propensity: np.ndarray
) -> dict[str, pd.DataFrame]:
    at = START + pd.to_timedelta(np.arange(len(asker)) * 60, unit="s").as_unit("us")
    recommendations = pd.DataFrame(
        {
            "recommendation_id": np.array(ids("r", len(asker)))[answer],
            "learner_id": np.array(ids("p", int(asker.max()) + 1))[asker[answer]],
            "module_id": np.array(MODULE_IDS)[module],
            "rank": np.tile(np.arange(1, K + 1), len(asker)),
            "bundle_id": "logging",
            "propensity": propensity,
            "occurred_at": at[answer],
        }
    )
    modules = pd.DataFrame({"module_id": MODULE_IDS, "difficulty": np.nan})
    return {"recommendations": recommendations, "modules": modules}


def dataset_of(tables: Mapping[str, pd.DataFrame]) -> Dataset:
    """Tables that are as loading makes them, without a directory to load them from."""
    return Dataset("made", Path("made"), tables, (), "", has_clock=True, simulated=True)


def target_of(world: World, logged: Logged) -> Target:
    """The target policy at every logged moment."""
    chosen = [
        world.best(world.target, s, shelf)
        for s, shelf in zip(logged.segment.tolist(), logged.shelf.tolist(), strict=True)
    ]
    return Target.of("target", chosen)


def chance_of(world: World, logged: Logged) -> Target:
    """Modules of the shelf drawn evenly."""
    on_shelf = [np.flatnonzero(world.shelves[shelf]).astype(np.int64) for shelf in logged.shelf.tolist()]
    return Target.of("chance", on_shelf, [np.full(len(m), K / len(m)) for m in on_shelf])


def with_propensity(log: Log, propensity: np.ndarray) -> Log:
    """The same log, with others told."""
    return Log(**{name: getattr(log, name) for name in Log.__slots__} | {"propensity": propensity})
