"""Everybody's events as arrays sorted by learner: written once, memory-mapped by whoever scores a block."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.blocks.fold import BlockEvents
from recommender.blocks.learners import Places
from recommender.domain.catalog import Ragged
from recommender.embeddings.histories import Histories
from recommender.skills.columns import AttemptColumns, Lessons

_IDS = "learner_ids.arrow"
LESSON_COLUMNS = ("hours", "level", "at", "expires", "push", "declined")
"""Of `Lessons`, those that are told row by row."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LearnerColumns:
    """Learners in the order of their ids.

    Parameters
    ----------
    ids : Arrow array of strings, length n_learners
    languages : tuple of str
        What the positions in ``language`` mean.
    arrays : dict of str to array
        By learner, shape (n_learners,): ``role``, ``segment``, ``target``, ``language``, ``n_events``; shape
        (n_learners + 1,): where the rows of each begin, ``attempt_start``, ``lesson_start``,
        ``module_start``. By row what `BlockEvents` wants of attempts (``item``, ``passed``, ``score``,
        ``at``, ``seconds``), of lessons (``lesson_before`` and those of `LESSON_COLUMNS`) and of modules
        started (``module``, ``module_at``, ``module_done``); and where the skills of each begin and
        what they are, ``skill_start``, ``skill``, ``lesson_skill_start`` and ``lesson_skill``.
    """

    ids: pa.Array
    languages: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.ids)

    def write(self, folder: Path) -> None:
        """Write one file per array into an empty folder."""
        for name, array in self.arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        table = pa.table({"learner_id": self.ids}).replace_schema_metadata(
            {"languages": json.dumps(self.languages)}
        )
        with pa.OSFile(str(folder / _IDS), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)

    @classmethod
    def open(cls, folder: Path) -> LearnerColumns:
        """Open what `write` wrote; nothing is read before it is asked for."""
        with pa.ipc.open_file(pa.memory_map(str(folder / _IDS))) as file:
            table = file.read_all()
        languages = json.loads(table.schema.metadata[b"languages"])
        return cls(
            ids=table.column("learner_id").combine_chunks(),
            languages=tuple(languages),
            arrays={f.stem: np.load(f, mmap_mode="r", allow_pickle=False) for f in folder.glob("*.npy")},
        )

    def block(self, first: int, last: int) -> BlockEvents:
        """Copy the events of learners ``first:last`` out."""
        attempts, lessons, modules = (
            self._rows(f"{name}_start", first, last) for name in ("attempt", "lesson", "module")
        )
        places = {
            name: self._cut(name, slice(first, last)) for name in ("role", "segment", "target", "language")
        }
        begin = self._cut("module_start", slice(first, last + 1))
        return BlockEvents(
            places=Places(**places, languages=self.languages),
            n_events=self._cut("n_events", slice(first, last)),
            attempts=self._attempts(first, last, attempts, lessons),
            histories=Histories(
                start=begin - begin[0],
                modules=self._cut("module", modules),
                at=self._cut("module_at", modules),
                role=places["role"],
                segment=places["segment"],
            ),
            finished=self._cut("module_done", modules),
        )

    def _attempts(self, first: int, last: int, attempts: slice, lessons: slice) -> AttemptColumns:
        n = attempts.stop - attempts.start
        return AttemptColumns(
            learner=self._owners("attempt_start", first, last),
            item=self._cut("item", attempts),
            skills=self._skills("skill", attempts),
            module=np.full(n, -1, np.int32),
            passed=self._cut("passed", attempts),
            score=self._cut("score", attempts),
            at=self._cut("at", attempts),
            n_learners=last - first,
            lessons=Lessons(
                learner=self._owners("lesson_start", first, last),
                before=self._cut("lesson_before", lessons) - attempts.start,
                skills=self._skills("lesson_skill", lessons),
                **{name: self._cut(f"lesson_{name}", lessons) for name in LESSON_COLUMNS},
            ),
            seconds=self._cut("seconds", attempts),
        )

    def _rows(self, start: str, first: int, last: int) -> slice:
        begin = self.arrays[start]
        return slice(int(begin[first]), int(begin[last]))

    def _owners(self, start: str, first: int, last: int) -> Ints:
        return np.repeat(np.arange(last - first), np.diff(self.arrays[start][first : last + 1]))

    def _cut(self, name: str, rows: slice) -> NDArray[Any]:
        # Compiled code is made for plain arrays that may be written to, which a memory map is not.
        return np.array(self.arrays[name][rows])

    def _skills(self, name: str, rows: slice) -> Ragged:
        start = self._cut(f"{name}_start", slice(rows.start, rows.stop + 1))
        return Ragged(start - start[0], self._cut(name, slice(int(start[0]), int(start[-1]))))
