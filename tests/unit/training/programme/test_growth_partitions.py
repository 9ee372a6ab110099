"""Cohorts are seasons in order, and groups have the names that people know them by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme.growth_worlds import START, programme
from training.programme.growth_partitions import partition
from training.programme.growth_sittings import first_answers


def began_on(*days: str) -> tuple[dict[str, list[bool]], int]:
    rows = pd.DataFrame(
        {
            "learner_id": [f"p{at:05}" for at in range(len(days))],
            "item_id": "i",
            "passed": True,
            "occurred_at": [pd.Timestamp(day, tz="UTC") for day in days],
        }
    )
    again = rows.assign(occurred_at=rows["occurred_at"] + pd.Timedelta(days=100))
    made = programme(pd.concat([again, rows]), now=pd.Timestamp("2030-01-01", tz="UTC").to_pydatetime())
    began = first_answers(made)
    assert began is not None
    return {name: group.tolist() for name, group in partition(made, "cohort", began).items()}, len(days)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2023-12-01", "2024-02-29 23:59:59", "winter 2023/24"),
        ("2024-03-01", "2024-05-31 23:59:59", "spring 2024"),
        ("2024-06-01", "2024-08-31", "summer 2024"),
        ("2024-09-01", "2024-11-30", "autumn 2024"),
        ("1999-12-31", "2000-01-01", "winter 1999/00"),
    ],
)
def test_a_cohort_is_a_season(first: str, last: str, name: str) -> None:
    assert began_on(first, last) == ({name: [True, True]}, 2)


def test_cohorts_are_in_order_of_time() -> None:
    names, _ = began_on("2024-12-05", "2023-10-01", "2024-03-02", "2024-02-01")
    assert list(names) == ["autumn 2023", "winter 2023/24", "spring 2024", "winter 2024/25"]


def test_roles_and_segments_are_those_of_people() -> None:
    rows = pd.DataFrame(
        {"learner_id": list("abcd"), "item_id": "i", "passed": True, "occurred_at": pd.Timestamp(START)}
    )
    learners = pd.DataFrame(
        {
            "learner_id": list("abcd"),
            "role_id": pd.array(["r1", "r2", "r3", None], dtype="str"),
            "segment": pd.array(["builder", None, "user", "leader"], dtype="str"),
        }
    )
    roles = pd.DataFrame({"role_id": ["r1", "r2"], "title": ["Clerk", "Clerk"], "segment": [None, "user"]})
    made = programme(rows, learners, more={"roles": roles})
    began = first_answers(made)
    assert began is not None
    found = {name: np.flatnonzero(group).tolist() for name, group in partition(made, "role", began).items()}
    assert found == {"Clerk (r1)": [0], "Clerk (r2)": [1], "r3": [2]}
    found = {
        name: np.flatnonzero(group).tolist() for name, group in partition(made, "segment", began).items()
    }
    assert found == {"user": [1, 2], "builder": [0], "leader": [3]}
