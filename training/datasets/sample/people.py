"""Who works in the organisation: teams, roles, hidden traits, and what the learner table says of them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.domain.dataset_format import DOMAINS, MODULE_FORMATS, SEGMENTS
from training.datasets.dataset import Dataset
from training.datasets.sample.catalog import Floats, Ints
from training.datasets.sample.learner_models import N_STATE, start_all
from training.datasets.sample.parameters import Parameters
from training.datasets.sample.state import PERSON, Block
from training.datasets.sample.world import World

SITES: Final = ("north", "south", "harbour", "remote")
"""Where people work; those of the second have the planted gap."""
LOW_SITE: Final = 1
CONTRACTS: Final = ("full-time", "part-time")
GENDERS: Final = ("woman", "man", "another or not said")
AGE_BANDS: Final = ("under 30", "30 to 49", "50 and over")

_SITE_SHARES: Final = (0.4, 0.25, 0.2, 0.15)
# of teams; the first roles of a segment are held by more people, most leaders lead teams
_USER_TEAMS: Final = 0.83
_SHARE_POWERS: Final = (0.6, 0.4, 2.0)
_PART_TIME: Final = 0.2
_AGE_SHARES: Final = (0.28, 0.5, 0.22)
_TEAM_SIZES: Final = (6, 15)
_LEADER_WITH_TEAM: Final = 0.75
_WITH_TARGET: Final = 0.6
_MENTOR_CONSENT: Final = 0.22
_SAYS_MINUTES: Final = 0.7
_LATEST_START: Final = 12
_LONGEST_TENURE_UNDER_30: Final = 8 * 365
# mastery of what the present role asks, as a share of that; of other technical skills, and of others; all
# before levels are held within their bounds, which lifts most technical skills to .2 or so
_IN_ROLE: Final = (0.45, 0.95)
_TECHNICAL: Final = (0.02, 0.15)
_OTHER: Final = (0.1, 0.35)
_LEVELS: Final = (0.02, 0.92)


class Roles(NamedTuple):
    """Who does what, and where people of a role can go.

    Parameters
    ----------
    segment : int32 array, shape (n_roles,)
    share : float64 array, shape (n_roles,)
        Of the people of the segment: the first roles of the catalogue are held by more.
    moves : float64 array, shape (n_roles, n_roles)
        Probability of each target role, given that somebody of the row's role has one; rows of roles that
        lead nowhere are 0.
    """

    segment: Ints
    share: Floats
    moves: Floats


class People(NamedTuple):
    """What of a block's people is shown or kept as truth, beside what the simulation needs.

    Parameters
    ----------
    block : Block
    team : int32 array, shape (n,)
        Position of the team within the block.
    ability : float64 array, shape (n,)
        General ability in logits, without the gap of the site.
    site, part_time, gender, age : int32 arrays, shape (n,)
    hired_days : float64 array, shape (n,)
        Before (negative) or after the start.
    is_comparison : bool array, shape (n_teams,)
        Teams that join only after half of the time.
    bias : float64 array, shape (n,)
        Added to what the learner says of themself, beyond the common over-confidence.
    says_minutes, can_mentor : bool arrays, shape (n,)
    """

    block: Block
    team: Ints
    ability: Floats
    site: Ints
    part_time: Ints
    gender: Ints
    age: Ints
    hired_days: Floats
    is_comparison: NDArray[np.bool_]
    bias: Floats
    says_minutes: NDArray[np.bool_]
    can_mentor: NDArray[np.bool_]


def roles_of(dataset: Dataset) -> Roles:
    """Return the roles of a catalogue; one without a segment is a user's."""
    table = dataset.tables["roles"]
    at = {role: position for position, role in enumerate(table["role_id"])}
    code = {name: position for position, name in enumerate(SEGMENTS)}
    segment = np.array([code.get(name, 0) for name in table["segment"]], np.int32)
    share = np.zeros(len(at))
    for s in range(len(SEGMENTS)):
        rows = np.flatnonzero(segment == s)
        share[rows] = (1.0 + np.arange(len(rows))) ** -_SHARE_POWERS[s]
    priority = table["priority"].fillna(0.5).to_numpy(np.float64)
    moves = np.zeros((len(at), len(at)))
    if "role_transitions" in dataset.tables:
        for row in dataset.tables["role_transitions"].itertuples():
            moves[at[row.from_role_id], at[row.to_role_id]] = 0.1 + priority[at[row.to_role_id]]
    total = moves.sum(axis=1, keepdims=True)
    return Roles(segment, share, np.divide(moves, total, out=moves, where=total > 0))


