"""Content: modules whose words and labels are like those of what this learner started."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange, positions_of
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Interactions
from recommender.embeddings.interactions import id_order, module_order
from recommender.embeddings.likeness import Channels, Likeness, reached
from recommender.embeddings.neighbour_view import NeighbourConfig, NeighbourView, Wording
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.view import View
from recommender.embeddings.words import Vocabulary, labels_of, texts_of


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
        self.neighbours_ = self._neighbours(catalog, np.ones(catalog.n_modules, np.bool_))
        return self

    def with_catalog(self, change: CatalogChange) -> Self:
        """Compare the modules of the changed catalogue, by the words and labels that told before."""
        view = type(self)(self.config)
        view.neighbours_ = self._changed(change, np.ones(change.after.n_modules, np.bool_))
        return view

    def _neighbours(self, catalog: Catalog, among: NDArray[np.bool_]) -> Neighbours:
        """Find what modules are like; only those of `among` (n_modules,) are neighbours of any."""
        everything = np.ones(catalog.n_modules, np.bool_)
        return self._strongest(catalog, _within(catalog, self.config), everything, among)

    def _changed(self, change: CatalogChange, among: NDArray[np.bool_]) -> Neighbours:
        """Find what `_neighbours` would in the changed catalogue, by the vocabulary of the one before.

        Only the rows that the change can reach are compared with all others.
        """
        kept, (likeness, same) = self.fitted(), _across(change, self.config)
        among = among & likeness.known()
        rows = reached(change, same, kept, likeness, among, self.config.n_neighbours)
        to = positions_of(change.before.module_ids, change.after.module_index)
        fresh = self._strongest(change.after, likeness, rows, among)
        return kept.placed(to, len(rows)).overlaid(fresh, rows)

    def _strongest(
        self, catalog: Catalog, likeness: Likeness, rows: NDArray[np.bool_], among: NDArray[np.bool_]
    ) -> Neighbours:
        """Neighbours of `rows`; all others are left without."""
        known = among & likeness.known()
        return Neighbours.strongest(
            likeness.blocks(rows, known),
            known,
            n_neighbours=self.config.n_neighbours,
            order=id_order(catalog),
        )


def content_of(views: Mapping[str, View]) -> Content | None:
    """Return the first view that tells of every module by its content; `NewModules` tells of some only."""
    told = (view for _, view in sorted(views.items()) if isinstance(view, Content))
    return next((view for view in told if type(view) is Content), None)


# The ranker's slices are fitted one after the other, all on one catalogue.
@lru_cache(maxsize=1)
def _within(catalog: Catalog, config: ContentConfig) -> Likeness:
    """How alike the modules of one catalogue are."""
    tokens = tokens_of(catalog, config)
    return likeness_of(tokens, tokens, config)


# One change is asked for by several views, and the catalogue before it by one change after the other.
@lru_cache(maxsize=1)
def _across(change: CatalogChange, config: ContentConfig) -> tuple[Likeness, NDArray[np.bool_]]:
    """How alike the modules after a change are by the vocabulary before it, and which say the same."""
    before, after = _tokens_before(change.before, config), tokens_of(change.after, config)
    source = change.modules
    same = source >= 0
    for (_, old), (_, new) in zip(before, after, strict=True):
        alike = (at >= 0 and own == old[at] for own, at in zip(new, source.tolist(), strict=True))
        same &= np.fromiter(alike, np.bool_, len(same))
    return likeness_of(before, after, config), same


@lru_cache(maxsize=1)
def _tokens_before(catalog: Catalog, config: ContentConfig) -> Channels:
    return tokens_of(catalog, config)


def tokens_of(catalog: Catalog, config: ContentConfig) -> list[tuple[float, list[list[str]]]]:
    """Weight and tokens of every module, of each channel that weighs anything."""
    channels = ((config.text_weight, texts_of), (config.label_weight, labels_of))
    return [(weight, of(catalog)) for weight, of in channels if weight > 0]


def likeness_of(fitted: Channels, tokens: Channels, config: ContentConfig) -> Likeness:
    """How alike the second are by the vocabulary of the first."""
    return Likeness(
        [
            (weight, Vocabulary.fit(old, min_df=config.min_df, max_df=config.max_df).weigh(new))
            for (weight, old), (_, new) in zip(fitted, tokens, strict=True)
        ]
    )
