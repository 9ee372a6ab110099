"""The catalogue over HTTP: what is put counts at once, everywhere."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.serving.catalog_calls import (
    NEW,
    done,
    ids,
    mastery,
    recommended,
    row_of,
)
from tests.unit.serving.world import (
    MODULES,
    NOW,
    ROLE,
    SKILLS,
    Service,
    attempt,
    completion,
    fields,
)


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


def test_removing_what_is_not_there_changes_nothing(service: Service) -> None:
    gone = {"item_id": "nobody-knows-it", "removed": True}
    answer = done(service, "items", gone)
    assert (answer["removed"], answer["unchanged"], answer["catalog_revision"]) == (0, 1, 0)
    assert service.query("SELECT * FROM catalog_rows") == []
    assert service.query("SELECT * FROM audit_log") == []
    answer = done(service, "items", gone, {"item_id": "item-new"})
    assert (answer["new"], answer["unchanged"], answer["catalog_revision"]) == (1, 1, 1)
    assert [row.row_key for row in service.query("SELECT * FROM catalog_rows")] == ["item-new"]


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
