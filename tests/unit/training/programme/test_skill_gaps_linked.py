"""Readiness beside gaps gives nobody away: what else is withheld, and what need not be."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.programme.skill_gaps import SkillGaps, skill_gaps
from training.programme.skill_gaps_people import GapPeople


def organisation(gap: Any, team: Any, importance: Any = 1.0, required: Any = 0.8) -> SkillGaps:
    """Tell gaps by team of people who lack what is said, skill by skill; NaN where that is not asked."""
    gap = np.asarray(gap, np.float64)
    asked = ~np.isnan(gap)
    importance, required = (
        np.where(asked, np.broadcast_to(x, gap.shape), 0.0) for x in (importance, required)
    )
    gap = np.nan_to_num(gap)
    ready = 1.0 - (importance * gap).sum(axis=1) / (importance * required).sum(axis=1)
    labels = np.array(team, np.object_)
    role = np.array([str(row) for row in importance], np.object_)
    everybody = np.ones(len(gap), np.bool_)
    people = GapPeople(everybody, asked, importance, required, gap, ready, {"role": role}, ())
    its = skill_gaps(people, labels)
    assert its is not None
    return its


def short(n: int, seed: int) -> np.ndarray:
    """Return gaps of people no two of whom lack the same."""
    return np.random.default_rng(seed).uniform(0.1, 0.4, n)


def cells(its: SkillGaps) -> dict[str, set[int]]:
    return {group.name: set(group.gaps) for group in its.groups}


def wholes(its: SkillGaps) -> set[int]:
    return {one.skill for one in its.skills if one.is_all}


def test_where_all_gaps_are_told_nothing_more_is_withheld() -> None:
    gap = np.column_stack([short(24, 0), short(24, 1), short(24, 2)])
    its = organisation(gap, ["a"] * 12 + ["b"] * 12)
    assert cells(its) == {"a": {0, 1, 2}, "b": {0, 1, 2}}
    assert wholes(its) == {0, 1, 2}
    assert its.n_withheld == 0


def test_of_one_role_in_one_team_few_who_lack_a_skill_do_not_follow_from_readiness() -> None:
    gap = np.column_stack([short(24, 0), short(24, 1), np.zeros(24)])
    gap[:3, 2] = 0.1, 0.2, 0.3
    its = organisation(gap, ["a"] * 24, importance=[1.0, 0.9, 0.8])
    assert its.short is not None
    # Readiness less the first skill leaves the other two, of all; less the second too it would leave three.
    assert cells(its) == {"a": {0}}
    assert wholes(its) == {0}


def test_of_one_role_in_teams_few_of_a_team_do_not_follow_from_readiness_of_everybody() -> None:
    gap = np.column_stack([short(36, 0), short(36, 1), np.zeros(36)])
    gap[12:, 2] = short(24, 2)
    gap[:3, 2] = 0.1, 0.2, 0.3
    its = organisation(gap, np.repeat(["a", "b", "c"], 12), importance=[1.0, 0.9, 0.8])
    assert its.short is not None
    # Those of "a" would be what is left of everybody who lacks the third skill.
    assert 2 not in cells(its)["a"]
    assert 2 not in wholes(its)
    assert cells(its)["a"] == {0}


def test_two_of_another_role_do_not_follow_from_readiness_beside_the_one_skill_of_both() -> None:
    gap = short(12, 0)[:, None]
    required = np.where(np.arange(12) < 10, 0.8, 0.5)[:, None]
    its = organisation(gap, ["a"] * 12, required=required)
    # The mean gap weighs all alike and readiness the two more: from both together they would follow.
    assert (its.short is None) or not cells(its)["a"]
    required = np.where(np.arange(12) < 7, 0.8, 0.5)[:, None]
    its = organisation(gap, ["a"] * 12, required=required)
    assert its.short is not None
    assert cells(its) == {"a": {0}}, "five of either role may be told of"


def test_a_skill_that_is_enough_alone_goes_and_not_two_that_weigh_less() -> None:
    gap = np.zeros((20, 4))
    gap[:, 0], gap[:, 1] = short(20, 0), short(20, 1)
    gap[:6, 2] = short(6, 2)
    gap[:2, 3] = 0.1, 0.3
    its = organisation(gap, ["a"] * 20, importance=[1.0, 0.9, 0.8, 0.7])
    assert cells(its) == {"a": {0, 1}}


def test_gaps_that_many_share_hide_nobody_beside_readiness() -> None:
    # In the second skill all but three lack the same; that is known of who has answered nothing.
    gap = np.column_stack([short(20, 0), np.full(20, 0.25), short(20, 3)])
    gap[:3, 1] = 0.1, 0.2, 0.3
    its = organisation(gap, ["a"] * 20, importance=[1.0, 0.9, 0.8])
    assert cells(its) == {"a": {0}}
    assert wholes(its) == {0}


def test_where_gaps_withheld_are_not_enough_readiness_is() -> None:
    # No five are equally ready. But in each skill all lack what eight others do, except for the first two.
    first, second = np.repeat([0.1, 0.3], 8), np.tile([0.05, 0.2], 8)
    gap = np.column_stack([first, second])
    its = organisation(gap, ["a"] * 16, importance=[1.0, 0.5])
    assert its.short is not None
    its = organisation(np.vstack([[[0.15, 0.05], [0.37, 0.2]], gap]), ["a"] * 18, importance=[1.0, 0.5])
    assert its.short is None
    assert [group.short for group in its.groups] == [None]
    assert cells(its) == {"a": set()}
