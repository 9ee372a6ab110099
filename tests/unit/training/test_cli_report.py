"""The command ``report``, in this process: what it prints, keeps and refuses."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from training.cli import app
from training.datasets import write_dataset
from training.tracking import OUTCOMES, connect

# MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)], env={"COLUMNS": "150"})


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_reports_are_kept_in_one_run_with_their_findings_in_words(here, store, tiny_dataset, tiny_bundle):
    result = run("--data", tiny_dataset, "--bundle", tiny_bundle, "--out", "pages", "--json", "found.json")
    assert result.exit_code == 0, result.output
    found = json.loads((here / "found.json").read_text())
    pages = {file.name for file in (here / "pages").glob("*.html")}
    assert pages == {"overview.html", *(f"{name}.html" for name in found["reports"])}
    assert {"gaps-by-role"} <= set(found["reports"])
    assert "job postings" in found["not_shown"]["skill-demand"]
    client = connect(store)
    kept = client.get_run(found["run_id"])
    assert client.get_experiment(kept.info.experiment_id).name == OUTCOMES
    for folder in ("", "/tables"):
        there = {file.path for file in client.list_artifacts(found["run_id"], f"reports{folder}")}
        made = {file.name for file in (here / f"pages{folder}").iterdir()}
        assert there == {f"reports{folder}/{name}" for name in made}
    for name, report in found["reports"].items():
        assert report["answer"], name
        assert report["answer"][0] in result.stdout
        assert report["answer"][0] in kept.data.tags["mlflow.note.content"]
    assert kept.data.params["bundle_id"] == found["bundle_id"]
    assert kept.data.metrics["reports/shown"] == len(found["reports"])
    assert not found["simulated"]


def test_without_a_bundle_what_needs_one_says_so(here, store, tiny_dataset):
    result = run("--data", tiny_dataset, "--json", "found.json")
    assert result.exit_code == 0, result.output
    found = json.loads((here / "found.json").read_text())
    assert found["bundle_id"] is None
    assert not {name for name in found["reports"] if name.startswith(("gaps", "equity"))}
    assert "Not shown: Skill gaps:" in result.stdout


def test_what_came_later_than_the_moment_changes_nothing(here, store, tiny_tables, tiny_dataset):
    times = tiny_tables["attempts"]["occurred_at"].sort_values()
    moment = times.iloc[len(times) // 2]
    early = {
        name: table[table["occurred_at"] <= moment] if "occurred_at" in table else table
        for name, table in tiny_tables.items()
    }
    write_dataset(early, here / "tiny")
    answers = []
    for data in (tiny_dataset, here / "tiny"):
        result = run("--data", data, "--now", moment.isoformat(), "--json", "found.json")
        assert result.exit_code == 0, result.output
        found = json.loads((here / "found.json").read_text())
        answers.append((found["reports"], found["not_shown"]))
    assert answers[0] == answers[1]


def test_of_simulated_people_everything_says_so(here, store, tiny_tables):
    renamed = {
        name: table.assign(learner_id="sim-" + table["learner_id"]) if "learner_id" in table else table
        for name, table in tiny_tables.items()
    }
    write_dataset(renamed, here / "made-up")
    result = run("--data", "made-up", "--out", "pages", "--json", "found.json")
    assert result.exit_code == 0, result.output
    assert "Simulated data: no figure below is of real people." in result.stdout
    found = json.loads((here / "found.json").read_text())
    assert found["simulated"]
    assert connect(store).get_run(found["run_id"]).info.run_name.startswith("Simulated data: ")
    for page in (here / "pages").glob("*.html"):
        assert "<title>Simulated data: " in page.read_text()
    for table in (here / "pages").glob("tables/*.csv"):
        assert pd.read_csv(table)["simulated"].all()


def test_importance_moves_with_what_postings_of_the_last_year_ask_for(here, store, tiny_tables):
    role, skill = tiny_tables["role_skills"].iloc[0][["role_id", "skill_id"]]
    last = max(tiny_tables[name]["occurred_at"].max() for name in ("attempts", "completions"))
    days = [*range(1, 61), *range(400, 600)]
    postings = pd.DataFrame(
        {
            "posting_id": [f"p{day}" for day in days],
            "posted_at": [last - pd.Timedelta(days=day) for day in days],
            "role_id": role,
            # Long ago it was all of them.
            "skill_ids": [[skill] if day < 400 else list(tiny_tables["skills"]["skill_id"]) for day in days],
        }
    )
    declared = tiny_tables["role_skills"].assign(importance=0.5)
    write_dataset(tiny_tables | {"role_skills": declared, "postings": postings}, here / "asked")
    result = run("--data", "asked", "--importance", "role_skills.csv")
    assert result.exit_code == 0, result.output
    blended = pd.read_csv(here / "role_skills.csv").set_index(["role_id", "skill_id"])
    # 60 postings: .5 * 60 / (60 + 20) is how far it moves towards 1, or towards 0.
    of_role = blended.loc[role]["importance"]
    assert of_role.pop(skill) == pytest.approx(0.5 + 0.375 * 0.5)
    assert of_role.tolist() == pytest.approx([0.5 - 0.375 * 0.5] * len(of_role))
    assert (blended.drop(role)["importance"] == 0.5).all()
    assert len(blended) == len(declared)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--data", "nowhere"], ["there is no directory nowhere"]),
        (["--data", "good", "--now", "soon"], ["--now 'soon' is no time", "2026-01-31T12:00:00Z"]),
        (["--data", "good", "--bundle", "nothing"], ["nothing"]),
        (["--data", "good", "--out", "taken"], ["--out taken exists", "remove it first"]),
        (["--data", "good", "--json", "taken"], ["--json taken is a directory", "name a file"]),
        (["--data", "good", "--importance", "new.csv"], ["has no postings", "leave the option out"]),
        (["--data", "good", "--value-per-unit", "0"], ["--value-per-unit is 0.0", "other than 0"]),
        (["--data", "other", "--bundle", "bundle"], ["knows none of the 1 skills", "leave it out"]),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    here, store, tiny_dataset, tiny_bundle, arguments, parts
):
    (here / "good").symlink_to(tiny_dataset)
    (here / "bundle").symlink_to(tiny_bundle)
    (here / "taken").mkdir()
    (here / "taken" / "file").write_text("mine")
    skills = pd.DataFrame({"skill_id": ["juggling"], "name": ["Juggling"]})
    people = pd.DataFrame({"learner_id": [f"l{i}" for i in range(9)]})
    write_dataset({"skills": skills, "learners": people}, here / "other")
    before = sorted(path for path in here.rglob("*") if "mlruns" not in path.parts)
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert [part for part in parts if part not in result.stderr] == []
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert sorted(path for path in here.rglob("*") if "mlruns" not in path.parts) == before
    assert connect(store).get_experiment_by_name(OUTCOMES) is None
