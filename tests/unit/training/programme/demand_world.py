"""A small made world of postings and people, and plain ways to work out what a report should say of it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recommender.blocks.standing import Standing
from recommender.domain.catalog import Catalog
from training.datasets.dataset import Dataset
from training.programme.programme import Programme

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SKILLS = pd.DataFrame(
    {
        "skill_id": ["data", "quality", "java", "sql", "coaching", "spare"],
        "name": ["Data", "Data quality", "Java", "SQL", "Coaching", "Spare"],
        "aliases": [["figures"], [], ["JVM"], ["structured query language"], ["mentoring"], []],
    }
)
IDS = list(SKILLS["skill_id"])
NAMES = [[name, *more] for name, more in zip(SKILLS["name"], SKILLS["aliases"], strict=True)]
ROLES = pd.DataFrame({"role_id": ["clerk", "coach"], "title": ["Clerk", "Coach"]})
PROFILES = pd.DataFrame(
    {
        "role_id": ["clerk", "clerk", "clerk", "coach", "coach"],
        "skill_id": ["sql", "data", "spare", "coaching", "data"],
        "required_mastery": [0.5, 0.4, 0.9, 0.8, 0.6],
        "importance": [0.8, np.nan, 0.2, 1.0, 0.0],
    }
)
WORDS = {
    "data": ["Data", "FIGURES"],
    "quality": ["data-quality", "Data quality"],
    "java": ["Java", "jvm"],
    "sql": ["SQL", "Structured Query Language"],
    "coaching": ["coaching", "mentoring"],
}


def postings_of(n: int, seed: int, *, days: int = 900, until: datetime = NOW) -> pd.DataFrame:
    """Some by list, some by text, some by both or neither; SQL is asked for ever more."""
    rng = np.random.default_rng(seed)
    ago = np.sort(rng.integers(0, days, n))[::-1]
    rows = []
    for at, back in enumerate(ago.tolist()):
        late = 1.0 - back / days
        chance = {"data": 0.5, "quality": 0.3, "java": 0.2, "sql": 0.1 + 0.7 * late, "coaching": 0.4}
        asked = [skill for skill, p in chance.items() if rng.random() < p]
        kind = rng.integers(4)
        listed = [s for s in asked if rng.random() < 0.7] if kind < 2 else []
        words = [str(rng.choice(WORDS[s])) for s in asked] if kind in (1, 2) else []
        text = f"Wanted: {', '.join(words)}. JavaScript, SQLite, metadata." if kind in (1, 2) else None
        rows.append(
            {
                "posting_id": f"p{at:04d}",
                "posted_at": pd.Timestamp(until) - pd.Timedelta(days=back, hours=1),
                "role_id": rng.choice(["clerk", "coach", None, "unheard-of"]),
                "text": text,
                "skill_ids": [*listed, *(["not-ours"] if at % 17 == 0 else [])],
            }
        )
    table = pd.DataFrame(rows)
    return table.astype({"posted_at": "datetime64[us, UTC]", "text": "str", "role_id": "str"})


def people_of(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """People of whom some are hired after `NOW`, and their mastery."""
    rng = np.random.default_rng(seed)
    hired = [pd.Timestamp(NOW) + pd.Timedelta(days=1 if i % 9 == 8 else -100) for i in range(n)]
    table = pd.DataFrame(
        {
            "learner_id": [f"l{i:03d}" for i in range(n)],
            "role_id": [["clerk", "coach", None][i % 3] for i in range(n)],
            "target_role_id": [["coach", None][i % 2] for i in range(n)],
            "hired_at": hired,
        }
    )
    return table, rng.random((n, len(IDS)))


def catalog() -> Catalog:
    tables = {"skills": SKILLS, "roles": ROLES, "role_skills": PROFILES}
    # Skills in another order than that of the dataset.
    tables["skills"] = SKILLS.iloc[::-1]
    return Catalog.from_tables(
        {name: pa.Table.from_pandas(t, preserve_index=False) for name, t in tables.items()}
    )


class Planted(Programme):
    """A programme whose people stand as they were told to; `mastery` in the order of `SKILLS`."""

    def __init__(
        self, tables: dict[str, pd.DataFrame], mastery: np.ndarray | None, now: datetime = NOW
    ) -> None:
        bundle: Any = None if mastery is None else SimpleNamespace(skills=object(), catalog=catalog())
        dataset = Dataset("made", Path(), tables, (), "f" * 64, True, False)
        super().__init__(dataset, now, bundle)
        self.mastery = mastery
        self.answered: np.ndarray | None = None
        """Whether each person answered on each skill; where it is None, those with mastery above a half."""

    def tables_of(self, name: str) -> pd.DataFrame:
        return self.dataset.tables[name]

    def standing(self, at: datetime | None = None) -> Standing:  # noqa: ARG002
        assert self.mastery is not None
        used = self.mastery[:, ::-1]
        answered = (used > 0.5 if self.answered is None else self.answered[:, ::-1]).astype(np.int32)
        return Standing(used, used, used, used, answered)


def world(
    n_postings: int = 160, n_people: int = 60, seed: int = 3, *, model: bool = True, **changed: Any
) -> Planted:
    learners, mastery = people_of(n_people, seed)
    tables = {
        "skills": SKILLS,
        "roles": ROLES,
        "role_skills": PROFILES,
        "learners": learners,
        "postings": postings_of(n_postings, seed),
    }
    return Planted(tables | changed, mastery if model else None)


def named_in(text: object) -> set[str]:
    """Skills that a text names: names are struck out of it, the longest first."""
    found: set[str] = set()
    if not isinstance(text, str):
        return found
    left = text.lower().replace("-", " ")
    by_length = sorted(
        ((name.lower(), IDS[at]) for at, names in enumerate(NAMES) for name in names),
        key=lambda pair: (-len(pair[0].split()), -len(pair[0])),
    )
    for name, skill in by_length:
        left, n = re.subn(rf"(?<!\w){re.escape(name)}(?!\w)", "#", left)
        if n:
            found.add(skill)
    return found


def asked_in(row: Any) -> set[str]:
    return named_in(row.text) | (set(row.skill_ids) & set(IDS))


def wilson(k: int, n: int) -> tuple[float, float]:
    z = 1.959963984540054
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def bar_of(person: Any, skill: str) -> float:
    role = person.target_role_id if isinstance(person.target_role_id, str) else person.role_id
    for row in PROFILES.itertuples():
        if row.role_id == role and row.skill_id == skill:
            return float(str(row.required_mastery))
    return 0.7


def holders(programme: Planted, skill: str) -> tuple[set[str], set[str]]:
    """Everybody who is here, and those at the level that their role asks for."""
    assert programme.mastery is not None
    here, has = set(), set()
    for at, person in enumerate(programme.learners.itertuples()):
        if person.hired_at > pd.Timestamp(programme.now):  # type: ignore[operator]
            continue
        here.add(str(person.learner_id))
        if programme.mastery[at, IDS.index(skill)] >= bar_of(person, skill):
            has.add(str(person.learner_id))
    return here, has


def crowded(groups: Sequence[set[str]], everybody: set[str]) -> bool:
    """Whether people can be told apart by some groups: one to four are in the same of them."""
    by_part: dict[tuple[bool, ...], int] = {}
    for person in everybody:
        key = tuple(person in group for group in groups)
        by_part[key] = by_part.get(key, 0) + 1
    return all(n >= 5 for n in by_part.values())
