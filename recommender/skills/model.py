"""The learner-skill model as it is shipped: difficulty, linear part, memory, trees, calibration and mastery.

The logit of passing an item is the sum of three parts, each fitted on top of those before it:

    linear(features) + memory of answers + boosted trees(features),

and then calibrated. Whatever a row's features rest on was fitted on other learners: while training, item
difficulty and memory are fitted out of fold by learner.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.domain.dataset_format import SEGMENTS
from recommender.errors import NotFittedError
from recommender.skills.adaptive_config import AdaptiveConfig
from recommender.skills.calibration import PlattScaling
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import DifficultyConfig, DifficultyTable, fit_difficulty
from recommender.skills.evidence import FADING
from recommender.skills.linear import LinearConfig, LinearModel
from recommender.skills.mastery import NOWHERE, MasteryEstimate, MasteryReadout, Place
from recommender.skills.mastery_training import MasteryConfig
from recommender.skills.memory import MemoryConfig, MemoryInput, MemoryOutput, fit_memory
from recommender.skills.records import FEATURE, MEMORY_WIDTH, N_FEATURES
from recommender.skills.replay import replay
from recommender.skills.state import LearnerState, describe_items
from recommender.skills.trees import BoostedTrees, TreesConfig
from recommender.skills.typical import TypicalItems

Floats = NDArray[np.float64]
Features = NDArray[np.float32]

_THREADS = 2
# Fewer held-out attempts than this cannot tell when to stop.
_LEAST_HELD_OUT = 200
_MEMORY = FEATURE["memory_logit"]
# Logit beyond which nothing is believed: a chance of one in three million.
_MOST = 15.0


class SkillModelConfig(BaseModel):
    """The learner-skill model's hyperparameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_folds: int = Field(5, ge=2, description="learner folds for item difficulty and memory")
    held_out_fraction: float = Field(
        0.1, gt=0, lt=1, description="learners that decide when boosting stops, and the calibration"
    )
    max_attempts: int = Field(
        4_000_000, ge=1, description="attempts fitted on at most, of learners drawn; difficulty takes all"
    )
    difficulty: DifficultyConfig = Field(DifficultyConfig(), description="item difficulty")
    linear: LinearConfig = Field(LinearConfig(), description="linear part")
    memory: MemoryConfig = Field(MemoryConfig(), description="memory of answers")
    trees: TreesConfig = Field(TreesConfig(), description="boosted trees")
    mastery: MasteryConfig = Field(MasteryConfig(), description="mastery read-out")
    assessment: AdaptiveConfig = Field(AdaptiveConfig(), description="adaptive testing; nothing is fitted")


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    """Rows whose features rest on a table that was fitted on the learners of `others` only."""

    rows: NDArray[np.bool_]
    others: NDArray[np.bool_]
    table: DifficultyTable


