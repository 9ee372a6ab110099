"""Content: modules whose words and labels are like those of what this learner started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import id_order, module_order
from recommender.embeddings.neighbour_view import NeighbourConfig, NeighbourView, Wording
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import View
from recommender.embeddings.words import Vocabulary, labels_of, texts_of

# Rows at a time: products of common words are nearly dense.
_BLOCK_ROWS = 256


class ContentConfig(NeighbourConfig):
    """Hyperparameters of `Content`."""

    text_weight: float = Field(0.5, ge=0, description="Weight of the words in title and description.")
    label_weight: float = Field(0.5, ge=0, description="Weight of the tags and skills.")
    min_df: int = Field(1, ge=1, description="Modules that a word or label must be in to count.")
    max_df: float = Field(
        0.2, gt=0, le=1, description="Share of the modules above which a word or label tells nothing."
    )

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.text_weight + self.label_weight <= 0:
            raise ValueError("text_weight and label_weight are 0; give at least one a positive weight")
        return self


class Content(NeighbourView):
    r"""Cosine between the words of two modules and between their labels, both weighed by tf-idf.

    It learns from the catalogue alone, so it speaks for modules that nobody started yet as well.

    Parameters
    ----------
    config : ContentConfig, optional

    Attributes
    ----------
    neighbours_ : Neighbours or None
        Modules most alike to each one; known is what has a word or a label.

    Notes
    -----
    :math:`w_{ij} = \sum_c v_c \cos_c(i, j) / \sum_c v_c` over words and labels, each where both modules have
    any, with weights :math:`v`. A word counts :math:`(1 + \ln f)\,(1 + \ln\frac{1 + n}{1 + n_w})` for
    :math:`f` occurrences in a module and :math:`n_w` of :math:`n` modules that have it (Manning, Raghavan and
    Schütze 2008, "Introduction to Information Retrieval", sections 6.2 and 6.4.1, smoothed), and so does a
    label. What is in very many modules is left out: catalogues are of many languages, and no list of stop
    words is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from recommender.embeddings import Histories, History, build_interactions
    >>> titles = ["Linear algebra", "More algebra", "Pottery"]
    >>> catalog = Catalog.from_tables({"modules": pa.table({"module_id": ["a", "b", "c"], "title": titles})})
    >>> none = np.zeros(0, int)
    >>> nobody = build_interactions(none, none, np.zeros(0), n_learners=0, role=none, segment=none,
    ...                             n_modules=3)
    >>> view = Content().fit(nobody, catalog, seed=0)
    >>> scores = view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan]))))[0]
    >>> bool(scores[1] > scores[2])
    True
    """

    kind: ClassVar[str] = "content"
    reason: ClassVar[ReasonCode] = "next_in_sequence"
    of_catalog_only: ClassVar[bool] = True
    wording: ClassVar[Wording] = "alike"
    config: ContentConfig

    @classmethod
    def config_class(cls) -> type[ContentConfig]:
        """Return the class of `config`."""
        return ContentConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Read the catalogue; nothing is learned from the starts, and nothing here is random."""
        module_order(interactions, catalog)
        self.neighbours_ = self._neighbours(catalog, catalog)
        return self

    def with_catalog(self, change: CatalogChange) -> Self:
        """Compare the modules of the changed catalogue, by the words and labels that told before."""
        self.fitted()
        view = type(self)(self.config)
        view.neighbours_ = self._neighbours(change.before, change.after)
        return view

    def _neighbours(
        self, fitted: Catalog, catalog: Catalog, among: NDArray[np.bool_] | None = None
    ) -> Neighbours:
        """Find what the modules of a catalogue are like, by the vocabulary of the one that was fitted.

        With `among` (n_modules,) only these are neighbours of any.
        """
        config, order = self.config, id_order(catalog)
        channels = [
            (
                weight,
                Vocabulary.fit(of(fitted), min_df=config.min_df, max_df=config.max_df).weigh(of(catalog)),
            )
            for weight, of in ((config.text_weight, texts_of), (config.label_weight, labels_of))
            if weight > 0
        ]
        known = np.any([np.diff(matrix.indptr) > 0 for _, matrix in channels], axis=0)
        if among is not None:
            known &= among
        return Neighbours.strongest(
            _similarities(channels, np.flatnonzero(known)),
            known,
            n_neighbours=config.n_neighbours,
            order=order,
        )


def content_of(views: Mapping[str, View]) -> Content | None:
    """Return the first view that tells of every module by its content; `NewModules` tells of some only."""
    told = (view for _, view in sorted(views.items()) if isinstance(view, Content))
    return next((view for view in told if type(view) is Content), None)


def _similarities(channels: list[tuple[float, Any]], among: NDArray[np.int64]) -> Iterator[Any]:
    """Weights of consecutive rows in the columns `among`, sparse, without the diagonal."""
    from scipy.sparse import coo_array

    n_modules = channels[0][1].shape[0]
    has = [np.where(np.diff(matrix.indptr) > 0, weight, 0.0) for weight, matrix in channels]
    for first in range(0, n_modules, _BLOCK_ROWS):
        rows = slice(first, min(first + _BLOCK_ROWS, n_modules))
        total = sum(weight * (matrix[rows] @ matrix[among].T) for weight, matrix in channels).tocoo()
        row, column = total.row + first, among[total.col]
        weights = np.sum([np.minimum(of[row], of[column]) for of in has], axis=0)
        data = np.where(row == column, 0.0, total.data / weights)
        yield coo_array((data, (total.row, column)), (total.shape[0], n_modules))
