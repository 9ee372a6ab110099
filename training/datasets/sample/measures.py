"""What an organisation measures beside learning: self-assessments, adoption at work, outcomes of teams."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.datasets.sample.catalog import Floats
from training.datasets.sample.parameters import WEEKS_PER_MONTH, Parameters
from training.datasets.sample.people import People
from training.datasets.sample.state import Record
from training.datasets.sample.tables import Names, Place, event_ids, in_order, numbers, taken
from training.datasets.sample.world import World

_DAY: Final = 86400
_SELF_SKILLS: Final = 6
_SELF_SHARE: Final = 0.7
_SELF_EVERY_MONTHS: Final = 12
_SELF_AFTER_DAYS: Final = 2.4
_STEPS_OF_A_SCALE: Final = 4
_USED_SKILLS: Final = 3
_MEASURE: Final = "output_index"


def self_assessments_table(
    people: People,
    record: Record,
    place: Place,
    names: Names,
    world: World,
    parameters: Parameters,
    rng: np.random.Generator,
) -> pa.Table:
    """Table ``self_assessments``: what some say of themselves on joining and each year, in five steps."""
    measures, person = parameters.measures, people.block.people
    n, n_months = len(person), record.mastery.shape[1] - 1
    important = _most_important(world.role_importance[person["role"]], _SELF_SKILLS)
    joined = np.ceil(person["joins"] / WEEKS_PER_MONTH).astype(np.int64)
    learners, skills, seconds, levels = [], [], [], []
    for years in range(n_months // _SELF_EVERY_MONTHS + 1):
        month = joined + years * _SELF_EVERY_MONTHS
        days = month * WEEKS_PER_MONTH * 7 + _SELF_AFTER_DAYS
        asked = (month < n_months) & _is_there(people, record, days) & (rng.random(n) < _SELF_SHARE)
        who = np.repeat(np.flatnonzero(asked), important.shape[1])
        skill = important[asked].ravel()
        truth = record.mastery[who, month[who], skill]
        said = measures.self_level + measures.self_slope * truth + people.bias[who]
        said += measures.self_noise * rng.standard_normal(len(who))
        learners.append(who)
        skills.append(skill)
        seconds.append(
            days[who] * _DAY + np.tile(20.0 * np.arange(important.shape[1]), len(who) // important.shape[1])
        )
        levels.append(np.clip(np.rint(said * _STEPS_OF_A_SCALE) / _STEPS_OF_A_SCALE, 0, 1) + 0.0)
    learner, second = np.concatenate(learners), np.concatenate(seconds)
    order = in_order(learner, second)
    ids = place.learner_ids(learner[order])
    return pa.table(
        {
            "learner_id": ids,
            "skill_id": taken(names.skills, np.concatenate(skills)[order]),
            "level": numbers(np.concatenate(levels)[order], 2),
            "event_id": event_ids(ids, learner[order], "s"),
            "occurred_at": place.times(second[order]),
        }
    )


def adoption_table(
    people: People,
    record: Record,
    place: Place,
    names: Names,
    world: World,
    parameters: Parameters,
    rng: np.random.Generator,
) -> pa.Table:
    """Table ``adoption``: uses at work, by quarter, of the skills that weigh most in the present role."""
    measures, person = parameters.measures, people.block.people
    n_months = record.mastery.shape[1] - 1
    used = _most_important(world.role_importance[person["role"]], _USED_SKILLS)
    columns = [np.empty((4, 0), np.int64)]
    for month in range(0, n_months - 2, 3):
        since = month - person["joins"] / WEEKS_PER_MONTH
        is_hired = people.hired_days <= 7 * WEEKS_PER_MONTH * month
        who = np.flatnonzero((since > -3) & is_hired & _is_there(people, record, 7 * WEEKS_PER_MONTH * month))
        skill = used[who].ravel()
        who = np.repeat(who, used.shape[1])
        mastery = record.mastery[who, min(month + 2, n_months), skill]
        worn = measures.adoption_fade * np.log1p(np.maximum(since[who], 0) / 3)
        uses = rng.poisson(np.exp(measures.adoption_rate + measures.adoption_slope * mastery - worn))
        columns.append(np.stack([who, skill, np.full(len(who), month), uses]).astype(np.int64))
    learner, skill, month, uses = np.concatenate(columns, axis=1)
    order = np.lexsort((skill, month, learner))
    learner, skill, month, uses = (column[order] for column in (learner, skill, month, uses))
    return pa.table(
        {
            "learner_id": place.learner_ids(learner),
            "skill_id": taken(names.skills, skill),
            "uses": pa.array(uses, pa.int64()),
            "period_start": place.times(np.floor(month * WEEKS_PER_MONTH * 7) * _DAY),
        }
    )


def outcomes_table(
    people: People,
    record: Record,
    place: Place,
    world: World,
    parameters: Parameters,
    rng: np.random.Generator,
) -> pa.Table:
    """Table ``outcomes``: an output index of every team and month; treated from when the team has joined."""
    measures, person = parameters.measures, people.block.people
    n_teams, n_months = len(people.block.team_start) - 1, record.mastery.shape[1] - 1
    weight = world.role_importance[person["role"]]
    able = np.einsum("ims,is->im", record.mastery, weight) / np.maximum(weight.sum(axis=1), 1e-9)[:, None]
    able = _team_means(people, able)
    joined = np.minimum.reduceat(person["joins"], people.block.team_start[:-1]) / WEEKS_PER_MONTH
    month = np.arange(n_months)
    season = 2.0 * np.sin(2 * np.pi * (month + 8) / 12)
    index = 90 + 6 * rng.standard_normal((n_teams, 1)) + season + 0.05 * month
    index = index + measures.outcome_effect * able[:, 1:]
    index += measures.outcome_noise * rng.standard_normal((n_teams, n_months))
    cost = measures.hourly_cost * _hours(people, record, n_months)
    team, at = (axis.ravel() for axis in np.indices((n_teams, n_months)))
    n = len(team)
    return pa.table(
        {
            "unit_id": place.team_ids(team),
            "unit_kind": pa.array(["team"] * n),
            "measure": pa.array([_MEASURE] * n),
            "value": numbers(index.ravel(), 1),
            "occurred_at": place.month_ends(at),
            "treated": pa.array((month[None, :] >= joined[:, None]).ravel()),
            "cost": numbers(cost.ravel(), 0),
        }
    )


def _team_means(people: People, values: Floats) -> Floats:
    """Mean over those of each team who are employed at the beginning of each month; over all where nobody is.

    Parameters
    ----------
    people : People
    values : float array, shape (n_learners, n_months)
    """
    day = np.arange(values.shape[1]) * WEEKS_PER_MONTH * 7
    hired, leaves = people.hired_days, 7.0 * people.block.people["leaves"]
    weight = ((hired[:, None] <= day) & (day < leaves[:, None])) + 1e-9
    first = people.block.team_start[:-1]
    total = np.add.reduceat(values * weight, first, axis=0)
    return np.asarray(total / np.add.reduceat(weight, first, axis=0), np.float64)


def _hours(people: People, record: Record, n_months: int) -> Floats:
    """Hours that each team spent on modules it finished or gave up, by month; shape (n_teams, n_months)."""
    rows = record.completions[: record.n_rows[1]]
    rows = rows[np.isfinite(rows["seconds"])]
    month = (rows["second"] / _DAY / 7 / WEEKS_PER_MONTH).astype(np.int64)
    place = people.team[rows["learner"]].astype(np.int64) * n_months + np.minimum(month, n_months - 1)
    n_teams = len(people.block.team_start) - 1
    hours = np.bincount(place, rows["seconds"] / 3600, n_teams * n_months)
    return hours.astype(np.float64).reshape(n_teams, n_months)


def _most_important(importance: Floats, k: int) -> NDArray[np.int64]:
    """Positions of the k skills that weigh most in each row; the first of equals."""
    return np.argsort(-importance, axis=1, kind="stable")[:, :k]


def _is_there(people: People, record: Record, days: NDArray[np.floating] | float) -> NDArray[np.bool_]:
    """Whether each learner works in the organisation the whole next day and has not left the programme."""
    week = (np.asarray(days) + 1) / 7
    gone = (record.gone >= 0) & (record.gone < week)
    return (week < people.block.people["leaves"]) & ~gone
