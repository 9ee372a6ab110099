"""What loading makes of sound datasets."""

from pathlib import Path

import pandas as pd
import pytest

from recommender.domain.dataset_format import TABLES
from recommender.errors import DatasetError
from training.datasets import Dataset, load_dataset, write_dataset


def write(directory: Path, **tables: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in tables.items():
        (directory / f"{name}.csv").write_text(content, encoding="utf-8")
    return directory


def load(directory: Path, **tables: str) -> Dataset:
    return load_dataset(write(directory, **tables))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_every_declared_column_is_there_in_order(data: Path) -> None:
    modules = load(data, modules="title,module_id,tags\nA,a,x|y\nB,b,\n").tables["modules"]
    assert list(modules.columns) == [column.name for column in TABLES["modules"].columns]
    assert modules["tags"].tolist() == [["x", "y"], []]
    assert modules["skill_ids"].tolist() == [[], []]
    assert modules["difficulty"].dtype == "float64"
    assert modules["level"].dtype == "str"
    assert modules["published_at"].dtype == "datetime64[us, UTC]"


def test_kinds_become_their_types(data: Path) -> None:
    learners = load(
        data,
        learners="learner_id,weekly_minutes,can_mentor,hired_at,group_x\nx,60,Yes,2020-01-31,1\ny,,,,\nz,0,0,,2\n",
    ).tables["learners"]
    assert learners["weekly_minutes"].tolist()[::2] == [60.0, 0.0]
    assert learners["weekly_minutes"].isna().tolist() == [False, True, False]
    assert learners["can_mentor"].dtype == "boolean"
    assert learners["can_mentor"].fillna(False).tolist() == [True, False, False]
    assert learners["hired_at"][0] == pd.Timestamp("2020-01-31", tz="UTC")
    assert learners["group_x"].dropna().tolist() == ["1", "2"]


def test_unknown_columns_are_left_out_and_named_in_one_warning(data: Path) -> None:
    dataset = load(data, modules="module_id,title,colour,group_x\na,A,red,1\n")
    assert not {"colour", "group_x"} & set(dataset.tables["modules"].columns)
    (found,) = dataset.findings
    assert (found.level, found.table, found.count) == ("warning", "modules", 2)
    assert "colour, group_x" in found.text


def test_unknown_data_files_are_named_and_other_files_are_not(data: Path) -> None:
    write(data, modules="module_id,title\na,A\n", module="module_id\na\n", rubbish="x\n1\n")
    (data / "README.md").write_text("hello")
    (data / "attempts.csv.gz").write_bytes(b"")
    (data / "older").mkdir()
    texts = [found.text for found in load_dataset(data).findings]
    assert len(texts) == 3
    assert "modules.csv or modules.parquet meant" in next(
        text for text in texts if text.startswith("module.csv")
    )
    assert any(text.startswith("attempts.csv.gz") for text in texts)
    assert any(text.startswith("rubbish.csv is no table of the format and was not read") for text in texts)


def test_attempts_are_completed_from_items_and_modules(data: Path) -> None:
    attempts = load(
        data,
        modules="module_id,title,skill_ids\na,A,s\nb,B,\n",
        items="item_id,skill_ids,module_id\ni,t|u,a\nj,,a\nk,,b\n",
        attempts="learner_id,item_id,score,skill_ids,module_id,passed\n"
        "x,i,1,v,b,\nx,i,.5,,,\nx,j,.4,,,\nx,k,.9,,,false\n",
    ).tables["attempts"]
    assert attempts["skill_ids"].tolist() == [["v"], ["t", "u"], ["s"], []]
    assert attempts["module_id"].tolist() == ["b", "a", "a", "b"]
    assert attempts["passed"].tolist() == [True, True, False, False]
    assert attempts["passed"].dtype == bool


def test_pass_mark_counts_only_where_the_row_does_not_say(data: Path) -> None:
    path = write(data, attempts="learner_id,item_id,score,passed\nx,i,.45,\nx,i,.1,true\n")
    assert load_dataset(path, pass_mark=0.4).tables["attempts"]["passed"].tolist() == [True, True]
    assert load_dataset(path).tables["attempts"]["passed"].tolist() == [False, True]


def test_absent_tables_are_derived_from_ids_in_order_of_appearance(data: Path) -> None:
    dataset = load(
        data,
        attempts="learner_id,item_id,score,skill_ids,module_id\ny,j,1,s|t,\nx,i,1,,m\nx,j,1,u,n\n",
        completions="learner_id,module_id\nz,o\n",
    )
    tables = dataset.tables
    assert tables["learners"]["learner_id"].tolist() == ["y", "x", "z"]
    assert tables["modules"][["module_id", "title"]].to_numpy().tolist() == [
        ["m", "m"],
        ["n", "n"],
        ["o", "o"],
    ]
    assert tables["skills"]["name"].tolist() == ["s", "t", "u"]
    assert tables["items"]["item_id"].tolist() == ["j", "i"]
    assert tables["items"]["skill_ids"].tolist() == [["s", "t"], []]
    assert tables["items"]["module_id"].tolist() == ["n", "m"]
    assert {found.table: found.count for found in dataset.findings} == {
        "learners": 3,
        "modules": 3,
        "items": 2,
        "skills": 3,
    }


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("learners", "learner_id,role_id,target_role_id\nx,r,s\n", ["r", "s"]),
        ("role_skills", "role_id,skill_id,required_mastery\nr,s,1\nr,t,1\n", ["r"]),
        ("role_transitions", "from_role_id,to_role_id\nr,s\nq,r\n", ["r", "q", "s"]),
    ],
)
def test_absent_roles_are_derived_and_titled_by_their_id(
    data: Path, name: str, text: str, ids: list[str]
) -> None:
    dataset = load(data, **{name: text})
    assert dataset.tables["roles"][["role_id", "title"]].to_numpy().tolist() == [[id_, id_] for id_ in ids]
    assert [found.count for found in dataset.findings if found.table == "roles"] == [len(ids)]