def draw_people(
    model: int,
    n: int,
    n_weeks: int,
    world: World,
    roles: Roles,
    parameters: Parameters,
    rng: np.random.Generator,
) -> People:
    """Draw the people of one block.

    Parameters
    ----------
    model : int
        The learner model.
    n : int
        How many people; the last team may be small.
    n_weeks : int
    world : World
    roles : Roles
    parameters : Parameters
    rng : numpy Generator
    """
    people = parameters.people
    team_start, role = _teams(n, roles, rng)
    n_teams = len(team_start) - 1
    team = np.repeat(np.arange(n_teams, dtype=np.int32), np.diff(team_start))
    site = rng.choice(len(SITES), n_teams, p=_SITE_SHARES).astype(np.int32)[team]
    part_time = (rng.random(n) < _PART_TIME).astype(np.int32)
    hired = np.where(
        rng.random(n) < people.hired_during, 7.0 * n_weeks * rng.random(n), -365 * rng.exponential(5.0, n)
    )
    age = rng.choice(len(AGE_BANDS), n, p=_AGE_SHARES).astype(np.int32)
    hired = np.where(age == 0, np.maximum(hired, -_LONGEST_TENURE_UNDER_30 * rng.random(n)), hired)
    is_comparison = rng.random(n_teams) < people.comparison_share
    team_joins = np.where(is_comparison, n_weeks // 2, 0) + rng.integers(0, _LATEST_START, n_teams)
    joins = np.maximum(team_joins[team], np.ceil(hired / 7) + 2).astype(np.int32)
    leaves = joins + np.ceil(52 * rng.exponential(1 / people.yearly_turnover, n)).astype(np.int32)
    ability = people.ability_deviation * rng.standard_normal(n)
    offset = ability - people.site_gap * (site == LOW_SITE)
    domains = people.domain_deviation * rng.standard_normal((n, len(DOMAINS)))
    skills = people.skill_deviation * rng.standard_normal((n, len(world.skills)))
    minutes = people.weekly_minutes * np.exp(0.5 * rng.standard_normal(n))
    person = np.zeros(n, PERSON)
    person["role"] = role
    person["target"] = _targets(role, roles, rng)
    person["segment"] = roles.segment[role]
    person["joins"] = joins
    person["leaves"] = leaves
    person["lags"] = (rng.random(n_teams) < people.lagging_share)[team]
    person["pace"] = np.exp(people.pace_deviation * rng.standard_normal(n))
    person["motivation"] = people.motivation_deviation * rng.standard_normal(n)
    person["minutes"] = minutes * np.where(part_time, people.part_time_minutes, 1.0)
    block = Block(
        team_start=team_start,
        people=person,
        # compiled code is compiled again for another memory layout
        offset=np.ascontiguousarray(offset[:, None] + domains[:, world.skills["domain"]] + skills),
        liking=rng.standard_normal((n, len(MODULE_FORMATS))),
        states=np.zeros((n, len(world.skills), N_STATE)),
    )
    _draw_levels(model, block, world, parameters, rng)
    return People(
        block=block,
        team=team,
        ability=ability,
        site=site,
        part_time=part_time,
        gender=rng.choice(len(GENDERS), n, p=(0.46, 0.5, 0.04)).astype(np.int32),
        age=age,
        hired_days=hired,
        is_comparison=is_comparison,
        bias=0.1 * rng.standard_normal(n),
        says_minutes=rng.random(n) < _SAYS_MINUTES,
        can_mentor=rng.random(n) < _MENTOR_CONSENT,
    )


def _teams(n: int, roles: Roles, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Teams of users in one role or of builders in several, most of them with somebody who leads."""
    shares = [np.where(roles.segment == segment, roles.share, 0.0) for segment in range(len(SEGMENTS))]
    users, builders, leaders = (share / total if (total := share.sum()) else share for share in shares)
    there = np.array([_USER_TEAMS * users.any(), (1 - _USER_TEAMS) * builders.any()])
    starts, members = [0], []
    while starts[-1] < n:
        size = min(int(rng.integers(*_TEAM_SIZES)), n - starts[-1])
        if not there.any():
            role = rng.choice(len(leaders), size, p=leaders)
        elif rng.random() * there.sum() < there[0]:
            role = np.full(size, rng.choice(len(users), p=users))
        else:
            role = rng.choice(len(builders), size, p=builders)
        if leaders.any() and rng.random() < _LEADER_WITH_TEAM:
            role[0] = rng.choice(len(leaders), p=leaders)
        members.append(role)
        starts.append(starts[-1] + size)
    return np.array(starts, np.int32), np.concatenate(members).astype(np.int32)


def _targets(role: Ints, roles: Roles, rng: np.random.Generator) -> Ints:
    """Where each wants to go: along a transition, rather to a role of high priority; -1 for nowhere."""
    cumulated = np.cumsum(roles.moves[role], axis=1)
    drawn = (rng.random(len(role))[:, None] > cumulated).sum(axis=1)
    wants = (rng.random(len(role)) < _WITH_TARGET) & (cumulated[:, -1] > 0)
    return np.where(wants, np.minimum(drawn, len(roles.segment) - 1), -1).astype(np.int32)


def _draw_levels(
    model: int, block: Block, world: World, parameters: Parameters, rng: np.random.Generator
) -> None:
    """Levels at the start: much of the mastery that the present role asks for, little of everything else.

    Mastery is turned into the level at which somebody ordinary has it.
    """
    required = world.role_required[block.people["role"]]
    is_technical = world.skills["domain"] == DOMAINS.index("technical")
    elsewhere = np.where(
        is_technical, rng.uniform(*_TECHNICAL, required.shape), rng.uniform(*_OTHER, required.shape)
    )
    mastery = np.maximum(required * rng.uniform(*_IN_ROLE, required.shape), elsewhere)
    theta = np.log(mastery / (1 - mastery)) + world.skills["difficulty"]
    levels = np.clip(0.5 + theta / parameters.response.spread, *_LEVELS)
    start_all(model, block.states, levels, rng, parameters.learning)
