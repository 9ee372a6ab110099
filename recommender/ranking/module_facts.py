"""What is known of each module beside what views say: how it is used, and what the catalogue declares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats, Ragged
from recommender.domain.catalog_change import CatalogChange, taken
from recommender.embeddings.histories import Interactions
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.recency import DAY_SECONDS
from recommender.ranking.gain import Need
from recommender.ranking.kernel_arrays import Facts
from recommender.ranking.prerequisites import summed

LEARNED: Final = ("n_starts", "share_first", "days_since_start", "days_since_first")
DECLARED: Final = ("log_minutes", "level", "difficulty", "n_skills", "days_since_published")
LABELS: Final = ("format", "language")
_LEVELS: Final = {"beginner": 0.0, "intermediate": 1.0, "advanced": 2.0}


@dataclass(frozen=True, slots=True, eq=False)
class ModuleUse:
    """How modules are used, as learned from first starts.

    Parameters
    ----------
    learned : float32 array, shape (n_modules, 4)
        `LEARNED`: how many started it, the share of them whose first module it was, and days from its last
        and first start to the end of the data; NaN where nobody started it or there is no clock.
    end : float64 array, shape (1,)
        Time of the last start, seconds since 1970 UTC; NaN without clock.
    """

    learned: NDArray[np.float32]
    end: Floats

    def check(self, n_modules: int) -> None:
        """Refuse arrays that are not of so many modules.

        Raises
        ------
        ValueError
            A shape is another one.
        """
        if self.learned.shape != (n_modules, len(LEARNED)) or self.end.shape != (1,):
            raise ValueError("arrays use and use_end are not of the modules of the catalogue")

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make those of a changed catalogue: nobody has started what is new."""
        nobody = np.array([0.0, *[np.nan] * (len(LEARNED) - 1)], np.float32)
        return type(self)(taken(self.learned, change.modules, nobody), self.end)

    @classmethod
    def fit(cls, interactions: Interactions) -> Self:
        """Count starts."""
        rows, n = interactions, interactions.n_modules
        starts = np.bincount(rows.modules, minlength=n).astype(np.float64)
        first = rows.modules[rows.start[:-1][np.diff(rows.start) > 0]]
        share_first = np.bincount(first, minlength=n) / np.where(starts > 0, starts, np.nan)
        known = np.isfinite(rows.at)
        newest, oldest = np.full(n, -np.inf), np.full(n, np.inf)
        np.maximum.at(newest, rows.modules[known], rows.at[known])
        np.minimum.at(oldest, rows.modules[known], rows.at[known])
        end = float(rows.at[known].max()) if known.any() else np.nan
        ages = [np.where(np.isfinite(t), (end - t) / DAY_SECONDS, np.nan) for t in (newest, oldest)]
        return cls(np.stack([starts, share_first, *ages], axis=1).astype(np.float32), np.array([end]))


@dataclass(frozen=True, eq=False)
class ModuleFacts:
    """Facts of every module as arrays that compiled code reads.

    Parameters
    ----------
    use : ModuleUse
    declared : float32 array, shape (n_modules, 5)
        `DECLARED`, NaN where unknown.
    labels : int32 array, shape (n_modules, 2)
        `LABELS`, coded, -1 where unknown.
    skills, needed : Ragged
        Skills each module teaches; modules it has as prerequisites.
    role_needs : float32 array, shape (n_roles, n_skills)
        Importance x priority of the role.
    similar : Neighbours
        Modules of like content.
    """

    use: ModuleUse
    declared: NDArray[np.float32]
    labels: NDArray[np.int32]
    skills: Ragged
    needed: Ragged
    role_needs: NDArray[np.float32]
    similar: Neighbours

    @classmethod
    def of(cls, catalog: Catalog, use: ModuleUse, similar: Neighbours | None) -> Self:
        """Put how modules are used beside what a catalogue declares of them."""
        return cls(
            use=use,
            declared=_declared(catalog, float(use.end[0])),
            labels=np.stack([_coded(catalog.formats), _coded(catalog.languages)], axis=1),
            skills=catalog.module_skills,
            needed=_needed(catalog),
            role_needs=_role_needs(catalog),
            similar=similar or Neighbours.none(catalog.n_modules),
        )

    @classmethod
    def none(cls, n_modules: int) -> Self:
        """Nothing is known of any module."""
        nothing = Ragged.of([[]] * n_modules)
        return cls(
            use=ModuleUse(np.full((n_modules, len(LEARNED)), np.nan, np.float32), np.full(1, np.nan)),
            declared=np.full((n_modules, len(DECLARED)), np.nan, np.float32),
            labels=np.full((n_modules, len(LABELS)), -1, np.int32),
            skills=nothing,
            needed=nothing,
            role_needs=np.zeros((0, 0), np.float32),
            similar=Neighbours.none(n_modules),
        )

    @cached_property
    def compiled(self) -> Facts:
        """What compiled code reads; what does not depend on a learner is summed up here and once."""
        similar, starts = self.similar, self.use.learned[:, 0]
        started = starts[similar.modules]
        weights = np.where(started > 0, similar.weights, np.float32(0.0))
        row, n = np.repeat(np.arange(len(starts)), np.diff(similar.start)), len(starts)
        return Facts(
            self.use.learned,
            np.flatnonzero(starts == 0),
            self.declared,
            self.labels,
            self.skills.start,
            self.skills.values,
            self.needed.start,
            self.needed.values,
            self.role_needs,
            similar.start,
            similar.modules,
            weights,
            summed(row, weights, n),
            summed(row, np.where(started > 0, weights * started, np.float32(0.0)), n),
            float(self.use.end[0]),
        )


def _declared(catalog: Catalog, end: float) -> NDArray[np.float32]:
    level = np.array([_LEVELS.get(name, np.nan) for name in catalog.levels.tolist()], np.float64)
    n_skills = np.diff(catalog.module_skills.start).astype(np.float64)
    columns = [
        np.log1p(catalog.duration_minutes),
        level,
        catalog.difficulty,
        np.where(n_skills > 0, n_skills, np.nan),
        (end - catalog.published_at) / DAY_SECONDS,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _coded(texts: NDArray[np.str_]) -> NDArray[np.int32]:
    names, codes = np.unique(texts, return_inverse=True)
    return np.where(names[codes] == "", -1, codes).astype(np.int32) if len(texts) else codes.astype(np.int32)


def _needed(catalog: Catalog) -> Ragged:
    rows = catalog.prerequisites
    needed: list[list[int]] = [[] for _ in range(catalog.n_modules)]
    for module, other in zip(rows.module.tolist(), rows.needed_module.tolist(), strict=True):
        if other >= 0 and other not in needed[module]:
            needed[module].append(other)
    return Ragged.of(needed)


def _role_needs(catalog: Catalog) -> NDArray[np.float32]:
    needs = np.zeros((len(catalog.roles.ids), catalog.n_skills), np.float32)
    for role in range(len(needs)):
        need = Need.of_role(catalog, role)
        needs[role] = need.importance * need.priority
    return needs
