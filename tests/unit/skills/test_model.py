"""The learner-skill model as shipped: how its parts are fitted together."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.skills.best_lr import BestLRConfig
from recommender.skills.difficulty import DifficultyConfig, fit_difficulty
from recommender.skills.mastery import MasteryConfig
from recommender.skills.model import SkillModel, SkillModelConfig
from recommender.skills.state import fold
from tests.unit.skills.streams import CATALOG, columns, events_of, simulated

SEED = 11


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=30, n_attempts=900)


def fit(attempts, catalog=CATALOG, **config):
    return SkillModel(SkillModelConfig(**config)).fit(attempts, catalog, seed=SEED)


def test_training_reads_difficulty_out_of_fold(attempts):
    """Other folds, other difficulty: mastery reads ability, which reads it; Best-LR does not."""
    one, other = fit(attempts), fit(attempts, n_folds=2)
    assert (one.mastery_.weight_ != other.mastery_.weight_).any()
    np.testing.assert_array_equal(one.best_lr_.item_weight_, other.best_lr_.item_weight_)


def test_what_is_served_reads_difficulty_from_everybody(attempts):
    config = DifficultyConfig(item_prior_attempts=3.0)
    assert fit(attempts, difficulty=config).difficulty_.id == fit_difficulty(attempts, CATALOG, config).id


def test_every_part_is_given_its_configuration(attempts):
    usual = fit(attempts)
    assert fit(attempts, difficulty=DifficultyConfig(skill_prior_attempts=1)).difficulty_.id != (
        usual.difficulty_.id
    )
    shrunk = fit(attempts, best_lr=BestLRConfig(inverse_penalty=1e-4))
    assert np.abs(shrunk.best_lr_.item_weight_).max() < np.abs(usual.best_lr_.item_weight_).max()
    leaning = fit(attempts, mastery=MasteryConfig(offset_prior_attempts=1e6))
    assert np.ptp(leaning.mastery_.offset_) < 0.1 * np.ptp(usual.mastery_.offset_)
    assert fit(attempts, n_folds=2).calibration_ != usual.calibration_


def test_one_learner_leaves_the_scale_alone():
    few = simulated(np.random.default_rng(2), n_learners=1, n_attempts=100)
    assert (fit(few).calibration_.slope, fit(few).calibration_.offset) == (1.0, 0.0)


def test_learners_without_attempts_count_for_nothing(attempts):
    more = replace(attempts, n_learners=attempts.n_learners + 50)
    np.testing.assert_array_equal(fit(more).mastery_.weight_, fit(attempts).mastery_.weight_)


def test_mastery_is_of_an_item_met_for_the_first_time():
    """Where the second try on an item nearly always succeeds, mastery must not count on second tries."""
    n_items, n_learners, n_each = 12, 150, 24
    catalog = Catalog.from_tables(
        {
            "skills": pa.table({"skill_id": ["s"], "name": ["S"]}),
            "items": pa.table({"item_id": [f"i{i}" for i in range(n_items)], "skill_ids": [["s"]] * n_items}),
        }
    )
    rng = np.random.default_rng(3)
    item = rng.integers(0, n_items, (n_learners, n_each))
    rows = []
    for learner in range(n_learners):
        seen = set()
        for step, asked in enumerate(item[learner].tolist()):
            passed = rng.random() < (0.95 if asked in seen else 0.35)
            seen.add(asked)
            rows.append((learner, asked, float(passed), float(step)))
    attempts = columns(rows, n_learners=n_learners, catalog=catalog)
    model = fit(attempts, catalog)
    mastery = [
        model.mastery(fold(events_of(attempts, n, catalog), model.difficulty_), catalog, now=1e4).mastery[0]
        for n in range(n_learners)
    ]
    assert attempts.passed.mean() > 0.6
    assert np.mean(mastery) < 0.5


def test_config_refuses_what_it_cannot_use():
    for wrong in ({"n_folds": 1}, {"folds": 5}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SkillModelConfig(**wrong)
