"""What a view is given and what it must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import ReasonCode

Scores: TypeAlias = NDArray[np.float32]
Arrays: TypeAlias = dict[str, NDArray[np.generic]]


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
    """

    modules: NDArray[np.int32]
    at: NDArray[np.float64]
    role: int = -1
    segment: int = -1

    @classmethod
    def empty(cls, role: int = -1, segment: int = -1) -> History:
        """Return the history of somebody who has started nothing."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float64), role, segment)


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
        # Every view is fitted on the same arrays: one that sorted them in place would change all others.
        for name in ("start", "modules", "at", "role", "segment"):
            shared = getattr(self, name).view()
            shared.setflags(write=False)
            object.__setattr__(self, name, shared)

    @property
    def n_learners(self) -> int:
        """Number of learners, also those without a row."""
        return len(self.start) - 1

    def learners(self) -> NDArray[np.int32]:
        """Learner of every row, shape (n_interactions,)."""
        return np.repeat(np.arange(self.n_learners, dtype=np.int32), np.diff(self.start))

    def history(self, learner: int) -> History:
        """Everything one learner has started."""
        rows = slice(int(self.start[learner]), int(self.start[learner + 1]))
        return History(self.modules[rows], self.at[rows], int(self.role[learner]), int(self.segment[learner]))

    def keep(self, mask: NDArray[np.bool_]) -> Interactions:
        """Only the rows where `mask` (n_interactions,) holds; every learner stays, perhaps without rows."""
        counts = np.bincount(self.learners()[mask], minlength=self.n_learners)
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return Interactions(start, self.modules[mask], self.at[mask], self.role, self.segment, self.n_modules)


@runtime_checkable
class View(Protocol):
    """Scores every module of the catalogue for one history.

    `score` returns float32 (n_modules,), larger is better and never negative; a module the view knows nothing
    of is NaN, and all are NaN when the view has no opinion on this history. It reads only the history given:
    never a stored learner. `arrays` and `from_arrays` are the view on disk: plain arrays, exact round trip.
    """

    name: ClassVar[str]
    reason: ClassVar[ReasonCode]

    def __init__(self, config: Any = None) -> None:
        """Keep `config`, an instance of `config_class()`; None means its defaults."""
        ...

    @property
    def config(self) -> BaseModel:
        """Hyperparameters, as given."""
        ...

    @classmethod
    def config_class(cls) -> type[BaseModel]:
        """Class of `config`, where every hyperparameter is spelled once."""
        ...

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:
        """Learn from first starts; nothing else is learned from."""
        ...

    def score(self, history: History) -> Scores:
        """Score every module; raises `NotFittedError` before `fit`."""
        ...

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        ...

    @classmethod
    def from_arrays(cls, config: Any, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps."""
        ...
