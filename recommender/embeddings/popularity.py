"""Popularity: what people start, or start with: overall, in a role or a segment, perhaps lately."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Catalog, Floats, Ints
from recommender.domain.catalog_change import CatalogChange, taken
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Histories, Interactions
from recommender.embeddings.recency import age_weights
from recommender.embeddings.view import Arrays, Scores
from recommender.errors import NotFittedError

# In the order that the compiled code knows them by.
_SLICES = ("overall", "role", "segment")
# Nothing is said of fewer people than these.
MIN_PEOPLE = 5


class PopularityConfig(BaseModel):
    """Hyperparameters of `Popularity`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    slice: Literal["overall", "role", "segment"] = Field(
        "overall",
        description="Whose starts are counted: everybody's, or those of the learner's role or segment.",
    )
    first_only: bool = Field(
        False,
        description="Whether only the first modules of learners are counted, for learners without a history.",
    )
    half_life_days: float | None = Field(
        None, gt=0, description="Days after which a start counts half; without, all starts count alike."
    )
    pseudo_count: float = Field(
        50.0,
        gt=0,
        description="Starts that the share among everybody is worth in a slice, or among the recent.",
    )


BASELINES: dict[str, PopularityConfig] = {
    "popularity": PopularityConfig(),
    "recent_popularity": PopularityConfig(half_life_days=60.0),
}
"""The two textbook baselines, as settings of the one view."""


