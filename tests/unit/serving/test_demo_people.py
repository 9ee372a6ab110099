"""Whom the demo may show of an organisation, and what it loads of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.domain.simulation import notice_in, simulation_metadata
from serving.commands.demo_people import MOST_TRIED, Organisation, Person, write_histories
from serving.dataset_reader import SourceTable, read_tables

ROLES = [{"role_id": "clerk", "title": "Clerk"}, {"role_id": "analyst", "title": "Data analyst"}]
ASKED = [{"role_id": "analyst", "skill_id": "sql", "required_mastery": 0.7}]
WAYS = [{"from_role_id": "clerk", "to_role_id": "analyst", "kind": "reskill"}]


def person(learner_id: str, **changes: Any) -> dict[str, Any]:
    row = {
        "learner_id": learner_id,
        "role_id": "clerk",
        "target_role_id": "analyst",
        "team_id": "t1",
        "weekly_minutes": 60.0,
    }
    return row | changes


def finished(learner_id: str, times: int, day: int) -> list[dict[str, Any]]:
    at = datetime(2026, 1, day, tzinfo=UTC)
    return [
        {"learner_id": learner_id, "module_id": f"m{i}", "status": "completed", "occurred_at": at}
        for i in range(times)
    ]


def organisation(**rows: list[dict[str, Any]]) -> Organisation:
    content = {"roles": ROLES, "role_skills": ASKED, "role_transitions": WAYS} | rows
    return Organisation(tables(content))


def tables(content: Mapping[str, list[dict[str, Any]]]) -> dict[str, SourceTable]:
    return {name: SourceTable(name, pa.Table.from_pylist(rows), ()) for name, rows in content.items()}


def test_who_finished_something_last_comes_first() -> None:
    told = organisation(
        learners=[person("a"), person("b"), person("c")],
        completions=finished("a", 5, 3) + finished("b", 6, 9) + finished("c", 5, 9),
    )
    movers = told.movers()
    assert [mover.learner_id for mover in movers] == ["b", "c", "a"]
    assert movers[0] == Person(
        learner_id="b",
        role_id="clerk",
        target_role_id="analyst",
        team_id="t1",
        weekly_minutes=60.0,
        n_completed=6,
    )


@pytest.mark.parametrize(
    "unfit",
    [
        {"target_role_id": None},
        {"role_id": "analyst"},
        {"weekly_minutes": None},
        {"learner_id": "beginner"},
    ],
)
def test_others_are_not_shown(unfit: dict[str, Any]) -> None:
    told = organisation(
        learners=[person("a") | unfit, person("b")],
        completions=finished("a", 5, 3) + finished("b", 5, 1) + finished("beginner", 4, 9),
    )
    assert [mover.learner_id for mover in told.movers()] == ["b"]


def test_only_what_is_finished_counts() -> None:
    begun = [row | {"status": "started"} for row in finished("a", 9, 3)]
    assert organisation(learners=[person("a")], completions=begun).movers() == []


def test_a_way_up_is_not_a_way_to_other_work() -> None:
    told = organisation(
        learners=[person("a")],
        completions=finished("a", 5, 1),
        role_transitions=[WAYS[0] | {"kind": "upskill"}],
    )
    assert told.movers() == []


def test_a_role_that_asks_nothing_is_no_target() -> None:
    told = organisation(
        learners=[person("a")],
        completions=finished("a", 5, 1),
        role_skills=[ASKED[0] | {"role_id": "clerk"}],
    )
    assert told.movers() == []


def test_few_are_looked_at() -> None:
    names = [f"p{i:02d}" for i in range(MOST_TRIED + 5)]
    told = organisation(
        learners=[person(name) for name in names],
        completions=[row for name in names for row in finished(name, 5, 1)],
    )
    assert [mover.learner_id for mover in told.movers()] == names[:MOST_TRIED]
    assert told.n_people == len(names)


def test_an_organisation_without_roles_has_nobody_to_show() -> None:
    assert Organisation({}).movers() == []


def test_names_stand_for_ids_where_there_are_names() -> None:
    told = organisation(skills=[{"skill_id": "sql", "name": "SQL"}])
    assert (told.title("analyst"), told.title("unheard-of")) == ("Data analyst", "unheard-of")
    assert (told.skill_name("sql"), told.skill_name("unheard-of")) == ("SQL", "unheard-of")
    assert told.required("analyst") == {"sql": 0.7}
    assert told.required("unheard-of") == {}


def test_a_teams_minutes_are_told_of_five_people_or_more() -> None:
    minutes = [10.0, 20.0, 30.0, 40.0, 900.0]
    team = [person(f"p{i}", weekly_minutes=each) for i, each in enumerate(minutes)]
    assert organisation(learners=team).team_minutes("t1") == 30.0
    assert organisation(learners=[*team[:4], person("x", weekly_minutes=None)]).team_minutes("t1") is None
    assert organisation(learners=[person(f"p{i}", team_id=None) for i in range(9)]).team_minutes(None) is None


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_histories_are_those_of_the_people_named_and_stay_labelled(tmp_path: Path, ending: str) -> None:
    source = tmp_path / "all"
    source.mkdir()
    if ending == "csv":
        (source / "learners.csv").write_text("learner_id,role_id\n7,clerk\n8,clerk\n")
    else:
        rows = pa.table({"learner_id": [7, 8], "role_id": ["clerk", "clerk"]})
        rows = rows.replace_schema_metadata(simulation_metadata({"notice": "made for a test"}))
        pq.write_table(rows, source / "learners.parquet")
    (source / "attempts.csv").write_text("learner_id,item_id,score\n8,q1,0.5\n7,q1,1\n8,q2,0\n")
    (source / "items.csv").write_text("item_id\nq1\n")
    chosen = Person(
        learner_id="8", role_id="clerk", target_role_id="x", team_id=None, weekly_minutes=1.0, n_completed=5
    )
    part = write_histories(source, [chosen], tmp_path / "part")
    read = read_tables(part, ("learners", "attempts"))
    assert [row["learner_id"] for row in read["learners"].rows()] == ["8"]
    assert [(row["item_id"], row["score"]) for row in read["attempts"].rows()] == [("q1", 0.5), ("q2", 0.0)]
    assert sorted(file.name for file in part.iterdir()) == ["attempts.parquet", "learners.parquet"]
    notice = notice_in(pq.read_schema(part / "learners.parquet").metadata)
    assert notice == ("made for a test" if ending == "parquet" else None)
