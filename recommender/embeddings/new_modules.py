"""New modules: those that nobody started yet, by their likeness to what this learner started."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange, taken
from recommender.embeddings.content import Content
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import module_order


class NewModules(Content):
    """The content view of the modules that nobody has started, silent about all others.

    Among them `Content` spends most of its share on modules that other views know better. Here the weight of
    the view is the share of choices that fall on new modules.

    Attributes
    ----------
    neighbours_ : Neighbours or None
        New modules most alike to each one; known is what is new and has a word or a label.
    """

    kind: ClassVar[str] = "new_modules"
    of_catalog_only: ClassVar[bool] = False

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Read the catalogue and which modules were started; nothing here is random."""
        module_order(interactions, catalog)
        started = np.bincount(interactions.modules, minlength=catalog.n_modules) > 0
        self.neighbours_ = self._neighbours(catalog, ~started)
        return self

    def with_catalog(self, change: CatalogChange) -> Self:
        """Add what is new in the changed catalogue to what was new before."""
        new = taken(self.fitted().known, change.modules, True)
        view = type(self)(self.config)
        view.neighbours_ = self._changed(change, new)
        return view
