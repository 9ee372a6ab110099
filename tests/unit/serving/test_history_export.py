"""What the store holds comes out as a dataset, and back in as what it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from recommender.errors import DatasetError
from serving.commands.export_events import export_events
from serving.history_export import export_history
from serving.history_import import import_history
from serving.history_rows import EVENT_TABLES
from serving.learner_states import rebuild
from serving.store.database import Database
from serving.store.migrate import open_database
from tests.conftest import STORES
from tests.unit.serving.test_history_import import RULES
from tests.unit.serving.test_rebuild import history, model_of
from tests.unit.serving.world import MODULES, NOW, Service, attempt, completion
from training.datasets import load_dataset

LOG = "SELECT event_id, learner_id, kind, occurred_at, payload FROM events ORDER BY event_id"
# Whether the model was simulated stands in no dataset's rows.
ANSWERS = (
    "SELECT recommendation_id, learner_id, generated_at, bundle_id, modules FROM recommendations "
    "ORDER BY recommendation_id"
)
PROFILES = "SELECT * FROM learners ORDER BY learner_id"


@pytest.fixture(params=STORES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Another, empty store on the same kind of database as `service`'s."""
    url = f"sqlite:///{tmp_path / 'other.db'}"
    if request.param != "sqlite":
        url = request.getfixturevalue("postgres").new_store()
    opened = open_database(url)
    yield opened
    opened.close()


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def fill(service: Service) -> None:
    """Events of every kind, answers, feedback of every kind, and a stranger who was given an answer."""
    rng = random.Random(11)
    for n in range(4):
        assert service.post_events(*history(f"learner-{n}", rng)).status_code == 200
    for learner_id in ("learner-0", "learner-1", "stranger"):
        answer = service.client.post("/v1/recommendations", json={"learner_id": learner_id, "k": 3}).json()
        service.client.app.state.services.recommendations.flush()  # type: ignore[attr-defined]
        if learner_id == "stranger":
            continue
        about = f"/v1/recommendations/{answer['recommendation_id']}/feedback"
        module_id = answer["recommendations"][0]["module_id"]
        for sent in ({"kind": "shown"}, {"kind": "too_hard", "module_id": module_id}):
            assert service.client.post(about, json=sent).status_code == 200


def test_loading_an_export_gives_the_same_log_and_the_same_states(
    service: Service, empty: Database, tmp_path: Path
) -> None:
    fill(service)
    report = export_history(service.database, tmp_path / "out")
    assert set(report.rows) == {"learners", *EVENT_TABLES, "recommendations", "feedback"}
    assert (report.rows["recommendations"], report.rows["feedback"], report.unattributed) == (9, 4, 0)
    rules = replace(RULES, trained=model_of(service).engine.bundle.difficulty)
    loaded = import_history(empty, tmp_path / "out", rules)
    assert (loaded.duplicates, sum(loaded.stored.values())) == (0, 124)
    assert rows(empty, LOG) == rows(service.database, LOG)
    assert rows(empty, ANSWERS) == rows(service.database, ANSWERS)
    assert set(rows(empty, PROFILES)) > set(rows(service.database, PROFILES))
    rebuild(empty, model_of(service), now=NOW)
    states = "SELECT learner_id, state FROM learner_states"
    assert {i: bytes(s) for i, s in rows(empty, states)} == {i: bytes(s) for i, s in service.states().items()}
    again = import_history(empty, tmp_path / "out", rules)
    assert (sum(again.stored.values()), again.duplicates) == (0, 124)


def test_an_export_is_a_valid_dataset(service: Service, tmp_path: Path) -> None:
    fill(service)
    export_events(service.settings, tmp_path / "out", Console(quiet=True))
    dataset = load_dataset(tmp_path / "out")
    assert len(dataset.tables["recommendations"]) == 9


def test_an_event_without_a_time_comes_out_with_that_of_its_receipt(service: Service, tmp_path: Path) -> None:
    service.post_events(completion("c"))
    export_history(service.database, tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "completions.parquet").to_pylist() == [
        {
            "event_id": "c",
            "learner_id": "ann",
            "module_id": MODULES[1],
            "status": "completed",
            "progress": None,
            "score": None,
            "rating": None,
            "occurred_at": NOW,
            "duration_seconds": None,
        }
    ]


def test_feedback_on_an_answer_that_is_gone_is_left_out_and_counted(service: Service, tmp_path: Path) -> None:
    fill(service)
    with service.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM recommendations")
    report = export_history(service.database, tmp_path / "out")
    assert report.unattributed == 4
    assert "feedback" not in report.rows
    assert not (tmp_path / "out" / "feedback.parquet").exists()
    console = Console(width=200)
    with console.capture() as shown:
        export_events(service.settings, tmp_path / "out", console)
    assert shown.get().splitlines()[-1].endswith("not logged or was empty: 4")


def test_an_earlier_export_is_replaced_whole_and_nothing_else_is_lost(
    service: Service, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    service.post_events(attempt("a"))
    export_history(service.database, out)
    with service.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM events")
    service.post_events(completion("c"))
    export_history(service.database, out)
    assert sorted(file.name for file in out.iterdir()) == ["completions.parquet", "learners.parquet"]
    (out / "modules.parquet").write_text("mine")
    with pytest.raises(DatasetError, match=r"modules\.parquet is there and would be lost; give --out"):
        export_history(service.database, out)
    assert (out / "modules.parquet").read_text() == "mine"
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_a_file_is_no_place_for_an_export(service: Service, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DatasetError, match="out is there and would be lost"):
        export_history(service.database, tmp_path / "out")
    with pytest.raises(DatasetError, match=r"deep cannot be written \(.*\); give another directory"):
        export_history(service.database, tmp_path / "out" / "deep")
