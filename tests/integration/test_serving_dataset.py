"""A dataset through the store and over HTTP, and the demo as a whole, with a bundle of the real pipeline."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from recommender.bundle import ModelBundle
from recommender.domain.events import Attempt, Completion
from recommender.engine import Engine
from recommender.skills.state import LearnerState
from serving.cli import app
from serving.commands.demo_ending import ending
from serving.commands.load import load
from tests.unit.serving.world import make_settings, running_service, write_pointer
from training.datasets import write_dataset


def states_of(tables: dict[str, pd.DataFrame], engine: Engine, learner_id: str) -> LearnerState:
    """Fold straight from the dataset's tables."""
    events: list[Attempt | Completion] = []
    for number, row in enumerate(tables["attempts"].itertuples(), start=1):
        if row.learner_id == learner_id:
            events.append(
                Attempt(
                    event_id=f"attempts-{number:09d}",
                    learner_id=learner_id,
                    item_id=row.item_id,
                    score=row.score,
                    passed=row.passed,
                    occurred_at=row.occurred_at.to_pydatetime(),
                )
            )
    for number, row in enumerate(tables["completions"].itertuples(), start=1):
        if row.learner_id == learner_id:
            events.append(
                Completion(
                    event_id=f"completions-{number:09d}",
                    learner_id=learner_id,
                    module_id=row.module_id,
                    status=row.status,
                    occurred_at=row.occurred_at.to_pydatetime(),
                )
            )
    return engine.fold(events)


def test_loaded_history_serves_as_if_it_had_been_folded_directly(
    tmp_path: Path,
    tiny_tables: dict[str, pd.DataFrame],
    tiny_dataset: Path,
    tiny_bundle: Path,
    tiny_engine: Engine,
) -> None:
    settings = make_settings(tmp_path)
    write_pointer(settings.pointer, tiny_bundle)
    report = load(settings, tiny_dataset, Console(quiet=True), clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    assert report.stored == {n: len(tiny_tables[n]) for n in ("attempts", "completions")}
    assert report.profiles == len(tiny_tables["learners"])
    assert report.unused == ("learners.group_site",)
    with running_service(tmp_path, tiny_bundle) as service:
        stored = service.states()
        assert set(stored) == set(tiny_tables["attempts"]["learner_id"])
        for learner_id in sorted(stored)[:5]:
            assert stored[learner_id] == states_of(tiny_tables, tiny_engine, learner_id).to_bytes()
        body = service.client.post("/v1/recommendations", json={"learner_id": "l001"}).json()
        assert body["fallback"] is None
        assert body["recommendations"]


def run_demo(folder: Path, dataset: Path) -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "SERVING_POINTER": str(folder / "champion.json"),
        "TMPDIR": str(folder / "tmp"),
    }
    (folder / "tmp").mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "serving", "demo", "--data", str(dataset)],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a suite that runs in the background ignores SIGINT, and what it starts would too
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text().split()] if tasks.exists() else []