class SkillModel:
    """Predicts attempts, mastery and success on modules from a learner's state.

    Attributes
    ----------
    difficulty_ : DifficultyTable
    linear_ : LinearModel
    memory_ : MemoryOutput
    trees_ : BoostedTrees
    calibration_ : PlattScaling
    mastery_ : MasteryReadout
    typical_ : TypicalItems
    """

    difficulty_: DifficultyTable
    linear_: LinearModel
    memory_: MemoryOutput
    trees_: BoostedTrees
    calibration_: PlattScaling
    mastery_: MasteryReadout
    typical_: TypicalItems

    def __init__(self, config: SkillModelConfig | None = None) -> None:
        self.config = config or SkillModelConfig()

    def fit(
        self,
        attempts: AttemptColumns,
        catalog: Catalog,
        *,
        seed: int,
        held_out: NDArray[np.bool_] | None = None,
    ) -> Self:
        """Fit every part; no row is seen by what its own features are made with.

        Parameters
        ----------
        attempts : AttemptColumns
            At least one row.
        catalog : Catalog
        seed : int
            Of the learner folds, of the learners held out and of everything else that is drawn.
        held_out : bool array, shape (n_learners,), optional
            Learners whose answers no prediction is fitted to: they tell when boosting stops, the two
            numbers of the calibration, and the read-out of mastery; by default some are drawn, if they have
            attempts enough to tell. Where those given have too few, there are neither trees nor calibration.
        """
        config, rng = self.config, np.random.default_rng(seed)
        drawn = held_out is None
        if held_out is None:
            held_out = _draw(attempts, config.held_out_fraction, rng)
        sample = _sample(attempts, config.max_attempts, rng)
        tells = _tells(held_out, sample)
        if drawn and not tells:
            held_out = np.zeros_like(held_out)
        counting = attempts.take(~held_out[attempts.learner])
        fitted, n_fitted = fit_difficulty(counting, catalog, config.difficulty), len(counting)
        attempts, held = sample, held_out[sample.learner]
        folds = list(self._folds(attempts, catalog, held, fitted, n_fitted, rng))
        features = self._replay(attempts, catalog, folds, [MemoryOutput.none()] * len(folds))
        self.linear_ = LinearModel(config.linear).fit(features[~held], attempts.passed[~held])
        base = self.linear_.predict_logit(features)
        folds, outputs = self._fit_memory(attempts, catalog, folds, features, base, seed)
        self.difficulty_, self.memory_ = folds[-1].table, outputs[-1]
        features = self._replay(attempts, catalog, folds, outputs)
        start = base + features[:, _MEMORY]
        trees = BoostedTrees(config.trees)
        if tells:
            trees.fit(_with(features, start), attempts.passed, start, held, seed=seed)
        self.trees_ = trees if tells else trees.none()
        logit = start[held] + self.trees_.predict_logit(_with(features[held], start[held]))
        # Rows that were fitted on would flatter, so without enough others there is no calibration.
        self.calibration_ = PlattScaling.fit(logit, attempts.passed[held]) if tells else PlattScaling()
        self.mastery_ = MasteryReadout(config.mastery).fit(attempts, features, catalog, self.difficulty_)
        self.typical_ = self.mastery_.typical_items(catalog)
        return self

    def predict(self, attempts: AttemptColumns, catalog: Catalog) -> Floats:
        """Probability of passing each attempt from the same learner's earlier ones, shape (n_attempts,).

        The learners are ones the model was not fitted on, or the prediction knows the answers. The catalogue
        is that of the attempts.
        """
        self._require_fitted()
        return self._probability(replay(attempts, catalog, self.difficulty_, self.memory_))

    def item_success(self, state: LearnerState | None, items: NDArray[np.int64], *, now: float) -> Floats:
        """Probability of passing each item, a position in `difficulty_`, if it came next; (n_items,)."""
        self._require_fitted()
        state = state or LearnerState(self.difficulty_.id)
        known = self.difficulty_.known(self.memory_)
        return self._probability(describe_items(state, items, self.difficulty_, known, now=now))

    def module_success(
        self, state: LearnerState | None, catalog: Catalog, *, now: float, place: Place = NOWHERE
    ) -> Floats:
        """Probability of passing a typical item of each module, (n_modules,); NaN where nothing tells."""
        self._require_fitted()
        return self.typical_.success(self.mastery_.logit(state, catalog, now=now, place=place))

    def mastery(
        self, state: LearnerState | None, catalog: Catalog, *, now: float, place: Place = NOWHERE
    ) -> MasteryEstimate:
        """Mastery of every skill at `now`, seconds since 1970 UTC."""
        self._require_fitted()
        return self.mastery_.estimate(state, catalog, now=now, place=place)

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make the model of a changed catalogue; states are folded as before, against the same table."""
        self._require_fitted()
        model = copy(self)
        model.mastery_ = self.mastery_.with_catalog(change)
        model.typical_ = model.mastery_.typical_items(change.after)
        return model

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
        """Scalars and arrays that `from_parts` rebuilds the model from, beside the difficulty table."""
        self._require_fitted()
        scalars = {
            "config": self.config.model_dump(mode="json"),
            "intercept": self.linear_.intercept_,
            "converged": self.linear_.converged_,
            "slope": self.calibration_.slope,
            "offset": self.calibration_.offset,
        }
        arrays: dict[str, NDArray[np.generic]] = {
            **{f"linear_{name.strip('_')}": getattr(self.linear_, name) for name in LinearModel.ARRAYS},
            **{f"memory_{name}": array for name, array in self.memory_.arrays().items()},
            **{f"trees_{name.strip('_')}": getattr(self.trees_, name) for name in BoostedTrees.ARRAYS},
            **{f"mastery_{name.strip('_')}": getattr(self.mastery_, name) for name in MasteryReadout.ARRAYS},
        }
        return scalars, arrays

    @classmethod
    def from_parts(
        cls,
        scalars: dict[str, Any],
        arrays: dict[str, NDArray[Any]],
        difficulty: DifficultyTable,
        catalog: Catalog,
    ) -> Self:
        """Inverse of `parts`; arrays may be read-only memory maps.

        Raises
        ------
        ValueError
            An array is not of the shape that the catalogue asks for, is not finite, or holds no trees.
        """
        _check_arrays(arrays, catalog)
        model = cls(SkillModelConfig.model_validate(scalars["config"]))
        config = model.config
        model.linear_ = LinearModel(config.linear)
        model.linear_.intercept_, model.linear_.converged_ = scalars["intercept"], scalars["converged"]
        model.trees_, model.mastery_ = BoostedTrees(config.trees), MasteryReadout(config.mastery)
        parts: dict[str, Any] = {"linear": model.linear_, "trees": model.trees_, "mastery": model.mastery_}
        for prefix, part in parts.items():
            # Compiled code is made for arrays that may be written to, so what it reads are copies.
            taken = np.asanyarray if part is model.linear_ else np.array
            for name in part.ARRAYS:
                setattr(part, name, taken(arrays[f"{prefix}_{name.strip('_')}"]))
        # Its rows are features and the logit that the trees are added to.
        model.trees_.check(N_FEATURES + 1)
        model.memory_ = MemoryOutput(
            *(np.array(arrays[f"memory_{name}"]) for name in MemoryOutput.none().arrays())
        )
        model.calibration_ = PlattScaling(scalars["slope"], scalars["offset"])
        model.difficulty_ = difficulty
        model.typical_ = model.mastery_.typical_items(catalog)
        return model

    def _probability(self, features: Features) -> Floats:
        start = self.linear_.predict_logit(features) + features[:, _MEMORY]
        logit = np.clip(start + self.trees_.predict_logit(_with(features, start)), -_MOST, _MOST)
        return self.calibration_.predict(logit)

    def _folds(
        self,
        attempts: AttemptColumns,
        catalog: Catalog,
        held: NDArray[np.bool_],
        fitted: DifficultyTable,
        n_fitted: int,
        rng: np.random.Generator,
    ) -> Iterator[_Fold]:
        """One fold of training learners after the other, then those held out, whom `fitted` has not seen."""
        train = ~held
        learners = np.unique(attempts.learner[train])
        n_folds = min(self.config.n_folds, len(learners))
        fold = np.zeros(attempts.n_learners, np.int64)
        fold[learners] = rng.permutation(len(learners)) % n_folds
        row_fold = fold[attempts.learner]
        for k in range(n_folds):
            rows = train & (row_fold == k)
            others = train & ~rows
            # One learner only: nobody else's answers tell how hard an item is.
            share = float(others.sum() / n_fitted) or 1.0
            table = fit_difficulty(attempts.take(others), catalog, self.config.difficulty, share=share)
            yield _Fold(rows, others, table)
        yield _Fold(held, train, fitted)

    @staticmethod
    def _replay(
        attempts: AttemptColumns, catalog: Catalog, folds: list[_Fold], outputs: list[MemoryOutput]
    ) -> Features:
        """Features of every row, each by the table of its fold."""
        features = np.zeros((len(attempts), N_FEATURES), np.float32)
        for fold, output in zip(folds, outputs, strict=True):
            features[fold.rows] = replay(attempts.take(fold.rows), catalog, fold.table, output)
        return features

    def _fit_memory(
        self,
        attempts: AttemptColumns,
        catalog: Catalog,
        folds: list[_Fold],
        features: Features,
        base: Floats,
        seed: int,
    ) -> tuple[list[_Fold], list[MemoryOutput]]:
        """Fit the memory for each fold on the others' rows; the tables take up what it adds to them."""
        residual = attempts.score - features[:, FEATURE["expected_score"]]

        def fit(fold: _Fold) -> tuple[MemoryInput, MemoryOutput]:
            return fit_memory(
                attempts.take(fold.others),
                residual[fold.others],
                base[fold.others],
                n_items=len(catalog.item_ids),
                n_skills=catalog.n_skills,
                config=self.config.memory,
                seed=seed,
            )

        with ThreadPoolExecutor(_THREADS) as pool:
            fitted = list(pool.map(fit, folds))
        remembering = [
            replace(fold, table=replace(fold.table, memory=memory))
            for fold, (memory, _) in zip(folds, fitted, strict=True)
        ]
        return remembering, [output for _, output in fitted]

    def _require_fitted(self) -> None:
        if not hasattr(self, "typical_"):
            raise NotFittedError(self)


