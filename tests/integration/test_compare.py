"""Trained models beside each other, on learners neither has learned from: faults are found by their gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from recommender.bundle import ModelBundle
from training.audit import audited_only, without_audited
from training.columns import catalog_of
from training.compare.candidates import CHALLENGER, CHAMPION, Candidate
from training.compare.config import GatesConfig
from training.compare.run import Asked, Comparison, compare
from training.config import load_config
from training.datasets import Dataset, load_dataset
from training.datasets.sample import CATALOG, SampleConfig, simulate
from training.pipeline import N_STEPS, train
from training.progress import Steps

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FRACTION = 0.2
SETTINGS = ("evaluation.cuts=[0.5]", "slices.max_choices=300", "ranking.ranker.max_rounds=20")
ASKED = Asked(GatesConfig(latency_ratio=10.0), FRACTION, (0.5,), 0, NOW)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("organisation") / "data"
    simulate(out, SampleConfig(learners=900, months=12), CATALOG, lambda _: None)
    return load_dataset(out)


@pytest.fixture(scope="module")
def trained(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    made = train(
        without_audited(dataset, FRACTION),
        load_config(None, SETTINGS),
        tmp_path_factory.mktemp("bundles"),
        steps=Steps(N_STEPS, Console(quiet=True)),
        now=NOW,
    )
    return kept_apart(made.bundle, FRACTION)


def kept_apart(bundle: ModelBundle, fraction: float) -> ModelBundle:
    return replace(bundle, manifest={**bundle.manifest, "audit": {"fraction": fraction}})


def compared(dataset: Dataset, challenger: ModelBundle, champion: ModelBundle | None) -> Comparison:
    catalog = catalog_of(dataset)
    of_champion = None if champion is None else Candidate.of(CHAMPION, champion, catalog)
    return compare(dataset, Candidate.of(CHALLENGER, challenger, catalog), of_champion, ASKED)


def failed(found: Comparison) -> set[str]:
    return {verdict.gate for verdict in found.verdicts if verdict.state == "failed"}


def test_a_first_model_beats_the_simple_ones(dataset: Dataset, trained: ModelBundle) -> None:
    found = compared(dataset, trained, None)
    assert failed(found) == set()
    assert found.passed
    assert found.champion is None
    # Nothing but the comparison by group, which needs groups, is left open.
    assert {v.gate for v in found.verdicts if v.state == "not judged"} <= {"groups"}


def test_the_same_model_again_is_worse_at_nothing_and_better_at_nothing(
    dataset: Dataset, trained: ModelBundle
) -> None:
    found = compared(dataset, trained, trained)
    assert failed(found) == {"better"}
    assert found.champion == trained.id


def test_who_learned_from_those_it_is_compared_on_fails(dataset: Dataset, trained: ModelBundle) -> None:
    assert "independence" in failed(compared(dataset, kept_apart(trained, 0.0), trained))


def test_one_that_ranks_worse_fails_by_ranking(dataset: Dataset, trained: ModelBundle) -> None:
    worse = replace(trained, views={"popularity": _a_popularity(trained)}, ranker=None, use=None)
    wrong = failed(compared(dataset, worse, trained))
    assert wrong & {"leave_last_out", "temporal"}
    assert not wrong & {"tracing", "calibration", "own_figures", "independence"}


def test_one_that_traces_worse_fails_by_tracing(dataset: Dataset, trained: ModelBundle) -> None:
    """Whoever takes each item's difficulty for that of another."""
    skills: Any = trained.skills
    mixed = np.random.default_rng(0).permutation(trained.difficulty.item_difficulty)
    difficulty = replace(trained.difficulty, item_difficulty=mixed)
    scalars, arrays = skills.parts()
    worse = type(skills).from_parts(scalars, arrays, difficulty, trained.catalog)
    found = compared(dataset, replace(trained, skills=worse, difficulty=difficulty), trained)
    assert {"tracing", "own_figures"} <= failed(found)
    assert not failed(found) & {"leave_last_out", "temporal"}


def test_nobody_is_both_learned_from_and_compared_on(dataset: Dataset) -> None:
    learned, asked = without_audited(dataset, FRACTION), audited_only(dataset, FRACTION)
    for name in ("attempts", "completions"):
        ids = [set(part.tables[name]["learner_id"]) for part in (learned, asked)]
        assert ids[0]
        assert ids[1]
        assert not ids[0] & ids[1]
        assert len(learned.tables[name]) + len(asked.tables[name]) == len(dataset.tables[name])


def _a_popularity(bundle: ModelBundle) -> Any:
    return next(view for view in bundle.views.values() if view.kind == "popularity")
