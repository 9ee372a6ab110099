"""The catalogue as arrays."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import CATALOG_TABLES, TRANSITION_KINDS, Catalog, Ragged
from recommender.domain.dataset_format import SEGMENTS
from recommender.errors import DatasetError

RETIRED = datetime(2025, 6, 1, tzinfo=UTC)


def table(rows, **types):
    return pa.Table.from_pylist(rows, pa.schema(list(types.items())) if types else None)


@pytest.fixture(scope="module")
def catalog():
    return Catalog.from_tables(
        {
            "modules": table(
                [
                    {"module_id": "b", "title": "Beta", "skill_ids": ["t", "s"], "difficulty": 0.4},
                    {"module_id": "a", "title": "Alpha", "retired_at": RETIRED, "level": "advanced"},
                    {"module_id": "c", "title": None, "duration_minutes": 30.0, "variant_of": "b"},
                ],
                module_id=pa.string(),
                title=pa.string(),
                skill_ids=pa.list_(pa.string()),
                difficulty=pa.float64(),
                duration_minutes=pa.float64(),
                level=pa.string(),
                variant_of=pa.string(),
                retired_at=pa.timestamp("us", "UTC"),
            ),
            "skills": table([{"skill_id": "s", "name": "Sums"}, {"skill_id": "t", "name": "Tales"}]),
            "items": table(
                [
                    {"item_id": "q1", "module_id": "c", "skill_ids": ["t"], "difficulty": 0.25},
                    {"item_id": "q2", "module_id": None, "skill_ids": None, "difficulty": None},
                ]
            ),
            "prerequisites": table(
                [
                    {"module_id": "b", "prerequisite_module_id": "a", "strength": "soft"},
                    {"module_id": "c", "prerequisite_skill_id": "t", "required_mastery": 0.7},
                ],
                module_id=pa.string(),
                prerequisite_module_id=pa.string(),
                prerequisite_skill_id=pa.string(),
                required_mastery=pa.float64(),
                strength=pa.string(),
            ),
            "roles": table(
                [
                    {"role_id": "r1", "title": "One", "segment": "leader", "priority": None},
                    {"role_id": "r2", "title": "Two", "segment": None, "priority": 0.9},
                    {"role_id": "r3", "title": "Three", "segment": "crew", "priority": 0.1},
                ]
            ),
            "role_skills": table(
                [
                    {"role_id": "r2", "skill_id": "t", "required_mastery": 0.8, "importance": 0.3},
                    {"role_id": "r1", "skill_id": "s", "required_mastery": 0.5, "importance": None},
                    {"role_id": "r2", "skill_id": "s", "required_mastery": 0.6, "importance": 0.2},
                ]
            ),
            "attempts": table([{"learner_id": "ada"}]),
        }
    )


def test_positions_are_those_of_the_rows(catalog):
    assert catalog.module_ids == ("b", "a", "c")
    assert dict(catalog.module_index) == {"b": 0, "a": 1, "c": 2}
    assert catalog.titles == ("Beta", "Alpha", "")
    assert (catalog.n_modules, catalog.n_skills) == (3, 2)


def test_what_is_not_told_is_unknown(catalog):
    np.testing.assert_array_equal(catalog.difficulty, [0.4, np.nan, np.nan])
    np.testing.assert_array_equal(catalog.duration_minutes, [np.nan, np.nan, 30.0])
    np.testing.assert_array_equal(catalog.retired_at, [np.nan, RETIRED.timestamp(), np.nan])
    assert np.isnan(catalog.published_at).all()
    assert np.isnan(catalog.half_life_days).all()
    assert catalog.levels.tolist() == ["", "advanced", ""]
    assert catalog.languages.tolist() == catalog.formats.tolist() == ["", "", ""]


def test_lists_and_links(catalog):
    assert [catalog.module_skills[i].tolist() for i in range(3)] == [[1, 0], [], []]
    assert [catalog.item_skills[i].tolist() for i in range(2)] == [[1], []]
    assert catalog.item_module.tolist() == [2, -1]
    np.testing.assert_array_equal(catalog.item_difficulty, [0.25, np.nan])
    assert catalog.variant_group.tolist() == [0, 1, 0]


def test_prerequisites(catalog):
    rows = catalog.prerequisites
    assert rows.module.tolist() == [0, 2]
    assert rows.needed_module.tolist() == [1, -1]
    assert rows.needed_skill.tolist() == [-1, 1]
    np.testing.assert_array_equal(rows.required_mastery, [np.nan, 0.7])
    assert rows.hard.tolist() == [False, True]


def test_roles_and_their_profiles(catalog):
    roles = catalog.roles
    assert roles.ids == ("r1", "r2", "r3")
    assert roles.segment.tolist() == [SEGMENTS.index("leader"), -1, -1]
    assert roles.priority.tolist() == [0.5, 0.9, 0.1]
    assert [roles.profile[i].tolist() for i in range(3)] == [[0], [1, 0], []]
    assert roles.required_mastery.tolist() == [0.5, 0.8, 0.6]
    assert roles.importance.tolist() == [0.5, 0.3, 0.2]


def test_which_role_leads_to_which():
    ways = [("c", "a", "reskill"), ("a", "b", None), ("c", "b", "upskill")]
    rows = [{"from_role_id": f, "to_role_id": t, "kind": kind} for f, t, kind in ways]
    roles = table([{"role_id": i} for i in "abc"])
    found = Catalog.from_tables({"roles": roles, "role_transitions": table(rows)}).transitions
    assert [found.to[i].tolist() for i in range(3)] == [[1], [], [0, 1]]
    assert [TRANSITION_KINDS[k] if k >= 0 else None for k in found.kind.tolist()] == [
        None,
        "reskill",
        "upskill",
    ]
    without_kinds = table([{"from_role_id": "a", "to_role_id": "b"}])
    assert Catalog.from_tables({"roles": roles, "role_transitions": without_kinds}).transitions.kind == [-1]
    assert len(Catalog.from_tables({"roles": roles}).transitions.to.values) == 0


def test_keeps_the_catalogue_tables_and_no_other(catalog):
    assert set(catalog.tables) == {"modules", "skills", "items", "prerequisites", "roles", "role_skills"}
    assert set(catalog.tables) < set(CATALOG_TABLES)
    again = Catalog.from_tables(catalog.tables)
    assert again.describe() == catalog.describe()


def test_describe(catalog):
    assert catalog.describe() == {
        "n_modules": 3,
        "n_skills": 2,
        "n_items": 2,
        "n_roles": 3,
        "n_prerequisites": 2,
    }


def test_of_nothing():
    empty = Catalog.from_tables({})
    assert set(empty.describe().values()) == {0}
    assert len(empty.roles.profile) == len(empty.module_skills) == 0


@pytest.mark.parametrize(
    ("variant_of", "groups"),
    [
        ({}, "abcde"),
        ({"b": "a", "c": "a"}, "aaade"),
        ({"a": "b", "b": "c", "c": "d", "d": "e"}, "aaaaa"),
        ({"e": "d", "d": "c"}, "abccc"),
        ({"a": "e", "b": "e"}, "aacda"),
        ({"a": "b", "b": "a"}, "aacde"),
    ],
)
def test_variants_of_one_content_share_a_group(variant_of, groups):
    rows = [{"module_id": m, "variant_of": variant_of.get(m)} for m in "abcde"]
    found = Catalog.from_tables(
        {"modules": table(rows, module_id=pa.string(), variant_of=pa.string())}
    ).variant_group
    assert "".join("abcde"[g] for g in found) == groups


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("ns", "UTC"), pa.timestamp("s", "UTC"), pa.timestamp("ms"), pa.timestamp("us", "+05:00")],
)
def test_times_in_any_unit_and_zone(kind):
    column = pa.array([int(RETIRED.timestamp()), None], pa.int64()).cast(pa.timestamp("s")).cast(kind)
    got = Catalog.from_tables(
        {"modules": pa.table({"module_id": ["a", "b"], "retired_at": column})}
    ).retired_at
    np.testing.assert_array_equal(got, [RETIRED.timestamp(), np.nan])


def test_ragged_of_nothing_and_of_empty_rows():
    assert len(Ragged.of([])) == 0
    rows = Ragged.of([[], [3, 1], []])
    assert [rows[i].tolist() for i in range(3)] == [[], [3, 1], []]
    assert rows.row_of_value().tolist() == [1, 1]
    assert (rows.start.dtype, rows.values.dtype) == (np.int64, np.int32)


SOUND = {
    "modules": [{"module_id": "a", "skill_ids": ["s"], "variant_of": None}],
    "skills": [{"skill_id": "s"}],
    "items": [{"item_id": "q", "module_id": "a", "skill_ids": ["s"]}],
    "prerequisites": [{"module_id": "a", "prerequisite_module_id": None, "prerequisite_skill_id": "s"}],
    "roles": [{"role_id": "r"}],
    "role_skills": [{"role_id": "r", "skill_id": "s"}],
    "role_transitions": [{"from_role_id": "r", "to_role_id": "r", "kind": "upskill"}],
}


def test_a_sound_catalogue_is_taken():
    assert Catalog.from_tables({name: table(rows) for name, rows in SOUND.items()}).n_modules == 1


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("modules", "skill_ids", ["s", "gone"]),
        ("modules", "variant_of", "gone"),
        ("items", "module_id", "gone"),
        ("items", "skill_ids", ["gone"]),
        ("prerequisites", "module_id", "gone"),
        ("prerequisites", "module_id", None),
        ("prerequisites", "prerequisite_module_id", "gone"),
        ("prerequisites", "prerequisite_skill_id", "gone"),
        ("role_skills", "role_id", "gone"),
        ("role_skills", "skill_id", "gone"),
        ("role_skills", "skill_id", None),
        ("role_transitions", "from_role_id", "gone"),
        ("role_transitions", "to_role_id", None),
    ],
)
def test_what_names_something_that_is_not_there_is_refused(name, column, value):
    rows = [*SOUND[name], {**SOUND[name][0], **({"module_id": "b"} if name == "modules" else {})}]
    rows[1] |= {"item_id": "q2"} if name == "items" else {}
    rows[1][column] = value
    tables = {**{other: table(own) for other, own in SOUND.items()}, name: table(rows)}
    what = value[-1] if isinstance(value, list) else value
    with pytest.raises(DatasetError, match=rf"table {name}, row 2, {column}: {what!r} is not in the catalog"):
        Catalog.from_tables(tables)


@pytest.mark.parametrize("name", ["modules", "skills", "items", "roles"])
def test_ids_must_be_there_and_be_unique(name):
    column = f"{name[:-1]}_id"
    for second, expected in (("a", "'a' is there already"), (None, "there is no id"), ("", "there is no id")):
        rows = [{column: "a"}, {column: second}]
        with pytest.raises(DatasetError, match=rf"table {name}, row 2, {column}: {expected}"):
            Catalog.from_tables({name: table(rows)})
