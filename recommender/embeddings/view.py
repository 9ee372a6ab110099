"""What a view is given and what it must do."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Histories, Interactions

Scores: TypeAlias = NDArray[np.float32]
Arrays: TypeAlias = dict[str, NDArray[np.generic]]


@runtime_checkable
class View(Protocol):
    """Scores every module of the catalogue for a block of histories; one learner is a block of one.

    `score` returns float32 (n_histories, n_modules), larger is better and never negative; a module the view
    knows nothing of is NaN, and a whole row is NaN when the view has no opinion on that history. To the last
    bit a row depends on its history alone: not on who else is in the block, and never on a stored learner.
    `arrays` and `from_arrays` are the view on disk: plain arrays, exact round trip. `kind` names the class in
    configurations and bundles, where several views of one kind go by names of their own. One that is
    `of_catalog_only` learns nothing from starts: fitted once, it serves for every part of the data.
    """

    kind: ClassVar[str]
    reason: ClassVar[ReasonCode]
    of_catalog_only: ClassVar[bool]

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

    def score(self, histories: Histories) -> Scores:
        """Score every module for every history; raises `NotFittedError` before `fit`."""
        ...

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        ...

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make the view of a changed catalogue, without fitting again: a module that is new to it is NaN.

        One that is `of_catalog_only` reads the changed catalogue.
        """
        ...

    @classmethod
    def from_arrays(cls, config: Any, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps."""
        ...
