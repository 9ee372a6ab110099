"""Item difficulty: the one learned thing that a learner's state is folded against.

A table is immutable and named by the hash of its content. Every state carries that name, so a state folded
against another table is known as such and replayed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.columns import AttemptColumns

Floats = NDArray[np.float64]


class DifficultyConfig(BaseModel):
    """How strongly observed pass rates are trusted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_prior_attempts: float = Field(
        8.0, gt=0, description="attempts that the skill's rate counts for an item"
    )
    skill_prior_attempts: float = Field(
        20.0, gt=0, description="attempts that the overall rate counts for a skill"
    )


@dataclass(frozen=True, eq=False)
class DifficultyTable:
    """Difficulty of items and skills, logits: ability `d` passes an item of difficulty `d` half the time.

    Parameters
    ----------
    overall : float
        Difficulty of an item of which nothing is known.
    item_ids, item_difficulty, item_skills
        Known items, their difficulty (n_items,) and their skills as positions in `skill_ids`.
    skill_ids, skill_difficulty
        Known skills and the difficulty of their typical item (n_skills,).
    module_ids, module_skills
        Modules and their skills, for attempts that name only a module.
    pass_mark : float
        Score from which an attempt counts as passed where its sender did not say: a state folded with another
        one is another state, so it is part of the id.
    """

    overall: float
    item_ids: tuple[str, ...]
    item_difficulty: Floats
    item_skills: Ragged
    skill_ids: tuple[str, ...]
    skill_difficulty: Floats
    module_ids: tuple[str, ...] = ()
    module_skills: Ragged = field(default_factory=lambda: Ragged.of([]))
    pass_mark: float = 0.5

    @cached_property
    def item_index(self) -> Mapping[str, int]:
        """Position of each item."""
        return {v: i for i, v in enumerate(self.item_ids)}

    @cached_property
    def skill_index(self) -> Mapping[str, int]:
        """Position of each skill."""
        return {v: i for i, v in enumerate(self.skill_ids)}

    @cached_property
    def module_index(self) -> Mapping[str, int]:
        """Position of each module."""
        return {v: i for i, v in enumerate(self.module_ids)}

    @cached_property
    def id(self) -> str:
        """Hash of the content, 16 hexadecimal digits."""
        # Not by way of Arrow: making its arrays from lists imports pandas wherever that is installed.
        ids = (self.item_ids, self.skill_ids, self.module_ids)
        digest = hashlib.sha256(json.dumps(ids, separators=(",", ":")).encode())
        numbers = (np.array([self.overall, self.pass_mark]), self.item_difficulty, self.skill_difficulty)
        ragged = (self.item_skills, self.module_skills)
        for part in (*numbers, *(a for rows in ragged for a in (rows.start, rows.values))):
            digest.update(part.tobytes())
        return digest.hexdigest()[:16]

    def skills_of(self, item_id: str, given: tuple[str, ...], module_id: str | None) -> tuple[str, ...]:
        """Skills an attempt counts for: those it names, else the item's, else the module's."""
        if given:
            return given
        item = self.item_index.get(item_id)
        found = self.item_skills[item] if item is not None else ()
        if len(found) == 0 and module_id is not None:
            module = self.module_index.get(module_id)
            found = self.module_skills[module] if module is not None else ()
        return tuple(self.skill_ids[s] for s in found)

    def difficulty_of(self, item_id: str, skill_ids: Sequence[str]) -> float:
        """Difficulty of an item, logits; a new one takes the mean of its known skills, else `overall`."""
        item = self.item_index.get(item_id)
        if item is not None:
            return float(self.item_difficulty[item])
        known = [self.skill_difficulty[self.skill_index[s]] for s in skill_ids if s in self.skill_index]
        return float(np.mean(known)) if known else self.overall

    def to_tables(self) -> dict[str, pa.Table]:
        """Return the table as Arrow tables, for the bundle."""

        def names(rows: Ragged) -> list[list[str]]:
            return [[self.skill_ids[s] for s in rows[i]] for i in range(len(rows))]

        text_list = pa.list_(pa.string())
        return {
            "items": pa.table(
                {
                    "item_id": pa.array(self.item_ids, pa.string()),
                    "difficulty": pa.array(self.item_difficulty),
                    "skill_ids": pa.array(names(self.item_skills), text_list),
                }
            ),
            "skills": pa.table(
                {
                    "skill_id": pa.array(self.skill_ids, pa.string()),
                    "difficulty": pa.array(self.skill_difficulty),
                }
            ),
            "modules": pa.table(
                {
                    "module_id": pa.array(self.module_ids, pa.string()),
                    "skill_ids": pa.array(names(self.module_skills), text_list),
                }
            ),
        }

    @classmethod
    def from_tables(
        cls, overall: float, tables: Mapping[str, pa.Table], pass_mark: float = 0.5
    ) -> DifficultyTable:
        """Inverse of `to_tables`."""
        items, skills, modules = (tables[n].to_pydict() for n in ("items", "skills", "modules"))
        index = {v: i for i, v in enumerate(skills["skill_id"])}

        def positions(rows: list[list[str]]) -> Ragged:
            return Ragged.of([[index[s] for s in row] for row in rows])

        return cls(
            overall,
            tuple(items["item_id"]),
            np.array(items["difficulty"], np.float64),
            positions(items["skill_ids"]),
            tuple(skills["skill_id"]),
            np.array(skills["difficulty"], np.float64),
            tuple(modules["module_id"]),
            positions(modules["skill_ids"]),
            pass_mark,
        )


