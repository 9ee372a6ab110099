"""New modules: those that nobody started yet, by their likeness to what this learner started."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange, taken
from recommender.embeddings.content import Content
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import module_order
from recommender.embeddings.view import Arrays
from recommender.errors import NotFittedError


class NewModules(Content):
    """The content view of the modules that nobody has started, silent about all others.

    Among them `Content` spends most of its share on modules that other views know better. Here the weight of
    the view is the share of choices that fall on new modules.

    Attributes
    ----------
    neighbours_ : Neighbours or None
        New modules most alike to each one; known is what is new and has a word or a label.
    new_ : bool array, shape (n_modules,), or None
        What nobody has started, also what has neither: once the catalogue says more of it, it is known.
    """

    kind: ClassVar[str] = "new_modules"
    of_catalog_only: ClassVar[bool] = False

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self.new_: NDArray[np.bool_] | None = None

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Read the catalogue and which modules were started; nothing here is random."""
        module_order(interactions, catalog)
        self.new_ = np.bincount(interactions.modules, minlength=catalog.n_modules) == 0
        self.neighbours_ = self._neighbours(catalog, self.new_)
        return self

    def with_catalog(self, change: CatalogChange) -> Self:
        """Add what is new in the changed catalogue to what was new before."""
        view = type(self)(self.config)
        view.new_ = taken(self._new(), change.modules, True)
        view.neighbours_ = self._changed(change, view.new_)
        return view

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        return super().arrays() | {"new": self._new()}

    @classmethod
    def from_arrays(cls, config: Any, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps.

        Raises
        ------
        ValueError
            The arrays hold no neighbours, or not of what is new.
        """
        view = super().from_arrays(config, arrays)
        known = view.fitted().known
        # Bundles of before it was kept hold what is known alone.
        view.new_ = np.asarray(arrays.get("new", known))
        if view.new_.dtype != np.bool_ or view.new_.shape != known.shape or (known & ~view.new_).any():
            raise ValueError("array new does not hold which modules are new")
        return view

    def _new(self) -> NDArray[np.bool_]:
        if self.new_ is None:
            raise NotFittedError(self)
        return self.new_
