"""From what one block of people did to rows of the dataset format."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.domain.dataset_format import SEGMENTS, SIMULATED_ID_PREFIX, STATUSES
from training.datasets.sample.catalog import Ints
from training.datasets.sample.parameters import Parameters
from training.datasets.sample.people import AGE_BANDS, CONTRACTS, GENDERS, LOW_SITE, SITES, People
from training.datasets.sample.state import Record

TIME: Final = pa.timestamp("us", "UTC")
_LANGUAGE: Final = "en"
_DAY: Final = 86400


class Names(NamedTuple):
    """Ids of the catalogue, by position.

    Parameters
    ----------
    modules, skills, items, roles, credentials : Arrow string arrays
    """

    modules: pa.Array
    skills: pa.Array
    items: pa.Array
    roles: pa.Array
    credentials: pa.Array


class Place(NamedTuple):
    """Where a block lies in the whole.

    Parameters
    ----------
    first_learner, first_team : int
        Positions of the block's first learner and team.
    start : int
        Microseconds from the epoch to the start of the simulation.
    """

    first_learner: int
    first_team: int
    start: int

    def learner_ids(self, learner: NDArray[np.integer]) -> pa.Array:
        """Ids of learners by their position in the block."""
        names = [f"{SIMULATED_ID_PREFIX}{self.first_learner + i + 1:06d}" for i in range(_most(learner))]
        return taken(pa.array(names, pa.string()), learner)

    def team_ids(self, team: NDArray[np.integer]) -> pa.Array:
        """Ids of teams by their position in the block."""
        names = [f"team-{self.first_team + t + 1:05d}" for t in range(_most(team))]
        return taken(pa.array(names, pa.string()), team)

    def month_ends(self, month: NDArray[np.integer]) -> pa.Array:
        """Last days of calendar months, from the position of the month since the start."""
        first = np.datetime64(self.start, "us").astype("datetime64[M]")
        last = (first + month + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        return pa.array(last.astype("datetime64[us]")).cast(TIME)

    def times(self, second: NDArray[np.floating]) -> pa.Array:
        """Moments from seconds since the start, in whole seconds; NaN is none."""
        known = np.isfinite(second)
        moment = self.start + np.rint(np.where(known, second, 0)).astype(np.int64) * 1_000_000
        return pa.array(moment, pa.int64(), mask=~known).cast(pa.timestamp("us")).cast(TIME)


def _most(positions: NDArray[np.integer]) -> int:
    return int(positions.max()) + 1 if len(positions) else 0


def taken(names: pa.Array, positions: NDArray[np.integer]) -> pa.Array:
    """Return names by position; a negative position is none."""
    return names.take(pa.array(positions, pa.int32(), mask=np.asarray(positions) < 0))


def numbers(values: NDArray[np.floating], digits: int) -> pa.Array:
    """Return numbers rounded to so many digits; NaN is none."""
    return pa.array(np.round(values, digits), pa.float64(), from_pandas=True)


def event_ids(learner_ids: pa.Array, learner: NDArray[np.integer], kind: str) -> pa.Array:
    """Ids that count the events of a kind of each learner; rows of a learner lie together.

    Examples
    --------
    >>> event_ids(pa.array(["sim-1", "sim-1", "sim-2"]), np.array([0, 0, 1]), "a").to_pylist()
    ['sim-1-a0000', 'sim-1-a0001', 'sim-2-a0000']
    """
    new = np.r_[True, learner[1:] != learner[:-1]][: len(learner)]
    first = np.maximum.accumulate(np.where(new, np.arange(len(learner)), 0))
    number = np.arange(len(learner)) - first
    ids = learner_ids.to_pylist()
    return pa.array(
        [f"{name}-{kind}{n:04d}" for name, n in zip(ids, number.tolist(), strict=True)], pa.string()
    )


def in_order(learner: NDArray[np.integer], second: NDArray[np.floating]) -> NDArray[np.int64]:
    """Order of rows by learner, then time, then as they were written."""
    return np.lexsort((np.arange(len(learner)), np.rint(second), learner))


def learners_table(people: People, place: Place, names: Names) -> pa.Table:
    """Table ``learners`` of one block."""
    person = people.block.people
    everybody = np.arange(len(person))
    minutes = np.maximum(np.rint(person["minutes"] / 5) * 5, 5)
    return pa.table(
        {
            "learner_id": place.learner_ids(everybody),
            "role_id": taken(names.roles, person["role"]),
            "target_role_id": taken(names.roles, person["target"]),
            "team_id": place.team_ids(people.team),
            "segment": taken(pa.array(SEGMENTS), person["segment"]),
            "language": pa.array([_LANGUAGE] * len(everybody)),
            "weekly_minutes": numbers(np.where(people.says_minutes, minutes, np.nan), 0),
            "hired_at": place.times(np.floor(people.hired_days) * _DAY),
            "can_mentor": pa.array(people.can_mentor),
            "group_site": taken(pa.array(SITES), people.site),
            "group_contract": taken(pa.array(CONTRACTS), people.part_time),
            "group_gender": taken(pa.array(GENDERS), people.gender),
            "group_age_band": taken(pa.array(AGE_BANDS), people.age),
        }
    )


def aliases_table(people: People, place: Place) -> pa.Table:
    """Table ``aliases``: the account that each learner has on a learning platform that does not exist."""
    everybody = np.arange(len(people.block.people))
    accounts = [f"u{place.first_learner + i + 1:06d}" for i in everybody]
    return pa.table(
        {
            "learner_id": place.learner_ids(everybody),
            "issuer": pa.array(["https://lms.example.org"] * len(accounts)),
            "name": pa.array(accounts),
        }
    )


def attempts_tables(record: Record, place: Place, names: Names) -> tuple[pa.Table, pa.Table]:
    """Table ``attempts`` of one block, and beside it what is true of each: probability and ability."""
    rows = _in_order(record.attempts[: record.n_rows[0]])
    learner = place.learner_ids(rows["learner"])
    event = event_ids(learner, rows["learner"], "a")
    shown = {
        "learner_id": learner,
        "item_id": taken(names.items, rows["item"]),
        "score": numbers(rows["score"], 1),
        "event_id": event,
        "occurred_at": place.times(rows["second"]),
        "duration_seconds": numbers(rows["seconds"], 0),
    }
    truth = {
        "event_id": event,
        "pass_probability": small(rows["probability"], 3),
        "ability": small(rows["ability"], 2),
        "is_retry": pa.array(rows["is_retry"]),
    }
    return pa.table(shown), pa.table(truth)


def completions_tables(record: Record, place: Place, names: Names) -> tuple[pa.Table, pa.Table]:
    """Table ``completions`` of one block, and the true probability and rank of each first start."""
    rows = _in_order(record.completions[: record.n_rows[1]])
    learner = place.learner_ids(rows["learner"])
    event = event_ids(learner, rows["learner"], "c")
    shown = {
        "learner_id": learner,
        "module_id": taken(names.modules, rows["module"]),
        "event_id": event,
        "status": taken(pa.array(STATUSES), rows["status"]),
        "progress": numbers(rows["progress"], 2),
        "score": numbers(rows["score"], 2),
        "rating": numbers(rows["rating"], 0).cast(pa.int64()),
        "occurred_at": place.times(rows["second"]),
        "duration_seconds": numbers(rows["seconds"], 0),
    }
    truth = {
        "event_id": event,
        "choice_rank": pa.array(rows["choice_rank"], pa.int32()),
        "choice_probability": small(rows["choice_probability"], 4),
    }
    return pa.table(shown), pa.table(truth).filter(pa.array(rows["choice_rank"] > 0))


def credentials_earned_table(record: Record, place: Place, names: Names) -> pa.Table:
    """Table ``credentials_earned`` of one block; each lasts two years."""
    rows = _in_order(record.credentials[: record.n_rows[2]])
    learner = place.learner_ids(rows["learner"])
    return pa.table(
        {
            "learner_id": learner,
            "credential_id": taken(names.credentials, rows["credential"]),
            "event_id": event_ids(learner, rows["learner"], "k"),
            "occurred_at": place.times(rows["second"]),
            "expires_at": place.times(rows["second"] + 730 * _DAY),
        }
    )


def _in_order(rows: NDArray[np.void]) -> NDArray[np.void]:
    return rows[in_order(rows["learner"], rows["second"])]


def small(values: NDArray[np.floating], digits: int) -> pa.Array:
    """Return numbers as float32, rounded to so many digits."""
    return pa.array(np.round(values, digits).astype(np.float32), pa.float32())


def truth_learners_table(people: People, record: Record, place: Place, parameters: Parameters) -> pa.Table:
    """Return what is true of each learner and not shown: ability in logits, pace, and when they stopped."""
    person = people.block.people
    everybody = np.arange(len(person))
    gap = parameters.people.site_gap * (people.site == LOW_SITE)
    week = 7.0 * _DAY
    return pa.table(
        {
            "learner_id": place.learner_ids(everybody),
            "ability": small(people.ability - gap, 3),
            "pace": small(person["pace"], 3),
            "motivation": small(person["motivation"], 3),
            "joined_at": place.times(person["joins"] * week),
            "leaves_at": place.times(person["leaves"] * week),
            "dropped_out_at": place.times(np.where(record.gone >= 0, record.gone * week, np.nan)),
            "lags": pa.array(person["lags"]),
            "is_comparison": pa.array(people.is_comparison[people.team]),
            "over_confidence": small(people.bias, 3),
        }
    )


def truth_mastery_table(record: Record, months: Ints, place: Place, names: Names) -> pa.Table:
    """Return the true mastery, in [0, 1], of every learner and skill at the beginning of some months."""
    n, _, n_skills = record.mastery.shape
    shape = (n, len(months), n_skills)
    learner, month, skill = (axis.ravel() for axis in np.indices(shape))
    return pa.table(
        {
            "learner_id": place.learner_ids(learner),
            "month": pa.array(months[month], pa.int32()),
            "skill_id": taken(names.skills, skill),
            "mastery": small(record.mastery[:, months].ravel(), 2),
        }
    )
