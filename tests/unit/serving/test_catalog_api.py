"""The catalogue over HTTP: what is put is served at once, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from recommender.domain.dataset_format import TABLES, Kind
from serving.catalog.rows import PUT_TABLES
from serving.schemas import catalog as schemas
from serving.security.scopes import Scope
from tests.unit.serving.world import (
    ITEMS,
    MODULES,
    NOW,
    ROLE,
    SKILLS,
    Service,
    attempt,
    completion,
    fields,
    running_service,
    write_pointer,
)

NEW = {"module_id": "new", "title": "Fractions and algebra", "skill_ids": list(SKILLS[:2]), "language": "en"}
PATHS = {table: f"/v1/{table.replace('_', '-')}" for table in PUT_TABLES}


def put(service: Service, table: str, *rows: dict[str, Any]) -> Any:
    return service.client.put(PATHS[table], json={"rows": list(rows)})


def done(service: Service, table: str, *rows: dict[str, Any]) -> dict[str, int]:
    answer = put(service, table, *rows)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def listed(service: Service, table: str, **query: Any) -> dict[str, Any]:
    answer = service.client.get(PATHS[table], params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def row_of(service: Service, table: str, **key: str) -> dict[str, Any] | None:
    rows = listed(service, table, limit=1000)["rows"]
    found = [row for row in rows if all(row[name] == value for name, value in key.items())]
    assert len(found) <= 1
    return found[0] if found else None


def recommended(service: Service, learner_id: str = "ann", **asked: Any) -> list[dict[str, Any]]:
    body = {"learner_id": learner_id, "k": 100} | asked
    answer = service.client.post("/v1/recommendations", json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["recommendations"])


def ids(modules: list[dict[str, Any]]) -> list[str]:
    return [module["module_id"] for module in modules]


def mastery(service: Service, learner_id: str = "ann") -> dict[str, dict[str, Any]]:
    answer = service.client.get(f"/v1/learners/{learner_id}/mastery").json()
    return {skill["skill_id"]: skill for skill in answer["skills"]}


def about(service: Service) -> dict[str, Any]:
    return dict(service.client.get("/v1/model").json())


# What is new


def test_a_new_module_is_recommended_at_once_and_can_be_finished(service: Service) -> None:
    assert "new" not in ids(recommended(service))
    elsewhere = NEW | {"module_id": "elsewhere", "title": "Statistics", "skill_ids": [SKILLS[3]]}
    answer = done(service, "modules", NEW | {"duration_minutes": 20}, elsewhere | {"duration_minutes": 20})
    assert answer == {"new": 2, "changed": 0, "removed": 0, "unchanged": 0, "catalog_revision": 1}
    modules = recommended(service, target_role_id=ROLE)
    (new,) = [module for module in modules if module["module_id"] == "new"]
    assert (new["title"], new["duration_minutes"]) == ("Fractions and algebra", 20)
    assert [skill["required"] for skill in new["skills"]] == [0.8, 0.7]
    # Nobody has taken either; only one teaches what the role asks for.
    assert ids(modules).index("new") < ids(modules).index("elsewhere")
    assert "closes_gap" in {reason["code"] for reason in new["reasons"]}
    assert service.post_events(completion("done", "new")).status_code == 200
    assert "new" not in ids(recommended(service))
    assert "new" in ids(recommended(service, scenario="review"))
    assert "new" in ids(recommended(service, "bob"))


def test_a_row_is_replaced_as_a_whole(service: Service) -> None:
    done(service, "modules", NEW | {"duration_minutes": 20, "tags": ["a", "b", "a"], "level": "beginner"})
    row = row_of(service, "modules", module_id="new")
    assert row is not None
    assert (row["tags"], row["level"], row["language"]) == (["a", "b"], "beginner", "en")
    answer = done(service, "modules", {"module_id": "new", "title": "Other", "skill_ids": []})
    assert (answer["new"], answer["changed"]) == (0, 1)
    row = row_of(service, "modules", module_id="new")
    assert row is not None
    assert row["title"] == "Other"
    assert [name for name, cell in row.items() if cell not in (None, [])] == ["module_id", "title"]
    # A row of the bundle, too.
    done(service, "modules", {"module_id": MODULES[0], "title": "Renamed", "language": "en"})
    assert {m["module_id"]: m["title"] for m in recommended(service)}[MODULES[0]] == "Renamed"


def test_what_was_put_so_before_changes_nothing(service: Service) -> None:
    first = done(service, "modules", NEW, NEW | {"module_id": "new-2"})
    sent = NEW | {"title": NEW["title"], "tags": [], "difficulty": None}
    again = done(service, "modules", sent, NEW | {"module_id": "new-3"})
    assert (again["new"], again["unchanged"], again["catalog_revision"]) == (1, 1, 2)
    same = done(service, "modules", sent)
    assert (same["unchanged"], same["catalog_revision"]) == (1, 2)
    assert first["catalog_revision"] == 1


def test_a_new_item_can_be_attempted_and_counts_for_its_skills(service: Service) -> None:
    done(service, "skills", {"skill_id": "skill-new", "name": "New"})
    done(service, "items", {"item_id": "item-new", "skill_ids": ["skill-new", SKILLS[1]]})
    sent = attempt("a1", item_id="item-new", score=1.0)
    assert service.post_events(sent).status_code == 200
    known = mastery(service)
    assert {skill: known[skill]["n_attempts"] for skill in known} == {"skill-new": 1, SKILLS[1]: 1}
    assert known["skill-new"]["name"] == "New"
    # An answer counts for what the catalogue said when it came; a retry is the same event all the same.
    done(service, "items", {"item_id": "item-new", "skill_ids": [SKILLS[2]]})
    assert service.post_events(sent).json()["duplicates"] == 1
    assert service.post_events(attempt("a1", item_id="item-new", score=0.9)).status_code == 422
    service.post_events(attempt("a2", item_id="item-new", occurred_at=NOW.isoformat()))
    assert {s: k["n_attempts"] for s, k in mastery(service).items()} == {
        "skill-new": 1,
        SKILLS[1]: 1,
        SKILLS[2]: 1,
    }
    (kept,) = service.states().values()
    # The log alone tells all of it: an event that comes late makes the state anew.
    with service.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM learner_states")
    mastery(service)
    assert list(service.states().values()) == [kept]


def test_an_item_without_skills_has_those_of_its_module(service: Service) -> None:
    done(service, "modules", NEW)
    done(service, "items", {"item_id": "item-new", "module_id": "new"})
    row = row_of(service, "items", item_id="item-new")
    assert row is not None
    assert row["skill_ids"] == list(SKILLS[:2])
    service.post_events(attempt("a1", item_id="item-new"))
    service.post_events(attempt("a2", item_id="nobody-knows-it", module_id="new"))
    assert {s: k["n_attempts"] for s, k in mastery(service).items()} == dict.fromkeys(SKILLS[:2], 2)


def test_a_withdrawn_item_is_given_to_nobody_and_a_new_one_waits_for_training(service: Service) -> None:
    def left() -> set[str]:
        """Items that a test gives, as long as there are any."""
        given: list[str] = []
        while True:
            asked = {"skill_ids": [SKILLS[1]], "given": given}
            item = service.client.post("/v1/learners/ann/next-item", json=asked).json()["item_id"]
            if item is None:
                return set(given)
            given.append(item)

    before = left()
    withdrawn = sorted(before)[0]
    assert done(service, "items", {"item_id": withdrawn, "removed": True})["removed"] == 1
    done(service, "items", {"item_id": "item-new", "skill_ids": [SKILLS[1]]})
    assert left() == before - {withdrawn}
    assert row_of(service, "items", item_id=withdrawn) is None
    assert row_of(service, "items", item_id="item-new") is not None
    again = done(service, "items", {"item_id": withdrawn, "removed": True})
    assert (again["removed"], again["unchanged"], again["catalog_revision"]) == (0, 1, 2)
    # An answer to it still counts: it may be under way.
    assert service.post_events(attempt("late", item_id=withdrawn)).status_code == 200
    assert mastery(service)[SKILLS[1]]["n_attempts"] == 1


def test_a_retired_module_is_never_recommended_afterwards(service: Service) -> None:
    row = row_of(service, "modules", module_id=MODULES[1])
    assert row is not None
    assert MODULES[1] in ids(recommended(service))
    done(service, "modules", row | {"retired_at": (NOW + timedelta(days=1)).isoformat()})
    assert MODULES[1] in ids(recommended(service))
    done(service, "modules", row | {"retired_at": NOW.isoformat()})
    assert MODULES[1] not in ids(recommended(service))
    assert MODULES[1] not in ids(recommended(service, scenario="review"))
    # What people did with it stays what it was, and may still come in.
    assert service.post_events(completion("c", MODULES[1])).status_code == 200
    done(service, "modules", row)
    assert MODULES[1] in ids(recommended(service, "bob"))


def test_a_hard_prerequisite_blocks_at_once_until_it_is_removed(service: Service) -> None:
    rule = {"module_id": MODULES[2], "prerequisite_module_id": MODULES[1]}
    assert MODULES[2] in ids(recommended(service))
    done(service, "prerequisites", rule)
    assert MODULES[2] not in ids(recommended(service))
    done(service, "prerequisites", rule | {"strength": "soft"})
    assert MODULES[2] in ids(recommended(service))
    skill = {"module_id": MODULES[2], "prerequisite_skill_id": SKILLS[0], "required_mastery": 0.99}
    done(service, "prerequisites", skill)
    assert MODULES[2] not in ids(recommended(service))
    gone = {"module_id": MODULES[2], "prerequisite_skill_id": SKILLS[0], "removed": True}
    assert done(service, "prerequisites", gone)["removed"] == 1
    assert MODULES[2] in ids(recommended(service))
    # One that the bundle came with.
    trained = {"module_id": MODULES[11], "prerequisite_module_id": MODULES[10]}
    assert MODULES[11] not in ids(recommended(service))
    assert done(service, "prerequisites", trained | {"removed": True})["removed"] == 1
    assert MODULES[11] in ids(recommended(service))
    assert row_of(service, "prerequisites", **trained) is None


def test_a_new_role_can_be_asked_for_everywhere(service: Service) -> None:
    done(service, "roles", {"role_id": "role-new", "title": "New", "priority": 0.9, "segment": "leader"})
    done(service, "role_skills", {"role_id": "role-new", "skill_id": SKILLS[3], "required_mastery": 0.9})
    best = recommended(service, target_role_id="role-new")[0]
    assert [skill["required"] for skill in best["skills"]] == [0.9]
    gaps = service.client.get("/v1/learners/ann/gaps", params={"role_id": "role-new"}).json()
    assert (gaps["role"]["title"], [s["skill_id"] for s in gaps["skills"]]) == ("New", [SKILLS[3]])
    way = service.client.get("/v1/learners/ann/pathway", params={"role_id": "role-new"}).json()
    assert way["role_id"] == "role-new"
    assert SKILLS[3] in {skill["skill_id"] for skill in way["steps"][0]["skills"]}
    gone = {"role_id": "role-new", "skill_id": SKILLS[3], "removed": True}
    done(service, "role_skills", gone)
    gaps = service.client.get("/v1/learners/ann/gaps", params={"role_id": "role-new"}).json()
    assert gaps["skills"] == []


def test_events_are_judged_by_what_was_put(service: Service) -> None:
    sent = [completion("c", "new"), attempt("a", skill_ids=["skill-new"])]
    assert fields(service.post_events(*sent)) == ["events[0].module_id", "events[1].skill_ids[0]"]
    done(service, "skills", {"skill_id": "skill-new", "name": "New"})
    done(service, "modules", {"module_id": "new", "title": "New", "skill_ids": ["skill-new"]})
    assert service.post_events(*sent).json()["stored"] == 2


# What is refused

RULE = {"module_id": MODULES[1], "prerequisite_module_id": MODULES[2]}
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
GOOD: dict[str, dict[str, Any]] = {
    "modules": {"module_id": "good", "title": "Good"},
    "skills": {"skill_id": "good", "name": "Good"},
    "roles": {"role_id": "good", "title": "Good"},
    "role_skills": {"role_id": ROLE, "skill_id": SKILLS[3], "required_mastery": 0.5},
    "prerequisites": {"module_id": MODULES[5], "prerequisite_module_id": MODULES[6]},
    "items": {"item_id": "good"},
}


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


@pytest.fixture(scope="module")
def service_once(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("bad"), bundle) as running:
        yield running


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
    [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=%C3%A9", "cursor"), ("cursor=x", "cursor")],
)
def test_a_bad_limit_or_cursor_is_named(service_once: Service, query: str, field: str) -> None:
    answer = service_once.client.get(f"/v1/modules?{query}")
    assert (answer.status_code, fields(answer)) == (422, [field])


# Models that come and go


def test_without_a_model_rows_are_kept_until_one_comes(tmp_path: Path, bundle: Path, store_url: str) -> None:
    with running_service(tmp_path, None, database_url=store_url) as service:
        assert fields(put(service, "modules", NEW)) == ["rows[0].skill_ids[0]", "rows[0].skill_ids[1]"]
        done(service, "skills", *({"skill_id": skill, "name": skill} for skill in SKILLS[:2]))
        done(service, "modules", NEW)
        assert [row["module_id"] for row in listed(service, "modules")["rows"]] == ["new"]
        assert listed(service, "roles") == {"rows": [], "next_cursor": None, "catalog_revision": 2}
        assert about(service)["catalog_revision"] is None
        write_pointer(service.settings.pointer, bundle)
        service.client.app.state.services.models.refresh()  # type: ignore[attr-defined]
        assert about(service)["catalog_revision"] == 2
        assert {"new", *MODULES[:11]} == set(ids(recommended(service)))


def test_rows_without_a_place_in_a_new_bundle_are_left_out_told_and_kept(
    service: Service, bundle: Path, tiny_bundle: Path
) -> None:
    done(service, "skills", {"skill_id": "skill-new", "name": "New"})
    done(service, "modules", {"module_id": "stays", "title": "Stays", "skill_ids": ["skill-new"]})
    done(service, "modules", NEW)
    done(service, "modules", {"module_id": "variant", "title": "Variant", "variant_of": "new"})
    done(service, "prerequisites", RULE)
    assert about(service)["catalog_rows_unused"] is None
    models = service.client.app.state.services.models  # type: ignore[attr-defined]
    write_pointer(service.settings.pointer, tiny_bundle, version=2)
    models.refresh()
    told = about(service)
    assert told["bundle_id"] == models.current.engine.bundle_id
    assert told["catalog_rows_unused"] == {
        "rows": 3,
        "table": "modules",
        "key": ["new"],
        "reason": "skill_ids[0] is not one of the skills of the catalogue",
    }
    offered = ids(recommended(service))
    assert "stays" in offered
    assert {"new", "variant"}.isdisjoint(offered)
    assert row_of(service, "modules", module_id="new") is None
    # They are in nobody's way, and count again when what they name is there.
    assert fields(put(service, "items", {"item_id": "i", "module_id": "new"})) == ["rows[0].module_id"]
    done(service, "skills", *({"skill_id": skill, "name": skill} for skill in SKILLS[:2]))
    assert about(service)["catalog_rows_unused"]["rows"] == 1
    assert {"new", "variant"} < set(ids(recommended(service)))
    write_pointer(service.settings.pointer, bundle, version=3)
    models.refresh()
    assert about(service)["catalog_rows_unused"] is None
    assert {"new", "variant", "stays"} < set(ids(recommended(service)))


def test_a_fault_in_laying_rows_over_keeps_nobody_from_being_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(recommended(service))
    with monkeypatch.context() as patch:
        patch.setattr("serving.model.Catalog.from_tables", lambda _: 1 / 0)
        put(service, "modules", NEW)
        assert ids(recommended(service)) == before
        unused = about(service)["catalog_rows_unused"]
    assert (unused["rows"], unused["key"]) == (1, ["new"])
    assert "ZeroDivisionError" in unused["reason"]
    done(service, "skills", GOOD["skills"])
    assert about(service)["catalog_rows_unused"] is None
    assert "new" in ids(recommended(service))


# Several processes


@pytest.fixture
def two_workers(tmp_path: Path, bundle: Path, store_url: str) -> Iterator[tuple[Service, Service]]:
    """Two apps over one store, neither of which looks around by itself."""
    idle = {"database_url": store_url, "pointer_poll_seconds": 3600.0}
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        running_service(folders[0], bundle, **idle) as one,
        running_service(folders[1], bundle, **idle) as two,
    ):
        yield one, two


def test_every_worker_serves_a_change_with_the_next_request(two_workers: tuple[Service, Service]) -> None:
    one, two = two_workers
    calls = [
        lambda: "new-1" in ids(recommended(two)),
        lambda: two.post_events(completion("c", "new-2")).status_code == 200,
        lambda: row_of(two, "modules", module_id="new-3") is not None,
        lambda: about(two)["catalog_revision"] == 4,
        lambda: two.client.get("/v1/learners/ann/gaps?role_id=role-new").status_code == 200,
        lambda: two.client.get("/v1/learners/ann/pathway?role_id=role-new-2").status_code == 200,
        lambda: two.client.post("/v1/learners/ann/next-item", json={"given": ["i"]}).status_code == 200,
        lambda: put(two, "role_skills", {"role_id": ROLE, "skill_id": "s", "required_mastery": 1}).is_success,
        lambda: {row["skill_id"] for row in listed(one, "role_skills")["rows"]} == {*SKILLS[:2], "s"},
    ]
    changes: list[tuple[str, dict[str, Any]]] = [
        *(("modules", NEW | {"module_id": f"new-{n}"}) for n in range(1, 5)),
        *(("roles", {"role_id": name, "title": name}) for name in ("role-new", "role-new-2")),
        ("items", {"item_id": "i"}),
        ("skills", {"skill_id": "s", "name": "S"}),
    ]
    for (table, row), seen in zip(changes, calls, strict=False):
        assert done(one, table, row)["new"] == 1
        assert seen()
    assert calls[-1]()


def test_changes_from_both_sides_at_once_are_all_there(two_workers: tuple[Service, Service]) -> None:
    for worker in two_workers:
        # FastAPI makes its routes at the first call, which two apps in one process cannot do at once.
        assert worker.client.get("/openapi.json").status_code == 200

    def change(number: int) -> int:
        worker = two_workers[number % 2]
        answer = done(worker, "modules", NEW | {"module_id": f"new-{number}"})
        assert f"new-{number}" in ids(recommended(two_workers[1 - number % 2]))
        return answer["catalog_revision"]

    with ThreadPoolExecutor(4) as pool:
        revisions = list(pool.map(change, range(8)))
    assert sorted(revisions) == list(range(1, 9))
    for worker in two_workers:
        assert {f"new-{number}" for number in range(8)} <= set(ids(recommended(worker)))


def test_the_watcher_follows_the_catalogue_too(two_workers: tuple[Service, Service], bundle: Path) -> None:
    one, two = two_workers
    done(one, "modules", NEW)
    models = two.client.app.state.services.models  # type: ignore[attr-defined]
    before = models.current
    assert before.catalog_revision == 0
    assert models.up_to_date().catalog_revision == 1
    # Who began with the model before ends with a model of the same bundle, and waits for nobody.
    assert models.caught_up(before, 1) is models.current
    assert models.caught_up(before, 0) is before


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
