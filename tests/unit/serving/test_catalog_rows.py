"""Rows of the catalogue: what is refused, what is listed, what they look like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from recommender.domain.dataset_format import TABLES, Kind
from serving.catalog.rows import PUT_TABLES
from serving.schemas import catalog as schemas
from serving.security.scopes import Scope
from tests.unit.serving.catalog_calls import (
    GOOD,
    NEW,
    PATHS,
    RULE,
    about,
    done,
    ids,
    listed,
    put,
    recommended,
)
from tests.unit.serving.world import (
    ITEMS,
    MODULES,
    ROLE,
    SKILLS,
    Service,
    fields,
    running_service,
)

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("modules", {"module_id": "x"}, "title"),
    ("modules", NEW | {"module_id": ""}, "module_id"),
    ("modules", NEW | {"module_id": "a\nb"}, "module_id"),
    ("modules", NEW | {"module_id": " "}, "module_id"),
    ("modules", NEW | {"module_id": "x" * 201}, "module_id"),
    ("modules", NEW | {"module_id": 7}, "module_id"),
    ("modules", NEW | {"title": "  "}, "title"),
    ("modules", NEW | {"skill_ids": ["no-skill"]}, "skill_ids[0]"),
    ("modules", NEW | {"skill_ids": "no list"}, "skill_ids"),
    ("modules", NEW | {"variant_of": "no-module"}, "variant_of"),
    ("modules", NEW | {"credential_id": "no-credential"}, "credential_id"),
    ("modules", NEW | {"difficulty": 1.5}, "difficulty"),
    ("modules", NEW | {"difficulty": "0.5"}, "difficulty"),
    ("modules", NEW | {"duration_minutes": -1}, "duration_minutes"),
    ("modules", NEW | {"level": "expert"}, "level"),
    ("modules", NEW | {"format": "book"}, "format"),
    ("modules", NEW | {"retired_at": "soon"}, "retired_at"),
    ("modules", NEW | {"retired": True}, "retired"),
    ("modules", NEW | {"removed": True}, "removed"),
    ("skills", {"skill_id": "s", "name": "S", "domain": "magic"}, "domain"),
    ("skills", {"skill_id": "s", "name": "S", "half_life_days": 0}, "half_life_days"),
    ("skills", {"skill_id": "s", "name": "S", "parent_skill_id": "no-skill"}, "parent_skill_id"),
    ("roles", {"role_id": "r", "title": "R", "segment": "boss"}, "segment"),
    ("role_skills", {"role_id": ROLE, "skill_id": SKILLS[0]}, "required_mastery"),
    ("role_skills", {"role_id": ROLE, "skill_id": "no", "required_mastery": 0.5}, "skill_id"),
    ("role_skills", {"role_id": "no", "skill_id": SKILLS[0], "required_mastery": 0.5}, "role_id"),
    ("prerequisites", {"module_id": MODULES[1]}, ""),
    ("prerequisites", RULE | {"prerequisite_skill_id": SKILLS[0]}, ""),
    ("prerequisites", RULE | {"module_id": "no"}, "module_id"),
    ("prerequisites", RULE | {"prerequisite_module_id": "no"}, "prerequisite_module_id"),
    ("prerequisites", {"module_id": MODULES[1], "prerequisite_skill_id": SKILLS[0]}, "required_mastery"),
    ("prerequisites", RULE | {"strength": "firm"}, "strength"),
    ("items", {"item_id": "i", "skill_ids": [SKILLS[0], "no"]}, "skill_ids[1]"),
    ("items", {"item_id": "i", "module_id": "no"}, "module_id"),
]


@pytest.fixture(scope="module")
def service_once(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("bad"), bundle) as running:
        yield running


@pytest.mark.parametrize(("table", "row", "field"), BAD, ids=lambda value: str(value)[:40])
def test_a_row_that_breaks_a_rule_is_named_and_nothing_is_stored(
    service_once: Service, table: str, row: dict[str, Any], field: str
) -> None:
    answer = put(service_once, table, GOOD[table], row)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == (f"rows[1].{field}" if field else "rows[1]")
    assert error["message"]
    assert error["remedy"]
    assert service_once.query("SELECT * FROM catalog_rows") == []
    assert about(service_once)["catalog_revision"] == 0


def test_every_bad_row_is_named_at_once(service: Service) -> None:
    answer = put(service, "modules", *(NEW | {"module_id": f"m{i}", "skill_ids": ["no"]} for i in range(150)))
    assert fields(answer) == [f"rows[{i}].skill_ids[0]" for i in range(100)]
    assert "and 50 more faults" in answer.json()["detail"]


@pytest.mark.parametrize("rows", [[], [GOOD["modules"]] * 1001, None])
def test_a_call_has_one_to_a_thousand_rows(service_once: Service, rows: Any) -> None:
    answer = service_once.client.put("/v1/modules", json={"rows": rows})
    assert (answer.status_code, fields(answer)) == (422, ["rows"])


def test_a_thousand_rows_are_put_in_one_call(service: Service) -> None:
    many = [GOOD["items"] | {"item_id": f"i{i:04}", "skill_ids": [SKILLS[0]]} for i in range(1000)]
    assert done(service, "items", *many)["new"] == 1000
    assert len(listed(service, "items", limit=1000)["rows"]) == 1000


def test_rows_of_the_same_key_in_one_call_are_refused(service_once: Service) -> None:
    answer = put(service_once, "skills", GOOD["skills"], GOOD["skills"] | {"name": "Other"})
    (error,) = answer.json()["errors"]
    assert (error["field"], error["value"]) == ("rows[1]", "good")
    assert "rows[0]" in error["message"]


def test_rows_of_one_call_may_name_each_other(service: Service) -> None:
    easy = GOOD["modules"] | {"module_id": "easy", "variant_of": "good"}
    assert done(service, "modules", easy, GOOD["modules"])["new"] == 2
    part = GOOD["skills"] | {"skill_id": "part", "parent_skill_id": "good"}
    assert done(service, "skills", part, GOOD["skills"])["new"] == 2


def test_nothing_leads_round_in_a_circle(service: Service) -> None:
    # The bundle says that 11 needs 10.
    done(service, "prerequisites", {"module_id": MODULES[10], "prerequisite_module_id": MODULES[9]})
    closes = {"module_id": MODULES[9], "prerequisite_module_id": MODULES[11], "strength": "soft"}
    answer = put(service, "prerequisites", GOOD["prerequisites"], closes)
    (error,) = answer.json()["errors"]
    assert (error["field"], error["value"]) == ("rows[1].prerequisite_module_id", MODULES[11])
    assert all(MODULES[i] in error["message"] for i in (9, 10, 11))
    # Without the one that is in the way it is none.
    gone = {"module_id": MODULES[11], "prerequisite_module_id": MODULES[10], "removed": True}
    assert done(service, "prerequisites", gone, closes)["new"] == 1
    own = {"module_id": MODULES[1], "prerequisite_module_id": MODULES[1]}
    assert fields(put(service, "prerequisites", own)) == ["rows[0].prerequisite_module_id"]


def test_variants_and_parents_do_not_lead_round_in_a_circle(service: Service) -> None:
    a, b = ({"module_id": x, "title": x, "variant_of": y} for x, y in ("ab", "ba"))
    assert fields(put(service, "modules", a, b)) in (["rows[0].variant_of"], ["rows[1].variant_of"])
    assert fields(put(service, "modules", a | {"variant_of": "a"})) == ["rows[0].variant_of"]
    done(service, "modules", a, {"module_id": "b", "title": "b"})
    assert fields(put(service, "modules", b)) == ["rows[0].variant_of"]
    parent = {"skill_id": SKILLS[0], "name": "Fractions", "parent_skill_id": SKILLS[1]}
    done(service, "skills", parent)
    child = {"skill_id": SKILLS[1], "name": "Algebra", "parent_skill_id": SKILLS[0]}
    assert fields(put(service, "skills", child)) == ["rows[0].parent_skill_id"]


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_only_the_scope_catalog_may(service_once: Service, method: str, path: str) -> None:
    key = service_once.key_for(*(scope for scope in Scope if scope is not Scope.CATALOG))
    sent = {} if method == "GET" else {"json": {"rows": [{}]}}
    answer = service_once.client.request(method, path, headers={"X-API-Key": key}, **sent)
    assert answer.status_code == 403
    alone = {"X-API-Key": service_once.key_for(Scope.CATALOG)}
    assert service_once.client.request(method, path, headers=alone, **sent).status_code in (200, 422)


# Lists


@pytest.mark.parametrize("table", PUT_TABLES)
def test_what_is_listed_can_be_put_and_changes_nothing_that_is_served(service: Service, table: str) -> None:
    before = listed(service, table, limit=1000)
    asked = recommended(service, target_role_id=ROLE)
    done(service, table, *before["rows"])
    after = listed(service, table, limit=1000)
    assert after["rows"] == before["rows"]
    assert after["catalog_revision"] == before["catalog_revision"] + 1
    assert ids(recommended(service, target_role_id=ROLE)) == ids(asked)


def test_pages_hold_every_row_once_while_others_are_added(service: Service) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for page in range(100):
        answer = listed(service, "items", limit=5, **cursor)
        seen += [row["item_id"] for row in answer["rows"]]
        done(service, "items", {"item_id": f"a{page}"}, {"item_id": f"item-1{page}"}, {"item_id": f"z{page}"})
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert seen == sorted(set(seen))
    assert set(ITEMS) <= set(seen)
    assert listed(service, "items")["next_cursor"] is None or len(listed(service, "items")["rows"]) == 100


def test_a_page_behind_a_key_of_several_columns(service: Service) -> None:
    done(
        service,
        "role_skills",
        *({"role_id": ROLE, "skill_id": skill, "required_mastery": 0.5} for skill in SKILLS[2:]),
    )
    first = listed(service, "role_skills", limit=3)
    rest = listed(service, "role_skills", limit=3, cursor=first["next_cursor"])
    keys = [row["skill_id"] for row in first["rows"] + rest["rows"]]
    assert keys == sorted(SKILLS)
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        *(
            (f"cursor={mangled}", "cursor")
            for mangled in (
                "",
                "%C3%A9",
                "x",
                "!!!!",
                "%25%25%25",
                "???",
                "aQ",
                "AAAAAA%3D%3D",
                "bW9kdWxlLTI",
            )
        ),
    ],
)
def test_a_bad_limit_or_cursor_is_named(service_once: Service, query: str, field: str) -> None:
    answer = service_once.client.get(f"/v1/modules?{query}")
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_a_cursor_that_was_mangled_on_its_way_leads_nowhere(service_once: Service) -> None:
    cursor = str(listed(service_once, "modules", limit=3)["next_cursor"])
    assert listed(service_once, "modules", limit=3, cursor=cursor)["rows"]
    mangled = [cursor[:-1], cursor[:-4], cursor[4:], cursor + "A", cursor + "=", cursor + "!", f" {cursor}"]
    for broken in [*mangled, cursor.swapcase(), f"{cursor[:6]}!{cursor[6:]}", "A" + cursor[1:]]:
        answer = service_once.client.get("/v1/modules", params={"limit": 3, "cursor": broken})
        assert answer.status_code == 422, broken
        (fault,) = answer.json()["errors"]
        assert (fault["field"], fault["value"]) == ("cursor", broken)
        assert fault["remedy"] == "send a next_cursor as it came, or none"


# The schemas


ROW_SCHEMAS = {
    "modules": (schemas.ModuleRow, schemas.ModuleRow),
    "skills": (schemas.SkillRow, schemas.SkillRow),
    "prerequisites": (schemas.PrerequisiteRow, schemas.PrerequisitePut),
    "roles": (schemas.RoleRow, schemas.RoleRow),
    "role_skills": (schemas.RoleSkillRow, schemas.RoleSkillPut),
    "items": (schemas.ItemRow, schemas.ItemPut),
}


@pytest.mark.parametrize("table", PUT_TABLES)
def test_schemas_are_those_of_the_dataset_format(table: str) -> None:
    row, sent = ROW_SCHEMAS[table]
    assert set(row.model_fields) == {column.name for column in TABLES[table].columns}
    assert set(sent.model_fields) - {"removed"} == set(row.model_fields)
    properties = row.model_json_schema()["properties"]
    for column in TABLES[table].columns:
        field, spec = row.model_fields[column.name], properties[column.name]
        assert field.is_required() == column.required, column.name
        assert field.description
        assert (
            field.description == sent.model_fields[column.name].description
            or column.name == "required_mastery"
        )
        (said,) = [way for way in spec.get("anyOf", [spec]) if way.get("type") != "null"]
        assert said["type"] == _JSON_TYPES.get(column.kind, "string"), column.name
        assert tuple(said.get("enum", ())) == column.members
        if column.kind is Kind.FRACTION:
            assert (said["minimum"], said["maximum"]) == (0, 1)
        if column.kind is Kind.POSITIVE:
            assert said["exclusiveMinimum"] == 0
        if column.kind is Kind.NUMBER:
            assert said["minimum"] == 0
        if column.default is not None:
            assert field.default == column.default


_JSON_TYPES = {
    Kind.LIST: "array",
    Kind.FRACTION: "number",
    Kind.NUMBER: "number",
    Kind.POSITIVE: "number",
}


def test_every_table_that_can_be_put_has_its_two_calls(service_once: Service) -> None:
    paths = service_once.client.get("/openapi.json").json()["paths"]
    offered = {path for path, methods in paths.items() if {"put", "get"} <= set(methods)}
    assert set(PATHS.values()) <= offered
    assert {table for table, (row, _) in ROW_SCHEMAS.items() if get_args(row) == ()} == set(PUT_TABLES)
