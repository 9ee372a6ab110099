"""Simulated learners under several policies: the same luck, nothing seen too early, one command, one run."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from recommender.bundle import ModelBundle
from recommender.domain.events import to_seconds
from training.cli import app
from training.evaluation.simulation.config import Rules, Variation
from training.evaluation.simulation.kernel import READY
from training.evaluation.simulation.learner import Situation
from training.evaluation.simulation.policies import Choice, Facts, Policy, baselines
from training.evaluation.simulation.run import Stage, run_seed

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "data" / "reskilling"
QUICK = ("evaluation.cuts=[0.7]", "evaluation.max_learners=50", "slices.max_choices=2000")
N = 12


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 300 people of the shipped organisation; its world is the same."""
    found = tmp_path_factory.mktemp("shipped") / "some"
    (found / "truth").mkdir(parents=True)
    people = pq.read_table(SHIPPED / "learners.parquet")["learner_id"].slice(0, 300).combine_chunks()
    for file in SHIPPED.glob("*.parquet"):
        table = pq.read_table(file)
        if "learner_id" in table.column_names:
            table = table.filter(pc.is_in(table["learner_id"], people))
        pq.write_table(table, found / file.name)
    for name in ("items.parquet", "parameters.json"):
        shutil.copy(SHIPPED / "truth" / name, found / "truth" / name)
    return found


@pytest.fixture(scope="module")
def bundle(data: Path) -> Path:
    out = data.parent / "bundle"
    options = [part for option in QUICK for part in ("--set", option)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(data.parent)
        result = CliRunner().invoke(app, ["train", "--data", str(data), "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def stage(bundle: Path, data: Path) -> Stage:
    return Stage.of(ModelBundle.open(bundle), data, with_ablations=False)


class _Watched:
    """A stage with policies of a test, which note what they are shown."""

    def __init__(self, stage: Stage, policies: dict) -> None:
        self.organisation = stage.organisation
        self._policies = {name: (stage.engines["engine"], policy) for name, policy in policies.items()}

    def policies(self, _: Rules) -> dict:
        return self._policies


def test_the_same_choice_meets_the_same_luck_whatever_came_of_the_others(stage: Stage) -> None:
    after_first: dict[str, list] = {"low": [], "high": []}

    def taking(name: str):
        def choose(at: Situation, _, __) -> Choice:
            allowed = np.flatnonzero(at.allowed)
            if at.last < 0:
                return Choice(int(allowed[0]))
            if len(at.history.modules) == 1:
                after_first[name].append((at.profile.learner_id, at.now, at.state.to_bytes()))
            return Choice(int(allowed[0 if name == "low" else -1]))

        return choose

    watched = _Watched(stage, {name: Policy(taking(name)) for name in after_first})
    cells = list(run_seed(watched, Variation("growth"), N, 3, Rules()))
    assert after_first["low"]
    assert after_first["low"] == after_first["high"]
    assert not np.array_equal(cells[0].programmes, cells[1].programmes)


def test_a_policy_is_shown_what_has_happened_and_nothing_later(stage: Stage) -> None:
    shown: list[tuple[float, float]] = []

    def choose(at: Situation, _, __) -> Choice:
        if at.state.last_key is not None:
            shown.append((at.state.last_key[0], to_seconds(at.now)))
        allowed = np.flatnonzero(at.allowed)
        return Choice(int(allowed[0]) if len(allowed) else -1)

    list(run_seed(_Watched(stage, {"watched": Policy(choose)}), Variation("states"), N, 0, Rules()))
    assert shown
    # Events have whole seconds.
    assert all(newest <= now + 1.0 for newest, now in shown)


def test_what_policies_answer_is_allowed(stage: Stage) -> None:
    asked = []

    def checked(policy):
        def choose(at: Situation, see, rng) -> Choice:
            choice = policy.choose(at, see, rng)
            asked.append(choice.module < 0 or at.allowed[choice.module])
            return choice

        return Policy(choose, policy.ask)

    policies = baselines(Facts.of(stage.engines["engine"].bundle, stage.facts.als))
    del policies["oracle"]
    engine = {"engine": stage.policies(Rules())["engine"][1]}
    watched = _Watched(stage, {name: checked(policy) for name, policy in (policies | engine).items()})
    list(run_seed(watched, Variation("growth"), N, 0, Rules()))
    assert len(asked) > 100
    assert all(asked)


def test_who_learns_faster_is_ready_sooner(stage: Stage) -> None:
    oracle = _Watched(stage, {"oracle": stage.policies(Rules())["oracle"][1]})
    minutes = []
    for learning in (0.5, 1.0, 3.0):
        (cell,) = run_seed(oracle, Variation("growth", learning=learning), 40, 0, Rules())
        rows = cell.programmes
        minutes.append(np.where(rows["end"] == READY, rows["minutes"], Rules().most_minutes).mean())
    assert minutes[0] > 1.1 * minutes[1] > 1.2 * minutes[2]


def test_one_command_one_run(bundle: Path, data: Path, tmp_path: Path, monkeypatch) -> None:
    from training.tracking import connect

    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out.json"
    options = [
        "--learners",
        str(N),
        "--seeds",
        "2",
        "--ablations",
        "--learner-model",
        "growth",
        "--json",
        str(out),
    ]
    result = CliRunner().invoke(
        app, ["simulate", "--bundle", str(bundle), "--data", str(data), *options], env={"COLUMNS": "200"}
    )
    assert result.exit_code == 0, result.output
    assert "Simulated data: growth" in result.output
    found = json.loads(out.read_text())
    assert found["simulated"] is True
    (world,) = found["worlds"]
    policies = world["policies"]
    assert set(policies) >= {"engine", "engine_without_gap", "popularity", "random", "als", "oracle"}
    assert policies["engine"]["engine_minutes_ratio"] == [1.0, 1.0, 1.0]
    assert policies["oracle"]["ready"] == 1.0
    assert min(p["minutes_to_ready"] for p in policies.values()) > 0
    assert 0 <= policies["engine"]["calibration_error"] <= 1
    client = connect(tmp_path / "mlruns")
    experiment = client.get_experiment_by_name("Simulation")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["simulated"] == "true"
    assert run.info.run_name.startswith("Simulated data")
    assert run.data.metrics["growth/engine/minutes_to_ready"] == policies["engine"]["minutes_to_ready"]
    assert {f.path for f in client.list_artifacts(run.info.run_id, "plots")} == {
        "plots/simulation_groups.png",
        "plots/simulation_minutes.png",
    }


def test_truth_of_other_data_is_refused(bundle: Path, data: Path, tmp_path: Path) -> None:
    other = shutil.copytree(data, tmp_path / "other")
    items = pq.read_table(other / "truth" / "items.parquet")
    shifted = pa.array(np.asarray(items["difficulty"]) + 0.1)
    column = items.column_names.index("difficulty")
    pq.write_table(items.set_column(column, "difficulty", shifted), other / "truth" / "items.parquet")
    result = CliRunner().invoke(app, ["simulate", "--bundle", str(bundle), "--data", str(other)])
    assert result.exit_code == 2
    assert "are not those that its seed makes" in result.output
