"""Gaps by group: planted ones are found, nobody stands out, and intervals hold what they are of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.pathways.readiness import readiness
from tests.unit.training.programme.gaps_attack import Reader
from tests.unit.training.programme.gaps_by_hand import ByHand, means_safe, parts_of
from tests.unit.training.programme.gaps_world import FIRST, NOW, PROFILES, SKILLS, Counted, random_world
from training.programme.skill_gaps import SkillGaps, skill_gaps
from training.programme.skill_gaps_people import GapPeople, Moment, gap_people


def crowd(n_teams: int, size: int, seed: int = 0, lift: float = 0.0) -> tuple[GapPeople, Any]:
    """Return teams of one role and two skills; the first of them rose by `lift`, the others did not."""
    rng = np.random.default_rng(seed)
    n = n_teams * size
    team = np.array([f"t{i:02d}" for i in np.repeat(np.arange(n_teams), size)], np.object_)
    gap = rng.uniform(0.0, 0.3, (n, 2))
    now = rng.uniform(0.4, 0.9, n)
    then = np.clip(now - rng.normal(0.0, 0.08, n) - lift * (team == "t00"), 0.0, 1.0)
    everybody = np.ones(n, np.bool_)
    moment = Moment("12 months ago", NOW, everybody.copy(), then)
    ones = np.ones((n, 2))
    labels = {"role": np.array(["r"] * n, np.object_), "team": team}
    return GapPeople(everybody, ones > 0, ones, 0.8 * ones, gap, now, labels, (moment,)), team


def found(people: GapPeople, labels: Any) -> SkillGaps:
    its = skill_gaps(people, labels)
    assert its is not None
    return its


def test_readiness_is_that_of_the_engine_for_each_person() -> None:
    world = random_world(3, 60)
    people, standing = gap_people(world), world.standing()
    for i, row in enumerate(world.learners.to_dict("records")):
        role = row["target_role_id"] if isinstance(row["target_role_id"], str) else row["role_id"]
        profile = PROFILES.get(role or "", {})
        its = standing.used[i, [SKILLS.index(s) for s in profile]]
        required, importance = np.array(list(profile.values())).reshape(-1, 2).T
        ready = readiness(required, importance, its, its, its)
        assert people.ready[i] == pytest.approx(np.nan if ready is None else ready.value, nan_ok=True)
        assert bool(people.among[i]) == (ready is not None)
        assert {SKILLS[s] for s in np.flatnonzero(people.asked[i])} == set(profile)


def test_the_team_that_lacks_a_skill_has_the_widest_gap() -> None:
    people, team = crowd(8, 10)
    people.gap[team == "t05", 1] += 0.4
    groups = {group.name: group for group in found(people, team).groups}
    widest = max(
        ((name, s) for name in groups for s in groups[name].gaps), key=lambda c: groups[c[0]].gaps[c[1]].value
    )
    assert widest == ("t05", 1)
    assert groups["t05"].gaps[1].value == pytest.approx(people.gap[team == "t05", 1].mean())


def test_a_team_that_learned_rose_and_others_did_not() -> None:
    others = []
    for seed in range(5):
        people, team = crowd(12, 12, seed=seed, lift=0.15)
        groups = {group.name: group.moved["12 months ago"] for group in found(people, team).groups}
        learned = groups.pop("t00")
        assert learned.verdict == "up"
        assert 0.0 < learned.change.low < learned.change.value < learned.change.high < 0.3
        others += [(m.change.low, m.change.high, m.verdict) for m in groups.values()]
    assert sum(low <= 0.0 <= high for low, high, _ in others) >= 48, "52 of 55 are expected"
    assert sum(verdict in ("up", "down") for *_, verdict in others) <= 2


def test_a_team_that_forgot_fell() -> None:
    people, team = crowd(6, 12, seed=5, lift=-0.2)
    groups = {group.name: group.moved["12 months ago"] for group in found(people, team).groups}
    assert groups["t00"].verdict == "down"
    change = people.ready[team == "t00"] - people.moments[0].ready[team == "t00"]
    assert groups["t00"].change.value == pytest.approx(change.mean())


def test_where_teams_are_only_names_seldom_one_is_said_to_have_moved() -> None:
    alarms = 0
    for seed in range(40):
        people, team = crowd(20, 8, seed=seed)
        groups = found(people, team).groups
        alarms += any(group.moved["12 months ago"].verdict in ("up", "down") for group in groups)
    assert alarms <= 5, "2 are expected"


def test_who_was_not_there_then_is_not_compared() -> None:
    people, team = crowd(2, 20, seed=6)
    late = np.arange(40) % 20 >= 12
    moment = people.moments[0]
    people.moments[0].ready[late] = np.nan
    moment.there[late] = False
    groups = found(people, team).groups
    assert [group.moved["12 months ago"].change.n for group in groups] == [12, 12]
    assert [group.n_people for group in groups] == [20, 20]


def test_newcomers_too_few_to_tell_of_keep_movement_untold() -> None:
    people, team = crowd(3, 20, seed=6)
    people.moments[0].there[:3] = False
    its = found(people, team)
    groups = {group.name: group for group in its.groups}
    assert "12 months ago" not in groups["t00"].moved
    assert groups["t00"].n_people == 20
    assert its.moved["12 months ago"].change.n == 40
    assert not its.moved["12 months ago"].is_all
    assert its.n_withheld == 1


def test_a_skill_of_few_costs_neither_the_group_nor_other_skills() -> None:
    people, team = crowd(3, 20)
    people.asked[:3, 1] = False
    groups = {group.name: group for group in found(people, team).groups}
    assert set(groups["t00"].gaps) == {0}
    assert set(groups["t01"].gaps) == {0, 1}


def test_of_two_skills_that_give_few_away_together_the_one_that_weighs_more_is_told() -> None:
    people, team = crowd(1, 30)
    people.asked[15:, 0] = people.asked[13:, 1] = False
    people.importance[:, 0] = 0.2
    its = found(people, team)
    assert [skill.skill for skill in its.skills] == [1]
    assert list(its.groups[0].gaps) == [1]


def test_too_few_people_are_not_told_of_at_all() -> None:
    people, team = crowd(1, 4)
    assert skill_gaps(people, team) is None


def test_who_came_after_now_is_not_counted() -> None:
    world = random_world(8, 40)
    learners = world.dataset.tables["learners"]
    learners.loc[:9, "hired_at"] = pd.Timestamp("2027-01-01", tz="UTC")
    people = gap_people(world)
    roles = np.isin(people.labels["role"], list(PROFILES))
    assert roles[:10].any()
    assert not people.among[:10].any(), "though they have answered"
    assert (people.among[10:] == roles[10:]).all()


def test_moments_are_after_the_first_answers_and_apart() -> None:
    def names(months: int) -> list[str]:
        world = random_world(1, 12)
        frame = world.dataset.tables["attempts"]
        first = np.datetime64(NOW.replace(tzinfo=None)) - np.timedelta64(30 * months, "D")
        return [m.name for m in gap_people(_starting(world, frame, first)).moments]

    assert names(24) == ["12 months ago", "6 months ago", "the start"]
    assert names(14) == ["6 months ago", "the start"]
    assert names(8) == ["the start"]
    assert names(3) == []


def _starting(world: Counted, frame: Any, first: Any) -> Counted:
    frame["occurred_at"] = frame["occurred_at"] - (
        frame["occurred_at"].min() - first.astype("M8[us]").item().replace(tzinfo=NOW.tzinfo)
    )
    return world


def test_moments_are_so_long_ago() -> None:
    at = {moment.name: moment.at for moment in gap_people(random_world(1, 12)).moments}
    assert at == {
        "12 months ago": NOW.replace(year=2025),
        "6 months ago": NOW.replace(year=2025, month=9),
        "the start": FIRST + timedelta(days=90),
    }


def test_without_a_clock_there_are_no_moments() -> None:
    assert gap_people(random_world(1, 12, has_clock=False)).moments == ()


def test_five_answers_by_then_are_needed_to_be_compared() -> None:
    world = random_world(9, 60)
    people, frame = gap_people(world), world.dataset.tables["attempts"]
    for moment in people.moments:
        n = frame[frame["occurred_at"] <= moment.at].groupby("learner_id").size()
        counted = world.learners["learner_id"].map(n).fillna(0).to_numpy() >= 5
        assert (moment.there == (counted & people.among)).all()
        assert (counted & ~people.among).any(), "who has no profile is not compared"
        assert moment.there.any()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(5, 70),
    teams=st.integers(1, 5),
    by=st.sampled_from(["role", "team", "segment"]),
)
def test_nobody_stands_out_however_figures_are_put_together(seed: int, n: int, teams: int, by: str) -> None:
    world = random_world(seed, n, teams)
    people, ids = gap_people(world), world.learners["learner_id"].to_numpy()
    its = skill_gaps(people, people.labels[by])
    hand = ByHand(world, by)
    if its is None:
        assert len(hand.among) < 5
        return

    def of(rows: Any) -> frozenset[str]:
        return frozenset(ids[rows & people.among].tolist())

    told = [of(people.among)]
    asked = {s: of(people.asked[:, s]) for s in range(len(SKILLS))}
    for group in its.groups:
        members = of(people.labels[by] == group.name)
        assert len(members) == group.n_people
        told.append(members)
        told += [members & asked[s] for s in group.gaps]
        for moment in group.moved:
            # Whom movement is of is told by its number: all who were there, or else as worked out by hand.
            there = members & hand.there(moment)
            n_moved = group.moved[moment].change.n
            told.append(there if len(there) == n_moved else hand.moved[group.name, moment])
            assert len(told[-1]) == n_moved
    told += [asked[skill.skill] for skill in its.skills if skill.is_all]
    assert min(len(part) for part in parts_of(hand.among, told)) >= 5
    for s, name in enumerate(SKILLS):
        sets = [of(people.labels[by] == group.name) & asked[s] for group in its.groups if s in group.gaps]
        sets += [asked[s] for skill in its.skills if skill.skill == s and skill.is_all]
        assert means_safe({i: hand.gap[i, name] for i in asked[s]}, sets)
    lacks = {i: 1.0 - ready for i, ready in hand.ready.items()}
    ready = [of(people.labels[by] == group.name) for group in its.groups if group.short is not None]
    ready += [of(people.among)] if its.short is not None else []
    assert means_safe(lacks, ready)
    for moment in hand.moments():
        moved = [hand.moved[group.name, moment] for group in its.groups if moment in group.moved]
        then = {i: 1.0 - its_then for i, its_then in hand.ready_then(moment).items()}
        assert means_safe({i: then[i] - lacks[i] for i in lacks}, moved)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(8, 60),
    teams=st.integers(1, 4),
    n_roles=st.integers(1, 3),
    by=st.sampled_from(["role", "team", "segment"]),
)
def test_no_sum_of_all_that_is_told_is_about_one_to_four_people(
    seed: int, n: int, teams: int, n_roles: int, by: str
) -> None:
    world = random_world(seed, n, teams, n_roles=n_roles)
    people = gap_people(world)
    its = skill_gaps(people, people.labels[by])
    if its is None:
        return
    reader, rng = Reader(ByHand(world, by), by, its), np.random.default_rng(seed)
    assert reader.fewest("zeros", rng) >= 5
    assert reader.fewest("shared", rng) >= 5
    assert reader.fewest("both", rng) >= 5


def alike(n_short: int) -> tuple[GapPeople, Any]:
    """Return two teams of 12 who lack nothing in skill 1, but for some of the first."""
    people, team = crowd(2, 12)
    people.gap[:, 1] = 0.0
    people.gap[:n_short, 1] = np.linspace(0.1, 0.3, n_short)
    return people, team


@pytest.mark.parametrize("n_short", [1, 4])
def test_a_mean_gap_of_one_to_four_who_lack_anything_is_not_told(n_short: int) -> None:
    people, team = alike(n_short)
    its = found(people, team)
    groups = {group.name: group for group in its.groups}
    # Of the rest, who lack nothing, it may be told; of all it would be told of the few.
    assert set(groups["t00"].gaps) in ({0}, set()), "skill 0 goes too where readiness would tell of skill 1"
    assert 1 in groups["t01"].gaps
    assert not any(one.is_all for one in its.skills if one.skill == 1)
    assert its.n_withheld >= 2


def test_a_mean_gap_of_five_who_lack_something_is_told() -> None:
    people, team = alike(5)
    its = found(people, team)
    assert all(set(group.gaps) == {0, 1} for group in its.groups)
    assert its.n_withheld == 0


def test_few_who_lack_something_do_not_follow_by_taking_groups_from_the_whole() -> None:
    people, team = crowd(3, 12)
    people.gap[24:, 1] = 0.0
    people.gap[24:26, 1] = 0.2, 0.3
    its = found(people, team)
    cells = {group.name for group in its.groups if 1 in group.gaps}
    whole = [one.skill for one in its.skills if one.is_all and one.skill == 1]
    assert cells
    assert "t02" not in cells
    assert len(cells) + len(whole) <= 2


def test_readiness_or_movement_of_few_who_differ_is_not_told() -> None:
    people, team = crowd(2, 12)
    people.ready[:10], people.moments[0].ready[12:22] = 1.0, people.ready[12:22]
    its = found(people, team)
    groups = {group.name: group for group in its.groups}
    assert groups["t00"].short is None
    assert groups["t01"].short is None, "taken from everybody it would leave the two"
    assert its.short is not None
    assert groups["t01"].moved == {}
    assert its.moved["12 months ago"].change == groups["t00"].moved["12 months ago"].change
