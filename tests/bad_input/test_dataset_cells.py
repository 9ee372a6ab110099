"""A bad cell is one clear sentence: table, row, column, value and remedy."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.bad_input.broken import SKILLS, SOUND, Case, check, reasons, write
from training.cli import app

CASES: list[Case] = [
    (
        "wrong type: number",
        {**SOUND, "attempts": "learner_id,item_id,score\nx,i,1\ny,i,good\n"},
        ["attempts row 2", "column score", "'good'", "a number from 0 to 1", "mend the value"],
    ),
    (
        "wrong type: time",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,yesterday\n"},
        ["completions row 1", "column occurred_at", "'yesterday'", "ISO 8601", "leave the cell empty"],
    ),
    (
        "wrong type: time that only pandas understands",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,now\n"},
        ["completions row 1", "column occurred_at", "'now'", "ISO 8601"],
    ),
    (
        "wrong type: a day that does not exist",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,2024-02-30\n"},
        ["completions row 1", "column occurred_at", "'2024-02-30'", "ISO 8601"],
    ),
    (
        "wrong type: flag",
        {**SOUND, "attempts": "learner_id,item_id,score,passed\nx,i,1,perhaps\n"},
        ["attempts row 1", "column passed", "'perhaps'", "true or false", "leave the cell empty"],
    ),
    (
        "fraction above 1",
        {**SOUND, "attempts": "learner_id,item_id,score\nx,i,70\n"},
        ["attempts row 1", "column score", "70.0", "a number from 0 to 1", "mend the value"],
    ),
    (
        "fraction below 0",
        {"modules": "module_id,title,difficulty\na,A,-0.1\n"},
        ["modules row 1", "column difficulty", "-0.1", "a number from 0 to 1", "leave the cell empty"],
    ),
    (
        "negative minutes",
        {"modules": "module_id,title,duration_minutes\na,A,-5\n"},
        ["modules row 1", "column duration_minutes", "-5.0", "a number, 0 or more"],
    ),
    (
        "rating out of range",
        {**SOUND, "completions": "learner_id,module_id,rating\nx,a,6\n"},
        ["completions row 1", "column rating", "6.0", "a number from 1 to 5"],
    ),
    (
        "half a count",
        {"skills": SKILLS, "adoption": "learner_id,skill_id,uses\nx,s,1.5\n"},
        ["adoption row 1", "column uses", "1.5", "a whole number, 0 or more"],
    ),
    (
        "half-life of zero",
        {"skills": "skill_id,name,half_life_days\ns,S,0\n"},
        ["skills row 1", "column half_life_days", "0.0", "a number above 0"],
    ),
    (
        "unknown choice",
        {"modules": "module_id,title,level\na,A,expert\n"},
        ["modules row 1", "column level", "'expert'", "one of beginner, intermediate, advanced"],
    ),
    (
        "empty list member",
        {"modules": "module_id,title,tags\na,A,x||y\n"},
        ["modules row 1", "column tags", "'x||y'", "a list of texts", "mend the value"],
    ),
    (
        "infinite number",
        {"modules": "module_id,title,duration_minutes\na,A,inf\n"},
        ["modules row 1", "column duration_minutes", "'inf'", "a number, 0 or more"],
    ),
    (
        "not a number",
        {**SOUND, "attempts": "learner_id,item_id,score\nx,i,NaN\n"},
        ["attempts row 1", "column score", "'NaN'", "a number from 0 to 1"],
    ),
    (
        "required cell empty",
        {**SOUND, "attempts": "learner_id,item_id,score\nx,i,1\ny,,0\n"},
        ["attempts row 2", "column item_id", "nothing", "write an id"],
    ),
    (
        "time after the year 9999",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,12024-01-01\n"},
        ["completions row 1", "column occurred_at", "'12024-01-01'", "outside the years 1 to 9999", "mend"],
    ),
    (
        "time before the year 1",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,0000-01-01\n"},
        ["completions row 1", "column occurred_at", "'0000-01-01'", "outside the years 1 to 9999"],
    ),
    (
        "time after the year 9999 in UTC only",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,9999-12-31T23:00:00-05:00\n"},
        ["completions row 1", "column occurred_at", "'9999-12-31T23:00:00-05:00'", "outside the years 1 to"],
    ),
    (
        "time before the year 1 in UTC only",
        {**SOUND, "completions": "learner_id,module_id,occurred_at\nx,a,0001-01-01T00:00:00+05:00\n"},
        ["completions row 1", "column occurred_at", "'0001-01-01T00:00:00+05:00'", "outside the years 1 to"],
    ),
    (
        "count that cannot be told from the next",
        {"skills": SKILLS, "adoption": "learner_id,skill_id,uses\nx,s,9007199254740993\n"},
        ["adoption row 1", "column uses", "9007199254740992", "above 9007199254740991", "mend the value"],
    ),
    (
        "ordinal beyond all numbers",
        {"folds": "learner_id,fold\nx,1e300\n"},
        ["folds row 1", "column fold", "1e+300", "above 9007199254740991", "mend the value"],
    ),
    (
        "unit separator in an id",
        {"modules": "module_id,title\na\x1fb,A\n"},
        ["modules row 1", "column module_id", r"'a\x1fb'", "control character", "mend the value"],
    ),
    (
        "nothing in an id",
        {"modules": "module_id,title\na\x00,A\n"},
        ["modules row 1", "column module_id", r"'a\x00'", "control character"],
    ),
    (
        "line break in an id",
        {"modules": 'module_id,title\n"a\nb",A\n'},
        ["modules row 1", "column module_id", r"'a\nb'", "control character"],
    ),
    (
        "unit separator in a list",
        {"modules": "module_id,title,skill_ids\na,A,s|t\x1fu\n"},
        ["modules row 1", "column skill_ids", r"'s|t\x1fu'", "control character", "leave the cell empty"],
    ),
    (
        "id of white space",
        {"modules": "module_id,title\na,A\n \u3000,B\n"},
        ["modules row 2", "column module_id", r"' \u3000'", "nothing but white space", "mend the value"],
    ),
    (
        "list member of white space",
        {"modules": "module_id,title,tags\na,A,x| |y\n"},
        ["modules row 1", "column tags", "'x| |y'", "nothing but white space", "mend the value"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_one_sentence_names_all(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case)


@pytest.mark.parametrize("case", [CASES[0], CASES[-1]], ids=lambda case: case[0])
def test_command_ends_with_2_and_writes_nothing(tmp_path: Path, case: Case) -> None:
    data = write(tmp_path / "data", **case[1])
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(
        app, ["validate", "--data", str(data), "--json", str(tmp_path / "o" / "r.json")]
    )
    assert result.exit_code == 2
    assert all(part in result.stderr for part in case[2])
    assert "Traceback" not in result.output
    assert sorted(tmp_path.rglob("*")) == before


def test_all_reasons_of_the_first_bad_table_and_of_no_other(tmp_path: Path) -> None:
    path = write(
        tmp_path / "data",
        **{
            **SOUND,
            "modules": "module_id,title,level\na,,top\nb,B,low\n",
            "attempts": "learner_id,item_id,score\nx,i,9\n",
        },
    )
    found = reasons(path)
    assert [sentence.split(":")[0] for sentence in found] == [
        "modules row 1, column level",
        "modules row 1, column title",
        "modules row 2, column level",
    ]


def test_long_list_of_reasons_is_cut_on_the_screen_only(tmp_path: Path) -> None:
    rows = "".join(f"m{n},T,wrong\n" for n in range(30))
    path = write(tmp_path / "data", modules="module_id,title,level\n" + rows)
    assert len(reasons(path)) == 30
    stderr = CliRunner().invoke(app, ["validate", "--data", str(path)]).stderr
    assert stderr.count("modules row") == 20
    assert "(30 reasons" in stderr
    assert "10 more" in stderr


@pytest.mark.parametrize(
    ("column", "values", "named"),
    [
        ("module_id", [1.5, 2.5], ["modules row 1", "column module_id", "1.5", "double", "an id, as text"]),
        ("difficulty", [True, False], ["column difficulty", "True", "bool", "a number from 0 to 1"]),
        ("tags", [[1.5], [2.5]], ["column tags", "[1.5]", "list<", "a list of texts"]),
        ("tags", [None, 7], ["modules row 2", "column tags", "7", "a list of texts"]),
        ("published_at", [7, 8], ["column published_at", "7", "int64", "ISO 8601"]),
        ("difficulty", [float("inf"), 0.5], ["modules row 1", "column difficulty", "inf", "from 0 to 1"]),
        ("tags", [["x", ""], ["y"]], ["modules row 1", "column tags", "['x', '']", "a list of texts"]),
        ("tags", [["x"], ["y", None]], ["modules row 2", "column tags", "['y', None]", "a list of texts"]),
    ],
)
def test_parquet_of_a_wrong_type(tmp_path: Path, column: str, values: list[object], named: list[str]) -> None:
    frame = pd.DataFrame({"module_id": ["a", "b"], "title": ["A", "B"]} | {column: values})
    tmp_path.joinpath("data").mkdir()
    frame.to_parquet(tmp_path / "data" / "modules.parquet")
    sentence = reasons(tmp_path / "data")[0]
    assert all(part in sentence for part in named), sentence


def test_flag_of_a_wrong_type(tmp_path: Path) -> None:
    tmp_path.joinpath("data").mkdir()
    frame = pd.DataFrame({"learner_id": ["x"], "can_mentor": [0.5]})
    frame.to_parquet(tmp_path / "data" / "learners.parquet")
    assert "learners row 1, column can_mentor: 0.5 is stored as double" in reasons(tmp_path / "data")[0]


@pytest.mark.parametrize(
    ("number", "type_"),
    [
        (2**62, pa.timestamp("ms")),
        (2**40, pa.timestamp("s", "UTC")),
        (2**62, pa.timestamp("us", "Europe/Madrid")),
        (-(2**60), pa.timestamp("us")),
        (2**30, pa.date32()),
        (86_400_000 * 2**30, pa.date64()),
    ],
)
def test_stored_time_outside_the_years(tmp_path: Path, number: int, type_: pa.DataType) -> None:
    stored = pa.array([0, number], pa.int32() if type_ == pa.date32() else pa.int64()).cast(type_)
    tmp_path.joinpath("data").mkdir()
    table = pa.table({"learner_id": ["x", "x"], "module_id": ["a", "a"], "occurred_at": stored})
    pq.write_table(table, tmp_path / "data" / "completions.parquet", version="2.6")
    (sentence,) = reasons(tmp_path / "data")
    assert sentence.startswith("completions row 2, column occurred_at: ")
    assert "lies outside the years 1 to 9999" in sentence


@pytest.mark.parametrize(
    ("member", "fault"), [("t\x1fu", "control"), ("\t", "control"), ("  ", "white space")]
)
def test_unsound_member_of_a_stored_list(tmp_path: Path, member: str, fault: str) -> None:
    frame = pd.DataFrame({"module_id": ["a", "b"], "title": ["A", "B"], "skill_ids": [["s"], ["s", member]]})
    tmp_path.joinpath("data").mkdir()
    frame.to_parquet(tmp_path / "data" / "modules.parquet")
    (sentence,) = reasons(tmp_path / "data")
    assert "modules row 2, column skill_ids" in sentence
    assert fault in sentence
