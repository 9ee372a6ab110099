"""From a dataset's tables to `LearnerColumns`, by the catalogue and the difficulty table of a bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recommender.blocks.learners import Places
from recommender.domain.catalog import Catalog, Ragged
from recommender.errors import DatasetError
from recommender.skills.difficulty import DifficultyTable
from training.datasets.dataset import Dataset
from training.scoring.columns import LearnerColumns
from training.scoring.lessons import lessons_of
from training.scoring.sequence import (
    ATTEMPT,
    COMPLETION,
    EVENT_TABLES,
    SELF,
    EventSequence,
    Ints,
    SkillCodes,
    is_done,
    numbers,
    positions,
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Ids of one kind that the catalogue lacks.

    Parameters
    ----------
    ids : int
        How many different ones.
    rows : int
        Rows of the dataset that name one: completions and attempts for modules, learners for roles.
    example : str
    """

    ids: int
    rows: int
    example: str


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of a dataset.

    Parameters
    ----------
    columns : LearnerColumns
    late : int
        Events after `now`, left out.
    unknown : dict of str to Unknown
        By kind of id, ``modules``, ``items``, ``skills``, ``roles`` and ``recommendations``, of which the
        dataset does not say whose they were; kinds of which all are known are not there.
    """

    columns: LearnerColumns
    late: int
    unknown: Mapping[str, Unknown]


def last_event(dataset: Dataset) -> datetime | None:
    """Return the time of the newest event of a dataset; None where no event has a time."""
    frames = [dataset.tables[name] for name in EVENT_TABLES if name in dataset.tables]
    times = [time for frame in frames if not pd.isna(time := frame["occurred_at"].max())]
    return max(times).to_pydatetime().astimezone(UTC) if times else None


def read_events(dataset: Dataset, catalog: Catalog, table: DifficultyTable, now: datetime) -> Read:
    """Sort the events of everybody by learner, time and id, and look up what they name.

    Parameters
    ----------
    dataset : Dataset
        Loaded with the pass mark of `table`.
    catalog : Catalog
    table : DifficultyTable
        That of the bundle.
    now : datetime
        What happened later is left out and counted.

    Raises
    ------
    DatasetError
        There are no learners.
    """
    learners = dataset.tables.get("learners")
    if learners is None:
        raise DatasetError(
            f"dataset {dataset.path} has no learners, by a table or by events; add the table learners"
        )
    learners = learners.sort_values("learner_id", ignore_index=True)
    unknown = _UnknownIds()
    tables = {name: dataset.tables[name] for name in EVENT_TABLES if name in dataset.tables}
    if "feedback" in tables:
        tables["feedback"] = _attributed(tables["feedback"], dataset.tables.get("recommendations"), unknown)
    sequence = EventSequence.of(tables, learners["learner_id"], now)
    unknown.look("roles", learners[["role_id", "target_role_id"]], catalog.roles.index)
    places = Places.of(
        catalog.roles,
        role_id=_texts(learners["role_id"]),
        target_role_id=_texts(learners["target_role_id"]),
        segment=_texts(learners["segment"]),
        language=_texts(learners["language"]),
    )
    skills = SkillCodes(table)
    arrays = {
        **{name: getattr(places, name) for name in ("role", "segment", "target", "language")},
        "n_events": np.bincount(sequence.learner, minlength=len(learners)),
        **_attempts(sequence, table, skills, unknown),
        **_modules(sequence, catalog, unknown),
        **lessons_of(sequence, table, skills),
    }
    unknown.skills(skills, sequence)
    return Read(
        columns=LearnerColumns(pa.array(learners["learner_id"], pa.string()), places.languages, arrays),
        late=sequence.late,
        unknown=unknown.found,
    )


class _UnknownIds:
    """Counts ids that a catalogue lacks."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[str, None]] = {}
        self._rows: Counter[str] = Counter()

    @property
    def found(self) -> dict[str, Unknown]:
        """What was lacked, by kind."""
        return {kind: Unknown(len(ids), self._rows[kind], next(iter(ids))) for kind, ids in self._ids.items()}

    def look(self, kind: str, named: pd.DataFrame, known: Iterable[str]) -> None:
        """Count the rows of which any column names an id that is not known."""
        lost = named.notna() & ~named.isin(list(known))
        ids = pd.unique(named.to_numpy()[lost.to_numpy()])
        self._add(kind, ids.tolist(), int(lost.any(axis=1).sum()))

    def _add(self, kind: str, ids: Iterable[str], rows: int) -> None:
        if rows:
            self._ids.setdefault(kind, {}).update(dict.fromkeys(map(str, ids)))
            self._rows[kind] += rows

    def skills(self, codes: SkillCodes, sequence: EventSequence) -> None:
        others = set(codes.others)
        _, attempts = sequence.of_kind(ATTEMPT)
        _, assessed = sequence.of_kind(SELF)
        rows = sum(not others.isdisjoint(row) for row in attempts.get("skill_ids", ()))
        rows += int(assessed["skill_id"].isin(others).sum()) if len(assessed) else 0
        self._add("skills", codes.others, rows)


