"""The learner-skill model as it is shipped: difficulty, Best-LR, calibration and mastery, fitted together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.domain.catalog import Catalog
from recommender.errors import NotFittedError
from recommender.skills.best_lr import BestLR, BestLRConfig
from recommender.skills.calibration import PlattScaling
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import (
    DifficultyConfig,
    DifficultyTable,
    fit_difficulty,
    out_of_fold_difficulty,
)
from recommender.skills.mastery import MasteryConfig, MasteryEstimate, MasteryReadout
from recommender.skills.records import LOG_ITEM_ATTEMPTS, LOG_ITEM_PASSED
from recommender.skills.replay import Evidence, replay
from recommender.skills.state import LearnerState, known_rows
from recommender.skills.typical import TypicalItems, typical_items

Floats = NDArray[np.float64]


class SkillModelConfig(BaseModel):
    """The learner-skill model's hyperparameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_folds: int = Field(5, ge=2, description="learner folds for item difficulty and calibration")
    difficulty: DifficultyConfig = Field(DifficultyConfig(), description="item difficulty")
    best_lr: BestLRConfig = Field(BestLRConfig(), description="skill tracing")
    mastery: MasteryConfig = Field(MasteryConfig(), description="mastery read-out")


class SkillModel:
    """Predicts attempts, mastery and success on modules from a learner's state.

    Attributes
    ----------
    difficulty_ : DifficultyTable
    best_lr_ : BestLR
    calibration_ : PlattScaling
    mastery_ : MasteryReadout
    typical_ : TypicalItems
    """

    difficulty_: DifficultyTable
    best_lr_: BestLR
    calibration_: PlattScaling
    mastery_: MasteryReadout
    typical_: TypicalItems

    def __init__(self, config: SkillModelConfig | None = None) -> None:
        self.config = config or SkillModelConfig()

    def fit(self, attempts: AttemptColumns, catalog: Catalog, *, seed: int) -> Self:
        """Fit every part; no row is seen by the difficulty in its own features, none by its own calibration.

        Parameters
        ----------
        attempts : AttemptColumns
            At least one row.
        seed : int
            Of the learner folds.
        """
        config, rng = self.config, np.random.default_rng(seed)
        n_folds = min(config.n_folds, len(np.unique(attempts.learner)))
        fold = _folds(attempts.learner, attempts.n_learners, n_folds, rng)
        if n_folds > 1:
            difficulty = out_of_fold_difficulty(attempts, catalog, config.difficulty, fold)
        else:
            # One learner only: nobody else's answers tell how hard an item is.
            difficulty = np.zeros(len(attempts))
        evidence = replay(attempts, catalog, difficulty)
        self.calibration_ = self._calibrate(attempts, evidence, catalog, fold)
        self.best_lr_ = self._fit_best_lr(attempts, evidence, catalog)
        self.difficulty_ = fit_difficulty(attempts, catalog, config.difficulty)
        self.typical_ = typical_items(self.best_lr_, self.difficulty_, catalog)
        target = self._typical_logit(attempts, evidence)
        self.mastery_ = MasteryReadout(config.mastery).fit(
            attempts, evidence, target, n_skills=catalog.n_skills
        )
        return self

    def predict(self, attempts: AttemptColumns, catalog: Catalog) -> Floats:
        """Probability of passing each attempt from the same learner's earlier ones, shape (n_attempts,).

        The learners are ones the model was not fitted on, or the prediction knows the answers.
        """
        self._require_fitted()
        evidence = replay(attempts, catalog, self.difficulty_.item_difficulty[attempts.item])
        return self.calibration_.predict(self.best_lr_.predict_logit(attempts, evidence))

    def module_success(self, state: LearnerState | None, catalog: Catalog) -> Floats:
        """Probability of passing a typical item of each module, (n_modules,); NaN where nothing tells."""
        self._require_fitted()
        model = self.best_lr_
        counts = np.zeros((2, catalog.n_skills))
        learner = np.zeros(4)
        if state is not None:
            learner[:2] = np.log1p([state.learner["n_passed"][0], state.learner["n_attempts"][0]])
            skill, row = known_rows(state.skill_rows, catalog.skill_index)
            counts[0, skill] = np.log1p(state.skills["n_passed"][row])
            counts[1, skill] = np.log1p(state.skills["n_attempts"][row])
        by_skill = model.skill_passed_weight_ * counts[0] + model.skill_attempts_weight_ * counts[1]
        logit = self.typical_.module_logit(by_skill) + float(learner @ model.learner_weight_)
        return self.calibration_.predict(logit)

    def mastery(self, state: LearnerState | None, catalog: Catalog, *, now: float) -> MasteryEstimate:
        """Mastery of every skill at `now`, seconds since 1970 UTC."""
        self._require_fitted()
        return self.mastery_.estimate(state, catalog, now=now)

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
        """Scalars and arrays that `from_parts` rebuilds the model from, beside the difficulty table."""
        self._require_fitted()
        scalars = {
            "config": self.config.model_dump(mode="json"),
            "intercept": self.best_lr_.intercept_,
            "converged": self.best_lr_.converged_,
            "slope": self.calibration_.slope,
            "offset": self.calibration_.offset,
        }
        arrays: dict[str, NDArray[np.generic]] = {
            name.strip("_"): getattr(self.best_lr_, name) for name in BestLR.ARRAYS
        }
        arrays |= {"mastery_offset": self.mastery_.offset_, "mastery_weight": self.mastery_.weight_}
        return scalars, arrays

    @classmethod
    def from_parts(
        cls,
        scalars: dict[str, Any],
        arrays: dict[str, NDArray[Any]],
        difficulty: DifficultyTable,
        catalog: Catalog,
    ) -> Self:
        """Inverse of `parts`; arrays may be read-only memory maps."""
        model = cls(SkillModelConfig.model_validate(scalars["config"]))
        model.best_lr_ = BestLR(model.config.best_lr)
        model.best_lr_.intercept_, model.best_lr_.converged_ = scalars["intercept"], scalars["converged"]
        for name in BestLR.ARRAYS:
            setattr(model.best_lr_, name, arrays[name.strip("_")])
        model.calibration_ = PlattScaling(scalars["slope"], scalars["offset"])
        model.mastery_ = MasteryReadout(model.config.mastery)
        model.mastery_.offset_, model.mastery_.weight_ = arrays["mastery_offset"], arrays["mastery_weight"]
        sizes = {"item": len(catalog.item_ids), "skill": catalog.n_skills, "mastery_offset": catalog.n_skills}
        for name, array in arrays.items():
            expected = next((n for start, n in sizes.items() if name.startswith(start)), len(array))
            if array.shape != (expected,):
                raise ValueError(f"array {name} has shape {array.shape}, expected ({expected},)")
        model.difficulty_ = difficulty
        model.typical_ = typical_items(model.best_lr_, difficulty, catalog)
        return model

    def _fit_best_lr(self, attempts: AttemptColumns, evidence: Evidence, catalog: Catalog) -> BestLR:
        model = BestLR(self.config.best_lr)
        return model.fit(attempts, evidence, n_items=len(catalog.item_ids), n_skills=catalog.n_skills)

    def _calibrate(
        self, attempts: AttemptColumns, evidence: Evidence, catalog: Catalog, fold: NDArray[np.int64]
    ) -> PlattScaling:
        """Fit the calibration to logits of learners that the model behind them has not seen."""
        logit, row_fold = np.zeros(len(attempts)), fold[attempts.learner]
        folds = np.unique(row_fold)
        if len(folds) < 2:
            return PlattScaling()
        for k in folds:
            held_out = row_fold == k
            model = self._fit_best_lr(*_rows(attempts, evidence, ~held_out), catalog)
            logit[held_out] = model.predict_logit(*_rows(attempts, evidence, held_out))
        return PlattScaling.fit(logit, attempts.passed)

    def _require_fitted(self) -> None:
        if not hasattr(self, "typical_"):
            raise NotFittedError(self)

    def _typical_logit(self, attempts: AttemptColumns, evidence: Evidence) -> Floats:
        """Calibrated logit of each attempt's skills, had the item been the skill's typical one, met first."""
        model = self.best_lr_
        first_met = Evidence(evidence.features.copy(), evidence.entries)
        first_met.features[:, [LOG_ITEM_PASSED, LOG_ITEM_ATTEMPTS]] = 0.0
        logit = model.predict_logit(attempts, first_met) - model.item_weight_[attempts.item]
        row = attempts.skills.row_of_value()
        return self.calibration_.logit(logit[row] + self.typical_.skill_item_weight[attempts.skills.values])


def _folds(
    learner: NDArray[np.int64], n_learners: int, n_folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Fold of each learner (n_learners,); those with attempts are dealt out evenly."""
    fold = np.zeros(n_learners, np.int64)
    active = np.unique(learner)
    fold[active] = rng.permutation(len(active)) % n_folds
    return fold


def _rows(
    attempts: AttemptColumns, evidence: Evidence, mask: NDArray[np.bool_]
) -> tuple[AttemptColumns, Evidence]:
    entries = np.repeat(mask, np.diff(attempts.skills.start))
    return attempts.take(mask), Evidence(evidence.features[mask], evidence.entries[entries])
