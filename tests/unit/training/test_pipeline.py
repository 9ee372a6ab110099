"""A training on the small dataset, and on less and less of it: all of it works and says what it lacks."""

import importlib.metadata
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from recommender.domain.events import Attempt, Completion
from recommender.domain.learner import LearnerProfile
from recommender.engine import Engine
from recommender.ranking.gain import GainModel
from training.config import TrainConfig, load_config
from training.datasets import load_dataset, write_dataset
from training.pipeline import N_STEPS, Trained, train
from training.progress import Steps
from training.reports.model_card import model_card
from training.reports.page import write_report
from training.reports.sheet import About

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = ("evaluation.cuts=[0.5]", "slices.max_choices=300", "ranking.ranker.max_rounds=20")
Tables = dict[str, pd.DataFrame]

NO_ATTEMPTS = "there are no attempts, so mastery and success probabilities are not known"
NO_STARTS = "there are no completions, so modules are ranked by rules and skills alone"
ALIKE = "all attempts have the same outcome, so nothing can be told apart"
NOBODY_LEFT = "there are too few learners with attempts to hold any out"
ONE_EACH = "no learner has started two modules, so none can be predicted from another"
ONE_TIME = "all first starts share one time, so there is no before and after"
NO_ROLES = "there are no roles, so gaps to a role are not known"
NO_SKILLS = "there are no skills, so mastery and gaps are not known"
NO_MODULES = "there are no modules, so there is nothing to recommend"


def without(tables: Tables, *names: str) -> Tables:
    return {name: table for name, table in tables.items() if name not in names}


def only(tables: Tables, column: str, values: list[str], *names: str) -> Tables:
    """Keep the rows of some tables that hold one of the values."""
    return tables | {name: tables[name][tables[name][column].isin(values)] for name in names}


def without_clock(tables: Tables) -> Tables:
    return tables | {n: tables[n].drop(columns="occurred_at") for n in ("attempts", "completions")}


def all_scored(tables: Tables, score: float) -> Tables:
    return tables | {"attempts": tables["attempts"].assign(score=score, passed=score >= 0.5)}


def of_learners(tables: Tables, *ids: str) -> Tables:
    return only(tables, "learner_id", list(ids), "learners", "attempts", "completions")


def of_one_module(tables: Tables) -> Tables:
    kept = without(tables, "prerequisites")
    kept = only(kept, "module_id", ["m00"], "modules", "items", "completions")
    return only(kept, "item_id", ["q00", "q01"], "attempts")


def without_roles(tables: Tables) -> Tables:
    kept = without(tables, "roles", "role_skills")
    return kept | {"learners": tables["learners"].drop(columns="role_id")}


@dataclass(frozen=True)
class Variant:
    """What is left of the dataset, what is then absent, and which parts are there all the same."""

    made: Callable[[Tables], Tables]
    absent: dict[str, str]
    skills_judged: bool = True
    protocols: tuple[str, ...] = ("leave-last-out", "temporal")
    n_recommended: int = 5


