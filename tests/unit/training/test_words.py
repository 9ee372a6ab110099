"""A training in plain words."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import Interactions
from recommender.ranking.config import RankingConfig
from tests.unit.worlds import even_table
from training.evaluation.modules import evaluate_modules
from training.evaluation.skills import evaluate_skills
from training.gain.fit import GainFit
from training.pipeline import Trained
from training.reports.words import describe

COUNTS = {"learners": 1200, "attempts": 34567, "items": 89, "completions": 4321, "modules": 20}


@pytest.fixture(scope="module")
def skills():
    y = np.array([0, 1, 0, 1])
    predictions = {"skill_model": np.array([0.1, 0.9, 0.2, 0.8]), "item_mean": np.full(4, 0.5)}
    return evaluate_skills(y, np.arange(4), predictions, {"attempts": 4})


@pytest.fixture(scope="module")
def modules():
    """Fifty learners who go up one module at a time; the engine knows, popularity does not."""
    start = np.arange(0, 101, 2)
    first = np.arange(50) % 19
    rows = np.stack([first, first + 1], axis=1).ravel().astype(np.int32)
    unknown = np.full(50, -1, np.int32)
    source = Interactions(start, rows, np.full(100, np.nan), unknown, unknown, 20)

    def fit(_):
        return {
            "engine": lambda history: -np.abs(np.arange(20.0) - history.modules[-1] - 1),
            "popularity": lambda _: np.arange(20.0),
            "never": lambda history: np.abs(np.arange(20.0) - history.modules[-1] - 1),
        }

    return [evaluate_modules(fit, source, protocol=name, seed=0) for name in ("leave-last-out", "temporal")]


def described(skills=None, modules=(), absent=(), **dataset) -> str:
    catalog = Catalog.from_tables({})
    bundle = ModelBundle(catalog, even_table(catalog), None, {}, RankingConfig(), {"dataset": dataset})
    gain = GainFit(bundle.gain_model, None)
    return describe(Trained(bundle, skills, gain, tuple(modules), dict(absent), COUNTS), "toy")


def test_it_begins_with_what_was_learned_from():
    assert described() == (
        "Trained on **toy**: 1,200 learners, 34,567 attempts on 89 items, 4,321 completions of 20 modules."
    )


def test_of_simulated_data_it_begins_with_that():
    assert described(simulated=True) == (
        "Simulated data: no learner in it is a real person, and no figure below says how well real people "
        f"are served.\n\n{described(simulated=False)}"
    )


def test_skills_are_said_beside_the_item_alone(skills):
    said = described(skills)
    assert "which in 100.0% of cases on learners it has not seen (looking at the item alone: 50.0%)" in said
    assert "off by 15.0% on average" in said


def test_what_is_not_defined_is_an_unknown_share():
    alike = evaluate_skills(
        np.ones(3), np.arange(3), {n: np.full(3, 0.9) for n in ("skill_model", "item_mean")}, {"attempts": 3}
    )
    assert "in an unknown share of cases" in described(alike)


def test_modules_are_said_beside_the_best_single_model(modules):
    report = modules[0]
    said = described(modules=modules)
    popular = report.models["popularity"].metrics["hr@10"]
    assert "The last module each learner started is among the ten recommended for 100.0% of them" in said
    assert f"(best single model, popularity: {popular:.1%})" in said
    assert popular > report.models["never"].metrics["hr@10"]


def test_another_protocol_is_called_by_its_name(modules):
    assert "Holdout is among the ten" in described(modules=[replace(modules[0], protocol="holdout")])


def test_what_could_not_be_judged_is_only_said_once_and_with_its_reason(modules):
    assert modules[1].unavailable
    said = described(modules=modules[1:], absent={"temporal": modules[1].unavailable})
    assert said.count("temporal") == 1
    assert f"Not there: temporal, because {modules[1].unavailable}." in said
    assert "among the ten" not in said
