"""A made organisation in which it is known what every module teaches.

Learners have a mastery of each skill. On day 0 all skills are checked by items of their own, then everybody
finishes modules, and on day 60 all skills are checked by other items. Mastery stays as it is but
for what modules add. Skills of which a learner finished no module are the controls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from scipy.special import expit, logit

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.columns import AttemptColumns, Lessons
from training.gain.outcomes import Studies

DAY = 86_400.0
START = 1.7e9
N_SKILLS, N_ITEMS, N_ASKED = 4, 12, 4
KINDS = {"twice": 0.4, "once": 0.2, "nothing": 0.0}
BOTH = "both"


@dataclass(frozen=True)
class World:
    catalog: Catalog
    attempts: AttemptColumns
    studies: Studies
    rate: np.ndarray
    """What each module truly adds, (n_taught,)."""


def catalog_of(kinds: list[str]) -> Catalog:
    """Modules of each kind for each skill, those of kind `BOTH` also for the next; items of no module."""
    modules = [(f"{kind}-{s}", taught_by(kind, s)) for kind in kinds for s in range(N_SKILLS)]
    lists = pa.list_(pa.string())
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": [m for m, _ in modules],
                    "title": [m for m, _ in modules],
                    "skill_ids": pa.array([[f"s{s}" for s in of] for _, of in modules], lists),
                    "level": ["beginner"] * len(modules),
                    "duration_minutes": [60.0] * len(modules),
                }
            ),
            "skills": pa.table({"skill_id": [f"s{s}" for s in range(N_SKILLS)], "name": ["S"] * N_SKILLS}),
            "items": pa.table(
                {
                    "item_id": [f"s{s}-{i}" for s in range(N_SKILLS) for i in range(2 * N_ITEMS)],
                    "skill_ids": pa.array(
                        [[f"s{s}"] for s in range(N_SKILLS) for _ in range(2 * N_ITEMS)], lists
                    ),
                }
            ),
        }
    )


def taught_by(kind: str, s: int) -> list[int]:
    """Skills that the module of a kind for a skill teaches."""
    return [s, (s + 1) % N_SKILLS] if kind == BOTH else [s]


def unlucky(passes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Skills of each learner, those with the fewest passes in the first check first."""
    return np.argsort(passes + 0.1 * rng.random(passes.shape), axis=1)


def by_chance(passes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Skills of each learner in any order."""
    return np.argsort(rng.random(passes.shape), axis=1)


def make_world(
    n_learners: int,
    seed: int,
    kinds: dict[str, float] = KINDS,
    order: Callable[[np.ndarray, np.random.Generator], np.ndarray] = by_chance,
) -> World:
    """Two modules for each learner, of the first two skills in their order; of which kind, chance decides."""
    rng, names = np.random.default_rng(seed), list(kinds)
    catalog = catalog_of(names)
    hard = rng.normal(0.0, 0.5, (N_SKILLS, 2 * N_ITEMS))
    general = rng.normal(0.0, 0.8, (n_learners, 1))
    mastery = expit(general + rng.normal(0.0, 0.7, (n_learners, N_SKILLS)) - 0.2)
    rows: list[tuple[int, int, int, float, float]] = []

    def check(day: float, first: int) -> np.ndarray:
        passes = np.zeros((n_learners, N_SKILLS))
        for learner in range(n_learners):
            for s in range(N_SKILLS):
                for i in first + rng.permutation(N_ITEMS)[:N_ASKED]:
                    passed = float(rng.random() < expit(logit(mastery[learner, s]) - hard[s, i]))
                    passes[learner, s] += passed
                    moment = START + day * DAY + float(len(rows) % (N_SKILLS * N_ASKED))
                    rows.append((learner, s, int(i), passed, moment))
        return passes

    skills = order(check(0.0, 0), rng)[:, :2]
    kind = rng.integers(0, len(names), skills.shape)
    learner = np.repeat(np.arange(n_learners), 2)
    module = (kind * N_SKILLS + skills).ravel()
    begun = START + DAY * (10.0 + 15.0 * np.tile([0.0, 1.0], n_learners) + rng.random(2 * n_learners))
    finished = begun + 5.0 * DAY
    taught = [taught_by(kind, s) for kind in names for s in range(N_SKILLS)]
    of_module = np.repeat(list(kinds.values()), N_SKILLS)
    for i, m in zip(learner, module, strict=True):
        mastery[i, taught[m]] += of_module[m] * (1.0 - mastery[i, taught[m]])
    n_first = len(rows)
    check(60.0, N_ITEMS)
    who, skill, item, passed, at = (np.array(column) for column in zip(*rows, strict=True))
    # Row of each learner's first answer in the second check.
    before = n_first + learner * N_SKILLS * N_ASKED
    attempts = AttemptColumns(
        learner=who.astype(np.int64),
        item=(skill * 2 * N_ITEMS + item).astype(np.int32),
        skills=Ragged(np.arange(len(rows) + 1), skill.astype(np.int32)),
        module=np.full(len(rows), -1, np.int32),
        passed=passed,
        score=passed,
        at=at,
        n_learners=n_learners,
        lessons=Lessons(
            learner,
            before,
            Ragged.of([taught[m] for m in module.tolist()]),
            np.ones(len(module)),
            np.full(len(module), np.nan),
            finished,
        ),
    )
    rate = np.repeat(of_module, [len(of) for of in taught])
    return World(catalog, attempts, Studies(learner, module, begun, finished), rate)


def with_answers(world: World, passed: np.ndarray) -> World:
    """The same people with other answers."""
    return replace(world, attempts=replace(world.attempts, passed=passed, score=passed))