def _with(features: Features, start: Floats) -> Features:
    """Features and, as one more, the logit that the trees are added to."""
    return np.column_stack([features, start.astype(np.float32)])


def _draw(attempts: AttemptColumns, fraction: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    active = np.unique(attempts.learner)
    held_out = np.zeros(attempts.n_learners, np.bool_)
    held_out[rng.permutation(active)[: round(fraction * len(active))]] = True
    return held_out


def _tells(held_out: NDArray[np.bool_], attempts: AttemptColumns) -> bool:
    """Whether those held out, and the others, have answers enough to tell when to stop."""
    held = held_out[attempts.learner]
    sides = (attempts.passed[held], attempts.passed[~held])
    return all(len(side) >= _LEAST_HELD_OUT and len(np.unique(side)) == 2 for side in sides)


def _sample(attempts: AttemptColumns, most: int, rng: np.random.Generator) -> AttemptColumns:
    """At most about `most` attempts: all of each learner drawn, and at least one learner."""
    if len(attempts) <= most:
        return attempts
    counts = np.bincount(attempts.learner, minlength=attempts.n_learners)
    order = rng.permutation(attempts.n_learners)
    kept = np.zeros(attempts.n_learners, np.bool_)
    order = order[counts[order] > 0]
    kept[order[np.cumsum(counts[order]) <= max(most, counts[order[0]])]] = True
    return attempts.take(kept[attempts.learner])


def _check_arrays(arrays: dict[str, NDArray[Any]], catalog: Catalog) -> None:
    """Refuse arrays of other shapes than the catalogue asks for, or that are not finite."""
    n_items, n_skills, n_roles = len(catalog.item_ids), catalog.n_skills, len(catalog.roles.ids)
    with_memory = len(arrays["memory_item_bias"]) + len(arrays["memory_skill_bias"]) > 0
    items, skills = (n_items, n_skills) if with_memory else (0, 0)
    shapes: dict[str, tuple[int, ...]] = {
        **{f"linear_{name.strip('_')}": (N_FEATURES,) for name in LinearModel.ARRAYS},
        "memory_item_output": (items, MEMORY_WIDTH),
        "memory_skill_output": (skills, MEMORY_WIDTH),
        "memory_item_bias": (items,),
        "memory_skill_bias": (skills,),
        "mastery_base": (n_skills + 1,),
        "mastery_role": (n_roles, n_skills + 1),
        "mastery_segment": (len(SEGMENTS), n_skills + 1),
        "mastery_pass_rate": (n_skills,),
        "mastery_item_difficulty": (n_items,),
        "mastery_weight": (3 + len(FADING),),
        "mastery_inside": (2,),
        "mastery_variance": (3,),
        "mastery_stretch": (1,),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"array {name} has shape {arrays[name].shape}, expected {shape}")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"array {name} holds a number that is not finite")
