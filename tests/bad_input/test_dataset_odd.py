"""Datasets that look odd and are sound: they load, and a model is trained on them."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from tests.bad_input.broken import write
from training.config import load_config
from training.datasets import Dataset, load_dataset
from training.pipeline import N_STEPS, Trained, train
from training.progress import Steps

SETTINGS = (
    "evaluation.max_learners=10",
    "evaluation.cuts=[0.5]",
    "slices.max_choices=300",
    "ranking.ranker.max_rounds=20",
)


def trained_on(dataset: Dataset, out: Path) -> Trained:
    """Train for real, in this process."""
    return train(
        dataset,
        load_config(overrides=SETTINGS),
        out,
        under_id=False,
        steps=Steps(N_STEPS, Console(quiet=True)),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "data",
        modules="module_id,title\n007,Seven\n7,7\n1e3,x\n",
        completions="learner_id,module_id\n01,007\n1,7\n",
    )
    dataset = load_dataset(path)
    tables = dataset.tables
    assert tables["modules"]["module_id"].tolist() == ["007", "7", "1e3"]
    assert tables["completions"]["learner_id"].tolist() == ["01", "1"]
    trained = trained_on(dataset, tmp_path / "bundle")
    assert trained.bundle.catalog.module_ids == ("007", "7", "1e3")


def test_whole_numbers_as_parquet_ids_become_text_with_a_finding(tmp_path: Path) -> None:
    tmp_path.joinpath("data").mkdir()
    frame = pd.DataFrame({"learner_id": [1, 2], "module_id": ["a", "b"]})
    frame.to_parquet(tmp_path / "data" / "completions.parquet")
    dataset = load_dataset(tmp_path / "data")
    assert dataset.tables["completions"]["learner_id"].tolist() == ["1", "2"]
    assert [found.count for found in dataset.findings if "learner_id: whole numbers" in found.text] == [2]
    assert trained_on(dataset, tmp_path / "bundle").counts["learners"] == 2


def test_times_without_a_zone_are_utc_with_a_finding(tmp_path: Path) -> None:
    rows = "x,a,2024-01-01T10:00:00\nx,a,2024-01-01T10:00:00+02:00\nx,a,2024-01-02\n"
    dataset = load_dataset(write(tmp_path / "data", completions="learner_id,module_id,occurred_at\n" + rows))
    times = dataset.tables["completions"]["occurred_at"]
    assert [time.isoformat() for time in times] == [
        "2024-01-01T08:00:00+00:00",
        "2024-01-01T10:00:00+00:00",
        "2024-01-02T00:00:00+00:00",
    ]
    assert [found.count for found in dataset.findings if "without a zone" in found.text] == [2]
    assert trained_on(dataset, tmp_path / "bundle").counts["first_starts"] == 1


def test_one_learner_one_module_one_event(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "data", completions="learner_id,module_id\nx,a\n"))
    assert {name: len(table) for name, table in dataset.tables.items()} == {
        "modules": 1,
        "learners": 1,
        "completions": 1,
    }
    trained = trained_on(dataset, tmp_path / "bundle")
    assert trained.counts["completions"] == 1
    assert set(trained.absent) >= {"skills", "roles", "skill_model", "leave-last-out", "temporal"}


def test_one_attempt(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "data", attempts="learner_id,item_id,score\nx,i,1\n"))
    trained = trained_on(dataset, tmp_path / "bundle")
    assert trained.counts["attempts"] == 1
    assert trained.bundle.skills is not None
    assert trained.absent["modules"].startswith("there are no modules")


def test_roles_that_only_others_name(tmp_path: Path) -> None:
    path = write(
        tmp_path / "data",
        learners="learner_id,role_id\nx,r\n",
        role_skills="role_id,skill_id,required_mastery\nr,s,0.5\n",
        attempts="learner_id,item_id,score,skill_ids\nx,i,1,s\n",
    )
    trained = trained_on(load_dataset(path), tmp_path / "bundle")
    assert trained.bundle.catalog.roles.ids == ("r",)
    assert "roles" not in trained.absent


def test_times_beside_events_without(tmp_path: Path) -> None:
    path = write(
        tmp_path / "data",
        attempts="learner_id,item_id,score,skill_ids,occurred_at\nx,i,1,s,2024-01-01\nx,i,0,s,\ny,i,1,s,\n",
        completions="learner_id,module_id,occurred_at\nx,a,2024-01-01\nx,b,\ny,a,2024-02-01\ny,b,\n",
    )
    trained = trained_on(load_dataset(path), tmp_path / "bundle")
    assert "temporal" in trained.absent, "no clock, no before and after"


@pytest.mark.parametrize("score", ["0", "1"])
def test_all_scores_equal(tmp_path: Path, score: str) -> None:
    path = write(tmp_path / "data", attempts="learner_id,item_id,score\n" + f"x,i,{score}\n" * 3)
    dataset = load_dataset(path)
    assert dataset.tables["attempts"]["passed"].tolist() == [score == "1"] * 3
    trained = trained_on(dataset, tmp_path / "bundle")
    assert trained.absent["skill_evaluation"].startswith("all attempts have the same outcome")
