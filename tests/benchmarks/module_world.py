"""A made organisation with a catalogue of any size, and everything fitted on what its people did.

Skills have a row of modules each, which people take in order more often than not; some modules ask for the
one before, some for mastery of the skill, some have an easier variant. Roles ask for skills, and people take
what their role asks for. Nothing in here says anything of real people: it is for measuring time and size.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.events import Attempt, Completion, Event
from recommender.domain.learner import LearnerProfile
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import build_interactions
from recommender.ranking.module_facts import ModuleUse
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from training.config import TrainConfig
from training.module_models import fit_ranker, fit_views

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
N_SKILLS, N_ROLES, N_PER_ROLE, ITEMS_EACH = 60, 24, 8, 2
N_STARTS, N_ATTEMPTS = 15, 50


@dataclass(frozen=True, slots=True, eq=False)
class MadeWorld:
    """Catalogue, first starts and answers; `skill_of` (n_modules,) is the skill whose row a module is in."""

    catalog: Catalog
    interactions: Interactions
    attempts: AttemptColumns
    skill_of: NDArray[np.int64]

    def learner(self, number: int) -> tuple[LearnerProfile, list[Event]]:
        """One of those in the data: profile and events, a start every tenth day and answers in between."""
        rng = np.random.default_rng(number)
        history = self.interactions.history(number)
        role, catalog = int(history.role), self.catalog
        profile = LearnerProfile(
            learner_id=f"learner-{number}", role_id=catalog.roles.ids[role], segment=SEGMENTS[history.segment]
        )
        events: list[Event] = [
            Completion(
                event_id=f"c{i:03d}",
                learner_id=profile.learner_id,
                module_id=catalog.module_ids[m],
                status="completed" if rng.random() < 0.8 else "started",
                occurred_at=dt.datetime.fromtimestamp(at, dt.UTC),
            )
            for i, (m, at) in enumerate(zip(history.modules.tolist(), history.at.tolist(), strict=True))
        ]
        first = dt.datetime.fromtimestamp(float(history.at[0]), dt.UTC)
        for i in range(N_ATTEMPTS):
            module = int(rng.choice(history.modules))
            passed = bool(rng.random() < 0.7)
            events.append(
                Attempt(
                    event_id=f"q{i:03d}",
                    learner_id=profile.learner_id,
                    item_id=catalog.item_ids[ITEMS_EACH * module + int(rng.integers(ITEMS_EACH))],
                    score=float(passed),
                    passed=passed,
                    occurred_at=first + dt.timedelta(days=3 * i, minutes=1),
                )
            )
        return profile, events


def made_world(n_modules: int, n_learners: int, seed: int = 0) -> MadeWorld:
    """Draw the organisation."""
    rng = np.random.default_rng(seed)
    roles = np.stack([rng.permutation(N_SKILLS)[:N_PER_ROLE] for _ in range(N_ROLES)])
    skill_of = np.arange(n_modules) % N_SKILLS
    catalog = Catalog.from_tables(dict(_tables(skill_of, roles, rng)))
    role = rng.integers(0, N_ROLES, n_learners)
    starts = np.stack([_walk(skill_of, roles[r], rng) for r in role])
    first = START.timestamp() + 86_400.0 * rng.uniform(0, 500, n_learners)
    interactions = build_interactions(
        np.repeat(np.arange(n_learners), N_STARTS),
        starts.ravel(),
        (first[:, None] + 10 * 86_400.0 * np.arange(N_STARTS)).ravel(),
        n_learners=n_learners,
        role=role,
        segment=catalog.roles.segment[role],
        n_modules=n_modules,
    )
    return MadeWorld(catalog, interactions, _attempts(catalog, starts, rng), skill_of)


def fitted(world: MadeWorld, config: TrainConfig, ranked: TrainConfig) -> ModelBundle:
    """Fit everything by `config`, not yet written; what the ranker learns from by `ranked`."""
    skills = SkillModel(config.skills).fit(world.attempts, world.catalog, seed=config.seed)
    views = fit_views(world.interactions, world.catalog, config)
    ranker = fit_ranker(world.interactions, world.catalog, ranked, views)
    use = ModuleUse.fit(world.interactions)
    return ModelBundle(
        world.catalog, skills.difficulty_, skills, views, config.ranking, ranker=ranker, use=use
    )


def _tables(
    skill_of: NDArray[np.int64], roles: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[tuple[str, pa.Table]]:
    n, text_list = len(skill_of), pa.list_(pa.string())
    modules, skills = [f"m{i:05d}" for i in range(n)], [f"s{s:02d}" for s in range(N_SKILLS)]
    words = np.array([f"word{w:03d}" for w in range(15 * N_SKILLS)])
    taught = [[s, *({int(rng.integers(N_SKILLS))} - {s})] if rng.random() < 0.4 else [s] for s in skill_of]
    yield (
        "modules",
        pa.table(
            {
                "module_id": modules,
                "title": [" ".join(rng.choice(words[15 * s : 15 * s + 15], 3)) for s in skill_of],
                "skill_ids": pa.array([[skills[s] for s in row] for row in taught], text_list),
                "difficulty": rng.uniform(0.1, 0.7, n),
                "duration_minutes": rng.integers(2, 40, n) * 5.0,
                "format": rng.choice(["video", "course", "reading"], n),
                "language": rng.choice(["en", "en", "en", "de"], n),
                "level": rng.choice(["beginner", "intermediate", "advanced"], n),
                "variant_of": pa.array(
                    [modules[i - N_SKILLS] if i >= N_SKILLS and u < 0.05 else None for i, u in _drawn(n, rng)]
                ),
                "published_at": pa.array(
                    [START - dt.timedelta(days=int(d)) for d in rng.integers(0, 900, n)],
                    pa.timestamp("us", "UTC"),
                ),
                "retired_at": pa.array(
                    [START if u < 0.02 else None for _, u in _drawn(n, rng)], pa.timestamp("us", "UTC")
                ),
            }
        ),
    )
    yield (
        "skills",
        pa.table(
            {
                "skill_id": skills,
                "name": [f"Skill {s}" for s in skills],
                "half_life_days": [90.0 + 10 * s for s in range(N_SKILLS)],
            }
        ),
    )
    yield (
        "items",
        pa.table(
            {
                "item_id": [f"q{i:05d}-{j}" for i in range(n) for j in range(ITEMS_EACH)],
                "module_id": [m for m in modules for _ in range(ITEMS_EACH)],
                "skill_ids": pa.array([[skills[s]] for s in np.repeat(skill_of, ITEMS_EACH)], text_list),
            }
        ),
    )
    before = [(i, "hard" if u < 0.1 else "soft") for i, u in _drawn(n, rng) if i >= N_SKILLS and u < 0.4]
    able = [i for i, u in _drawn(n, rng) if i >= 5 * N_SKILLS and u < 0.1]
    yield (
        "prerequisites",
        pa.table(
            {
                "module_id": [modules[i] for i, _ in before] + [modules[i] for i in able],
                "prerequisite_module_id": [modules[i - N_SKILLS] for i, _ in before] + [None] * len(able),
                "prerequisite_skill_id": [None] * len(before) + [skills[skill_of[i]] for i in able],
                "required_mastery": [None] * len(before) + [0.6] * len(able),
                "strength": [s for _, s in before] + ["soft"] * len(able),
            }
        ),
    )
    ids = [f"r{r:02d}" for r in range(N_ROLES)]
    yield (
        "roles",
        pa.table(
            {
                "role_id": ids,
                "title": [f"Role {r}" for r in ids],
                "segment": [SEGMENTS[r % len(SEGMENTS)] for r in range(N_ROLES)],
                "priority": rng.uniform(0.2, 1.0, N_ROLES),
            }
        ),
    )
    yield (
        "role_skills",
        pa.table(
            {
                "role_id": np.repeat(ids, N_PER_ROLE),
                "skill_id": [skills[s] for s in roles.ravel()],
                "required_mastery": rng.uniform(0.5, 0.9, roles.size),
                "importance": rng.uniform(0.2, 1.0, roles.size),
            }
        ),
    )


def _drawn(n: int, rng: np.random.Generator) -> Iterator[tuple[int, float]]:
    """Every number below `n` with one of its own in [0, 1)."""
    yield from enumerate(rng.random(n).tolist())


def _walk(skill_of: NDArray[np.int64], skills: NDArray[np.int64], rng: np.random.Generator) -> list[int]:
    """Different modules: the next of the same skill, or an early one of another, mostly of those given."""
    depth, taken = len(skill_of) // N_SKILLS, []
    module = -1
    while len(taken) < N_STARTS:
        following = module + N_SKILLS
        if module < 0 or rng.random() < 0.35 or following >= N_SKILLS * depth:
            skill = int(rng.choice(skills)) if rng.random() < 0.9 else int(rng.integers(N_SKILLS))
            following = skill + N_SKILLS * min(int(depth * rng.random() ** 2), depth - 1)
        module = following
        if module not in taken:
            taken.append(module)
    return taken


def _attempts(catalog: Catalog, starts: NDArray[np.int64], rng: np.random.Generator) -> AttemptColumns:
    """Answers to the items of what was started, of at most 1,000 people; able ones pass more."""
    starts = starts[:1000]
    n_learners, n_each = len(starts), N_STARTS * ITEMS_EACH
    item = (
        np.repeat(starts, ITEMS_EACH, axis=1) * ITEMS_EACH + np.tile(np.arange(ITEMS_EACH), N_STARTS)
    ).ravel()
    ability = np.repeat(rng.normal(1.0, 1.0, n_learners), n_each)
    hard = rng.normal(0.0, 1.0, len(catalog.item_ids))
    passed = (rng.random(len(item)) < 1.0 / (1.0 + np.exp(hard[item] - ability))).astype(np.float64)
    return AttemptColumns(
        learner=np.repeat(np.arange(n_learners), n_each),
        item=item.astype(np.int32),
        module=catalog.item_module[item],
        skills=Ragged.of([catalog.item_skills[i].tolist() for i in item]),
        passed=passed,
        score=passed,
        at=np.tile(START.timestamp() + 86_400.0 * np.arange(n_each), n_learners),
        n_learners=n_learners,
    )
