"""Who works there: shares, planted gaps, teams and where they want to go."""

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


def test_teams_have_one_role_and_half_of_them_a_leader(people: drawn.People, roles: drawn.Roles) -> None:
    block = people.block
    sizes = np.diff(block.team_start)
    assert sizes[:-1].min() == 6
    assert sizes[:-1].max() == 14
    assert sizes.sum() == N
    role = block.people["role"]
    led = 0
    for first, end in zip(block.team_start[:-1], block.team_start[1:], strict=True):
        assert len(set(role[first + 1 : end])) <= 1
        led += role[first] != role[end - 1]
    teams = len(sizes)
    heads = (role[block.team_start[1:-1] - 1] == 2).mean()
    # a team of leaders that is led by one does not show
    expected = 0.5 * (1 - heads)
    assert abs(led / teams - expected) < 4 * np.sqrt(expected / teams)
    np.testing.assert_array_equal(block.people["segment"], roles.segment[role])


def test_segments_have_their_shares(people: drawn.People) -> None:
    block = people.block
    last = block.people["segment"][block.team_start[1:] - 1]
    share = np.bincount(last, minlength=3) / len(last)
    np.testing.assert_allclose(share, (0.77, 0.16, 0.07), atol=4 * 0.5 / np.sqrt(len(last)))


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
    assert level.min() >= 0.03
    assert level.max() <= 0.9
    required = full_world.role_required[people.block.people["role"]]
    assert (level <= np.maximum(0.75 * 0.85 * required, 0.22) + 1e-12).all()
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
