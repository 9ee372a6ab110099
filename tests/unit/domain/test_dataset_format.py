"""The declared format is consistent in itself."""

import pytest

from recommender.domain.dataset_format import EXPECTED, NUMERIC_BOUNDS, TABLES, WHOLE_KINDS, Kind, Table

CATALOGUE = ["modules", "skills", "prerequisites", "roles", "role_skills", "role_transitions"]
CATALOGUE += ["items", "credentials"]
PEOPLE = ["learners", "aliases"]
EVENTS = ["attempts", "completions", "self_assessments", "credentials_earned"]
AFTERWARDS = ["recommendations", "feedback", "adoption", "outcomes", "postings"]
BENCHMARKS = ["folds", "holdout"]


def test_has_every_table() -> None:
    assert list(TABLES) == CATALOGUE + PEOPLE + EVENTS + AFTERWARDS + BENCHMARKS


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_names_only_what_is_there(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    for reference in table.references:
        assert reference.column in names
        target = TABLES[reference.table]
        assert target.column(target.key[0]).kind is Kind.ID
        assert table.column(reference.column).kind in (Kind.ID, Kind.LIST)
    for column in table.columns:
        assert bool(column.members) == (column.kind is Kind.CHOICE)
        assert column.default is None or column.default in column.members


def test_every_table_needs_something() -> None:
    assert all(table.required for table in TABLES.values())


def test_every_whole_number_is_required_so_that_none_is_missing() -> None:
    columns = [column for table in TABLES.values() for column in table.columns if column.kind in WHOLE_KINDS]
    assert columns
    assert all(column.required for column in columns)


def test_event_tables() -> None:
    assert [name for name, table in TABLES.items() if table.is_events] == [*EVENTS, "feedback"]


def test_every_kind_can_be_told() -> None:
    assert set(EXPECTED) == set(Kind)
    assert set(NUMERIC_BOUNDS) < set(Kind)
    assert TABLES["modules"].column("level").expected == "one of beginner, intermediate, advanced"
    assert TABLES["modules"].column("title").expected == "text"


def test_open_columns() -> None:
    learners = TABLES["learners"]
    assert learners.has("group_region")
    assert not learners.has("region")
    assert not TABLES["modules"].has("group_region")
    with pytest.raises(KeyError, match="region"):
        learners.column("region")


def test_an_id_does_not_lead_to_its_own_definition() -> None:
    own = [
        (name, ref.column) for name, table in TABLES.items() for ref in table.references if ref.table == name
    ]
    assert own == [("modules", "variant_of"), ("skills", "parent_skill_id")]
