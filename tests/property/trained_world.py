"""A made catalogue with every rule in it, people who learn from it, and engines really fitted on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.bundle import ModelBundle
from recommender.engine import Engine
from recommender.ranking.module_facts import ModuleUse
from recommender.ranking.ranker import Ranker
from recommender.skills.model import SkillModel
from tests.unit.skills import streams
from tests.unit.worlds import NOW
from training.columns import attempt_columns, catalog_of, interactions_of
from training.config import TrainConfig
from training.datasets import load_dataset, write_dataset
from training.datasets.dataset import Dataset
from training.module_models import fit_ranker, fit_views

TOPICS = ("python", "statistics", "ethics")
TRACK = tuple(f"m{i:02d}" for i in range(24))
TWINS = tuple(f"twin-{letter}" for letter in "dacb")
"""Nobody started them, and nothing but their ids tells them apart."""
WITHDRAWN = ("old-1", "old-2", "soon")
EASIER = {"easy-05": "m05", "easy-13": "m13"}
MODULES = (*TRACK, *TWINS, *WITHDRAWN, *EASIER)
N_LEARNERS = 260
# Positions in TRACK by eights are a topic each.
ON_MODULES = [(7, 6, "hard"), (15, 14, "hard"), (23, 22, "hard"), (3, 2, "soft"), (11, 10, "soft")]
ON_SKILLS = [
    ("m06", "python", 0.4, "hard"),
    ("m20", "ethics", 0.6, "hard"),
    ("m12", "statistics", 0.5, "soft"),
]
LANGUAGES = ("en", "en", "de", None, "en-GB")
FORMATS = ("course", "video", "reading", None)


def module_rows() -> pd.DataFrame:
    """Every module, in the order of `MODULES`."""
    rows = []
    for i, module_id in enumerate(TRACK):
        topic = TOPICS[i // 8]
        rows.append(
            {
                "module_id": module_id,
                "title": f"{topic} {i % 8 + 1}",
                "description": f"{topic} step {i % 8}",
                "skill_ids": [topic] if i % 5 else [topic, TOPICS[(i // 8 + 1) % 3]],
                "tags": [topic, f"level {i % 8 // 3}"],
                "duration_minutes": None if i % 7 == 6 else 20.0 + 5 * i,
                "format": FORMATS[i % 4],
                "language": LANGUAGES[i % 5],
            }
        )
    alike = {"title": "Twin", "skill_ids": ["ethics"], "tags": ["ethics"], "duration_minutes": 30.0}
    rows += [{"module_id": twin, **alike, "format": "video", "language": "en"} for twin in TWINS]
    rows += [{"module_id": gone, **alike, "format": "video", "language": "en"} for gone in WITHDRAWN]
    rows += [
        {"module_id": easy, **alike, "title": easy, "skill_ids": ["python"], "variant_of": of}
        for easy, of in EASIER.items()
    ]
    frame = pd.DataFrame(rows)
    frame["retired_at"] = pd.Series(pd.NaT, frame.index, dtype="datetime64[us, UTC]")
    frame["published_at"] = frame["retired_at"]
    before, after = pd.Timestamp(NOW) - pd.Timedelta(days=1), pd.Timestamp(NOW) + pd.Timedelta(days=1)
    frame.loc[frame["module_id"].isin(["old-1", "old-2"]), "retired_at"] = before
    frame.loc[frame["module_id"] == "soon", "published_at"] = after
    return frame


def prerequisite_rows() -> pd.DataFrame:
    """Hard and soft ones, on modules and on skills."""
    on_modules = [(f"m{a:02d}", f"m{b:02d}", None, None, s) for a, b, s in ON_MODULES]
    on_skills = [(m, None, skill, required, s) for m, skill, required, s in ON_SKILLS]
    names = ["module_id", "prerequisite_module_id", "prerequisite_skill_id", "required_mastery", "strength"]
    return pd.DataFrame([*on_modules, *on_skills], columns=names)


def tables() -> dict[str, pd.DataFrame]:
    """Catalogue and people, who walk through topics with gaps and answer items on the way."""
    rng = np.random.default_rng(11)
    attempts, completions = [], []
    ability = rng.normal(0, 1.2, N_LEARNERS)
    for learner in range(N_LEARNERS):
        at = pd.Timestamp(NOW) - pd.Timedelta(days=int(rng.integers(150, 600)))
        place, done = 8 * int(rng.integers(0, 3)) + int(rng.integers(0, 4)), set()
        for _ in range(int(rng.integers(2, 8))):
            at += pd.Timedelta(hours=int(rng.integers(1, 200)))
            module = place % len(TRACK)
            place += int(rng.choice([1, 1, 1, 2, 8, 9]))
            if module in done:
                continue
            done.add(module)
            completions.append((f"l{learner:03d}", TRACK[module], "completed", at))
            for item in (2 * module, 2 * module + 1):
                at += pd.Timedelta(minutes=3)
                passed = bool(rng.random() < 1 / (1 + np.exp(-(ability[learner] + 0.8 - 0.2 * (module % 8)))))
                attempts.append((f"l{learner:03d}", f"q{item:02d}", float(passed), passed, at))
    learners = pd.DataFrame({"learner_id": [f"l{i:03d}" for i in range(N_LEARNERS)]})
    learners["role_id"] = [("analyst", "manager", None)[i % 3] for i in range(N_LEARNERS)]
    return {
        "modules": module_rows(),
        "skills": pd.DataFrame(
            {
                "skill_id": TOPICS,
                "name": [t.capitalize() for t in TOPICS],
                "half_life_days": [None, 180.0, 90.0],
            }
        ),
        "items": pd.DataFrame(
            {
                "item_id": [f"q{i:02d}" for i in range(2 * len(TRACK))],
                "module_id": [TRACK[i // 2] for i in range(2 * len(TRACK))],
                "skill_ids": [[TOPICS[i // 16]] for i in range(2 * len(TRACK))],
            }
        ),
        "prerequisites": prerequisite_rows(),
        "roles": pd.DataFrame(
            {"role_id": ["analyst", "manager"], "title": ["A", "M"], "segment": ["builder", "leader"]}
        ),
        "role_skills": pd.DataFrame(
            {
                "role_id": ["analyst", "analyst", "manager"],
                "skill_id": ["python", "statistics", "ethics"],
                "required_mastery": [0.8, 0.7, 0.6],
                "importance": [0.9, 0.8, 1.0],
            }
        ),
        "learners": learners,
        "attempts": pd.DataFrame(
            attempts, columns=["learner_id", "item_id", "score", "passed", "occurred_at"]
        ),
        "completions": pd.DataFrame(
            completions, columns=["learner_id", "module_id", "status", "occurred_at"]
        ),
    }


def load_world(path: Path) -> Dataset:
    """Write the tables and read them as training does."""
    write_dataset(tables(), path)
    return load_dataset(path)


def fitted(dataset: Dataset, order: np.ndarray | None = None, ranker: Ranker | None = None) -> Engine:
    """Fit skills, views and, unless one is given, the ranker on a catalogue in some order of modules."""
    if order is not None:
        modules = dataset.tables["modules"].iloc[order].reset_index(drop=True)
        dataset = replace(dataset, tables={**dataset.tables, "modules": modules})
    catalog, config = catalog_of(dataset), TrainConfig()
    attempts = attempt_columns(dataset, catalog, pass_mark=config.data.pass_mark)
    interactions = interactions_of(dataset, catalog)
    assert attempts is not None
    assert interactions is not None
    skills = SkillModel(streams.SMALL).fit(attempts, catalog, seed=0)
    views = fit_views(interactions, catalog, config)
    return Engine(
        ModelBundle(
            catalog,
            skills.difficulty_,
            skills,
            views,
            config.ranking,
            {"id": "made"},
            ranker=ranker or fit_ranker(interactions, catalog, config, views),
            use=ModuleUse.fit(interactions),
        )
    )