def test_items_have_their_own_skills_else_those_named_first_else_their_module_s(data: Path) -> None:
    tables = load(
        data,
        modules="module_id,title,skill_ids\na,A,s\n",
        items="item_id,skill_ids,module_id\nown,t,a\nnamed,,a\nby_module,,a\nnone,,\n",
        attempts="learner_id,item_id,score,skill_ids,occurred_at\n"
        "x,named,1,v,2024-01-03\nx,own,1,w,2024-01-01\nx,named,1,u|w,2024-01-02\nx,named,1,,2024-01-01\n",
    ).tables
    assert tables["items"]["skill_ids"].tolist() == [["t"], ["u", "w"], ["s"], []]
    assert tables["attempts"]["skill_ids"].tolist() == [["w"], ["u", "w"], ["u", "w"], ["v"]]


def test_events_at_one_time_are_in_order_of_their_ids(data: Path) -> None:
    attempts = load(
        data,
        attempts="event_id,learner_id,item_id,score,occurred_at\nb,x,i,1,2024-01-01\na,x,i,0,2024-01-01\n",
    ).tables["attempts"]
    assert attempts["event_id"].tolist() == ["a", "b"]


def test_ids_in_row_order_per_learner_need_no_time(data: Path) -> None:
    rows = "event_id,learner_id,item_id,score\ny1,y,i,1\nx1,x,i,1\ny2,y,i,0\nx2,x,i,0\n"
    attempts = load(data, attempts=rows).tables["attempts"]
    assert attempts["event_id"].tolist() == ["y1", "x1", "y2", "x2"]


def test_only_learners_of_outcomes_are_derived_not_teams(data: Path) -> None:
    rows = "t,team,m,1,2024-01-01\nx,learner,m,1,2024-01-01\n"
    dataset = load(data, outcomes="unit_id,unit_kind,measure,value,occurred_at\n" + rows)
    assert dataset.tables["learners"]["learner_id"].tolist() == ["x"]


def test_catalogue_alone_needs_no_learners(data: Path) -> None:
    assert list(load(data, modules="module_id,title\na,A\n").tables) == ["modules"]


def test_defaults(data: Path) -> None:
    tables = load(
        data,
        modules="module_id,title\na,A\nb,B\n",
        prerequisites="module_id,prerequisite_module_id,strength\nb,a,\n",
        completions="learner_id,module_id,status\nx,a,\nx,b,started\n",
    ).tables
    assert tables["prerequisites"]["strength"].tolist() == ["hard"]
    assert tables["completions"]["status"].tolist() == ["completed", "started"]


def test_event_ids_are_made_where_missing_and_keep_row_order(data: Path) -> None:
    completions = load(data, completions="event_id,learner_id,module_id\n,x,a\nmine,y,b\n,x,c\n").tables[
        "completions"
    ]
    assert completions["event_id"].tolist() == ["completions-000000001", "mine", "completions-000000003"]


def test_events_are_in_order_and_those_without_a_time_come_first_in_row_order(data: Path) -> None:
    rows = "d,x,a,2024-01-02\nc,x,a,2024-01-01\nb,x,a,2024-01-01\nz,x,a,\na,y,a,\n"
    dataset = load(data, completions="event_id,learner_id,module_id,occurred_at\n" + rows)
    assert dataset.tables["completions"]["event_id"].tolist() == ["z", "a", "b", "c", "d"]
    assert dataset.tables["completions"].index.tolist() == [0, 1, 2, 3, 4]
    assert not dataset.has_clock
    assert [found.count for found in dataset.findings if "clock" in found.text] == [2]


@pytest.mark.parametrize(("time", "has_clock"), [("2024-01-01", True), ("", False)])
def test_clock(data: Path, time: str, has_clock: bool) -> None:
    dataset = load(data, completions=f"learner_id,module_id,occurred_at\nx,a,{time}\n")
    assert dataset.has_clock is has_clock
    assert not [found for found in dataset.findings if "clock" in found.text]


