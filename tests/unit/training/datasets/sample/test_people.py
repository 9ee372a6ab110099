"""Who works there: shares, planted gaps, teams and where they want to go."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recommender.domain.dataset_format import SEGMENTS
from training.datasets import load_dataset
from training.datasets.dataset import Dataset
from training.datasets.sample import CATALOG, Parameters
from training.datasets.sample import people as drawn
from training.datasets.sample.learner_models import BASE
from training.datasets.sample.parameters import GROWTH
from training.datasets.sample.world import World

pytestmark = pytest.mark.usefixtures("interpreted")

N, N_WEEKS = 20_000, 156
PLANTED = Parameters().people


@pytest.fixture(scope="module")
def roles(full_dataset: Dataset) -> drawn.Roles:
    return drawn.roles_of(full_dataset)


@pytest.fixture(scope="module")
def people(interpreted: None, full_world: World, roles: drawn.Roles) -> drawn.People:
    rng = np.random.default_rng(11)
    return drawn.draw_people(GROWTH, N, N_WEEKS, full_world, roles, Parameters(), rng)


def test_teams_are_of_users_or_builders_and_most_are_led(people: drawn.People, roles: drawn.Roles) -> None:
    block = people.block
    sizes = np.diff(block.team_start)
    assert sizes[:-1].min() == 6
    assert sizes[:-1].max() == 14
    assert sizes.sum() == N
    role = block.people["role"]
    # clerk, analyst, head; the last team may be too small to be both led and a team of somebody
    first, last = block.team_start[:-2], block.team_start[1:-1] - 1
    led, teams = (role[first] == 2).mean(), len(first)
    assert abs(led - 0.75) < 4 * np.sqrt(0.75 * 0.25 / teams)
    is_first = np.isin(np.arange(N), block.team_start)
    assert not (role[~is_first] == 2).any()
    users = (role[last] == 0).mean()
    assert abs(users - 0.83) < 4 * np.sqrt(0.83 * 0.17 / teams)
    np.testing.assert_array_equal(block.people["segment"], roles.segment[role])


def test_teams_of_users_have_one_role_those_of_builders_several() -> None:
    roles = drawn.roles_of(load_dataset(CATALOG))
    start, role = drawn._teams(N, roles, np.random.default_rng(5))
    of_team = [role[first + 1 : end] for first, end in pairwise(start[:-1])]
    segment = {name: position for position, name in enumerate(SEGMENTS)}
    users = [team for team in of_team if roles.segment[team[0]] == segment["user"]]
    builders = [team for team in of_team if roles.segment[team[0]] == segment["builder"]]
    assert len(users) + len(builders) == len(of_team)
    assert all(len(set(team)) == 1 for team in users)
    assert all((roles.segment[team] == segment["builder"]).all() for team in builders)
    assert np.mean([len(set(team)) for team in builders]) > 2
    # the first roles of a segment are held by more people, most leaders lead teams
    leaders = role[start[:-2]][roles.segment[role[start[:-2]]] == segment["leader"]]
    for name, power, found in (
        ("user", 0.6, np.array([team[0] for team in users])),
        ("builder", 0.4, np.concatenate(builders)),
        ("leader", 2.0, leaders),
    ):
        rows = np.flatnonzero(roles.segment == segment[name])
        expected = (1.0 + np.arange(len(rows))) ** -power
        expected /= expected.sum()
        share = np.bincount(found, minlength=len(roles.segment))[rows] / len(found)
        assert (np.abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / len(found))).all(), name


def test_nobody_under_30_was_hired_as_a_child(people: drawn.People) -> None:
    young = people.age == drawn.AGE_BANDS.index("under 30")
    years = -people.hired_days / 365
    assert years[young].max() < 8
    assert years[young].max() > 7
    assert (years[~young] > 8).mean() > 0.1
    share = young.mean()
    assert abs(share - 0.28) < 4 * np.sqrt(0.28 * 0.72 / N)


def test_shares_are_those_of_the_roles_that_there_are(full_dataset: Dataset) -> None:
    only = full_dataset.tables["roles"].query("segment == 'builder'").reset_index(drop=True)
    roles = drawn.roles_of(SimpleNamespace(tables={"roles": only}))
    start, role = drawn._teams(500, roles, np.random.default_rng(0))
    assert set(role) == {0}
    assert start[-1] == 500
    assert not roles.moves.any()


def test_a_role_without_a_segment_is_a_users() -> None:
    table = pd.DataFrame({"role_id": ["a"], "segment": [None], "priority": [np.nan]})
    roles = drawn.roles_of(SimpleNamespace(tables={"roles": table}))
    assert SEGMENTS[roles.segment[0]] == "user"
    assert roles.share.tolist() == [1.0]


def test_targets_lie_along_transitions_the_more_so_the_higher_their_priority(
    people: drawn.People, roles: drawn.Roles
) -> None:
    # clerk, analyst, head: the clerk moves to either, the others nowhere
    np.testing.assert_allclose(roles.moves, [[0, 1.0 / 1.6, 0.6 / 1.6], [0, 0, 0], [0, 0, 0]])
    role, target = people.block.people["role"], people.block.people["target"]
    assert (target[role != 0] == -1).all()
    clerks = target[role == 0]
    n = len(clerks)
    for wanted, share in ((-1, 0.4), (1, 0.6 / 1.6), (2, 0.36 / 1.6)):
        assert abs((clerks == wanted).mean() - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_the_gap_of_the_site_is_the_planted_one(people: drawn.People) -> None:
    here = people.site == drawn.LOW_SITE
    ability = people.block.offset.mean(axis=1)
    gap = ability[~here].mean() - ability[here].mean()
    error = ability.std() * np.sqrt(1 / here.sum() + 1 / (~here).sum())
    assert abs(gap - PLANTED.site_gap) < 4 * error
    assert error < 0.02
    assert abs(people.ability.mean()) < 4 * people.ability.std() / np.sqrt(N)
    assert people.ability.std() == pytest.approx(PLANTED.ability_deviation, rel=0.03)


def test_part_time_means_fewer_minutes(people: drawn.People) -> None:
    minutes, part_time = people.block.people["minutes"], people.part_time == 1
    assert part_time.mean() == pytest.approx(0.2, abs=0.02)
    full = np.median(minutes[~part_time])
    assert full == pytest.approx(PLANTED.weekly_minutes, rel=0.03)
    assert np.median(minutes[part_time]) / full == pytest.approx(PLANTED.part_time_minutes, rel=0.05)


def test_comparison_teams_join_after_half_of_the_time(people: drawn.People) -> None:
    share = people.is_comparison.mean()
    n = len(people.is_comparison)
    assert abs(share - PLANTED.comparison_share) < 4 * np.sqrt(0.25 * 0.75 / n)
    joins, late = people.block.people["joins"], people.is_comparison[people.team]
    assert joins[late].min() >= N_WEEKS // 2
    before = people.hired_days < 0
    assert joins[~late & before].max() < 14


def test_lagging_is_a_matter_of_teams(people: drawn.People) -> None:
    lags = people.block.people["lags"]
    by_team = np.add.reduceat(lags, people.block.team_start[:-1]) / np.diff(people.block.team_start)
    assert set(by_team) == {0.0, 1.0}
    assert abs(by_team.mean() - PLANTED.lagging_share) < 4 * np.sqrt(0.12 * 0.88 / len(by_team))


def test_nobody_joins_before_they_are_hired_or_leaves_before_they_join(people: drawn.People) -> None:
    person = people.block.people
    assert (7 * person["joins"] >= people.hired_days).all()
    assert (person["leaves"] > person["joins"]).all()
    assert (people.hired_days > 0).mean() == pytest.approx(PLANTED.hired_during, abs=0.02)
    stay = (person["leaves"] - person["joins"]) / 52
    assert (stay <= 1).mean() == pytest.approx(1 - np.exp(-PLANTED.yearly_turnover), abs=0.015)


def test_people_begin_with_part_of_what_their_role_asks(people: drawn.People, full_world: World) -> None:
    level = people.block.states[..., BASE]
    assert level.min() == 0.02
    assert level.max() <= 0.92
    # the mastery of somebody ordinary at that level
    theta = (level - 0.5) * Parameters().response.spread - full_world.skills["difficulty"]
    mastery = 1 / (1 + np.exp(-theta))
    required = full_world.role_required[people.block.people["role"]]
    # prompting and sql are technical, ethics is not
    least = np.maximum(0.45 * required, [0.02, 0.02, 0.1])
    most = np.maximum(0.95 * required, [0.15, 0.15, 0.35])
    inside = (level > 0.02) & (level < 0.92)
    # what is easy and hardly known lies at the end of the scale
    assert inside.mean() > 0.6
    assert (mastery[inside] >= least[inside] - 1e-9).all()
    assert (mastery <= most + 1e-9)[level > 0.02].all()
    assert (mastery >= least - 1e-9)[level < 0.92].all()
    # and all of the range is used
    place = ((mastery - least) / (most - least))[inside]
    assert place.min() < 0.1
    assert place.max() > 0.9
    asked = required > 0.6
    assert level[asked].mean() > level[~asked].mean() + 0.1


def test_a_team_may_be_one_person(full_world: World, roles: drawn.Roles) -> None:
    one = drawn.draw_people(GROWTH, 1, 4, full_world, roles, Parameters(), np.random.default_rng(0))
    assert one.block.team_start.tolist() == [0, 1]


def test_the_bundled_roles_lead_somewhere(full_world: World) -> None:
    roles = drawn.roles_of(load_dataset(CATALOG))
    total = roles.moves.sum(axis=1)
    assert ((total == 0) | np.isclose(total, 1)).all()
    assert total.sum() > 8
