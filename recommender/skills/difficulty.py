"""Difficulty: what is known of items and skills beforehand, and all that a learner's state is folded against.

A table is immutable and named by the hash of its content. Every state carries that name, so a state folded
against another table is known as such and replayed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import expit

from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.credentials import credentials_of
from recommender.skills.columns import AttemptColumns
from recommender.skills.kernel_arrays import Known
from recommender.skills.memory import MemoryInput, MemoryOutput
from recommender.skills.usual_time import usual_seconds

Floats = NDArray[np.float64]

# An hour: what a module teaches that does not tell its minutes.
UNKNOWN_HOURS = 1.0


class DifficultyConfig(BaseModel):
    """How strongly observed pass rates are trusted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_prior_attempts: float = Field(
        8.0, gt=0, description="attempts that the skill's rate counts for an item"
    )
    skill_prior_attempts: float = Field(
        20.0, gt=0, description="attempts that the overall rate counts for a skill"
    )
    level_prior_attempts: float = Field(
        100.0, gt=0, description="attempts that no difference counts for a level of modules"
    )


@dataclass(frozen=True, eq=False)
class DifficultyTable:
    """Difficulty of items and skills, logits: ability `d` passes an item of difficulty `d` half the time.

    Parameters
    ----------
    overall, overall_score : float
        Difficulty and mean score of an item of which nothing is known.
    item_ids, item_skills
        Known items and their skills as positions in `skill_ids`.
    item_difficulty, item_score, item_count : float64 arrays, shape (n_items,)
        Logits, the mean score in [0, 1], and the number of attempts behind them.
    item_seconds : float64 array, shape (n_items,)
        Median time of an answer, that of all items where few answers to one are timed; NaN where none is.
    skill_ids, skill_difficulty, skill_score
        Known skills, and difficulty and mean score of their typical item (n_skills,).
    module_ids, module_skills, module_hours
        Modules, their skills, for attempts that name only a module, and the hours each teaches each of them.
    credential_ids, credential_skills
        Credentials and their skills.
    memory : MemoryInput
        What an answer adds to the memory of answers.
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
    overall_score: float = 0.5
    item_score: Floats = field(default_factory=lambda: np.zeros(0))
    item_count: Floats = field(default_factory=lambda: np.zeros(0))
    skill_score: Floats = field(default_factory=lambda: np.zeros(0))
    module_hours: Floats = field(default_factory=lambda: np.zeros(0))
    item_seconds: Floats = field(default_factory=lambda: np.zeros(0))
    credential_ids: tuple[str, ...] = ()
    credential_skills: Ragged = field(default_factory=lambda: Ragged.of([]))
    memory: MemoryInput = field(default_factory=MemoryInput.none)

    def __post_init__(self) -> None:
        """Fill in what was not told: pass rates as scores, no attempts and no times, an hour a module."""
        filled = {
            "item_score": expit(-self.item_difficulty),
            "item_count": np.zeros(len(self.item_ids)),
            "item_seconds": np.full(len(self.item_ids), np.nan),
            "skill_score": expit(-self.skill_difficulty),
            "module_hours": np.full(len(self.module_ids), UNKNOWN_HOURS),
        }
        for name, values in filled.items():
            if len(getattr(self, name)) != len(values):
                object.__setattr__(self, name, values)

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
    def credential_index(self) -> Mapping[str, int]:
        """Position of each credential."""
        return {v: i for i, v in enumerate(self.credential_ids)}

    @cached_property
    def id(self) -> str:
        """Hash of the content, 16 hexadecimal digits."""
        # Not by way of Arrow: making its arrays from lists imports pandas wherever that is installed.
        ids = (self.item_ids, self.skill_ids, self.module_ids, self.credential_ids)
        digest = hashlib.sha256(json.dumps(ids, separators=(",", ":")).encode())
        numbers = (
            np.array([self.overall, self.overall_score, self.pass_mark]),
            *(self.item_difficulty, self.item_score, self.item_count, self.item_seconds),
            *(self.skill_difficulty, self.skill_score, self.module_hours),
            *(self.memory.item, self.memory.skill),
        )
        ragged = (self.item_skills, self.module_skills, self.credential_skills)
        for part in (*numbers, *(a for rows in ragged for a in (rows.start, rows.values))):
            digest.update(part.tobytes())
        return digest.hexdigest()[:16]

    def known(self, output: MemoryOutput | None = None) -> Known:
        """Return what the compiled fold reads; `output` is what fills the feature ``memory_logit``."""
        if output is None:
            return self._known_to_fold
        return self._known_to_fold._replace(**output.arrays())

    @cached_property
    def _known_to_fold(self) -> Known:
        return Known(
            overall=np.array([self.overall]),
            overall_score=np.array([self.overall_score]),
            item_difficulty=self.item_difficulty,
            item_score=self.item_score,
            item_log_count=np.log1p(self.item_count),
            item_seconds=self.item_seconds,
            skill_difficulty=self.skill_difficulty,
            skill_score=self.skill_score,
            item_input=self.memory.item,
            skill_input=self.memory.skill,
            **MemoryOutput.none().arrays(),
        )

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

    def skills_of_credential(self, credential_id: str) -> tuple[str, ...]:
        """Skills that a credential certifies; none where it is not known."""
        position = self.credential_index.get(credential_id)
        return () if position is None else tuple(self.skill_ids[s] for s in self.credential_skills[position])

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
                    "score": pa.array(self.item_score),
                    "n_attempts": pa.array(self.item_count),
                    "seconds": pa.array(self.item_seconds, mask=np.isnan(self.item_seconds)),
                    "skill_ids": pa.array(names(self.item_skills), text_list),
                    "memory": _vectors(self.memory.item, len(self.item_ids)),
                }
            ),
            "skills": pa.table(
                {
                    "skill_id": pa.array(self.skill_ids, pa.string()),
                    "difficulty": pa.array(self.skill_difficulty),
                    "score": pa.array(self.skill_score),
                    "memory": _vectors(self.memory.skill, len(self.skill_ids)),
                }
            ),
            "modules": pa.table(
                {
                    "module_id": pa.array(self.module_ids, pa.string()),
                    "skill_ids": pa.array(names(self.module_skills), text_list),
                    "hours": pa.array(self.module_hours),
                }
            ),
            "credentials": pa.table(
                {
                    "credential_id": pa.array(self.credential_ids, pa.string()),
                    "skill_ids": pa.array(names(self.credential_skills), text_list),
                }
            ),
        }

    @classmethod
    def from_tables(
        cls,
        overall: float,
        tables: Mapping[str, pa.Table],
        pass_mark: float = 0.5,
        overall_score: float = 0.5,
    ) -> DifficultyTable:
        """Inverse of `to_tables`."""
        items, skills, modules, credentials = (
            tables[n].to_pydict() for n in ("items", "skills", "modules", "credentials")
        )
        index = {v: i for i, v in enumerate(skills["skill_id"])}

        def positions(rows: list[list[str]]) -> Ragged:
            return Ragged.of([[index[s] for s in row] for row in rows])

        return cls(
            overall=overall,
            overall_score=overall_score,
            item_ids=tuple(items["item_id"]),
            item_difficulty=np.array(items["difficulty"], np.float64),
            item_score=np.array(items["score"], np.float64),
            item_count=np.array(items["n_attempts"], np.float64),
            item_skills=positions(items["skill_ids"]),
            skill_ids=tuple(skills["skill_id"]),
            skill_difficulty=np.array(skills["difficulty"], np.float64),
            skill_score=np.array(skills["score"], np.float64),
            module_ids=tuple(modules["module_id"]),
            module_skills=positions(modules["skill_ids"]),
            module_hours=np.array(modules["hours"], np.float64),
            item_seconds=np.array(items["seconds"], np.float64),
            credential_ids=tuple(credentials["credential_id"]),
            credential_skills=positions(credentials["skill_ids"]),
            memory=MemoryInput.of(items["memory"], skills["memory"]),
            pass_mark=pass_mark,
        )


def _vectors(rows: NDArray[np.float32], n: int) -> pa.Array:
    """Rows as a list column; null for each of `n` rows where there are none."""
    if len(rows) != n or n == 0:
        return pa.nulls(n, pa.list_(pa.float32()))
    start = np.arange(n + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(pa.array(start), pa.array(rows.ravel()))


def fit_difficulty(
    attempts: AttemptColumns,
    catalog: Catalog,
    config: DifficultyConfig | None = None,
    *,
    share: float = 1.0,
) -> DifficultyTable:
    """Estimate difficulties as smoothed logits of the share that does not pass.

    A skill's pass rate is shrunk to the overall one and an item's to its declared difficulty, else to the
    mean of its skills' rates, without skills to its module's rate, each moved by what the level of its
    module makes harder or easier; each by the pseudo-counts of `config` (Beta-binomial posterior mean with a
    fixed prior strength; Gelman et al. 2013, section 2.4). An item nobody attempted has just that prior.
    Scores are averaged in the same way.

    Parameters
    ----------
    share : float
        Part of all attempts that these are, above 0: counts are divided by it, so that a table fitted on
        four of five folds counts like one fitted on all.
    """
    config = config or DifficultyConfig()
    overall, skill_rate, item_rate = _rates(attempts, catalog, config, attempts.passed, declared=True)
    overall_score, skill_score, item_score = _rates(attempts, catalog, config, attempts.score, declared=False)
    credential_ids, credential_skills = credentials_of(catalog)
    return DifficultyTable(
        overall=float(-_logit(overall)),
        overall_score=overall_score,
        item_ids=catalog.item_ids,
        item_difficulty=-_logit(item_rate),
        item_score=item_score,
        item_count=np.bincount(attempts.item, minlength=len(item_rate)) / share,
        item_skills=catalog.item_skills,
        skill_ids=catalog.skill_ids,
        skill_difficulty=-_logit(skill_rate),
        skill_score=skill_score,
        module_ids=catalog.module_ids,
        module_skills=catalog.module_skills,
        module_hours=module_hours(catalog),
        item_seconds=usual_seconds(attempts.item, attempts.seconds, len(item_rate)),
        credential_ids=credential_ids,
        credential_skills=credential_skills,
        pass_mark=attempts.pass_mark,
    )


def module_hours(catalog: Catalog) -> Floats:
    """Hours that each module teaches each of its skills, shape (n_modules,)."""
    hours = catalog.duration_minutes / 60.0
    known = np.where(np.isnan(hours), UNKNOWN_HOURS, hours)
    shares: Floats = known / np.maximum(np.diff(catalog.module_skills.start), 1)
    return shares


def _rates(
    attempts: AttemptColumns, catalog: Catalog, config: DifficultyConfig, value: Floats, *, declared: bool
) -> tuple[float, Floats, Floats]:
    """Mean of `value` (n_attempts,) overall, by skill and by item, each shrunk to the one before."""
    overall = float((value.sum() + 1.0) / (len(attempts) + 2.0))
    row = attempts.skills.row_of_value()
    skill_rate = _rate(
        attempts.skills.values, value[row], catalog.n_skills, config.skill_prior_attempts, overall
    )
    prior = _item_prior(attempts, catalog, config, value, skill_rate, overall)
    if declared:
        told = ~np.isnan(catalog.item_difficulty)
        prior[told] = np.clip(1.0 - catalog.item_difficulty[told], 0.02, 0.98)
    return overall, skill_rate, _rate(attempts.item, value, len(prior), config.item_prior_attempts, prior)


def _item_prior(
    attempts: AttemptColumns,
    catalog: Catalog,
    config: DifficultyConfig,
    value: Floats,
    skill_rate: Floats,
    overall: float,
) -> Floats:
    """Tell what to expect of an item before anybody answers it, shape (n_items,)."""
    skills, n_items = catalog.item_skills, len(catalog.item_ids)
    count = np.diff(skills.start)
    total = np.bincount(skills.row_of_value(), weights=skill_rate[skills.values], minlength=n_items)
    in_module = attempts.module >= 0
    module_rate = _rate(
        attempts.module[in_module],
        value[in_module],
        catalog.n_modules,
        config.skill_prior_attempts,
        overall,
    )
    by_module = np.append(module_rate, overall)[catalog.item_module]
    prior = np.where(count > 0, total / np.maximum(count, 1), by_module)
    names, code = np.unique(catalog.levels, return_inverse=True)
    # Items without a module, and modules without a level, are of the last level: none.
    code[catalog.levels == ""] = len(names)
    level = np.append(code, len(names))[catalog.item_module]
    of = level[attempts.item]
    excess = np.bincount(of, weights=value - prior[attempts.item], minlength=len(names) + 1)
    shift = excess / (np.bincount(of, minlength=len(names) + 1) + config.level_prior_attempts)
    shift[-1] = 0.0
    return np.where(level < len(names), np.clip(prior + shift[level], 0.02, 0.98), prior)


def _rate(index: NDArray[np.int32], passed: Floats, n: int, strength: float, prior: Floats | float) -> Floats:
    counts = np.bincount(index, minlength=n)
    passes = np.bincount(index, weights=passed, minlength=n)
    rate: Floats = (passes + strength * prior) / (counts + strength)
    return rate


def _logit(p: Floats | float) -> Floats:
    odds: Floats = np.log(p) - np.log1p(-np.asarray(p))
    return odds
