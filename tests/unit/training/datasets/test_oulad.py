"""The importer of the Open University files, on a small release of the same layout."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from recommender.errors import DatasetError
from training.datasets import Dataset, load_dataset
from training.datasets.oulad import import_oulad

# Presentation 2014J has its exam on no day, and its second TMA under a lower number than its first.
ASSESSMENTS = """code_module,code_presentation,id_assessment,assessment_type,date,weight
AAA,2013B,10,TMA,20,10
AAA,2013B,11,TMA,60,20
AAA,2013B,12,CMA,60,5
AAA,2013B,13,Exam,200,100
AAA,2014J,21,TMA,70,10
AAA,2014J,22,TMA,25,20
AAA,2014J,23,CMA,65,5
AAA,2014J,24,Exam,?,100
BBB,2013B,31,Exam,100,100
BBB,2013B,30,Exam,100,100
"""
PEOPLE = "id_student,gender,region,highest_education,imd_band,age_band,disability"
STUDENTS = f"""code_module,code_presentation,{PEOPLE}
AAA,2014J,5,F,Wales,HE Qualification,10-20,35-55,N
AAA,2013B,5,F,Wales,HE Qualification,10-20,0-35,N
AAA,2013B,40,M,Scotland,No Formal quals,?,55<=,Y
BBB,2013B,40,M,Scotland,No Formal quals,?,55<=,Y
"""
SUBMISSIONS = """id_assessment,id_student,date_submitted,is_banked,score
11,5,61,0,39
10,5,-1,0,40
12,5,61,0,100
10,40,20,0,
22,5,-1,1,80
31,40,0,0,70
"""
RAW = {"assessments": ASSESSMENTS, "studentInfo": STUDENTS, "studentAssessment": SUBMISSIONS}


def write(directory: Path, **changed: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in (RAW | changed).items():
        (directory / f"{name}.csv").write_text(content, encoding="utf-8")
    return directory


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    import_oulad(write(tmp_path / "raw"), tmp_path / "out")
    return load_dataset(tmp_path / "out")


def test_is_a_sound_dataset_with_nothing_to_remark(dataset: Dataset) -> None:
    assert dataset.findings == ()
    assert dataset.has_clock


def test_modules_are_units_in_one_order_over_presentations(dataset: Dataset) -> None:
    modules = dataset.tables["modules"]
    assert modules["title"].tolist() == [
        "AAA, tutor-marked assignment 1",
        "AAA, computer-marked assignment",
        "AAA, tutor-marked assignment 2",
        "AAA, final exam",
        "BBB, final exam 1",
        "BBB, final exam 2",
    ]
    assert modules["skill_ids"][0] == ["AAA", "AAA-TMA"]


def test_items_are_assessments_numbered_by_date_then_number(dataset: Dataset) -> None:
    items = dataset.tables["items"].set_index("item_id")
    assert items["module_id"].to_dict() == {
        "10": "AAA-TMA-1",
        "22": "AAA-TMA-1",
        "12": "AAA-CMA-1",
        "23": "AAA-CMA-1",
        "11": "AAA-TMA-2",
        "21": "AAA-TMA-2",
        "13": "AAA-Exam-1",
        "24": "AAA-Exam-1",
        "30": "BBB-Exam-1",
        "31": "BBB-Exam-2",
    }
    assert items.loc["12", "skill_ids"] == ["AAA", "AAA-CMA"]


def test_skills_are_courses_and_their_types(dataset: Dataset) -> None:
    skills = dataset.tables["skills"].set_index("skill_id")["parent_skill_id"].fillna("")
    assert skills.to_dict() == {
        "AAA": "",
        "BBB": "",
        "AAA-CMA": "AAA",
        "AAA-Exam": "AAA",
        "AAA-TMA": "AAA",
        "BBB-Exam": "BBB",
    }


def test_earlier_units_are_soft_prerequisites(dataset: Dataset) -> None:
    edges = dataset.tables["prerequisites"]
    assert set(edges["strength"]) == {"soft"}
    assert len(edges) == 4 * 3 // 2 + 1
    before = edges.loc[edges["module_id"] == "AAA-TMA-2", "prerequisite_module_id"]
    assert set(before) == {"AAA-TMA-1", "AAA-CMA-1"}


def test_learners_are_as_in_their_first_presentation(dataset: Dataset) -> None:
    learners = dataset.tables["learners"].set_index("learner_id")
    assert learners.index.tolist() == ["5", "40"]
    assert learners.filter(like="group_").loc["5"].to_dict() == {
        "group_region": "Wales",
        "group_gender": "F",
        "group_age_band": "0-35",
        "group_disability": "N",
        "group_imd_band": "10-20%",
        "group_education": "HE Qualification",
    }
    assert pd.isna(learners.loc["40", "group_imd_band"])
    assert learners[["team_id", "role_id", "segment"]].isna().all(axis=None)


def test_attempts(dataset: Dataset) -> None:
    attempts = dataset.tables["attempts"]
    found = attempts[["learner_id", "item_id", "score", "passed"]].to_numpy().tolist()
    assert found == [
        ["5", "10", 0.4, True],
        ["40", "31", 0.7, True],
        ["5", "12", 1.0, True],
        ["5", "11", 0.39, False],
    ]
    assert attempts["occurred_at"][0] == pd.Timestamp("2013-01-31", tz="UTC")
    assert attempts["occurred_at"][3] == pd.Timestamp("2013-04-03", tz="UTC")


def test_a_completion_follows_each_submission_on_its_day(dataset: Dataset) -> None:
    tables = dataset.tables
    assert len(tables["completions"]) == 5
    assert set(tables["completions"]["status"]) == {"completed"}
    both = pd.concat([tables["attempts"], tables["completions"]]).sort_values(["occurred_at", "event_id"])
    of_one = both[both["learner_id"] == "5"]
    assert of_one["event_id"].str.split("-").str[-1].tolist() == ["attempt", "completion"] * 3
    assert of_one["module_id"].tolist()[2:] == ["AAA-CMA-1"] * 2 + ["AAA-TMA-2"] * 2


def test_october_presentations(tmp_path: Path) -> None:
    late = SUBMISSIONS.replace("22,5,-1,1,80", "22,5,25,0,80")
    import_oulad(write(tmp_path / "raw", studentAssessment=late), tmp_path / "out")
    attempts = load_dataset(tmp_path / "out").tables["attempts"]
    assert attempts["occurred_at"].max() == pd.Timestamp("2014-10-26", tz="UTC")


def test_summary_counts_what_was_left_out(tmp_path: Path) -> None:
    made = import_oulad(write(tmp_path / "raw"), tmp_path / "out")
    assert {(line.source, line.table): line.n_made for line in made if line.table} == {
        ("assessments", "items"): 10,
        ("assessments", "modules"): 6,
        ("assessments", "skills"): 6,
        ("assessments", "prerequisites"): 7,
        ("studentInfo", "learners"): 2,
        ("studentAssessment", "attempts"): 4,
        ("studentAssessment", "completions"): 5,
    }
    assert [(line.source, line.n_made) for line in made if not line.table] == [
        ("studentInfo", 2),
        ("studentAssessment", 1),
        ("studentAssessment", 1),
    ]


def test_gzip_and_plain_files_give_the_same_bytes_again_and_again(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw")
    import_oulad(raw, tmp_path / "one")
    for file in raw.iterdir():
        (raw / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    import_oulad(raw, tmp_path / "two")
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert len(names) == 7
    assert all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"assessments": ASSESSMENTS.replace("assessment_type", "kind")}, "no column assessment_type"),
        ({"assessments": ASSESSMENTS.splitlines()[0] + "\n"}, "has no rows"),
        (
            {"assessments": ASSESSMENTS.replace("12,CMA", "12,Quiz")},
            "assessments row 3, .*'Quiz' is not known",
        ),
        (
            {"assessments": ASSESSMENTS.replace("2014J,21", "2014K,21")},
            "assessments row 5, .*'2014K' is not known",
        ),
        ({"assessments": ASSESSMENTS.replace("13,Exam", "12,Exam")}, "row 4, .*'12' is there twice"),
        (
            {"assessments": ASSESSMENTS.replace("TMA,20,", "TMA,soon,")},
            "row 1, column date: 'soon' is not a number",
        ),
        ({"assessments": ASSESSMENTS.replace("TMA,20,", "TMA,1.5,")}, "'1.5' is not a whole number of days"),
        (
            {"studentInfo": STUDENTS.replace("AAA,2014J", "AAA,2014")},
            "studentInfo row 1, .*'2014' is not known",
        ),
        (
            {"studentAssessment": SUBMISSIONS + "99,5,1,0,1\n"},
            "row 7, column id_assessment: '99' is not in assess",
        ),
        (
            {"studentAssessment": SUBMISSIONS + "10,6,1,0,1\n"},
            "row 7, column id_student: '6' is not in studentI",
        ),
        (
            {"studentAssessment": SUBMISSIONS + "10,5,1,0,1\n"},
            "row 7, column id_student: '5' handed .* in twice",
        ),
        (
            {"studentAssessment": SUBMISSIONS + "13,5,1,0,101\n"},
            "row 7, column score: 101.0 is not from 0 to 100",
        ),
        (
            {"studentAssessment": SUBMISSIONS + "13,5,,0,50\n"},
            "row 7, column date_submitted: nothing is given",
        ),
    ],
)
def test_raw_files_that_cannot_be_used(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        import_oulad(write(tmp_path / "raw", **changed), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no directory"):
        import_oulad(tmp_path / "raw", tmp_path / "out")
    raw = write(tmp_path / "raw")
    (raw / "studentInfo.csv").unlink()
    with pytest.raises(DatasetError, match=r"no file studentInfo\.csv or studentInfo\.csv\.gz"):
        import_oulad(raw, tmp_path / "out")
    (raw / "studentInfo.csv.gz").write_bytes(gzip.compress(STUDENTS.encode())[:-20])
    with pytest.raises(DatasetError, match=r"studentInfo\.csv\.gz is no whole gzip file"):
        import_oulad(raw, tmp_path / "out")
