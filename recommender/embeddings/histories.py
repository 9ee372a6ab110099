"""What learners have started, one learner or many: the only thing that views learn from and fold in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Modules one learner has started, in the order of their first start, oldest first.

    Parameters
    ----------
    modules : int32 array, shape (n_started,)
        Positions in the catalogue, each at most once.
    at : float64 array, shape (n_started,)
        Time of the first start, seconds since 1970 UTC; NaN without clock.
    role, segment : int
        Positions in the catalogue's roles and in `SEGMENTS`; -1 when unknown.
    asked_at : float
        Moment of the question, seconds since 1970 UTC; NaN for none, as of a learner amid the data.
    """

    modules: NDArray[np.int32]
    at: NDArray[np.float64]
    role: int = -1
    segment: int = -1
    asked_at: float = math.nan

    @classmethod
    def empty(cls, role: int = -1, segment: int = -1, asked_at: float = math.nan) -> History:
        """Return the history of somebody who has started nothing."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float64), role, segment, asked_at)


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """A block of histories, back to back and read-only: history `i` is rows ``start[i]:start[i + 1]``.

    Parameters
    ----------
    start : int64 array, shape (n_histories + 1,)
    modules : int32 array, shape (n_rows,)
    at : float64 array, shape (n_rows,)
    role, segment : int32 arrays, shape (n_histories,)
        Each as in `History`.
    """

    start: NDArray[np.int64]
    modules: NDArray[np.int32]
    at: NDArray[np.float64]
    role: NDArray[np.int32]
    segment: NDArray[np.int32]

    def __post_init__(self) -> None:
        _lock(self)

    @classmethod
    def of(cls, *histories: History) -> Histories:
        """Put histories behind each other.

        >>> Histories.of(History.empty(), History(np.array([4], np.int32), np.zeros(1))).start.tolist()
        [0, 0, 1]
        """
        if len(histories) == 1:
            modules, at = histories[0].modules, histories[0].at
        else:
            modules = np.concatenate([np.zeros(0, np.int32), *(h.modules for h in histories)])
            at = np.concatenate([np.zeros(0), *(h.at for h in histories)])
        return cls(
            start=np.array([0, *accumulate(len(h.modules) for h in histories)], np.int64),
            modules=modules,
            at=at,
            role=np.array([h.role for h in histories], np.int32),
            segment=np.array([h.segment for h in histories], np.int32),
        )

    @classmethod
    def joined(cls, blocks: Sequence[Histories]) -> Histories:
        """Put blocks of histories behind each other."""
        counts = np.concatenate([np.diff(block.start) for block in blocks])
        return cls(
            start=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
            modules=np.concatenate([block.modules for block in blocks]),
            at=np.concatenate([block.at for block in blocks]),
            role=np.concatenate([block.role for block in blocks]),
            segment=np.concatenate([block.segment for block in blocks]),
        )

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, i: int) -> History:
        rows = slice(int(self.start[i]), int(self.start[i + 1]))
        return History(self.modules[rows], self.at[rows], int(self.role[i]), int(self.segment[i]))

    def __iter__(self) -> Iterator[History]:
        return (self[i] for i in range(len(self)))

    def rows(self) -> NDArray[np.int64]:
        """History of every row, shape (n_rows,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def take(self, first: int, last: int) -> Histories:
        """Histories ``first:last``, without a copy of their rows."""
        rows = slice(int(self.start[first]), int(self.start[last]))
        start = self.start[first : last + 1] - self.start[first]
        return Histories(
            start, self.modules[rows], self.at[rows], self.role[first:last], self.segment[first:last]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """First starts, read-only: learner `i` holds rows ``start[i]:start[i + 1]``, oldest first.

    Parameters
    ----------
    start : int64 array, shape (n_learners + 1,)
    modules : int32 array, shape (n_interactions,)
    at : float64 array, shape (n_interactions,)
        Seconds since 1970 UTC; NaN without clock.
    role, segment : int32 arrays, shape (n_learners,)
        As in `History`.
    n_modules : int
    """

    start: NDArray[np.int64]
    modules: NDArray[np.int32]
    at: NDArray[np.float64]
    role: NDArray[np.int32]
    segment: NDArray[np.int32]
    n_modules: int

    def __post_init__(self) -> None:
        _lock(self)

    @property
    def n_learners(self) -> int:
        """Number of learners, also those without a row."""
        return len(self.start) - 1

    def learners(self) -> NDArray[np.int32]:
        """Learner of every row, shape (n_interactions,)."""
        return np.repeat(np.arange(self.n_learners, dtype=np.int32), np.diff(self.start))

    def positions(self) -> NDArray[np.int64]:
        """How many starts of its learner come before each row, (n_interactions,)."""
        return np.arange(len(self.modules)) - np.repeat(self.start[:-1], np.diff(self.start))

    def at_new_time(self) -> NDArray[np.bool_]:
        """Whether each row is its learner's first at its time, (n_interactions,); without clock every one."""
        first = np.ones(len(self.modules), np.bool_)
        first[1:] = self.at[1:] != self.at[:-1]
        first[self.start[:-1][np.diff(self.start) > 0]] = True
        return first

    def history(self, learner: int) -> History:
        """Everything one learner has started."""
        rows = slice(int(self.start[learner]), int(self.start[learner + 1]))
        return History(self.modules[rows], self.at[rows], int(self.role[learner]), int(self.segment[learner]))

    def known(self, learner: NDArray[np.integer[Any]], n_known: NDArray[np.integer[Any]]) -> Histories:
        """Return the first starts of some learners, perhaps of one several times.

        Parameters
        ----------
        learner, n_known : int arrays, shape (n_histories,)
            Position of each learner, and how many of their first starts are known.
        """
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_known, dtype=np.int64)])
        rows = np.arange(start[-1]) + np.repeat(self.start[learner] - start[:-1], n_known)
        return Histories(start, self.modules[rows], self.at[rows], self.role[learner], self.segment[learner])

    def keep(self, mask: NDArray[np.bool_]) -> Interactions:
        """Only the rows where `mask` (n_interactions,) holds; every learner stays, perhaps without rows."""
        counts = np.bincount(self.learners()[mask], minlength=self.n_learners)
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return Interactions(start, self.modules[mask], self.at[mask], self.role, self.segment, self.n_modules)


def _lock(shared: Histories | Interactions) -> None:
    """Make all arrays read-only: a view that sorted them in place would change what the others see."""
    for name in ("start", "modules", "at", "role", "segment"):
        array = getattr(shared, name)
        if array.flags.writeable:
            array = array.view()
            array.setflags(write=False)
            object.__setattr__(shared, name, array)