def _attempts(
    sequence: EventSequence, table: DifficultyTable, skills: SkillCodes, unknown: _UnknownIds
) -> dict[str, NDArray[Any]]:
    place, frame = sequence.of_kind(ATTEMPT)
    start = sequence.start_of(place)
    if frame.empty:
        nothing = np.zeros(0)
        return {
            "attempt_start": start,
            "item": np.zeros(0, np.int32),
            **dict.fromkeys(("passed", "score", "at", "seconds"), nothing),
            "skill_start": np.zeros(1, np.int64),
            "skill": np.zeros(0, np.int32),
        }
    unknown.look("items", frame[["item_id"]], table.item_ids)
    unknown.look("modules", frame[["module_id"]], table.module_ids)
    item, module = (
        positions(frame["item_id"], table.item_ids),
        positions(frame["module_id"], table.module_ids),
    )
    found = _attempt_skills(frame["skill_ids"].tolist(), item, module, table, skills)
    return {
        "attempt_start": start,
        "item": item.astype(np.int32),
        "passed": frame["passed"].to_numpy(np.float64),
        "score": frame["score"].to_numpy(np.float64),
        "at": sequence.at[place],
        "seconds": numbers(frame, "duration_seconds"),
        "skill_start": found.start,
        "skill": found.values,
    }


def _attempt_skills(
    lists: list[list[str]], item: Ints, module: Ints, table: DifficultyTable, skills: SkillCodes
) -> Ragged:
    """Skills each attempt counts for: those it names, else the item's, else the module's."""
    # Equal lists are mostly one object, so few are looked at.
    objects, which = np.unique(np.fromiter(map(id, lists), np.int64, len(lists)), return_inverse=True)
    of_object = {id(names): names for names in lists}
    named = Ragged.of([[skills(s) for s in dict.fromkeys(of_object[o])] for o in objects.tolist()])
    sources = Ragged.stacked(named, table.item_skills, table.module_skills, Ragged.of([[]]))
    lengths = np.diff(sources.start)
    none = len(lengths) - 1
    of_item = np.where(item >= 0, len(named) + item, none)
    of_module = np.where(module >= 0, len(named) + len(table.item_skills) + module, none)
    choice = np.where(lengths[of_item] > 0, of_item, of_module)
    return sources.taken(np.where(lengths[which] > 0, which, choice))


def _modules(sequence: EventSequence, catalog: Catalog, unknown: _UnknownIds) -> dict[str, NDArray[Any]]:
    """First starts of modules of the catalogue, and whether they were ever finished."""
    place, frame = sequence.of_kind(COMPLETION)
    module, done = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    if len(frame):
        unknown.look("modules", frame[["module_id"]], catalog.module_ids)
        module, done = positions(frame["module_id"], catalog.module_ids), is_done(frame)
    known = module >= 0
    place, module, done = place[known], module[known], done[known]
    key = sequence.learner[place] * max(catalog.n_modules, 1) + module
    first, which = np.unique(key, return_index=True, return_inverse=True)[1:]
    finished = np.bincount(which, done, minlength=len(first)) > 0
    order = np.argsort(first)
    place, module = place[first[order]], module[first[order]]
    return {
        "module_start": sequence.start_of(place),
        "module": module.astype(np.int32),
        "module_at": sequence.at[place],
        "module_done": finished[order],
    }


def _texts(column: pd.Series[Any]) -> list[str | None]:
    return [None if pd.isna(value) else value for value in column.tolist()]


def _attributed(
    feedback: pd.DataFrame, recommendations: pd.DataFrame | None, unknown: _UnknownIds
) -> pd.DataFrame:
    """Give feedback its recommendation's learner; one that is not there is counted."""
    made = pd.DataFrame({"recommendation_id": [], "learner_id": []}, dtype="str")
    if recommendations is not None:
        made = recommendations[["recommendation_id", "learner_id"]].drop_duplicates("recommendation_id")
    unknown.look("recommendations", feedback[["recommendation_id"]], made["recommendation_id"])
    learner = feedback["recommendation_id"].map(made.set_index("recommendation_id")["learner_id"])
    return feedback.assign(learner_id=learner)[learner.notna()].reset_index(drop=True)
