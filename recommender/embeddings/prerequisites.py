"""Prerequisites: what the catalogue says comes after what this learner started."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import id_order, module_order
from recommender.embeddings.neighbour_view import NeighbourConfig, NeighbourView, Wording
from recommender.embeddings.neighbours import Neighbours


class PrerequisitesConfig(NeighbourConfig):
    """Hyperparameters of `Prerequisites`."""

    soft_weight: float = Field(
        0.5, ge=0, le=1, description="Weight of a soft prerequisite beside a hard one's 1."
    )


class Prerequisites(NeighbourView):
    r"""The graph of prerequisites: a module speaks for those that ask for it, or for a skill that it teaches.

    It learns from the catalogue alone, so it speaks for modules that nobody started yet as well.

    Parameters
    ----------
    config : PrerequisitesConfig, optional

    Attributes
    ----------
    neighbours_ : Neighbours or None
        What asks for each module; known is what asks for anything that a module can give.

    Notes
    -----
    Each of the :math:`r` prerequisites of a module weighs :math:`1 / r`, times `soft_weight` if it is soft:
    on the module it names, or shared equally by the other modules that teach the skill it names.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from recommender.embeddings import Histories, History, build_interactions
    >>> tables = {"modules": pa.table({"module_id": ["a", "b", "c"]}),
    ...           "prerequisites": pa.table({"module_id": ["b"], "prerequisite_module_id": ["a"]})}
    >>> none = np.zeros(0, int)
    >>> nobody = build_interactions(none, none, np.zeros(0), n_learners=0, role=none, segment=none,
    ...                             n_modules=3)
    >>> view = Prerequisites().fit(nobody, Catalog.from_tables(tables), seed=0)
    >>> view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan])))).tolist()
    [[nan, 1.0, nan]]
    """

    kind: ClassVar[str] = "prerequisites"
    reason: ClassVar[ReasonCode] = "next_in_sequence"
    of_catalog_only: ClassVar[bool] = True
    wording: ClassVar[Wording] = "builds_on"
    config: PrerequisitesConfig

    @classmethod
    def config_class(cls) -> type[PrerequisitesConfig]:
        """Return the class of `config`."""
        return PrerequisitesConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Read the catalogue; nothing is learned from the starts, and nothing here is random."""
        module_order(interactions, catalog)
        self.neighbours_ = self._neighbours(catalog)
        return self

    def with_catalog(self, change: CatalogChange) -> Self:
        """Read the prerequisites of the changed catalogue."""
        self.fitted()
        view = type(self)(self.config)
        view.neighbours_ = self._neighbours(change.after)
        return view

    def _neighbours(self, catalog: Catalog) -> Neighbours:
        from scipy.sparse import coo_array

        n_modules = catalog.n_modules
        giver, asking, weight = self._edges(catalog)
        kept = (giver != asking) & (weight > 0)
        edges = coo_array((weight[kept], (giver[kept], asking[kept])), (n_modules, n_modules))
        return Neighbours.strongest(
            [edges.tocsr()],
            np.bincount(asking[kept], minlength=n_modules) > 0,
            n_neighbours=self.config.n_neighbours,
            order=id_order(catalog),
        )

    def _edges(self, catalog: Catalog) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Find the module that gives, the one that asks and the weight of every edge, loops included."""
        rules, taught = catalog.prerequisites, catalog.module_skills
        keys = np.stack([rules.module, rules.needed_module, rules.needed_skill, rules.hard], axis=1)
        asking, needed_module, needed_skill, hard = np.unique(keys.astype(np.int64), axis=0).T
        weight = np.where(hard == 1, 1.0, self.config.soft_weight) / np.bincount(asking)[asking]
        on_module, on_skill = np.flatnonzero(needed_module >= 0), np.flatnonzero(needed_skill >= 0)
        needs = _ones(on_skill, needed_skill[on_skill], (len(asking), catalog.n_skills))
        teaches = _ones(taught.row_of_value(), taught.values, (catalog.n_modules, catalog.n_skills))
        met = (needs @ teaches.T).tocoo()
        rule, giver = met.row.astype(np.int64), met.col.astype(np.int64)
        n_givers = np.bincount(rule[giver != asking[rule]], minlength=len(asking))
        return (
            np.concatenate([needed_module[on_module], giver]),
            np.concatenate([asking[on_module], asking[rule]]),
            np.concatenate([weight[on_module], weight[rule] / np.maximum(n_givers, 1)[rule]]),
        )


def _ones(row: NDArray[np.integer[Any]], column: NDArray[np.integer[Any]], shape: tuple[int, int]) -> Any:
    """SciPy CSR array with a 1 in each place."""
    from scipy.sparse import coo_array

    return coo_array((np.ones(len(row)), (row, column)), shape).tocsr()
