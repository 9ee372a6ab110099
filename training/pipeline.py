"""A training, end to end: dataset in, judged models and a bundle out. Tracking comes after, elsewhere."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.dataset_format import SEGMENTS
from recommender.embeddings import Interactions
from recommender.ranking.module_facts import ModuleUse
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import DifficultyTable, module_hours
from recommender.skills.model import SkillModel
from training.columns import attempt_columns, catalog_of, interactions_of
from training.config import TrainConfig
from training.datasets.dataset import Dataset
from training.evaluation.module_report import ModuleReport
from training.evaluation.protocols import TRAINING_PROTOCOLS
from training.evaluation.skill_slices import SkillSlice, skill_slices
from training.evaluation.skills import SkillReport
from training.gain.fit import GainFit, fit_gain
from training.gain.studies import studies_of
from training.module_models import fit_ranker, fit_views, judge_modules
from training.progress import Steps
from training.skill_models import judge_skills

N_STEPS: Final = 3 + len(TRAINING_PROTOCOLS) + 3
# What learned arrays depend on: part of the manifest, so that a bundle can be made again.
_PACKAGES = (
    "implicit",
    "lightgbm",
    "numba",
    "numpy",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "adaptive-learning-recommender",
)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a training made.

    Parameters
    ----------
    bundle : ModelBundle
        As written.
    skills : SkillReport or None
    gain : GainFit
        What modules teach.
    modules : tuple of ModuleReport
        One a protocol; empty without completions.
    absent : mapping of str to str
        What could not be trained or judged, and why, in plain words.
    counts : mapping of str to int
        What the data held.
    slices : mapping of str to SkillSlice
        The skill model on held-out learners: on everybody, and on each segment that may be told of.
    """

    bundle: ModelBundle
    skills: SkillReport | None
    gain: GainFit
    modules: tuple[ModuleReport, ...]
    absent: Mapping[str, str]
    counts: Mapping[str, int]
    slices: Mapping[str, SkillSlice] = field(default_factory=dict)

    def metrics(self) -> dict[str, Any]:
        """Every number, nested by what it is of; the names are those of the benchmarks."""
        found: dict[str, Any] = {}
        if self.skills is not None:
            found["skills"] = {name: dict(values) for name, values in self.skills.models.items()}
            found["skills_by_group"] = {name: its.metrics() for name, its in self.slices.items()}
        for report in self.modules:
            found[report.protocol.replace("-", "_")] = {
                name: {**result.metrics, **_ends(result.ci95), "fit_seconds": result.fit_seconds}
                for name, result in report.models.items()
            }
        if self.gain.report is not None:
            found["gain"] = self.gain.report.metrics()
        return found