VARIANTS = {
    "everything": Variant(lambda t: t, {}),
    "attempts only": Variant(lambda t: without(t, "completions"), {"views": NO_STARTS}, protocols=()),
    "completions only": Variant(
        lambda t: without(t, "attempts", "items"), {"skill_model": NO_ATTEMPTS}, skills_judged=False
    ),
    "without clock": Variant(
        without_clock,
        {"temporal": "237 of 237 first starts have no time (occurred_at), so there is no cut in time"},
        protocols=("leave-last-out",),
    ),
    "one learner": Variant(
        lambda t: of_learners(t, "l001"), {"skill_evaluation": NOBODY_LEFT}, skills_judged=False
    ),
    "two learners": Variant(
        lambda t: of_learners(t, "l001", "l002"), {"skill_evaluation": NOBODY_LEFT}, skills_judged=False
    ),
    "one module": Variant(
        of_one_module,
        {"leave-last-out": ONE_EACH, "skill_evaluation": NOBODY_LEFT},
        skills_judged=False,
        protocols=("temporal",),
        n_recommended=1,
    ),
    "one attempt": Variant(
        lambda t: without(t, "completions") | {"attempts": t["attempts"][:1]},
        {"skill_evaluation": ALIKE, "views": NO_STARTS},
        skills_judged=False,
        protocols=(),
    ),
    "one completion": Variant(
        lambda t: without(t, "attempts") | {"completions": t["completions"][:1]},
        {"skill_model": NO_ATTEMPTS, "leave-last-out": ONE_EACH, "temporal": ONE_TIME},
        skills_judged=False,
        protocols=(),
    ),
    "one completion and nothing else": Variant(
        lambda t: {"completions": t["completions"][:1]},
        {
            "skills": NO_SKILLS,
            "roles": NO_ROLES,
            "skill_model": NO_ATTEMPTS,
            "leave-last-out": ONE_EACH,
            "temporal": ONE_TIME,
        },
        skills_judged=False,
        protocols=(),
        n_recommended=1,
    ),
    "one attempt and nothing else": Variant(
        lambda t: {"attempts": t["attempts"][:1]},
        {
            "modules": NO_MODULES,
            "skills": NO_SKILLS,
            "roles": NO_ROLES,
            "skill_evaluation": ALIKE,
            "views": "there are no completions",
        },
        skills_judged=False,
        protocols=(),
        n_recommended=0,
    ),
    "all passed": Variant(lambda t: all_scored(t, 1.0), {"skill_evaluation": ALIKE}, skills_judged=False),
    "all failed": Variant(lambda t: all_scored(t, 0.0), {"skill_evaluation": ALIKE}, skills_judged=False),
    "no roles": Variant(without_roles, {"roles": NO_ROLES}),
    "catalogue only": Variant(
        lambda t: without(t, "learners", "attempts", "completions"),
        {"skill_model": NO_ATTEMPTS, "views": NO_STARTS},
        skills_judged=False,
        protocols=(),
    ),
}


def trained_on(tables: Tables, folder: Path, *settings: str) -> Trained:
    write_dataset(tables, folder / "data")
    return train(
        load_dataset(folder / "data"),
        load_config(overrides=SETTINGS + settings),
        folder / "bundles",
        steps=Steps(N_STEPS, Console(quiet=True)),
        now=NOW,
        revision="abc123",
    )


@pytest.fixture(scope="module")
def train_variant(tiny_tables, tmp_path_factory):
    """Train on each variant once, whatever asks for it."""
    made: dict[str, Trained] = {}

    def of(name: str) -> Trained:
        if name not in made:
            made[name] = trained_on(VARIANTS[name].made(tiny_tables), tmp_path_factory.mktemp("variant"))
        return made[name]

    return of


