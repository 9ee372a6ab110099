"""The catalogue, as it is put and listed."""

from __future__ import annotations

from typing import Any, Final

from serving.examples.common import ITEM_ID, MODULE_ID, ROLE_ID, SKILL_ID

CURSOR: Final = "5mw2cWk"

_MODULE: dict[str, Any] = {
    "module_id": "module-ratios",
    "title": "Ratios and rates",
    "description": "Comparing quantities, with worked examples.",
    "skill_ids": [SKILL_ID],
    "difficulty": 0.3,
    "level": "beginner",
    "duration_minutes": 45.0,
    "format": "video",
    "language": "en",
    "variant_of": None,
    "tags": ["numbers"],
    "credential_id": None,
    "framework_uri": "https://lms.example.com/courses/ratios",
    "published_at": "2026-03-01T09:30:00Z",
    "retired_at": None,
}
_SKILL: dict[str, Any] = {
    "skill_id": "skill-proportions",
    "name": "Proportions",
    "domain": "technical",
    "aliases": ["ratio and proportion"],
    "parent_skill_id": SKILL_ID,
    "framework_uri": None,
    "half_life_days": 180.0,
}
_ROLE: dict[str, Any] = {
    "role_id": "role-controller",
    "title": "Controller",
    "segment": "builder",
    "priority": 0.7,
}
_ROLE_SKILL: dict[str, Any] = {
    "role_id": ROLE_ID,
    "skill_id": SKILL_ID,
    "required_mastery": 0.8,
    "importance": 0.9,
}
_PREREQUISITE: dict[str, Any] = {
    "module_id": MODULE_ID,
    "prerequisite_module_id": None,
    "prerequisite_skill_id": SKILL_ID,
    "required_mastery": 0.3,
    "strength": "soft",
}
_ITEM: dict[str, Any] = {
    "item_id": "item-ratios-1",
    "skill_ids": [SKILL_ID],
    "module_id": MODULE_ID,
    "difficulty": 0.4,
    "framework_uri": None,
}


def _given(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as it is put: what is empty may be left out."""
    return {name: cell for name, cell in row.items() if cell is not None}


MODULES: dict[str, Any] = {
    "new": {"summary": "A new module", "value": {"rows": [_given(_MODULE)]}},
    "retired": {
        "summary": "A module that is retired",
        "value": {
            "rows": [
                {
                    "module_id": MODULE_ID,
                    "title": "Fractions",
                    "skill_ids": [SKILL_ID],
                    "retired_at": "2026-03-01T09:30:00Z",
                }
            ]
        },
    },
}
SKILLS: dict[str, Any] = {"new": {"summary": "A new skill", "value": {"rows": [_given(_SKILL)]}}}
ROLES: dict[str, Any] = {"new": {"summary": "A new role", "value": {"rows": [_given(_ROLE)]}}}
ROLE_SKILLS: dict[str, Any] = {
    "asked for": {"summary": "A skill that a role asks for", "value": {"rows": [_given(_ROLE_SKILL)]}},
    "no longer": {
        "summary": "A skill that a role asks for no longer",
        "value": {"rows": [{"role_id": ROLE_ID, "skill_id": SKILL_ID, "removed": True}]},
    },
}
PREREQUISITES: dict[str, Any] = {
    "skill": {"summary": "A skill that helps with a module", "value": {"rows": [_given(_PREREQUISITE)]}},
}
ITEMS: dict[str, Any] = {
    "new": {"summary": "A new item", "value": {"rows": [_given(_ITEM)]}},
    "withdrawn": {"summary": "An item taken out", "value": {"rows": [{"item_id": ITEM_ID, "removed": True}]}},
}

_PUT_RESPONSE: dict[str, Any] = {
    "new": 1,
    "changed": 0,
    "removed": 0,
    "unchanged": 0,
    "catalog_revision": 17,
}


def _page(row: dict[str, Any]) -> dict[str, Any]:
    return {"rows": [row], "next_cursor": None, "catalog_revision": 17}


_ROWS: dict[str, dict[str, Any]] = {
    "/v1/modules": _MODULE,
    "/v1/skills": _SKILL,
    "/v1/roles": _ROLE,
    "/v1/role-skills": _ROLE_SKILL,
    "/v1/prerequisites": _PREREQUISITE,
    "/v1/items": _ITEM,
}
RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    (method, path): _PUT_RESPONSE if method == "put" else _page(row)
    for path, row in _ROWS.items()
    for method in ("put", "get")
}
