"""A made organisation whose mastery anybody can count by hand: of n answers k passed is (1 + k) / (2 + n)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recommender.blocks.standing import Standing
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from training.datasets.dataset import Dataset
from training.programme.programme import Programme

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = datetime(2024, 1, 10, tzinfo=UTC)
SKILLS = ("a", "b", "c", "d")
# Requirement and importance, by role.
PROFILES = {
    "analyst": {"a": (0.8, 1.0), "b": (0.6, 0.5)},
    "engineer": {"b": (0.7, 0.75), "c": (0.9, 0.25)},
    "clerk": {"a": (0.5, 0.5), "d": (0.75, 1.0)},
}
TITLES = {"analyst": "Analyst", "engineer": "Engineer", "clerk": "Clerk", "guest": "Guest"}
SEGMENT = {"analyst": "builder", "engineer": "builder", "clerk": "user", "guest": None}


def catalog() -> Catalog:
    roles = [(role, TITLES[role], SEGMENT[role]) for role in TITLES]
    asked = [(r, s, *figures) for r, its in PROFILES.items() for s, figures in its.items()]
    tables = {
        "skills": pd.DataFrame({"skill_id": SKILLS, "name": [f"Skill {s.upper()}" for s in SKILLS]}),
        "roles": pd.DataFrame(roles, columns=["role_id", "title", "segment"]),
        "role_skills": pd.DataFrame(asked, columns=["role_id", "skill_id", "required_mastery", "importance"]),
    }
    return Catalog.from_tables({name: pa.Table.from_pandas(frame) for name, frame in tables.items()})


class Counted(Programme):
    """Reads mastery by counting answers up to a moment."""

    def standing(self, at: datetime | None = None) -> Standing:
        moment = self.now if at is None else min(at, self.now)
        passes, n = np.zeros((2, len(self.learners), len(SKILLS)))
        rows = self.dataset.tables["attempts"]
        rows = rows[rows["occurred_at"] <= pd.Timestamp(moment)]
        place = self.position(rows["learner_id"]), [SKILLS.index(s) for s in rows["item_id"]]
        np.add.at(n, place, 1.0)
        np.add.at(passes, place, rows["passed"].to_numpy(np.float64))
        used = (1.0 + passes) / (2.0 + n)
        return Standing(np.where(n > 0, used, np.nan), used, used, used, n.astype(np.int32))


def person(i: int, **given: Any) -> dict[str, Any]:
    """Return a row of learners."""
    blank = dict.fromkeys(("role_id", "target_role_id", "team_id", "segment", "language"))
    return {"learner_id": f"person-{i:03d}", **blank, "hired_at": pd.NaT} | given


def answers(learner_id: str, skill: str, at: datetime, *passed: bool) -> list[dict[str, Any]]:
    """Return rows of attempts, a minute apart."""
    minute = pd.Timedelta(minutes=1)
    return [
        {
            "learner_id": learner_id,
            "item_id": skill,
            "passed": did,
            "occurred_at": pd.Timestamp(at) + i * minute,
        }
        for i, did in enumerate(passed)
    ]


def programme(
    people: list[dict[str, Any]],
    attempts: list[dict[str, Any]],
    now: datetime = NOW,
    *,
    has_clock: bool = True,
    skills: Any = True,
    of: Catalog | None = None,
) -> Counted:
    """Put a programme together."""
    columns = ["learner_id", "item_id", "passed", "occurred_at"]
    frame = pd.DataFrame(attempts, columns=columns).astype({"occurred_at": "datetime64[us, UTC]"})
    learners = pd.DataFrame(people)
    learners["hired_at"] = pd.to_datetime(learners["hired_at"], utc=True)
    tables = {"learners": learners, "attempts": frame}
    dataset = Dataset("made", Path(), tables, (), "0" * 64, has_clock, False)
    return Counted(dataset, now, ModelBundle(of or catalog(), Any, skills, {}, Any))  # type: ignore[arg-type]


def random_world(
    seed: int, n: int, n_teams: int = 3, *, n_roles: int = len(TITLES) + 1, **given: Any
) -> Counted:
    """Return people of the first roles, any team and segment, who came and answered at any time."""
    rng = np.random.default_rng(seed)
    roles = np.array([*TITLES, None], object)[:n_roles]
    shares = rng.dirichlet([3.0, 2.0, 2.0, 0.3, 0.3][:n_roles])
    team_shares = rng.dirichlet(np.ones(n_teams + 1))
    people, attempts = [], answers("person-000", "a", FIRST, True)
    for i in range(n):
        target = rng.choice(roles) if rng.random() < 0.3 else None
        team = rng.choice([*(f"t{k}" for k in range(n_teams)), None], p=team_shares)
        segment = rng.choice(["user", "leader", None], p=[0.3, 0.1, 0.6])
        row = person(
            i, role_id=rng.choice(roles, p=shares), target_role_id=target, team_id=team, segment=segment
        )
        people.append(row)
        since = pd.Timestamp(FIRST) + pd.Timedelta(days=float(rng.choice([5, 5, 5, 300, 500, 650])))
        for skill in SKILLS:
            for later in (0, 120, 420):
                did = rng.random(int(rng.integers(1, 4))) < 0.4 + later / 1_000
                attempts += answers(row["learner_id"], skill, since + pd.Timedelta(days=later), *did)
    return programme(people, attempts, **given)
