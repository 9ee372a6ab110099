"""People on their way to another role, as a dataset tells of them: whom the demo may show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from serving.dataset_reader import SourceTable, read_tables
from serving.history_rows import EVENT_TABLES

Row: TypeAlias = Mapping[str, Any]

MOST_TRIED: Final = 10
_FEWEST_COMPLETED: Final = 5
# Of fewer people no figure is told.
_FEWEST_IN_TEAM: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on the way to a role of another kind.

    Parameters
    ----------
    weekly_minutes : float
        Time for learning.
    n_completed : int
        Modules finished.
    """

    learner_id: str
    role_id: str
    target_role_id: str
    team_id: str | None
    weekly_minutes: float
    n_completed: int


class Organisation:
    """Roles, what they ask, and who wants to change theirs.

    Parameters
    ----------
    tables : mapping of str to SourceTable
        Those of `TABLES` that the dataset has.
    """

    TABLES: Final = ("learners", "roles", "role_skills", "role_transitions", "skills", "completions")

    def __init__(self, tables: Mapping[str, SourceTable]) -> None:
        self._tables = tables
        self._people: list[Row] = list(self._rows("learners"))
        self._titles = {row["role_id"]: row["title"] for row in self._rows("roles")}
        self._names = {row["skill_id"]: row["name"] for row in self._rows("skills")}
        self._required: dict[str, dict[str, float]] = {}
        for row in self._rows("role_skills"):
            self._required.setdefault(row["role_id"], {})[row["skill_id"]] = row["required_mastery"]

    @property
    def n_people(self) -> int:
        """How many people the dataset has."""
        return len(self._people)

    def movers(self) -> list[Person]:
        """People with a target role of another kind of work, who finished something last first.

        At most `MOST_TRIED`, each with known time for learning and at least five modules finished.
        """
        ways = {
            (row["from_role_id"], row["to_role_id"])
            for row in self._rows("role_transitions")
            if row.get("kind") == "reskill" and row["to_role_id"] in self._required
        }
        if not ways:
            return []
        finished, latest = self._finished()
        able = [
            _person(row, finished[row["learner_id"]])
            for row in self._people
            if (row.get("role_id"), row.get("target_role_id")) in ways
            and row.get("weekly_minutes")
            and finished[row["learner_id"]] >= _FEWEST_COMPLETED
        ]
        able.sort(key=lambda person: person.learner_id)
        able.sort(key=lambda person: latest[person.learner_id], reverse=True)
        return able[:MOST_TRIED]

    def title(self, role_id: str) -> str:
        """Title of a role."""
        return str(self._titles.get(role_id, role_id))

    def skill_name(self, skill_id: str) -> str:
        """Name of a skill."""
        return str(self._names.get(skill_id, skill_id))

    def required(self, role_id: str) -> Mapping[str, float]:
        """Mastery that a role asks, by skill id."""
        return self._required.get(role_id, {})

    def team_minutes(self, team_id: str | None) -> float | None:
        """Median time for learning a week in a team, minutes; None where fewer than five say theirs."""
        known = [
            row["weekly_minutes"]
            for row in self._people
            if team_id is not None and row.get("team_id") == team_id and "weekly_minutes" in row
        ]
        return median(known) if len(known) >= _FEWEST_IN_TEAM else None

    def _finished(self) -> tuple[Counter[str], dict[str, str]]:
        """Return how many modules each learner finished, and when the last one, as text that sorts."""
        counts: Counter[str] = Counter()
        latest: dict[str, str] = {}
        for row in self._rows("completions"):
            if row.get("status", "completed") == "completed":
                learner_id, at = row["learner_id"], str(row.get("occurred_at", ""))
                counts[learner_id] += 1
                latest[learner_id] = max(at, latest.get(learner_id, ""))
        return counts, latest

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        return self._tables[name].rows() if name in self._tables else iter(())


def write_histories(directory: Path, people: Sequence[Person], out: Path) -> Path:
    """Write the part of a dataset that is about these people, as a dataset; return where.

    Parameters
    ----------
    directory : Path
        The dataset.
    people : sequence of Person
    out : Path
        Directory to make.

    Raises
    ------
    DatasetError
        If a table cannot be read.
    """
    out.mkdir()
    kept = pa.array([person.learner_id for person in people], pa.string())
    for name, table in read_tables(directory, ("learners", *EVENT_TABLES)).items():
        theirs = pc.is_in(table.data["learner_id"].cast(pa.string()), kept)
        # A file's metadata goes with it: simulated people stay known as such.
        pa.parquet.write_table(table.data.filter(theirs), out / f"{name}.parquet")
    return out


def _person(row: Row, n_completed: int) -> Person:
    return Person(
        learner_id=row["learner_id"],
        role_id=row["role_id"],
        target_role_id=row["target_role_id"],
        team_id=row.get("team_id"),
        weekly_minutes=row["weekly_minutes"],
        n_completed=n_completed,
    )
