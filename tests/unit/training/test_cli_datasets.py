"""The commands on datasets."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.cli import app

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    (path / "modules.csv").write_text("module_id,title,colour\na,[bold]A,red\nb,B,\n")
    (path / "attempts.csv").write_text(
        "learner_id,item_id,score,occurred_at\nx,i,1,2024-01-01\ny,i,0,2024-02-03\n"
    )
    return path


def test_validate_prints_tables_and_findings(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "result.json"
    result = CliRunner().invoke(
        app, ["validate", "--data", str(data), "--json", str(file)], env={"COLUMNS": "150"}
    )
    assert result.exit_code == 0, result.output
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line
    ]
    assert ["modules", "2", "2", ""] in rows
    assert ["attempts", "2", "6", "2 learners, 2024-01-01 to 2024-02-03, 50% passed"] in rows
    assert ["warning", "modules", "1", "unknown columns were left out: colour"] in rows
    assert "valid: fingerprint" in result.output
    written = json.loads(file.read_text())
    assert written["dataset"] == "data"
    assert written["has_clock"] is True
    assert written["tables"]["modules"] == {"rows": 2, "columns": ["module_id", "title"]}
    assert {
        "level": "warning",
        "table": "modules",
        "text": "unknown columns were left out: colour",
        "count": 1,
    } in (written["findings"])
    assert written["fingerprint"][:12] in result.output


def test_validate_says_when_there_is_no_clock(data: Path) -> None:
    (data / "attempts.csv").write_text("learner_id,item_id,score\nx,i,1\n")
    (data / "modules.csv").unlink()
    result = CliRunner().invoke(app, ["validate", "--data", str(data)])
    assert "row order is time order" in result.output


def test_validate_lenient(data: Path, tmp_path: Path) -> None:
    (data / "modules.csv").write_text("module_id,title\na,A\nb,\n")
    arguments = ["validate", "--data", str(data), "--lenient"]
    without_a_place = CliRunner().invoke(app, arguments)
    assert without_a_place.exit_code == 2
    assert "directory for rejects" in without_a_place.stderr
    result = CliRunner().invoke(
        app, [*arguments, "--rejects", str(tmp_path / "rejects")], env={"COLUMNS": "250"}
    )
    assert result.exit_code == 0, result.output
    assert "rows were refused" in result.output
    assert (tmp_path / "rejects" / "modules.csv").read_text().startswith("_row,_reason,module_id,title\n2,")


def test_validate_says_what_becomes_of_times_beside_events_without(data: Path) -> None:
    (data / "attempts.csv").write_text("learner_id,item_id,score,occurred_at\nx,i,1,2024-01-01\nx,i,1,\n")
    result = CliRunner().invoke(app, ["validate", "--data", str(data)])
    told = "some events have no time: those come first, in row order; what needs clock time is off"
    assert told in result.output.splitlines()[-1]


def test_rejects_are_for_lenient_only(data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["validate", "--data", str(data), "--rejects", str(tmp_path / "r")])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "add --lenient or leave it out" in result.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "place", ["data", "data/modules.csv/result.json", "data/modules.csv/new/result.json"]
)
def test_a_result_that_cannot_be_written_is_told_before_the_work(
    data: Path, tmp_path: Path, place: str
) -> None:
    (data / "modules.csv").write_text("unsound\n1\n")
    result = CliRunner().invoke(app, ["validate", "--data", str(data), "--json", str(tmp_path / place)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: --json {tmp_path / place}")
    assert result.stderr.count("\n") == 1


def test_import_prints_what_was_made_of_what(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "assessments.csv").write_text(
        "code_module,code_presentation,id_assessment,assessment_type,date,weight\nAAA,2013J,1,TMA,19,10\n"
    )
    (raw / "studentInfo.csv").write_text(
        "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,disability\n"
        "AAA,2013J,7,F,Wales,HE Qualification,0-10%,0-35,N\n"
    )
    (raw / "studentAssessment.csv").write_text(
        "id_assessment,id_student,date_submitted,is_banked,score\n1,7,18,0,78\n"
    )
    arguments = ["import", "oulad", "--raw", str(raw), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "150"})
    assert result.exit_code == 0, result.output
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line
    ]
    assert ["studentAssessment", "1", "attempts", "1", "score / 100, passed from .4"] in rows
    assert "left out: banked" in result.output
    assert CliRunner().invoke(app, ["validate", "--data", str(tmp_path / "out")]).exit_code == 0


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom training.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print(sorted({'pandas', 'pandera', 'mlflow', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_runs_as_a_module_and_a_bad_directory_ends_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", "validate", "--data", str(tmp_path / "nowhere")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: there is no directory")
    assert done.stderr.count("\n") == 1
