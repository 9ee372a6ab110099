"""Engines of small catalogues, fitted or not, for tests that know every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.events import Attempt, Completion
from recommender.embeddings import VIEWS, build_interactions
from recommender.engine import Engine
from recommender.ranking.config import RankingConfig
from recommender.ranking.module_facts import ModuleUse
from recommender.ranking.ranker import Ranker
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.evidence import FADING
from recommender.skills.model import SkillModel
from recommender.skills.typical import typical_items
from tests.unit.skills import streams

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MODULES = pa.schema(
    [
        ("module_id", pa.string()),
        ("title", pa.string()),
        ("skill_ids", pa.list_(pa.string())),
        ("difficulty", pa.float64()),
        ("duration_minutes", pa.float64()),
        ("format", pa.string()),
        ("language", pa.string()),
        ("variant_of", pa.string()),
    ]
)
PREREQUISITES = pa.schema([(n, pa.string()) for n in ("module_id", "prerequisite_module_id", "strength")])


def make_engine(
    modules: dict[str, dict[str, Any]],
    *,
    started: Sequence[Sequence[str]] = (),
    views: Sequence[str] = (),
    prerequisites: Sequence[dict[str, Any]] = (),
    model: SkillModel | None = None,
    ranking: RankingConfig | None = None,
    **tables: list[dict[str, Any]],
) -> Engine:
    """Engine over modules by id, with views fitted on what each learner started, in order."""
    rows = [{"module_id": key, "title": f"Module {key}", **row} for key, row in modules.items()]
    catalog = Catalog.from_tables(
        {
            "modules": pa.Table.from_pylist(rows, MODULES),
            "prerequisites": pa.Table.from_pylist(list(prerequisites), PREREQUISITES),
            **{name: pa.Table.from_pylist(of_table) for name, of_table in tables.items()},
        }
    )
    table = even_table(catalog)
    if model is not None:
        table = replace(table, item_difficulty=model.difficulty_.item_difficulty)
        model.difficulty_ = table
        model.typical_ = typical_items(catalog, model.mastery_.item_difficulty_, 0.0)
    lengths = [len(learner) for learner in started]
    interactions = build_interactions(
        np.repeat(np.arange(len(started)), lengths).astype(np.int64),
        np.array([catalog.module_index[m] for learner in started for m in learner], np.int64),
        np.arange(float(sum(lengths))),
        n_learners=len(started),
        role=np.full(len(started), -1),
        segment=np.full(len(started), -1),
        n_modules=catalog.n_modules,
    )
    fitted = {name: VIEWS[name]().fit(interactions, catalog, seed=0) for name in views}
    return Engine(ModelBundle(catalog, table, model, fitted, ranking or RankingConfig(), {"id": "made"}))


def fitted_bundle(
    *,
    seed: int = 5,
    ranking: RankingConfig | None = None,
    skills: bool = True,
    views: bool = True,
    **manifest: Any,
) -> ModelBundle:
    """Everything fitted on a little data, not yet written."""
    rng = np.random.default_rng(1)
    model, fitted, use = None, {}, None
    if skills:
        attempts = streams.simulated(rng, n_learners=12, n_attempts=1200)
        model = SkillModel(streams.SMALL).fit(attempts, streams.CATALOG, seed=seed)
    if views:
        n_modules = len(streams.MODULES)
        rows = build_interactions(
            np.repeat(np.arange(12), 3),
            np.concatenate([rng.permutation(n_modules)[:3] for _ in range(12)]),
            np.arange(36.0),
            n_learners=12,
            role=np.full(12, -1),
            segment=np.arange(12) % 3,
            n_modules=n_modules,
        )
        fitted = {name: cls().fit(rows, streams.CATALOG, seed=seed) for name, cls in VIEWS.items()}
        use = ModuleUse.fit(rows)
    ranking = ranking or RankingConfig()
    declared = np.array([ranking.view_weights.get(name, 0.0) for name in sorted(fitted)])
    ranker = Ranker.declared(ranking.ranker, declared) if fitted else None
    difficulty = streams.TABLE if model is None else model.difficulty_
    return ModelBundle(streams.CATALOG, difficulty, model, fitted, ranking, manifest, ranker=ranker, use=use)


def even_table(catalog: Catalog) -> DifficultyTable:
    """Every item passed by half."""
    return DifficultyTable(
        0.0,
        catalog.item_ids,
        np.zeros(len(catalog.item_ids)),
        catalog.item_skills,
        catalog.skill_ids,
        np.zeros(catalog.n_skills),
        catalog.module_ids,
        catalog.module_skills,
    )


def plain_skills(item_difficulty: Sequence[float], n_skills: int, n_roles: int = 0) -> SkillModel:
    """Mastery is the logarithm of passes over failures, each counted from 1; difficulty counts in full."""
    model = SkillModel()
    n_items = len(item_difficulty)
    model.difficulty_ = DifficultyTable(
        0.0,
        tuple(f"item {i}" for i in range(n_items)),
        np.array(item_difficulty, np.float64),
        Ragged.of([[]] * n_items),
        (),
        np.zeros(0),
    )
    counted = [float(name in {"log_passed", "log_failed"}) for name in FADING]
    model.mastery_ = streams.a_readout(
        np.zeros(n_skills + 1), [0.0, 0.0, 0.0, *counted], item_difficulty=item_difficulty, n_roles=n_roles
    )
    return model


def finished(*module_ids: str, status: Any = "completed", start: datetime | None = None) -> list[Completion]:
    """Completions, one a day, the last of them a week ago unless told."""
    first = start or NOW - timedelta(days=7 + len(module_ids))
    return [
        Completion(
            event_id=f"c{i:03d}-{module_id}",
            learner_id="ada",
            module_id=module_id,
            status=status,
            occurred_at=first + timedelta(days=i),
        )
        for i, module_id in enumerate(module_ids)
    ]


def answers(text: str, item_id: str = "q", start: datetime | None = None, **fields: Any) -> list[Attempt]:
    """Attempts on one item, a minute apart: `+` passed, `-` failed; five days ago unless told."""
    first = start or NOW - timedelta(days=5)
    return [
        Attempt(
            event_id=f"a{i:03d}-{item_id}-{first.isoformat()}",
            learner_id="ada",
            item_id=item_id,
            score=float(mark == "+"),
            passed=mark == "+",
            occurred_at=first + timedelta(minutes=i),
            **fields,
        )
        for i, mark in enumerate(text)
    ]