class Popularity:
    r"""Shares of starts in one slice, shrunk towards those of everybody.

    Parameters
    ----------
    config : PopularityConfig, optional

    Attributes
    ----------
    shares_ : float32 array, shape (n_groups + 1, n_modules), or None
        A row for each role or segment, and last the one for who has none: everybody's. Rows sum to 1; NaN for
        modules that nobody started.
    favoured_ : bool array, shape (n_roles, n_modules), or None
        See `is_favoured`; without rows where the slice is not the role.

    Notes
    -----
    With counts :math:`c_m` in a slice, their sum :math:`n`, everybody's shares :math:`p_m` and pseudo-count
    :math:`k`, the share is the posterior mean under a Dirichlet prior, :math:`(c_m + k p_m) / (n + k)`
    (Gelman et al. 2013, Bayesian Data Analysis, section 3.4). With a half-life starts count by their age, see
    `recommender.embeddings.recency`, and one without a time for nothing; everybody's shares are then shrunk
    towards the plain ones in the same way, so that without any time all have those.

    Examples
    --------
    >>> from recommender.embeddings import History, build_interactions
    >>> rows = build_interactions(np.array([0, 1, 1]), np.array([0, 0, 1]), np.full(3, np.nan), n_learners=2,
    ...                           role=np.full(2, -1), segment=np.full(2, -1), n_modules=3)
    >>> view = Popularity().fit(rows, Catalog.from_tables({}), seed=0)
    >>> [round(float(share), 2) for share in view.score(Histories.of(History.empty()))[0]]
    [0.67, 0.33, nan]
    """

    kind: ClassVar[str] = "popularity"
    reason: ClassVar[ReasonCode] = "popular_in_role"
    of_catalog_only: ClassVar[bool] = False

    def __init__(self, config: PopularityConfig | None = None) -> None:
        self.config = config or PopularityConfig()
        self.shares_: Scores | None = None
        self.favoured_: NDArray[np.bool_] | None = None

    @classmethod
    def config_class(cls) -> type[PopularityConfig]:
        """Return the class of `config`."""
        return PopularityConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Count starts; nothing here is random."""
        rows, config = interactions, self.config
        counted = _first_shares(rows) if config.first_only else np.ones(len(rows.modules))
        counts = np.bincount(rows.modules, counted, minlength=rows.n_modules)
        everybody = np.where(counts > 0, counts / max(counts.sum(), 1.0), np.nan)
        weights = counted
        if config.half_life_days is not None:
            weights = counted * age_weights(rows.at, config.half_life_days, unknown=0.0)
            recent = np.bincount(rows.modules, weights, minlength=rows.n_modules).astype(
                np.float64, copy=False
            )
            everybody = self._shrunk(recent, everybody)
        group, n_groups = self._groups(rows, catalog)
        in_group = _counts(group, rows.modules, weights, (n_groups, rows.n_modules))
        shares = np.vstack([self._shrunk(in_group, everybody), everybody])
        n_roles = n_groups if config.slice == "role" else 0
        people = _counts(group, rows.modules, (counted > 0).astype(np.float64), (n_roles, rows.n_modules))
        self.shares_ = shares.astype(np.float32)
        self.favoured_ = (people >= MIN_PEOPLE) & (self.shares_[:n_roles] > self.shares_[-1])
        return self

    def score(self, histories: Histories) -> Scores:
        """Score every module by its share, (n_histories, n_modules) in [0, 1]; the same for any past.

        With `first_only`, a history that is not empty has no opinion on it.
        """
        from recommender.embeddings.popularity_kernel import copy_shares  # it brings the compiler

        shares = self.table()
        scores = np.empty((len(histories), shares.shape[1]), np.float32)
        asked = (histories.start, histories.role, histories.segment)
        copy_shares(shares, self.sliced, self.config.first_only, *asked, scores)
        return scores

    def table(self) -> Scores:
        """Return `shares_`, read-only."""
        if self.shares_ is None:
            raise NotFittedError(self)
        shares = self.shares_.view()
        shares.setflags(write=False)
        return shares

    @property
    def sliced(self) -> int:
        """Slice by its position that the compiled code knows it by."""
        return _SLICES.index(self.config.slice)

    def is_favoured(self, role: int, module: int) -> bool:
        """Whether a role's people start a module more than people in general do, and at least five of them.

        Fewer would be a report on few people. False without a role, and where the slice is not the role.
        """
        if self.favoured_ is None:
            raise NotFittedError(self)
        return 0 <= role < len(self.favoured_) and bool(self.favoured_[role, module])

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        if self.shares_ is None or self.favoured_ is None:
            raise NotFittedError(self)
        return {"shares": self.shares_, "favoured": self.favoured_}

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make the view of a changed catalogue: a new module has no share, a new role those of everybody."""
        if self.shares_ is None or self.favoured_ is None:
            raise NotFittedError(self)
        view = type(self)(self.config)
        shares, favoured = self.shares_, self.favoured_
        if self.config.slice == "role":
            everybody = np.where(change.roles < 0, len(favoured), change.roles)
            shares = shares[np.append(everybody, len(favoured))]
            favoured = taken(favoured, change.roles, False)
        view.shares_ = taken(shares.T, change.modules, np.nan).T.copy()
        view.favoured_ = taken(favoured.T, change.modules, False).T.copy()
        return view

    @classmethod
    def from_arrays(cls, config: PopularityConfig, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps."""
        view = cls(config)
        view.shares_ = np.asarray(arrays["shares"], np.float32)
        view.favoured_ = np.asarray(arrays["favoured"], np.bool_)
        return view

    def _groups(self, rows: Interactions, catalog: Catalog) -> tuple[Ints, int]:
        """Role or segment of every row, -1 for none, and how many there are."""
        match self.config.slice:
            case "role":
                return rows.role[rows.learners()], len(catalog.roles.ids)
            case "segment":
                return rows.segment[rows.learners()], len(SEGMENTS)
        return np.full(len(rows.modules), -1, np.int32), 0

    def _shrunk(self, counts: Floats, everybody: Floats) -> Floats:
        k = self.config.pseudo_count
        shares: Floats = (counts + k * everybody) / (counts.sum(axis=-1, keepdims=True) + k)
        return shares


def _first_shares(rows: Interactions) -> Floats:
    """Share of each row in its learner's first start, which rows of the same earliest time have alike."""
    moment = np.cumsum(rows.at_new_time()) - 1
    earliest = np.isin(moment, moment[rows.positions() == 0])
    shares: Floats = earliest / np.bincount(moment)[moment]
    return shares


def _counts(group: Ints, modules: Ints, weights: Floats, shape: tuple[int, int]) -> Floats:
    """Sum the weights of each module in each group, `shape`; rows of no group are left out."""
    known = (group >= 0) & (group < shape[0])
    cell = group[known].astype(np.int64) * shape[1] + modules[known]
    sums = np.bincount(cell, weights[known], minlength=shape[0] * shape[1])
    return sums.astype(np.float64, copy=False).reshape(shape)
