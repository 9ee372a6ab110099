"""Popularity: what people start, overall, lately, in one's role and in one's segment."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from recommender.domain.catalog import Catalog, Floats, Ints
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Histories, Interactions
from recommender.embeddings.view import Arrays, Scores
from recommender.errors import NotFittedError

DAY_SECONDS = 86_400.0
# Nothing is said of fewer people than these.
MIN_PEOPLE = 5


class PopularityConfig(BaseModel):
    """Hyperparameters of `Popularity`; the four weights are relative, their sum is free but not zero."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    overall_weight: float = Field(0.2, ge=0, description="Weight of the share of all starts.")
    recent_weight: float = Field(0.4, ge=0, description="Weight of the share of starts, recent ones first.")
    role_weight: float = Field(0.3, ge=0, description="Weight of the share of starts in the learner's role.")
    segment_weight: float = Field(0.1, ge=0, description="Weight of the share in the learner's segment.")
    half_life_days: float = Field(60.0, gt=0, description="Days after which a start counts half in `recent`.")
    pseudo_count: float = Field(50.0, gt=0, description="Starts that the overall share is worth in a slice.")

    @property
    def total_weight(self) -> float:
        """Sum of the four weights."""
        return self.overall_weight + self.recent_weight + self.role_weight + self.segment_weight

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.total_weight <= 0:
            raise ValueError("all four weights are 0; give at least one a positive weight")
        return self


BASELINES: dict[str, PopularityConfig] = {
    "popularity": PopularityConfig(overall_weight=1, recent_weight=0, role_weight=0, segment_weight=0),
    "recent_popularity": PopularityConfig(overall_weight=0, recent_weight=1, role_weight=0, segment_weight=0),
}
"""The two textbook baselines, as settings of the one view."""


class Popularity:
    """Shares of starts, those of a slice of people shrunk towards those of everybody.

    Parameters
    ----------
    config : PopularityConfig, optional

    Attributes
    ----------
    shares_ : dict of str to float32 array, or None
        `overall` and `recent` (n_modules,), `role` (n_roles, n_modules), `segment` (3, n_modules); each row a
        distribution over modules in [0, 1]. A module that nobody started is NaN.
    favoured_ : bool array, shape (n_roles, n_modules), or None
        See `is_favoured`.

    Notes
    -----
    With counts :math:`c_m` in a slice, their sum :math:`n`, overall shares :math:`p_m` and pseudo-count
    :math:`k`, the share is the posterior mean under a Dirichlet prior, :math:`(c_m + k p_m) / (n + k)`
    (Gelman et al. 2013, Bayesian Data Analysis, section 3.4). Somebody without role or segment has the
    overall share in its place. Recent counts are :math:`2^{-a / h}` with age :math:`a` to the last start in
    the data, so that the same data give the same view on any day; a start without a time counts for nothing
    in `recent`, and without any time `recent` is `overall`.

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

    def __init__(self, config: PopularityConfig | None = None) -> None:
        self.config = config or PopularityConfig()
        self.shares_: dict[str, NDArray[np.float32]] | None = None
        self.favoured_: NDArray[np.bool_] | None = None

    @classmethod
    def config_class(cls) -> type[PopularityConfig]:
        """Return the class of `config`."""
        return PopularityConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Count starts; nothing here is random."""
        rows = interactions
        counts = np.bincount(rows.modules, minlength=rows.n_modules).astype(np.float64)
        overall = np.where(counts > 0, counts / max(counts.sum(), 1.0), np.nan)
        recent = np.bincount(rows.modules, self._recency(rows.at), minlength=rows.n_modules)
        learners = rows.learners()
        self.shares_ = {
            "overall": overall.astype(np.float32),
            "recent": self._shrunk(recent, overall),
            "role": self._sliced(rows.role[learners], rows.modules, len(catalog.roles.ids), overall),
            "segment": self._sliced(rows.segment[learners], rows.modules, len(SEGMENTS), overall),
        }
        in_role = _counts(rows.role[learners], rows.modules, len(catalog.roles.ids), rows.n_modules)
        self.favoured_ = (in_role >= MIN_PEOPLE) & (self.shares_["role"] > self.shares_["overall"])
        return self

    def score(self, histories: Histories) -> Scores:
        """Score every module by its blended share, (n_histories, n_modules) in [0, 1], whatever the past."""
        if self.shares_ is None:
            raise NotFittedError(self)
        shares, config = self.shares_, self.config
        role = _of_group(shares["role"], histories.role, shares["overall"])
        segment = _of_group(shares["segment"], histories.segment, shares["overall"])
        blend = config.overall_weight * shares["overall"] + config.recent_weight * shares["recent"]
        blend = blend + config.role_weight * role + config.segment_weight * segment
        return np.asarray(blend / config.total_weight, np.float32)

    def is_favoured(self, role: int, module: int) -> bool:
        """Whether a role's people start a module more than people in general do, and at least five of them.

        Fewer would be a report on few people. False without a role.
        """
        if self.favoured_ is None:
            raise NotFittedError(self)
        return 0 <= role < len(self.favoured_) and bool(self.favoured_[role, module])

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        if self.shares_ is None or self.favoured_ is None:
            raise NotFittedError(self)
        return {**self.shares_, "favoured": self.favoured_}

    @classmethod
    def from_arrays(cls, config: PopularityConfig, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps."""
        view = cls(config)
        view.favoured_ = np.asarray(arrays["favoured"], np.bool_)
        view.shares_ = {
            name: np.asarray(array, np.float32) for name, array in arrays.items() if name != "favoured"
        }
        return view

    def _recency(self, at: Floats) -> Floats:
        known = np.isfinite(at)
        age_days = (np.max(at, where=known, initial=-np.inf) - np.where(known, at, 0.0)) / DAY_SECONDS
        return np.where(known, np.exp2(-age_days / self.config.half_life_days), 0.0)

    def _shrunk(self, counts: NDArray[Any], overall: Floats) -> NDArray[np.float32]:
        k = self.config.pseudo_count
        shares = (counts + k * overall) / (counts.sum(axis=-1, keepdims=True) + k)
        return np.asarray(shares, np.float32)

    def _sliced(self, group: Ints, modules: Ints, n_groups: int, overall: Floats) -> NDArray[np.float32]:
        return self._shrunk(_counts(group, modules, n_groups, len(overall)), overall)


def _of_group(shares: Scores, group: Ints, overall: Scores) -> Scores:
    """Shares in each history's group, those overall where it has none, (n_histories, n_modules)."""
    return np.vstack([shares, overall])[np.where(group < 0, len(shares), group)]


def _counts(group: Ints, modules: Ints, n_groups: int, n_modules: int) -> NDArray[np.int64]:
    """Count starts of each module in each group, (n_groups, n_modules); rows of no group are left out."""
    known = group >= 0
    cell = group[known].astype(np.int64) * n_modules + modules[known]
    return np.bincount(cell, minlength=n_groups * n_modules).reshape(n_groups, n_modules)
