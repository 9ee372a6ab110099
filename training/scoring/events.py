"""From a dataset's tables to `LearnerColumns`, by the catalogue and the difficulty table of a bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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

EVENT_TABLES = ("attempts", "completions", "self_assessments", "credentials_earned")
_ATTEMPT, _COMPLETION, _SELF, _CREDENTIAL = range(len(EVENT_TABLES))
# Of an event without a time: before all others.
_NEVER = np.iinfo(np.int64).min

Ints = NDArray[np.int64]


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
        By kind of id, ``modules``, ``items``, ``skills`` and ``roles``; kinds of which all are known are not
        there.
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
    sequence = _Sequence.of(dataset, learners["learner_id"], now)
    unknown = _UnknownIds()
    unknown.look("roles", learners[["role_id", "target_role_id"]], catalog.roles.index)
    places = Places.of(
        catalog.roles,
        role_id=_texts(learners["role_id"]),
        target_role_id=_texts(learners["target_role_id"]),
        segment=_texts(learners["segment"]),
        language=_texts(learners["language"]),
    )
    skills = _SkillCodes(table)
    arrays = {
        **{name: getattr(places, name) for name in ("role", "segment", "target", "language")},
        "n_events": np.bincount(sequence.learner, minlength=len(learners)),
        **_attempts(sequence, table, skills, unknown),
        **_modules(sequence, catalog, unknown),
        **_lessons(sequence, table, skills),
    }
    unknown.skills(skills, sequence)
    return Read(
        columns=LearnerColumns(pa.array(learners["learner_id"], pa.string()), places.languages, arrays),
        late=sequence.late,
        unknown=unknown.found,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sequence:
    """All events in the order of learner, time and id: arrays of shape (n_events,), and their tables.

    `row` is the row in the table of the event's `kind`; `at` is in seconds, NaN without a time.
    """

    frames: Mapping[int, pd.DataFrame]
    n_learners: int
    learner: Ints
    kind: Ints
    row: Ints
    at: NDArray[np.float64]
    late: int

    @classmethod
    def of(cls, dataset: Dataset, ids: pd.Series[Any], now: datetime) -> _Sequence:
        index = pd.Index(ids)
        frames = {k: dataset.tables[name] for k, name in enumerate(EVENT_TABLES) if name in dataset.tables}
        learner, kind, row, micros = (
            np.concatenate([np.zeros(0, np.int64), *parts])
            for parts in (
                [index.get_indexer(pd.Index(f["learner_id"])) for f in frames.values()],
                [np.full(len(f), k) for k, f in frames.items()],
                [np.arange(len(f)) for f in frames.values()],
                [_micros(f["occurred_at"]) for f in frames.values()],
            )
        )
        event_ids = [f["event_id"] if "event_id" in f else pd.Series(dtype="str") for f in frames.values()]
        rank = pd.factorize(pd.concat(event_ids), sort=True)[0] if event_ids else np.zeros(0, np.int64)
        on_time = micros <= round(now.timestamp() * 1e6)
        order = np.lexsort((rank, micros, learner))
        order = order[on_time[order]]
        at = np.where(micros == _NEVER, np.nan, micros / 1e6)
        return cls(
            frames, len(ids), learner[order], kind[order], row[order], at[order], int((~on_time).sum())
        )

    def of_kind(self, kind: int) -> tuple[Ints, pd.DataFrame]:
        """Places of one kind of event, and their rows in this order."""
        place = np.flatnonzero(self.kind == kind)
        frame = self.frames.get(kind)
        return place, pd.DataFrame() if frame is None else frame.take(self.row[place])

    def start_of(self, place: Ints) -> Ints:
        """Where the rows of each learner begin among events at these places, (n_learners + 1,)."""
        return np.searchsorted(self.learner[place], np.arange(self.n_learners + 1)).astype(np.int64)


class _SkillCodes:
    """Numbers of skills: positions in the difficulty table, and for others numbers behind those."""

    def __init__(self, table: DifficultyTable) -> None:
        self.n_known = len(table.skill_ids)
        self._codes = dict(table.skill_index)

    def __call__(self, skill_id: str) -> int:
        return self._codes.setdefault(skill_id, len(self._codes))

    @property
    def others(self) -> list[str]:
        """Skills that the table lacks."""
        return list(self._codes)[self.n_known :]


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

    def skills(self, codes: _SkillCodes, sequence: _Sequence) -> None:
        others = set(codes.others)
        _, attempts = sequence.of_kind(_ATTEMPT)
        _, assessed = sequence.of_kind(_SELF)
        rows = sum(not others.isdisjoint(row) for row in attempts.get("skill_ids", ()))
        rows += int(assessed["skill_id"].isin(others).sum()) if len(assessed) else 0
        self._add("skills", codes.others, rows)


def _attempts(
    sequence: _Sequence, table: DifficultyTable, skills: _SkillCodes, unknown: _UnknownIds
) -> dict[str, NDArray[Any]]:
    place, frame = sequence.of_kind(_ATTEMPT)
    start = sequence.start_of(place)
    if frame.empty:
        nothing = np.zeros(0)
        return {
            "attempt_start": start,
            "item": np.zeros(0, np.int32),
            **dict.fromkeys(("passed", "score", "at"), nothing),
            "skill_start": np.zeros(1, np.int64),
            "skill": np.zeros(0, np.int32),
        }
    unknown.look("items", frame[["item_id"]], table.item_ids)
    unknown.look("modules", frame[["module_id"]], table.module_ids)
    item, module = (
        _positions(frame["item_id"], table.item_ids),
        _positions(frame["module_id"], table.module_ids),
    )
    found = _attempt_skills(frame["skill_ids"].tolist(), item, module, table, skills)
    return {
        "attempt_start": start,
        "item": item.astype(np.int32),
        "passed": frame["passed"].to_numpy(np.float64),
        "score": frame["score"].to_numpy(np.float64),
        "at": sequence.at[place],
        "skill_start": found.start,
        "skill": found.values,
    }


def _attempt_skills(
    lists: list[list[str]], item: Ints, module: Ints, table: DifficultyTable, skills: _SkillCodes
) -> Ragged:
    """Skills each attempt counts for: those it names, else the item's, else the module's."""
    # Equal lists are mostly one object, so few are looked at.
    objects, which = np.unique(np.fromiter(map(id, lists), np.int64, len(lists)), return_inverse=True)
    of_object = {id(names): names for names in lists}
    named = Ragged.of([[skills(s) for s in dict.fromkeys(of_object[o])] for o in objects.tolist()])
    sources = _stacked(named, table.item_skills, table.module_skills, Ragged.of([[]]))
    lengths = np.diff(sources.start)
    none = len(lengths) - 1
    of_item = np.where(item >= 0, len(named) + item, none)
    of_module = np.where(module >= 0, len(named) + len(table.item_skills) + module, none)
    choice = np.where(lengths[of_item] > 0, of_item, of_module)
    return _taken(sources, np.where(lengths[which] > 0, which, choice))


def _modules(sequence: _Sequence, catalog: Catalog, unknown: _UnknownIds) -> dict[str, NDArray[Any]]:
    """First starts of modules of the catalogue, and whether they were ever finished."""
    place, frame = sequence.of_kind(_COMPLETION)
    module, done = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    if len(frame):
        unknown.look("modules", frame[["module_id"]], catalog.module_ids)
        module, done = _positions(frame["module_id"], catalog.module_ids), _is_done(frame)
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


def _lessons(sequence: _Sequence, table: DifficultyTable, skills: _SkillCodes) -> dict[str, NDArray[Any]]:
    """Modules finished for the first time, and self-assessments, with the attempt that each comes before."""
    done_at, module = _first_finished(sequence, table)
    said_at, said = sequence.of_kind(_SELF)
    skill = [skills(name) for name in said["skill_id"].tolist()] if len(said) else []
    level = said["level"].to_numpy(np.float64) if len(said) else np.zeros(0)
    place = np.concatenate([done_at, said_at])
    order = np.argsort(place, kind="stable")
    sources = _stacked(table.module_skills, Ragged.of([[s] for s in skill]))
    source = np.concatenate([module, len(table.module_skills) + np.arange(len(skill))])[order]
    hours = np.concatenate([table.module_hours[module], np.zeros(len(skill))])[order]
    level, place = np.concatenate([np.full(len(module), np.nan), level])[order], place[order]
    n_before = np.cumsum(sequence.kind == _ATTEMPT)
    taught = _taken(sources, source)
    return {
        "lesson_start": sequence.start_of(place),
        "lesson_before": n_before[place].astype(np.int64),
        "lesson_hours": hours,
        "lesson_level": level,
        "lesson_at": sequence.at[place],
        "lesson_skill_start": taught.start,
        "lesson_skill": taught.values,
    }


def _first_finished(sequence: _Sequence, table: DifficultyTable) -> tuple[Ints, Ints]:
    """Places of the events that finish a module of the table for the first time, and those modules."""
    place, frame = sequence.of_kind(_COMPLETION)
    if frame.empty:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    module = _positions(frame["module_id"], table.module_ids)
    teaches = (module >= 0) & _is_done(frame)
    place, module = place[teaches], module[teaches]
    key = sequence.learner[place] * max(len(table.module_ids), 1) + module
    first = np.sort(np.unique(key, return_index=True)[1])
    return place[first], module[first]


def _is_done(frame: pd.DataFrame) -> NDArray[np.bool_]:
    return np.asarray(frame["status"] == "completed", np.bool_)


def _positions(values: pd.Series[Any], ids: Sequence[str]) -> Ints:
    return pd.Index(list(ids), dtype="str").get_indexer(pd.Index(values)).astype(np.int64)


def _texts(column: pd.Series[Any]) -> list[str | None]:
    return [None if pd.isna(value) else value for value in column.tolist()]


def _micros(times: pd.Series[Any]) -> Ints:
    numbers = times.dt.as_unit("us").astype("int64").to_numpy()
    return np.where(times.isna(), _NEVER, numbers)


def _stacked(*parts: Ragged) -> Ragged:
    """Rows of several, behind each other."""
    lengths = np.concatenate([np.diff(part.start) for part in parts])
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return Ragged(start, np.concatenate([part.values for part in parts]).astype(np.int32))


def _taken(rows: Ragged, which: Ints) -> Ragged:
    """Rows in another order, perhaps one several times."""
    lengths = np.diff(rows.start)[which]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    entries = np.arange(start[-1]) + np.repeat(rows.start[which] - start[:-1], lengths)
    return Ragged(start, rows.values[entries])
