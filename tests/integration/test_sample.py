"""The simulator as it runs: compiled, anywhere, at any size; what it ships; no training on truth."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.training.datasets.sample.catalogs import FULL, written
from tests.unit.training.datasets.sample.interpreted import interpret
from training.datasets import load_dataset
from training.datasets.sample import SampleConfig, simulate

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "data" / "reskilling"
MOST_BYTES = 6 * 2**20
SMALL = SampleConfig(40, 12, 5)


def content(path: Path) -> dict[str, bytes]:
    """Bytes of every file of a simulation below a directory."""
    files = [file for file in path.rglob("*") if file.is_file() and "catalog" not in file.parts]
    return {str(file.relative_to(path)): file.read_bytes() for file in files if file.suffix != ".md"}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("catalogs") / "full", FULL)


@pytest.fixture(scope="module")
def small(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small organisation, made by compiled code."""
    out = tmp_path_factory.mktemp("small") / "org"
    simulate(out, SMALL, catalog)
    return out


def test_the_shipped_organisation_is_small() -> None:
    size = sum(len(data) for name, data in content(SHIPPED).items() if name.endswith(".parquet"))
    assert size <= MOST_BYTES
    assert sum(map(len, content(SHIPPED).values())) <= MOST_BYTES


def test_the_shipped_organisation_is_remade_bit_for_bit(tmp_path: Path) -> None:
    simulate(tmp_path / "org", SampleConfig())
    remade, shipped = content(tmp_path / "org"), content(SHIPPED)
    others = sorted(name for name in remade.keys() | shipped if remade.get(name) != shipped.get(name))
    assert not others, f"{others} differ: run python -m training sample --out data/reskilling again"


@pytest.mark.parametrize("model", ["growth", "states"])
def test_compiled_code_does_what_its_python_says(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    config = SampleConfig(25, 14, 1, model)
    simulate(tmp_path / "compiled", config, catalog)
    interpret(monkeypatch)
    simulate(tmp_path / "interpreted", config, catalog)
    assert content(tmp_path / "interpreted") == content(tmp_path / "compiled")


def test_blocks_of_a_thousand_learners_join_without_a_seam(catalog: Path, tmp_path: Path) -> None:
    datasets = {}
    for n in (1, 7, 1000, 1001):
        simulate(tmp_path / str(n), SampleConfig(n, 2, 3), catalog)
        datasets[n] = load_dataset(tmp_path / str(n))
        assert datasets[n].simulated
        learners = datasets[n].tables["learners"]
        assert learners["learner_id"].tolist() == [f"sim-{i + 1:06d}" for i in range(n)]
        assert set(datasets[n].tables["outcomes"]["unit_id"]) == set(learners["team_id"])
    # one more learner changes nothing for the thousand before
    one_more = datasets[1001].tables
    for name in ("learners", "attempts", "completions"):
        rows = one_more[name][one_more[name]["learner_id"] != "sim-001001"].reset_index(drop=True)
        before = datasets[1000].tables[name]
        assert rows.sort_values(list(rows.columns[:1]), kind="stable")["learner_id"].tolist() == (
            before.sort_values(list(before.columns[:1]), kind="stable")["learner_id"].tolist()
        )
        key = "learner_id" if name == "learners" else "event_id"
        assert rows.set_index(key).sort_index().equals(before.set_index(key).sort_index())
    alone = one_more["learners"].iloc[-1]
    assert (one_more["learners"]["team_id"] == alone["team_id"]).sum() == 1


def test_more_months_than_a_truth_is_noted_for(catalog: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "org", SampleConfig(7, 37), catalog)
    assert load_dataset(tmp_path / "org").simulated


TRAIN_TWICE = """
import os, shutil, sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.training.datasets.sample.interpreted import interpret
from training.cli import app
from training.datasets.sample import SampleConfig, simulate

catalog, learners, months, seed = sys.argv[1], *map(int, sys.argv[2:])
org = Path("org")
with pytest.MonkeyPatch.context() as patch:
    interpret(patch)
    simulate(org, SampleConfig(learners, months, seed), Path(catalog))
shutil.copytree(org, "kept")

opened = []
def note(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes)):
        opened.append(os.fsdecode(arguments[0]))
sys.addaudithook(note)

def train(name):
    settings = ("evaluation.cuts=[0.5]", "slices.max_choices=300", "ranking.ranker.max_rounds=20")
    quick = [word for setting in settings for word in ("--set", setting)]
    done = CliRunner().invoke(app, ["train", "--data", str(org), *quick, "--json", f"{name}.json"])
    assert done.exit_code == 0, done.output

train("with")
Path("opened.txt").write_text("\\n".join(opened))
# what is opened outside of Python is not told: who opens a pipe that nobody writes to waits for ever
for file in sorted((org / "truth").iterdir()):
    file.unlink()
    os.mkfifo(file)
train("piped")
shutil.rmtree(org / "truth")
train("without")
"""


@pytest.fixture(scope="module")
def trained(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where another process simulated the same, and trained on it with its truth and without."""
    folder = tmp_path_factory.mktemp("trained")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment |= {"PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    wishes = (SMALL.learners, SMALL.months, SMALL.seed)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRAIN_TWICE, str(catalog), *map(str, wishes)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_another_process_makes_the_same_bytes(small: Path, trained: Path) -> None:
    assert content(trained / "kept") == content(small)


def test_training_opens_nothing_of_the_truth(trained: Path) -> None:
    opened = [Path(path) for path in (trained / "opened.txt").read_text().splitlines()]
    # that it was watched shows in the directory it did look into
    assert Path("org") in opened
    assert not [path for path in opened if "truth" in path.parts]


def test_training_learns_the_same_without_the_truth(trained: Path) -> None:
    results = [json.loads((trained / f"{name}.json").read_text()) for name in ("with", "piped", "without")]
    assert results[0]["dataset"]["simulated"]
    assert len({result["bundle_id"] for result in results}) == 1
    assert len({result["dataset"]["fingerprint"] for result in results}) == 1
    aucs = {result["metrics"]["skills"]["skill_model"]["auc"] for result in results}
    assert len(aucs) == 1