def _ends(ci95: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    return {
        f"{name}_ci95_{end}": ci95[name][place]
        for name in ("hr@10", "ndcg@10")
        if name in ci95
        for place, end in enumerate(("low", "high"))
    }


def train(
    dataset: Dataset,
    config: TrainConfig,
    out: Path,
    *,
    under_id: bool = True,
    steps: Steps,
    now: datetime,
    revision: str | None = None,
) -> Trained:
    """Judge the models on held-out data, fit them on all of it and write the bundle.

    What the data cannot train is left out of the bundle and named in `absent`.

    Parameters
    ----------
    dataset : Dataset
    config : TrainConfig
    out : Path
    under_id : bool
        Where the bundle goes; see `ModelBundle.write`.
    steps : Steps
        Of `N_STEPS` steps.
    now : datetime
        Written to the manifest, not to the id.
    revision : str, optional
        Of the source, for the manifest.
    """
    absent: dict[str, str] = {}
    # Threads inside BLAS only get in the way of those above it.
    with threadpool_limits(1, "blas"), steps.running():
        with steps.step("read events"):
            catalog = catalog_of(dataset)
            attempts = attempt_columns(dataset, catalog, pass_mark=config.data.pass_mark)
            interactions = interactions_of(dataset, catalog)
        absent |= _absent_from(catalog)
        with steps.step("judge the skill model on held-out learners"):
            skill_report = _judge_skills(attempts, catalog, config, absent)
            slices = _slices(skill_report, attempts, config)
        module_reports = tuple(
            _judge_modules(interactions, catalog, config, protocol, absent, steps)
            for protocol in TRAINING_PROTOCOLS
        )
        with steps.step("fit the skill model on everybody"):
            skills = (
                SkillModel(config.skills).fit(attempts, catalog, seed=config.seed)
                if attempts is not None
                else None
            )
        with steps.step("fit views and ranker on everybody"):
            views = fit_views(interactions, catalog, config) if interactions else {}
            ranker = fit_ranker(interactions, catalog, config, views) if interactions else None
        with steps.step("estimate what modules teach"):
            declared, studies = config.ranking.value.learning_rate, studies_of(dataset, catalog)
            rest = (config.gain, config.skills, config.seed)
            gain = fit_gain(attempts, studies, catalog, declared, *rest)
        if skills is not None and not skills.linear_.converged_:
            absent["convergence"] = (
                "the linear model stopped at its last allowed iteration; raise skills.linear.max_iterations"
            )
        counts = _counts(catalog, dataset, attempts, interactions)
        draft = ModelBundle(
            catalog=catalog,
            difficulty=skills.difficulty_ if skills else _no_difficulty(catalog, config.data.pass_mark),
            skills=skills,
            views=views,
            ranking=config.ranking,
            ranker=ranker,
            use=ModuleUse.fit(interactions) if interactions else None,
            gain=gain.model,
        )
        judged = tuple(report for report in module_reports if report)
        trained = Trained(draft, skill_report, gain, judged, absent, counts, slices)
        manifest = _manifest(dataset, config, trained, now, revision)
        with steps.step("write the bundle"):
            return replace(trained, bundle=replace(draft, manifest=manifest).write(out, under_id=under_id))


def _absent_from(catalog: Catalog) -> dict[str, str]:
    found = {
        "modules": (catalog.n_modules, "there are no modules, so there is nothing to recommend"),
        "skills": (catalog.n_skills, "there are no skills, so mastery and gaps are not known"),
        "roles": (len(catalog.roles.ids), "there are no roles, so gaps to a role are not known"),
    }
    return {what: why for what, (count, why) in found.items() if not count}


def _judge_skills(
    attempts: AttemptColumns | None, catalog: Catalog, config: TrainConfig, absent: dict[str, str]
) -> SkillReport | None:
    if attempts is None:
        absent["skill_model"] = "there are no attempts, so mastery and success probabilities are not known"
        return None
    if len(np.unique(attempts.passed)) < 2:
        absent["skill_evaluation"] = "all attempts have the same outcome, so nothing can be told apart"
        return None
    report = judge_skills(attempts, catalog, config)
    if report is None:
        absent["skill_evaluation"] = "there are too few learners with attempts to hold any out"
    return report


def _slices(
    report: SkillReport | None, attempts: AttemptColumns | None, config: TrainConfig
) -> Mapping[str, SkillSlice]:
    if report is None or report.answered is None or attempts is None:
        return {}
    places = np.full(attempts.n_learners, -1) if attempts.segment is None else attempts.segment
    segments = [SEGMENTS[s] if s >= 0 else None for s in places.tolist()]
    return skill_slices(report.answered, segments, np.random.default_rng(config.seed))


def _judge_modules(
    interactions: Interactions | None,
    catalog: Catalog,
    config: TrainConfig,
    protocol: str,
    absent: dict[str, str],
    steps: Steps,
) -> ModuleReport | None:
    with steps.step(f"judge the recommender, {protocol}"):
        if interactions is None:
            ranked = ", so modules are ranked by rules and skills alone" if catalog.n_modules else ""
            absent["views"] = f"there are no completions{ranked}"
            return None
        report = judge_modules(interactions, catalog, config, protocol)
        if report.unavailable:
            absent[protocol] = report.unavailable
        return report


def _no_difficulty(catalog: Catalog, pass_mark: float) -> DifficultyTable:
    """Table for data without attempts: every item is of difficulty 0, each skill is known by name."""
    return DifficultyTable(
        overall=0.0,
        item_ids=catalog.item_ids,
        item_difficulty=np.zeros(len(catalog.item_ids)),
        item_skills=catalog.item_skills if len(catalog.item_ids) else Ragged.of([]),
        skill_ids=catalog.skill_ids,
        skill_difficulty=np.zeros(catalog.n_skills),
        module_ids=catalog.module_ids,
        module_skills=catalog.module_skills,
        module_hours=module_hours(catalog),
        pass_mark=pass_mark,
    )


def _counts(
    catalog: Catalog, dataset: Dataset, attempts: AttemptColumns | None, interactions: Interactions | None
) -> dict[str, int]:
    return {
        "learners": len(dataset.tables.get("learners", ())),
        "modules": catalog.n_modules,
        "skills": catalog.n_skills,
        "items": len(catalog.item_ids),
        "roles": len(catalog.roles.ids),
        "attempts": 0 if attempts is None else len(attempts),
        "completions": len(dataset.tables["completions"]) if interactions else 0,
        "first_starts": len(interactions.modules) if interactions else 0,
    }


def _manifest(
    dataset: Dataset, config: TrainConfig, trained: Trained, now: datetime, revision: str | None
) -> dict[str, Any]:
    return {
        "created_at": now.isoformat(timespec="seconds"),
        "engine": "local",
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "revision": revision,
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "simulated": dataset.simulated,
            "counts": dict(trained.counts),
        },
        "configuration": config.model_dump(mode="json"),
        "metrics": _finite(trained.metrics()),
        "gain": _finite(trained.gain.to_json()),
        "absent": dict(trained.absent),
    }


def _finite(value: Any) -> Any:
    """Copy with NaN as None: JSON has no NaN."""
    if isinstance(value, Mapping):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