def test_the_demo_tells_its_story_and_leaves_nothing(
    tmp_path: Path, tiny_dataset: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer, temporary = tmp_path / "champion.json", tmp_path / "tmp"
    temporary.mkdir()
    write_pointer(pointer, tiny_bundle)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVING_POINTER", str(pointer))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    result = CliRunner().invoke(app, ["demo", "--data", str(tiny_dataset)])
    assert result.exit_code == 0, result.output
    story = (
        *("mastery by skill", "What to learn next", "failed on", "overall ability", "passed on"),
        *("leaves the list", "cold_start", "make serve", "make mlflow", "make train"),
    )
    positions = [result.stdout.index(part) for part in story]
    assert positions == sorted(positions)
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert sorted(file.name for file in tmp_path.iterdir()) == ["champion.json", "tmp"]
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="module")
def simulated_bundle(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same bundle, whose manifest says that it was trained on simulated data."""
    found = ModelBundle.open(tiny_bundle)
    dataset = {**found.manifest["dataset"], "simulated": True}
    made = ModelBundle(
        found.catalog,
        found.difficulty,
        found.skills,
        found.views,
        found.ranking,
        {**found.manifest, "dataset": dataset},
    )
    out = tmp_path_factory.mktemp("simulated") / "tiny"
    made.write(out)
    return out


@pytest.fixture
def changing_roles(tiny_tables: dict[str, pd.DataFrame], tmp_path: Path) -> Path:
    """The same dataset, marked as simulated, in which every analyst wants to become a manager."""
    learners = tiny_tables["learners"].assign(
        target_role_id=lambda people: people["role_id"].map({"analyst": "manager"}),
        team_id="team-1",
        weekly_minutes=90.0,
    )
    ways = pd.DataFrame({"from_role_id": ["analyst"], "to_role_id": ["manager"], "kind": ["reskill"]})
    tables = tiny_tables | {"learners": learners, "role_transitions": ways}
    write_dataset(tables, tmp_path / "changing", simulation={"notice": "made for a test"})
    return tmp_path / "changing"


def test_the_demo_shows_somebody_on_the_way_to_another_role(
    tmp_path: Path, changing_roles: Path, simulated_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer, temporary = tmp_path / "made.json", tmp_path / "tmp"
    temporary.mkdir()
    write_pointer(pointer, simulated_bundle)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVING_POINTER", str(pointer))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    result = CliRunner().invoke(app, ["demo", "--data", str(changing_roles)])
    assert result.exit_code == 0, result.output
    story = (
        *("no row is of a real person", "of 60 people are enough", "learned from nothing else"),
        *("Simulated data: Analyst, wants to become Manager", "of their team: 90", "Gaps to Manager"),
        *("Next, towards Manager", "for the present role", "Simulated data: New evidence: 3 attempts failed"),
        *("Simulated data: New evidence: 3 attempts passed", "newcomer with the same aim", "cold_start"),
        *(
            f"export SERVING_POINTER={pointer}",
            "make serve",
            '"target_role_id": "manager"',
            "sample --learners",
        ),
    )
    positions = [result.stdout.index(part) for part in story]
    assert positions == sorted(positions)
    told, _ = result.stdout.split("To try next")
    assert max(map(len, told.splitlines())) <= 100
    assert sorted(file.name for file in tmp_path.iterdir()) == ["changing", "made.json", "tmp"]
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
@pytest.mark.parametrize("after", [0.2, 1.0, 2.0, 3.5])
def test_the_demo_interrupted_at_any_moment_ends_soon_and_leaves_nothing(
    tmp_path: Path, tiny_dataset: Path, tiny_bundle: Path, after: float
) -> None:
    write_pointer(tmp_path / "champion.json", tiny_bundle)
    # A compiler that is interrupted at the first run after installing says so itself; here all is compiled.
    Engine.load(tiny_bundle).warm()
    demo = run_demo(tmp_path, tiny_dataset)
    time.sleep(after)
    children = children_of(demo.pid)
    demo.send_signal(signal.SIGINT)
    _, errors = demo.communicate(timeout=20)
    assert demo.returncode != 0
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert list((tmp_path / "tmp").iterdir()) == []


def _interrupted(passed: list[str]) -> None:
    with ending() as end:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        passed.append("not cut short")
        with end.allowed():
            passed.append("never")


def _swallowed(passed: list[str]) -> None:
    with ending() as end, end.allowed():
        # As when Python swallows what a callback raises.
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        passed.append("swallowed")


def test_what_was_noted_is_raised_where_it_may_be_and_nowhere_else() -> None:
    passed: list[str] = []
    for how in (_interrupted, _swallowed):
        with pytest.raises(KeyboardInterrupt):
            how(passed)
    assert passed == ["not cut short", "swallowed"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demo_interrupted_leaves_no_process(
    tmp_path: Path, tiny_dataset: Path, tiny_bundle: Path, how: signal.Signals
) -> None:
    write_pointer(tmp_path / "champion.json", tiny_bundle)
    demo = run_demo(tmp_path, tiny_dataset)
    deadline = time.monotonic() + 60
    while not (children := children_of(demo.pid)):
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    demo.send_signal(how)
    demo.communicate(timeout=60)
    assert demo.returncode != 0
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if how is not signal.SIGKILL:
        assert list((tmp_path / "tmp").iterdir()) == []
    shutil.rmtree(tmp_path / "tmp", ignore_errors=True)
