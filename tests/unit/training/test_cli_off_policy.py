"""The command ``off-policy``: what it prints and writes, and what it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.unit.training.evaluation.off_policy.conftest import logged, unexplored  # noqa: F401
from training.cli import app


def run(data: Path, bundle: Path, *more: object) -> Result:
    words = ["off-policy", "--data", str(data), "--bundle", str(bundle), *map(str, more)]
    return CliRunner().invoke(app, words, env={"COLUMNS": "170"})


def test_every_policy_has_its_estimates(logged, tiny_bundle, tmp_path):  # noqa: F811
    file = tmp_path / "new" / "result.json"
    result = run(logged, tiny_bundle, "--window-days", 7, "--json", file)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    found = json.loads(file.read_text())
    assert list(found["policies"]) == ["as_logged", "engine", "popularity", "random"]
    assert (found["reward"], found["window_days"], found["simulated"]) == ("accepted", 7.0, False)
    assert found["n"]["learners"] == 60
    assert 0 < found["n"]["explored"] <= found["n"]["answers"]
    engine = found["policies"]["engine"]
    assert set(engine["estimates"]) == {"ips", "snips", "dr"}
    for estimate in engine["estimates"].values():
        assert estimate["low"] < estimate["value"] < estimate["high"]
    assert set(found["policies"]["as_logged"]["estimates"]) == {"ips"}
    # The engine that answered, without its chance: what is shown and what it would show are nearly one.
    assert engine["overlap"]["unsupported"] == 0.0
    assert engine["overlap"]["effective"] > 50
    for name in found["policies"]:
        assert name in result.stdout
    assert "Modules accepted within 7 days, per answer" in result.stdout
    again = tmp_path / "again.json"
    run(logged, tiny_bundle, "--window-days", 7, "--json", again)
    assert again.read_text() == file.read_text()


def test_answers_whose_window_is_not_over_are_left_out_and_counted(logged, tiny_bundle):  # noqa: F811
    result = run(logged, tiny_bundle, "--window-days", 50)
    assert result.exit_code == 0, result.output
    assert "600 answers left out: the data end before 50 days are over." in result.stdout
    result = run(logged, tiny_bundle, "--window-days", 80)
    assert result.exit_code == 2
    assert "no answer of the log has its window of 80 days behind it" in result.stderr


def test_without_exploration_it_is_refused_in_one_sentence(unexplored, tiny_bundle, tmp_path):  # noqa: F811
    result = run(unexplored, tiny_bundle, "--json", tmp_path / "result.json")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: all 1,200 answers of the log have propensity 1")
    assert "ranking.exploration" in line
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--reward", "joy"), "--reward is 'joy'; it must be one of accepted, finished, passed"),
        (("--window-days", "-1"), "--window-days is -1; it must be above 0"),
        (("--reward", "finished"), "no module of the log earned anything by the reward 'finished'"),
        (("--json", "/"), "--json / is a directory"),
    ],
)
def test_bad_input_is_told(logged, tiny_bundle, more, said):  # noqa: F811
    result = run(logged, tiny_bundle, *more)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_dataset_without_a_log_is_told(tiny_dataset, tiny_bundle):
    result = run(tiny_dataset, tiny_bundle)
    assert result.exit_code == 2
    assert "has no table recommendations" in result.stderr
