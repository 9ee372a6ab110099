"""Activities and their definitions (Data 2.4.4.1)."""

from __future__ import annotations

from typing import Any

from serving.xapi.checks import Checks

# Which lists of components each type of interaction has.
INTERACTIONS = {
    "true-false": (),
    "choice": ("choices",),
    "fill-in": (),
    "long-fill-in": (),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "numeric": (),
    "other": (),
}
_COMPONENTS = ("choices", "scale", "source", "target", "steps")
_DEFINITION = (
    "name",
    "description",
    "type",
    "moreInfo",
    "extensions",
    "interactionType",
    "correctResponsesPattern",
    *_COMPONENTS,
)


def check_activity(value: Any, at: str, checks: Checks) -> None:
    """Check an activity."""
    if not checks.members(value, at, ("objectType", "id", "definition"), ("id",)):
        return
    if "objectType" in value:
        checks.one_of(value["objectType"], f"{at}.objectType", ("Activity",))
    if "id" in value:
        checks.form(value["id"], f"{at}.id", "iri")
    if "definition" in value:
        _check_definition(value["definition"], f"{at}.definition", checks)


def _check_definition(value: Any, at: str, checks: Checks) -> None:
    if not checks.members(value, at, _DEFINITION):
        return
    for name in ("name", "description"):
        if name in value:
            checks.language_map(value[name], f"{at}.{name}")
    for name in ("type", "moreInfo"):
        if name in value:
            checks.form(value[name], f"{at}.{name}", "iri")
    if "extensions" in value:
        checks.extensions(value["extensions"], f"{at}.extensions")
    if "interactionType" in value:
        _check_interaction(value, at, checks)
    else:
        for name in ("correctResponsesPattern", *_COMPONENTS):
            if name in value:
                checks.wrong(f"{at}.{name}", "stands without an interactionType", "send interactionType too")


def _check_interaction(value: dict[str, Any], at: str, checks: Checks) -> None:
    """Check what belongs to an interaction (Data 2.4.4.1, interaction activities)."""
    kind = value["interactionType"]
    if not checks.one_of(kind, f"{at}.interactionType", tuple(INTERACTIONS)):
        return
    if "correctResponsesPattern" in value:
        checks.each(value["correctResponsesPattern"], f"{at}.correctResponsesPattern", checks.text)
    for name in _COMPONENTS:
        if name in value and name not in INTERACTIONS[kind]:
            checks.wrong(f"{at}.{name}", f"does not belong to a {kind} interaction", "leave it out")
        elif name in value:
            _check_components(value[name], f"{at}.{name}", checks)


def _check_components(value: Any, at: str, checks: Checks) -> None:
    seen = set()

    def check(component: Any, its: str) -> None:
        if not checks.members(component, its, ("id", "description"), ("id",)):
            return
        if "id" in component and checks.text(component["id"], f"{its}.id"):
            if component["id"] in seen:
                checks.wrong(f"{its}.id", "is that of another in the list", "name each once", component["id"])
            seen.add(component["id"])
        if "description" in component:
            checks.language_map(component["description"], f"{its}.description")

    checks.each(value, at, check)
