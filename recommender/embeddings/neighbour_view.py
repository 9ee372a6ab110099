"""What the views share that hold one row of neighbours for each module; they differ in how they fit it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog_change import CatalogChange, positions_of
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Histories
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import Arrays, Scores
from recommender.errors import NotFittedError

Wording: TypeAlias = Literal["", "alike", "builds_on"]


class NeighbourConfig(BaseModel):
    """Hyperparameters of every `NeighbourView`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    window: int = Field(50, ge=1, le=1000, description="How many of the last started modules are looked at.")
    recency: float = Field(0.7, gt=0, le=1, description="Weight of a module per step back in the history.")
    n_neighbours: int = Field(100, ge=1, description="Neighbours kept per module, the strongest.")


class NeighbourView:
    """A fitted view over `Neighbours`: everything but `fit`, its configuration and its names.

    `wording` picks among the sentences of its reason the one that is true of what it learns from: "" of what
    people start, "alike" of what modules are about, "builds_on" of prerequisites.

    Parameters
    ----------
    config : instance of `config_class()`, optional

    Attributes
    ----------
    neighbours_ : Neighbours or None
        What each module speaks for.
    """

    kind: ClassVar[str]
    reason: ClassVar[ReasonCode]
    of_catalog_only: ClassVar[bool] = False
    wording: ClassVar[Wording] = ""
    config: NeighbourConfig

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.config_class()()
        self.neighbours_: Neighbours | None = None

    @classmethod
    def config_class(cls) -> type[NeighbourConfig]:
        """Return the class of `config`."""
        return NeighbourConfig

    def score(self, histories: Histories) -> Scores:
        """Score every module by what the last ones started speak for, (n_histories, n_modules), at least 0.

        Without a neighbour of any of the last modules there is no opinion; a module not known is NaN.
        """
        return self.fitted().score(histories, window=self.config.window, recency=self.config.recency)

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        return self.fitted().arrays()

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make the view of a changed catalogue: modules that are new speak for nothing and are not known."""
        view = type(self)(self.config)
        to = positions_of(change.before.module_ids, change.after.module_index)
        view.neighbours_ = self.fitted().placed(to, change.after.n_modules)
        return view

    @classmethod
    def from_arrays(cls, config: Any, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps.

        Raises
        ------
        ValueError
            The arrays hold no neighbours.
        """
        view = cls(config)
        view.neighbours_ = Neighbours.from_arrays(arrays)
        return view

    def fitted(self) -> Neighbours:
        """Return `neighbours_`; raises `NotFittedError` before `fit`."""
        if self.neighbours_ is None:
            raise NotFittedError(self)
        return self.neighbours_