def leaves(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    else:
        yield value


def files(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_there_is_trained_and_the_rest_is_named_with_its_reason(train_variant, name):
    variant, trained = VARIANTS[name], train_variant(name)
    assert trained.absent == variant.absent
    assert trained.bundle.manifest["absent"] == variant.absent
    assert (trained.skills is not None) == variant.skills_judged
    assert tuple(report.protocol for report in trained.modules if report.models) == variant.protocols
    assert (trained.bundle.skills is None) == ("skill_model" in variant.absent)
    assert set(trained.bundle.views) == (set() if "views" in variant.absent else set(TrainConfig().views))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_number_is_finite_or_none_and_the_manifest_is_strict_json(train_variant, name):
    trained = train_variant(name)
    for value in leaves(trained.metrics()):
        assert value is None or math.isfinite(value)
    text = (trained.bundle.path / "manifest.json").read_text()
    manifest = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} in the manifest"))
    assert manifest["metrics"] == trained.metrics()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_training_has_a_card_that_says_what_is_absent(train_variant, name, tmp_path):
    trained = train_variant(name)
    card = model_card(trained, load_dataset(trained.bundle.path.parents[1] / "data"), ("First model.",))
    assert card.answer
    said = "\n".join(card.cannot_show)
    assert [why for why in trained.absent.values() if why not in said] == []
    titles = [section.title for section in card.sections]
    assert ("How well it knows what people can do" in titles) == (trained.skills is not None)
    write_report(card, About("data", "f", NOW, False), tmp_path)
    assert trained.bundle.id in (tmp_path / "model-card.html").read_text()


def test_the_card_tells_the_numbers_of_the_training(train_variant):
    trained = train_variant("everything")
    card = model_card(trained, load_dataset(trained.bundle.path.parents[1] / "data"), ("First model.",))
    tables = {sheet.name: sheet.rows for sheet in card.sheets}
    skills = trained.metrics()["skills"]
    assert tables["skills"]["auc"].tolist() == [its["auc"] for its in skills.values()]
    # Twelve learners were held out: some of ten groups of answers are of fewer than five of them.
    assert "calibration" not in tables
    for protocol in ("leave_last_out", "temporal"):
        engine = trained.metrics()[protocol]["engine"]
        first = tables[protocol.replace("_", "-")].iloc[0]
        assert first["model"] == "This model"
        assert first["hr_at_10"] == engine["hr@10"]
        assert (first["low"], first["high"]) == (engine["hr@10_ci95_low"], engine["hr@10_ci95_high"])
    everybody = trained.slices["everybody"]
    assert f"{everybody.auc:.1%}" in card.answer[0]


def test_no_learner_is_in_a_bundle_as_the_card_says(train_variant):
    trained = train_variant("everything")
    learners = set(load_dataset(trained.bundle.path.parents[1] / "data").tables["learners"]["learner_id"])
    for file in trained.bundle.path.rglob("*.parquet"):
        for column in pq.read_table(file).itercolumns():
            held = {
                text
                for value in column.to_pylist()
                for text in (value if isinstance(value, list) else [value])
            }
            assert not held & learners, file
    for file in trained.bundle.path.rglob("*.npy"):
        assert np.load(file, allow_pickle=False).dtype.kind in "fiub", "no texts"
    for name in files(trained.bundle.path):
        assert name.endswith((".parquet", ".npy", ".json", ".txt")), "another kind of file: look into it"
    words = set(re.findall(r"\w+", (trained.bundle.path / "manifest.json").read_text()))
    assert not words & learners


@pytest.mark.parametrize("name", VARIANTS)
def test_the_bundle_s_engine_recommends_to_anybody(train_variant, name):
    variant = VARIANTS[name]
    engine = Engine.load(train_variant(name).bundle.path)
    learner = LearnerProfile(learner_id="somebody", role_id="analyst")
    cold = engine.recommend(None, learner, now=NOW)
    assert cold.fallback == "cold_start"
    assert len(cold.modules) == variant.n_recommended
    history = [
        Completion(event_id="a", learner_id="somebody", module_id="m00", occurred_at=NOW),
        Attempt(
            event_id="b",
            learner_id="somebody",
            item_id="q00",
            score=0.0,
            passed=False,
            occurred_at=NOW + timedelta(minutes=1),
        ),
    ]
    known = engine.recommend(history, learner, now=NOW + timedelta(days=1))
    assert known.fallback is None
    assert len(known.modules) == (0 if variant.n_recommended == 1 else variant.n_recommended)
    assert "m00" not in [module.module_id for module in known.modules], "it is finished"
    assert all(math.isfinite(module.score) for module in cold.modules + known.modules)
    assert [module.rank for module in known.modules] == list(range(1, len(known.modules) + 1))


@pytest.mark.parametrize("name", VARIANTS)
def test_without_answers_that_tell_every_module_teaches_what_is_declared(train_variant, name):
    trained = train_variant(name)
    rate = trained.bundle.gain_model.rate
    declared = GainModel.of_declaration(trained.bundle.catalog, TrainConfig().ranking.value.learning_rate)
    np.testing.assert_array_equal(rate, declared.rate)
    assert trained.bundle.manifest["gain"] == {"why_not": trained.gain.why_not}
    assert trained.gain.why_not in trained.gain.sentence()


def test_counts_are_of_what_the_data_held(train_variant, tiny_tables):
    assert train_variant("everything").counts == {
        "learners": 60,
        "modules": 14,
        "skills": 3,
        "items": 24,
        "roles": 2,
        "attempts": len(tiny_tables["attempts"]),
        "completions": len(tiny_tables["completions"]),
        "first_starts": len(tiny_tables["completions"]),
    }
    assert train_variant("catalogue only").counts["learners"] == 0


def test_the_manifest_says_what_the_bundle_was_made_of(train_variant):
    trained = train_variant("everything")
    manifest = trained.bundle.manifest
    assert manifest["created_at"] == "2026-01-01T00:00:00+00:00"
    assert manifest["engine"] == "local"
    assert manifest["revision"] == "abc123"
    assert manifest["configuration"] == load_config(overrides=SETTINGS).model_dump(mode="json")
    for name, version in manifest["packages"].items():
        assert version == importlib.metadata.version(name)
    assert {"numpy", "scikit-learn", "implicit", "adaptive-learning-recommender"} <= set(manifest["packages"])
    data = load_dataset(trained.bundle.path.parents[1] / "data")
    assert manifest["dataset"] == {
        "name": "data",
        "fingerprint": data.fingerprint,
        "simulated": False,
        "counts": dict(trained.counts),
    }
    assert trained.bundle.path.name == manifest["id"] == trained.bundle.id
    on_disk = set(files(trained.bundle.path)) - {"manifest.json"}
    assert set(manifest["files"]) == on_disk
    assert set(manifest["learned"]["views"]) == set(TrainConfig().views)


def test_metrics_carry_the_names_of_the_benchmarks(train_variant):
    metrics = train_variant("everything").metrics()
    assert set(metrics) == {"skills", "skills_by_group", "leave_last_out", "temporal"}
    assert metrics["skills_by_group"]["everybody"]["auc"] == metrics["skills"]["skill_model"]["auc"]
    engine = metrics["temporal"]["engine"]
    assert engine["hr@10_ci95_low"] <= engine["hr@10"] <= engine["hr@10_ci95_high"]
    assert {"auc", "accuracy", "log_loss", "ece", "fit_seconds"} <= set(metrics["skills"]["skill_model"])
    for protocol in ("leave_last_out", "temporal"):
        assert set(metrics[protocol]) == {"engine", *TrainConfig().views}
        assert {"hr@10", "ndcg@10", "recall@10", "mrr", "coverage@10", "fit_seconds"} <= set(
            metrics[protocol]["engine"]
        )


def test_the_same_seed_and_data_give_the_same_files_at_any_time_and_revision(
    train_variant, tiny_tables, tmp_path
):
    first, steps = train_variant("everything"), Steps(N_STEPS, Console(quiet=True))
    write_dataset(tiny_tables, tmp_path / "data")
    again = train(
        load_dataset(tmp_path / "data"),
        load_config(overrides=SETTINGS),
        tmp_path / "mine",
        under_id=False,
        steps=steps,
        now=NOW + timedelta(days=1),
        revision=None,
    )
    assert len(steps.seconds) == N_STEPS, "as many steps are done as are announced"
    assert again.bundle.path == tmp_path / "mine"
    assert again.bundle.id == first.bundle.id
    one, other = files(first.bundle.path), files(again.bundle.path)
    for manifest in (one.pop("manifest.json"), other.pop("manifest.json")):
        assert json.loads(manifest)["id"] == first.bundle.id
    assert one == other


def test_another_seed_is_another_bundle_that_serves_as_well(train_variant, tiny_tables, tmp_path):
    other = trained_on(tiny_tables, tmp_path, "seed=1")
    assert other.bundle.id != train_variant("everything").bundle.id
    engine = Engine.load(other.bundle.path)
    assert engine.bundle_id == other.bundle.id
    assert len(engine.recommend(None, now=NOW).modules) == 5


def test_one_changed_answer_is_another_bundle(train_variant, tiny_tables, tmp_path):
    attempts = tiny_tables["attempts"].copy()
    attempts.loc[0, "passed"] = not attempts.loc[0, "passed"]
    changed = trained_on(tiny_tables | {"attempts": attempts}, tmp_path)
    assert changed.bundle.id != train_variant("everything").bundle.id


def test_a_slice_for_the_equity_audit_is_never_learned_from(train_variant, tiny_tables, tmp_path):
    learners = tiny_tables["learners"].assign(group_site="south", group_age="50+")
    changed = trained_on(tiny_tables | {"learners": learners}, tmp_path)
    assert changed.bundle.id == train_variant("everything").bundle.id
