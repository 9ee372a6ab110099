"""Transitions: what people start within a few steps after what this learner started last."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.histories import Histories, History, Interactions
from recommender.embeddings.interactions import module_order
from recommender.embeddings.view import Arrays, Scores
from recommender.errors import NotFittedError


class TransitionsConfig(BaseModel):
    """Hyperparameters of `Transitions`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    max_gap: int = Field(
        10, ge=1, le=100, description="Steps after a module within which a start counts as following."
    )
    window: int = Field(10, ge=1, le=100, description="How many of the last started modules are looked at.")
    recency: float = Field(0.7, gt=0, le=1, description="Weight of a module per step back in the history.")
    n_neighbours: int = Field(100, ge=1, description="Followers kept per module, the strongest.")


@dataclass(frozen=True, slots=True, eq=False)
class _Rules:
    start: NDArray[np.int64]
    followers: NDArray[np.int32]
    weights: NDArray[np.float32]
    seen: NDArray[np.bool_]


class Transitions:
    r"""Sequential rules: module :math:`j` follows :math:`i` with weight 1/gap, once per learner.

    Parameters
    ----------
    config : TransitionsConfig, optional

    Attributes
    ----------
    rules_ : object or None
        Rows of followers back to back: `start` (n_modules + 1,), `followers` and `weights` (n_rules,), the
        weights of a row at most 1 together; `seen` (n_modules,), whether anybody started the module.

    Notes
    -----
    :math:`w_{ij} = \sum_u \sum_{g=1}^{G} [\text{u starts } i, \text{ then } j\ g \text{ steps later}] / g`,
    divided by :math:`\sum_j w_{ij}` before all but the strongest followers are dropped; a history scores
    :math:`s_j = \sum_a r^a w_{h_a j}` over its last modules :math:`h_0` (the last), :math:`h_1`, ...
    (sequential rules, Ludewig and Jannach 2018, section 3.1.3, with a window in place of the last item only).

    Examples
    --------
    >>> from recommender.embeddings.interactions import build_interactions
    >>> rows = build_interactions(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), np.full(4, np.nan),
    ...                           n_learners=2, role=np.full(2, -1), segment=np.full(2, -1), n_modules=4)
    >>> import pyarrow as pa
    >>> modules = pa.table({"module_id": ["a", "b", "c", "d"]})
    >>> view = Transitions().fit(rows, Catalog.from_tables({"modules": modules}), seed=0)
    >>> view.score(Histories.of(History(np.array([0], np.int32), np.array([np.nan]))))[0].tolist()
    [0.0, 0.5, 0.5, nan]
    """

    kind: ClassVar[str] = "transitions"
    reason: ClassVar[ReasonCode] = "next_in_sequence"

    def __init__(self, config: TransitionsConfig | None = None) -> None:
        self.config = config or TransitionsConfig()
        self.rules_: _Rules | None = None

    @classmethod
    def config_class(cls) -> type[TransitionsConfig]:
        """Return the class of `config`."""
        return TransitionsConfig

    def fit(self, interactions: Interactions, catalog: Catalog, *, seed: int) -> Self:  # noqa: ARG002
        """Count who follows whom; nothing here is random."""
        row, follower, weight = _followers(interactions, self.config.max_gap)
        n_modules = interactions.n_modules
        share = weight / np.bincount(row, weight, minlength=n_modules)[row]
        # Ties go by id, not by position. Equal counts are equal bits: each gap adds up one constant.
        id_rank = np.argsort(module_order(interactions, catalog))
        order = np.lexsort((id_rank[follower], -share, row))
        row, follower, share = row[order], follower[order], share[order]
        start = np.searchsorted(row, np.arange(n_modules + 1))
        kept = np.arange(len(row)) - start[row] < self.config.n_neighbours
        self.rules_ = _Rules(
            start=np.searchsorted(row[kept], np.arange(n_modules + 1)).astype(np.int64),
            followers=follower[kept].astype(np.int32),
            weights=share[kept].astype(np.float32),
            seen=np.bincount(interactions.modules, minlength=n_modules) > 0,
        )
        return self

    def score(self, histories: Histories) -> Scores:
        """Score every module by how it follows the last ones started, (n_histories, n_modules).

        Without a rule for any of the last modules there is no opinion; a module nobody started is NaN.
        """
        if self.rules_ is None:
            raise NotFittedError(self)
        scores = np.empty((len(histories), len(self.rules_.seen)), np.float32)
        for row, history in zip(scores, histories, strict=True):
            row[:] = self._score(history, self.rules_)
        return scores

    def _score(self, history: History, rules: _Rules) -> Scores:
        scores = np.where(rules.seen, np.float32(0), np.float32(np.nan))
        touched = False
        weight = 1.0
        for module in history.modules[: -self.config.window - 1 : -1].tolist():
            row = slice(int(rules.start[module]), int(rules.start[module + 1]))
            if row.start < row.stop:
                scores[rules.followers[row]] += np.float32(weight) * rules.weights[row]
                touched = True
            weight *= self.config.recency
        return scores if touched else np.full_like(scores, np.nan)

    def leading_source(self, history: History, module: int) -> int:
        """Position of the started module that leads to `module` most strongly; -1 when none does."""
        if self.rules_ is None:
            raise NotFittedError(self)
        best, source, weight = 0.0, -1, 1.0
        for started in history.modules[: -self.config.window - 1 : -1].tolist():
            row = slice(int(self.rules_.start[started]), int(self.rules_.start[started + 1]))
            share = weight * float(self.rules_.weights[row][self.rules_.followers[row] == module].sum())
            if share > best:
                best, source = share, started
            weight *= self.config.recency
        return source

    def arrays(self) -> Arrays:
        """Everything learned, by file name."""
        if self.rules_ is None:
            raise NotFittedError(self)
        return {field.name: getattr(self.rules_, field.name) for field in fields(_Rules)}

    @classmethod
    def from_arrays(cls, config: TransitionsConfig, arrays: Arrays) -> Self:
        """Rebuild a fitted view; `arrays` may be read-only memory maps."""
        view = cls(config)
        plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
        view.rules_ = _Rules(**plain)
        return view


def _followers(
    rows: Interactions, max_gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Sum 1/gap over all learners: module, follower and weight of every pair that occurs."""
    from scipy.sparse import coo_array  # needed to fit only

    learners, shape = rows.learners(), (rows.n_modules, rows.n_modules)
    total = coo_array(shape, dtype=np.float64).tocsr()
    for gap in range(1, max_gap + 1):
        same = learners[gap:] == learners[:-gap]
        pairs = (rows.modules[:-gap][same], rows.modules[gap:][same])
        total = total + coo_array((np.full(len(pairs[0]), 1.0 / gap), pairs), shape).tocsr()
    found = total.tocoo()
    return found.row.astype(np.int64), found.col.astype(np.int64), found.data