def test_no_events_no_clock(data: Path) -> None:
    assert not load(data, modules="module_id,title\na,A\n").has_clock


def test_repeated_events_are_one(data: Path) -> None:
    dataset = load(
        data, completions="event_id,learner_id,module_id,rating\ne,x,a,\ne,x,a,\nf,x,a,3\ne,x,a,\n"
    )
    assert dataset.tables["completions"]["event_id"].tolist() == ["e", "f"]
    assert [found.count for found in dataset.findings if "earlier row were left out" in found.text] == [2]


def test_equal_rows_without_event_ids_are_events_of_their_own(data: Path) -> None:
    assert len(load(data, completions="learner_id,module_id\nx,a\nx,a\n").tables["completions"]) == 2


def test_members_named_twice_are_kept_once(data: Path) -> None:
    dataset = load(data, modules="module_id,title,tags\na,A,x|y|x\nb,B,z\n")
    assert dataset.tables["modules"]["tags"].tolist() == [["x", "y"], ["z"]]
    assert [found.count for found in dataset.findings if "once" in found.text] == [1]


def test_counts_are_whole(data: Path) -> None:
    folds = load(data, folds="learner_id,fold\nx,1\ny,2.0\n").tables["folds"]
    assert folds["fold"].dtype == "int64"


def test_references_to_absent_tables_are_not_followed(data: Path) -> None:
    modules = load(data, modules="module_id,title,credential_id\na,A,c\n").tables["modules"]
    assert modules["credential_id"].tolist() == ["c"]


def test_variants_of_each_other_are_fine(data: Path) -> None:
    modules = "module_id,title,variant_of\na,A,b\nb,B,a\n"
    assert load(data, modules=modules).tables["modules"]["variant_of"].tolist() == ["b", "a"]


def test_many_ways_to_the_same_module_are_no_circle(data: Path) -> None:
    edges = "b,a\nc,a\nd,b\nd,c\ne,d\ne,a\n"
    modules = "".join(f"{name},{name}\n" for name in "abcde")
    dataset = load(
        data,
        modules="module_id,title\n" + modules,
        prerequisites="module_id,prerequisite_module_id\n" + edges,
    )
    assert len(dataset.tables["prerequisites"]) == 6


def test_long_chain_of_prerequisites(data: Path) -> None:
    n = 3_000
    modules = "module_id,title\n" + "".join(f"m{k},T\n" for k in range(n))
    edges = "module_id,prerequisite_module_id\n" + "".join(f"m{k},m{k + 1}\n" for k in range(n - 1))
    assert len(load(data, modules=modules, prerequisites=edges).tables["prerequisites"]) == n - 1
    with pytest.raises(DatasetError, match="closes the circle m0 -> m1"):
        load(data, prerequisites=edges + f"m{n - 1},m0\n")


def test_fingerprint_is_of_the_content(data: Path, tmp_path: Path) -> None:
    tables = {
        "modules": "module_id,title,skill_ids,difficulty\na,A,s|t,0.1\nb,Bé,,\n",
        "attempts": "learner_id,item_id,score,occurred_at\nx,i,0.3,2024-01-01T00:00:00.25Z\nx,j,1,\n",
        "learners": "learner_id,can_mentor,group_x\nx,true,g\n",
    }
    dataset = load(data, **tables)
    for format_ in ("csv", "parquet"):
        write_dataset(dataset.tables, tmp_path / format_, format=format_)  # type: ignore[arg-type]
        assert load_dataset(tmp_path / format_).fingerprint == dataset.fingerprint
    turned = load(
        tmp_path / "turned", **tables | {"learners": "group_x,can_mentor,learner_id,language\ng,1,x,\n"}
    )
    assert turned.fingerprint == dataset.fingerprint
    for name, old, new in (
        ("modules", "A,", "AA,"),
        ("attempts", "0.3", "0.30001"),
        ("attempts", "25Z", "26Z"),
        ("modules", "s|t", "t|s"),
        ("learners", "true", ""),
    ):
        other = load(tmp_path / "other", **tables | {name: tables[name].replace(old, new, 1)})
        assert other.fingerprint != dataset.fingerprint, (name, old, new)


def test_parquet_with_categories_and_columns_of_nothing(data: Path) -> None:
    data.mkdir()
    frame = pd.DataFrame(
        {"module_id": ["a", "b"], "title": pd.Categorical(["A", "B"]), "level": [None, None]}
    )
    frame.assign(skill_ids=None, difficulty=None).to_parquet(data / "modules.parquet")
    modules = load_dataset(data).tables["modules"]
    assert modules["title"].tolist() == ["A", "B"]
    assert modules["level"].isna().all()
    assert modules["skill_ids"].tolist() == [[], []]


def test_name_is_that_of_the_directory(data: Path) -> None:
    dataset = load(data, modules="module_id,title\na,A\n")
    assert (dataset.name, dataset.path) == ("data", data)
