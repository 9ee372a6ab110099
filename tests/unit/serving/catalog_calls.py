"""Calls of the catalogue that its tests make, and rows that they put."""

from __future__ import annotations

from typing import Any

from serving.catalog.rows import PUT_TABLES
from tests.unit.serving.world import MODULES, ROLE, SKILLS, Service

NEW = {"module_id": "new", "title": "Fractions and algebra", "skill_ids": list(SKILLS[:2]), "language": "en"}
RULE = {"module_id": MODULES[1], "prerequisite_module_id": MODULES[2]}
GOOD: dict[str, dict[str, Any]] = {
    "modules": {"module_id": "good", "title": "Good"},
    "skills": {"skill_id": "good", "name": "Good"},
    "roles": {"role_id": "good", "title": "Good"},
    "role_skills": {"role_id": ROLE, "skill_id": SKILLS[3], "required_mastery": 0.5},
    "prerequisites": {"module_id": MODULES[5], "prerequisite_module_id": MODULES[6]},
    "items": {"item_id": "good"},
}
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
