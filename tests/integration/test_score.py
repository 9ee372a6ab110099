"""Everybody's recommendations by several processes: the engine's own, whole or not at all."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recommender.domain.recommendation import Query
from tests.unit.training.scoring.world import events_of, profiles_of
from training.commands.score import run
from training.datasets import load_dataset
from training.scoring.events import last_event
from training.scoring.output import MANIFEST, ROWS

N_SECONDS = 60


@pytest.fixture(scope="module")
def scored(tiny_bundle: Path, tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everybody in one block, in this process."""
    out = tmp_path_factory.mktemp("scored") / "one"
    run(tiny_bundle, tiny_dataset, out, jobs=1)
    return out


def test_everybody_is_answered_as_by_the_engine(scored, tiny_engine, tiny_dataset):
    dataset = load_dataset(tiny_dataset)
    events, now = events_of(dataset), last_event(dataset)
    rows = iter(pq.read_table(scored / ROWS).to_pylist())
    for profile in profiles_of(dataset):
        expected = tiny_engine.recommend(events[profile.learner_id], profile, Query(), now=now)
        assert expected.modules
        for module in expected.modules:
            row = next(rows)
            assert row.pop("score") == pytest.approx(module.score, abs=1e-6)
            assert row.pop("success_probability") == pytest.approx(module.success_probability, abs=1e-6)
            assert row.pop("difficulty") == pytest.approx(module.difficulty, abs=1e-6)
            assert row == {
                "learner_id": profile.learner_id,
                "rank": module.rank,
                "module_id": module.module_id,
                "difficulty_fit": module.difficulty_fit,
                "prerequisites_met": module.prerequisites_met,
                "reasons": [reason.code for reason in module.reasons],
                "replaces_module_id": module.adjustment and module.adjustment.from_module_id,
                "fallback": expected.fallback,
                "empty_because": None,
            }
    assert next(rows, None) is None


@pytest.mark.parametrize(("jobs", "block"), [(1, 7), (2, 7), (3, 25)])
def test_any_number_of_processes_and_learners_at_a_time_gives_the_same_bytes(
    scored, tiny_bundle, tiny_dataset, tmp_path, jobs, block
):
    run(tiny_bundle, tiny_dataset, tmp_path / "again", jobs=jobs, block=block)
    for name in (ROWS, MANIFEST):
        assert (tmp_path / "again" / name).read_bytes() == (scored / name).read_bytes()


def started(tiny_bundle: Path, tiny_dataset: Path, out: Path) -> subprocess.Popen[str]:
    command = ["score", "--bundle", tiny_bundle, "--data", tiny_dataset, "--out", out, "--jobs", 2]
    return subprocess.Popen(
        [sys.executable, "-m", "training", *map(str, command), "--block", "5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A suite that runs in the background ignores SIGINT, and what it starts would too.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Wait for the processes that score, and return their ids."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + N_SECONDS
    while time.monotonic() < until:
        found = []
        with contextlib.suppress(OSError):
            for pid in map(int, children.read_text().split()):
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        if found:
            return found
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.01)
    raise AssertionError("no process that scores was seen")


def assert_gone(pids: list[int]) -> None:
    until = time.monotonic() + N_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
@pytest.mark.parametrize("how", ["a worker is killed", "Ctrl-C", "terminated"])
def test_an_early_end_is_one_sentence_and_leaves_nothing(tiny_bundle, tiny_dataset, tmp_path, how):
    process = started(tiny_bundle, tiny_dataset, tmp_path / "out")
    workers = workers_of(process)
    match how:
        case "a worker is killed":
            os.kill(workers[0], signal.SIGKILL)
        case "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)
        case "terminated":
            process.terminate()
    _, stderr = process.communicate(timeout=N_SECONDS)
    assert process.returncode not in (0, None)
    assert "Traceback" not in stderr
    if how == "a worker is killed":
        assert process.returncode == 1
        assert stderr.startswith("Error: a process that scored a block was killed or crashed")
        assert len(stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    assert_gone(workers)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_workers_end_with_who_started_them_however_that_ended(tiny_bundle, tiny_dataset, tmp_path):
    process = started(tiny_bundle, tiny_dataset, tmp_path / "out")
    workers = workers_of(process)
    process.kill()
    process.communicate(timeout=N_SECONDS)
    assert not (tmp_path / "out").exists()
    assert_gone(workers)
