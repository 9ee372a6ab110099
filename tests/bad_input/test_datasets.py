"""Every bad dataset is one clear sentence: table, row, column, value and remedy; or it works."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from recommender.errors import DatasetError
from training.cli import app
from training.datasets import load_dataset

MODULES = "module_id,title\na,A\nb,B\n"
LEARNERS = "learner_id\nx\ny\n"
COMPLETIONS = "learner_id,module_id\nx,a\ny,b\n"
ATTEMPTS = "learner_id,item_id,score\nx,i,1\ny,i,0\n"
SKILLS = "skill_id,name\ns,S\nt,T\n"
SOUND = {"modules": MODULES, "learners": LEARNERS, "completions": COMPLETIONS, "attempts": ATTEMPTS}


def write(directory: Path, **tables: str | bytes) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in tables.items():
        data = content if isinstance(content, bytes) else content.encode()
        (directory / f"{name}.csv").write_bytes(data)
    return directory


def reasons(path: Path) -> tuple[str, ...]:
    with pytest.raises(DatasetError) as caught:
        load_dataset(path)
    return caught.value.reasons


# (what is wrong, tables, what the sentence must name: table, row, column, value, remedy)
CASES = [
    (
        "missing required column",
        {"modules": "module_id\na\n"},
        ["table modules", "no column title", "columns found: module_id", "add title"],
    ),
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
        "unknown list member",
        {"modules": "module_id,title,skill_ids\na,A,s|q\n", "skills": SKILLS},
        ["modules row 1", "column skill_ids", "'q'", "not in table skills", "add it to skills"],
    ),
    (
        "empty list member",
        {"modules": "module_id,title,tags\na,A,x||y\n"},
        ["modules row 1", "column tags", "'x||y'", "a list of texts", "mend the value"],
    ),
    (
        "dangling learner",
        {**SOUND, "completions": COMPLETIONS + "z,a\n"},
        ["completions row 3", "column learner_id", "'z'", "not in table learners", "add it to learners"],
    ),
    (
        "dangling module",
        {**SOUND, "completions": COMPLETIONS + "x,c\n"},
        ["completions row 3", "column module_id", "'c'", "not in table modules", "mend the id"],
    ),
    (
        "dangling learner of an outcome",
        {
            **SOUND,
            "outcomes": "unit_id,unit_kind,measure,value,occurred_at\nteam 1,team,m,1,2024-01-01\n"
            "z,learner,m,1,2024-01-01\n",
        },
        ["outcomes row 2", "column unit_id", "'z'", "not in table learners"],
    ),
    (
        "duplicate id",
        {"modules": MODULES + "a,again\n"},
        ["modules row 3", "column module_id", "'a'", "row 1 already", "keep one of the two"],
    ),
    (
        "duplicate pair of ids",
        {
            "role_skills": "role_id,skill_id,required_mastery\nr,s,.5\nr,t,.5\nr,s,.7\n",
        },
        ["role_skills row 3", "column role_id + skill_id", "('r', 's')", "row 1 already"],
    ),
    (
        "same event id, other content",
        {**SOUND, "attempts": "event_id,learner_id,item_id,score\ne,x,i,1\nf,x,i,1\ne,x,i,0\n"},
        ["attempts row 3", "column event_id", "'e'", "row 1 already", "an id of its own"],
    ),
    (
        "same event id in two tables",
        {
            **SOUND,
            "attempts": "event_id,learner_id,item_id,score\ne,x,i,1\n",
            "completions": "event_id,learner_id,module_id\ne,x,a\n",
        },
        ["completions row 1", "column event_id", "'e'", "event of attempts already", "an id of its own"],
    ),
    (
        "prerequisite cycle",
        {
            "modules": MODULES + "c,C\n",
            "prerequisites": "module_id,prerequisite_module_id,strength\nb,a,hard\nc,b,soft\na,c,soft\n",
        },
        ["prerequisites row", "column prerequisite_module_id", "->", "circle", "take one of these rows out"],
    ),
    (
        "module before itself",
        {"modules": MODULES, "prerequisites": "module_id,prerequisite_module_id\na,a\n"},
        ["prerequisites row 1", "column prerequisite_module_id", "a -> a", "take one of these rows out"],
    ),
    (
        "skill above itself",
        {"skills": "skill_id,name,parent_skill_id\ns,S,t\nt,T,s\n"},
        ["skills row 2", "column parent_skill_id", "s -> t -> s", "mend one of these parents"],
    ),
    (
        "prerequisite of nothing",
        {"modules": MODULES, "prerequisites": "module_id,prerequisite_module_id\na,\n"},
        ["prerequisites row 1", "prerequisite_skill_id", "nothing", "give one of the two"],
    ),
    (
        "prerequisite of two kinds",
        {
            "modules": MODULES,
            "skills": SKILLS,
            "prerequisites": "module_id,prerequisite_module_id,prerequisite_skill_id,required_mastery\n"
            "a,b,s,0.5\n",
        },
        ["prerequisites row 1", "prerequisite_module_id", "('b', 's')", "write one row for each"],
    ),
    (
        "prerequisite skill without mastery",
        {"modules": MODULES, "prerequisites": "module_id,prerequisite_skill_id\na,s\n"},
        ["prerequisites row 1", "column required_mastery", "nothing", "'s'", "a number from 0 to 1"],
    ),
    (
        "variant of a module that is not there",
        {"modules": "module_id,title,variant_of\na,A,z\n"},
        ["modules row 1", "column variant_of", "'z'", "not in table modules", "mend the id"],
    ),
    (
        "variant of itself",
        {"modules": "module_id,title,variant_of\na,A,a\n"},
        ["modules row 1", "column variant_of", "'a'", "the module itself", "name another module"],
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
        "header alone",
        {"modules": "module_id,title\n"},
        ["table modules", "modules.csv", "no rows", "add rows"],
    ),
    ("file without a byte", {"modules": ""}, ["table modules", "empty", "add a header row"]),
    (
        "not UTF-8",
        {"modules": "module_id,title\na,A\nb,Caf\u00e9\n".encode("latin-1")},
        ["modules row 2", "column title", r"b'\xe9'", "not UTF-8", "with the encoding UTF-8"],
    ),
    (
        "header not UTF-8",
        {"modules": "module_id,title\na,A\n".encode("utf-16")},
        ["modules header row", "not UTF-8", "with the encoding UTF-8"],
    ),
    (
        "too few cells",
        {"modules": "module_id,title\na,A\nb\n"},
        ["modules row 2", "column module_id", "'b'", "1 cells", "header has 2", "one cell per column"],
    ),
    (
        "too many cells",
        {"modules": "module_id,title\na,A, B and C\n"},
        ["modules row 1", "column title", "'a,A, B and C'", "3 cells", "quotes"],
    ),
    ("quote never closed", {"modules": 'module_id,title\na,"A\nb,B\n'}, ["modules.csv", "never closed"]),
    ("column twice", {"modules": "module_id,title,title\na,A,B\n"}, ["modules.csv", "'title'", "keep one"]),
]


@pytest.mark.parametrize(("tables", "named"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_sentence_names_all(tmp_path: Path, tables: dict[str, str], named: list[str]) -> None:
    sentence = reasons(write(tmp_path / "data", **tables))[0]
    assert "\n" not in sentence
    missing = [part for part in named if part not in sentence]
    assert not missing, sentence


@pytest.mark.parametrize("case", [CASES[1], CASES[15], CASES[-1]], ids=lambda case: case[0])
def test_command_ends_with_2_and_writes_nothing(
    tmp_path: Path, case: tuple[str, dict[str, str], list[str]]
) -> None:
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


def test_no_directory(tmp_path: Path) -> None:
    assert "no directory" in reasons(tmp_path / "nowhere")[0]


def test_file_for_a_directory(tmp_path: Path) -> None:
    path = write(tmp_path / "data", modules=MODULES) / "modules.csv"
    assert "is a file" in reasons(path)[0]
    assert "give the directory" in reasons(path)[0]


def test_no_table(tmp_path: Path) -> None:
    write(tmp_path / "data", notes="a\n1\n")
    assert "no table" in reasons(tmp_path / "data")[0]


def test_table_in_two_formats(tmp_path: Path) -> None:
    path = write(tmp_path / "data", modules=MODULES)
    pd.DataFrame({"module_id": ["a"], "title": ["A"]}).to_parquet(path / "modules.parquet")
    assert "modules.csv and modules.parquet" in reasons(path)[0]


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing", b"PAR1" + bytes(40) + b"PAR1"])
def test_damaged_parquet(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "data", learners=LEARNERS)
    (path / "modules.parquet").write_bytes(content)
    sentence = reasons(path)[0]
    assert "modules.parquet is no whole Parquet file" in sentence
    assert "write it again" in sentence


def test_truncated_parquet(tmp_path: Path) -> None:
    path = write(tmp_path / "data", learners=LEARNERS)
    file = path / "modules.parquet"
    pd.DataFrame({"module_id": [f"m{n}" for n in range(999)], "title": "T"}).to_parquet(file)
    file.write_bytes(file.read_bytes()[:-100])
    assert "modules.parquet is no whole Parquet file" in reasons(path)[0]


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


def test_lenient_without_a_place_for_rejects(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="give a directory for rejects"):
        load_dataset(write(tmp_path / "data", modules=MODULES), lenient=True)


# These look odd and are sound.


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "data",
        modules="module_id,title\n007,Seven\n7,7\n1e3,x\n",
        completions="learner_id,module_id\n01,007\n1,7\n",
    )
    tables = load_dataset(path).tables
    assert tables["modules"]["module_id"].tolist() == ["007", "7", "1e3"]
    assert tables["completions"]["learner_id"].tolist() == ["01", "1"]


def test_whole_numbers_as_parquet_ids_become_text_with_a_finding(tmp_path: Path) -> None:
    tmp_path.joinpath("data").mkdir()
    frame = pd.DataFrame({"learner_id": [1, 2], "module_id": ["a", "b"]})
    frame.to_parquet(tmp_path / "data" / "completions.parquet")
    dataset = load_dataset(tmp_path / "data")
    assert dataset.tables["completions"]["learner_id"].tolist() == ["1", "2"]
    assert [found.count for found in dataset.findings if "learner_id: whole numbers" in found.text] == [2]


def test_times_without_a_zone_are_utc_with_a_finding(tmp_path: Path) -> None:
    rows = "x,a,2024-01-01T10:00:00\nx,a,2024-01-01T10:00:00+02:00\nx,a,2024-01-02\n"
    dataset = load_dataset(write(tmp_path / "data", completions="learner_id,module_id,occurred_at\n" + rows))
    times = dataset.tables["completions"]["occurred_at"]
    assert [time.isoformat() for time in times] == [
        "2024-01-01T08:00:00+00:00",
        "2024-01-01T10:00:00+00:00",
        "2024-01-02T00:00:00+00:00",
    ]
    assert [found.count for found in dataset.findings if "without a zone" in found.text] == [2]


def test_one_learner_one_module_one_event(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "data", completions="learner_id,module_id\nx,a\n"))
    assert {name: len(table) for name, table in dataset.tables.items()} == {
        "modules": 1,
        "learners": 1,
        "completions": 1,
    }


@pytest.mark.parametrize("score", ["0", "1"])
def test_all_scores_equal(tmp_path: Path, score: str) -> None:
    path = write(tmp_path / "data", attempts="learner_id,item_id,score\n" + f"x,i,{score}\n" * 3)
    assert load_dataset(path).tables["attempts"]["passed"].tolist() == [score == "1"] * 3
