"""Everybody is read in one way: role, team, segment, and what is asked of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.pathways.readiness import readiness
from tests.unit.training.programme.gaps_world import PROFILES, SKILLS, catalog, person, programme
from training.programme.people import Asked, groups_by, labels, titles
from training.programme.programme import Programme

ROLES = pd.DataFrame(
    [
        ("clerk", "Clerk", "user"),
        ("engineer", "Engineer", "builder"),
        ("guest", "Clerk", None),
        ("analyst", None, "leader"),
    ],
    columns=["role_id", "title", "segment"],
)
PEOPLE = (
    {"role_id": "clerk", "team_id": "red"},
    {"role_id": "clerk", "segment": "leader"},
    {"role_id": "guest", "team_id": "blue", "target_role_id": "engineer"},
    {"role_id": "guest", "segment": "user", "target_role_id": "unheard-of"},
    {"role_id": "analyst", "team_id": "red"},
    {"target_role_id": "engineer"},
    {},
)


def made(roles: pd.DataFrame | None = ROLES, **given: Any) -> Programme:
    world = programme([person(i, **one) for i, one in enumerate(PEOPLE)], [], **given)
    if roles is not None:
        world.dataset.tables["roles"] = roles  # type: ignore[index]
    return world


def members(world: Programme, by: Any) -> list[tuple[str, list[int]]]:
    return [(name, np.flatnonzero(group).tolist()) for name, group in groups_by(world, by).items()]


def test_a_segment_is_the_own_one_else_that_of_the_present_role() -> None:
    assert labels(made(), "segment").tolist() == ["user", "leader", "", "user", "leader", "", ""]
    assert members(made(), "segment") == [("user", [0, 3]), ("leader", [1, 4])]


def test_roles_are_called_by_title_and_where_that_is_no_name_by_id() -> None:
    assert titles(made()) == {
        "clerk": "Clerk (clerk)",
        "guest": "Clerk (guest)",
        "engineer": "Engineer",
        "analyst": "analyst",
    }
    assert members(made(), "role") == [("Clerk (clerk)", [0, 1]), ("Clerk (guest)", [2, 3]), ("analyst", [4])]


def test_roles_without_a_title_keep_their_ids() -> None:
    untitled = ROLES.assign(title=pd.NA)
    assert titles(made(untitled)) == {role_id: role_id for role_id in ROLES["role_id"]}


def test_teams_are_by_id() -> None:
    assert members(made(), "team") == [("blue", [2]), ("red", [0, 4])]


def test_where_the_dataset_has_no_roles_those_of_the_model_count() -> None:
    world = made(None)
    assert titles(world) == {"analyst": "Analyst", "engineer": "Engineer", "clerk": "Clerk", "guest": "Guest"}
    assert labels(world, "segment").tolist() == ["user", "leader", "", "user", "builder", "", ""]


def test_without_roles_or_a_model_there_are_ids_and_own_segments() -> None:
    world = made(None)
    world.bundle = None
    assert titles(world) == {}
    assert members(world, "role") == [("analyst", [4]), ("clerk", [0, 1]), ("guest", [2, 3])]
    assert labels(world, "segment").tolist() == ["", "leader", "", "user", "", "", ""]
    with pytest.raises(ValueError, match="give one to Programme"):
        Asked.of(world)


def test_without_columns_nothing_is_known_of_anybody() -> None:
    world = made()
    learners = world.dataset.tables["learners"][["learner_id"]]
    world.dataset.tables["learners"] = learners  # type: ignore[index]
    assert [members(world, by) for by in ("role", "team", "segment")] == [[], [], []]
    assert np.isnan(Asked.of(world).required).all()


def test_the_target_role_asks_else_the_present_one() -> None:
    asked = Asked.of(made())
    assert asked.role.tolist() == ["clerk", "clerk", "engineer", "guest", "analyst", "engineer", ""]
    for i, role in enumerate(asked.role):
        profile = PROFILES.get(role, {})
        for s, skill in enumerate(SKILLS):
            required, importance = profile.get(skill, (np.nan, 0.0))
            assert asked.required[i, s] == pytest.approx(required, nan_ok=True)
            assert asked.importance[i, s] == importance
            assert asked.level[i, s] == (required if skill in profile else 0.7)


def test_what_is_missing_is_one_less_the_readiness_of_the_engine() -> None:
    rng = np.random.default_rng(0)
    asked = Asked.of(made())
    used = rng.random(asked.required.shape)
    for i, missing in enumerate(asked.missing(used)):
        its = ~np.isnan(asked.required[i])
        mastery = used[i, its]
        ready = readiness(asked.required[i, its], asked.importance[i, its], mastery, mastery, mastery)
        assert missing == pytest.approx(np.nan if ready is None else 1.0 - ready.value, nan_ok=True)


def test_what_weighs_nothing_leaves_readiness_open() -> None:
    one = np.ones((1, 1))
    asked = Asked(np.array(["r"], np.object_), 0.5 * one, 0.0 * one)
    assert np.isnan(asked.missing(0.25 * one)).all()
    assert Asked(asked.role, 0.5 * one, one).missing(0.25 * one).tolist() == [0.5]


def test_a_model_that_knows_other_roles_asks_nothing_of_them() -> None:
    world = made()
    world.bundle = SimpleNamespace(catalog=type(catalog()).from_tables({}))  # type: ignore[assignment]
    assert Asked.of(world).role.tolist() == [""] * len(PEOPLE)
    assert members(world, "team") == [("blue", [2]), ("red", [0, 4])]