def fit_difficulty(
    attempts: AttemptColumns, catalog: Catalog, config: DifficultyConfig | None = None
) -> DifficultyTable:
    """Estimate difficulties as smoothed logits of the share that does not pass.

    A skill's pass rate is shrunk to the overall one and an item's to its declared difficulty, else to the
    mean of its skills' rates, each by the pseudo-counts of `config` (Beta-binomial posterior mean with a
    fixed prior strength; Gelman et al. 2013, section 2.4). An item nobody attempted has just that prior.
    """
    config = config or DifficultyConfig()
    overall = (attempts.passed.sum() + 1.0) / (len(attempts) + 2.0)
    row = attempts.skills.row_of_value()
    skill_rate = _rate(
        attempts.skills.values, attempts.passed[row], catalog.n_skills, config.skill_prior_attempts, overall
    )
    item_skills = catalog.item_skills
    prior = np.array(
        [
            skill_rate[s].mean() if len(s) else overall
            for s in map(item_skills.__getitem__, range(len(item_skills)))
        ]
    )
    declared = ~np.isnan(catalog.item_difficulty)
    prior[declared] = np.clip(1.0 - catalog.item_difficulty[declared], 0.02, 0.98)
    item_rate = _rate(attempts.item, attempts.passed, len(prior), config.item_prior_attempts, prior)
    return DifficultyTable(
        overall=float(-_logit(overall)),
        item_ids=catalog.item_ids,
        item_difficulty=-_logit(item_rate),
        item_skills=item_skills,
        skill_ids=catalog.skill_ids,
        skill_difficulty=-_logit(skill_rate),
        module_ids=catalog.module_ids,
        module_skills=catalog.module_skills,
        pass_mark=attempts.pass_mark,
    )


def out_of_fold_difficulty(
    attempts: AttemptColumns, catalog: Catalog, config: DifficultyConfig, fold: NDArray[np.int64]
) -> Floats:
    """Difficulty of each attempt's item as estimated from the other folds' learners, shape (n_attempts,).

    `fold` (n_learners,) names each learner's fold, so neither the row itself nor anything else of its learner
    touches the difficulty that its features are made with.
    """
    result = np.empty(len(attempts))
    row_fold = fold[attempts.learner]
    for k in np.unique(row_fold):
        mine = row_fold == k
        table = fit_difficulty(attempts.take(~mine), catalog, config)
        result[mine] = table.item_difficulty[attempts.item[mine]]
    return result


def _rate(index: NDArray[np.int32], passed: Floats, n: int, strength: float, prior: Floats | float) -> Floats:
    counts = np.bincount(index, minlength=n)
    passes = np.bincount(index, weights=passed, minlength=n)
    rate: Floats = (passes + strength * prior) / (counts + strength)
    return rate


def _logit(p: Floats | float) -> Floats:
    odds: Floats = np.log(p) - np.log1p(-np.asarray(p))
    return odds
