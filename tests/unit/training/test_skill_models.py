"""Judging the skill model: nothing of the answer is in what is learned from, and noise teaches nothing."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.columns import AttemptColumns
from training.config import TrainConfig, load_config
from training.evaluation.splits import split_learners
from training.skill_models import judge_skills

N_SKILLS, N_ITEMS = 4, 40
CONFIG = TrainConfig()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Forty items of four skills."""
    skills = [f"s{i}" for i in range(N_SKILLS)]
    return Catalog.from_tables(
        {
            "skills": pa.table({"skill_id": skills, "name": skills}),
            "items": pa.table(
                {
                    "item_id": [f"i{i:02d}" for i in range(N_ITEMS)],
                    "skill_ids": [[skills[i % N_SKILLS]] for i in range(N_ITEMS)],
                }
            ),
        }
    )


@pytest.fixture(scope="module")
def attempts() -> AttemptColumns:
    """1,500 learners of different ability answer twenty items of different difficulty, one a minute."""
    rng = np.random.default_rng(3)
    n_learners, length = 1500, 20
    learner = np.repeat(np.arange(n_learners), length)
    item = rng.integers(0, N_ITEMS, len(learner)).astype(np.int32)
    logit = rng.normal(0, 1.3, n_learners)[learner] - np.linspace(-1.5, 1.5, N_ITEMS)[item]
    passed = (rng.random(len(learner)) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    return AttemptColumns(
        learner=learner,
        item=item,
        skills=Ragged.of([[i % N_SKILLS] for i in item.tolist()]),
        module=np.full(len(learner), -1, np.int32),
        passed=passed,
        score=passed,
        at=np.tile(np.arange(length) * 60.0, n_learners),
        n_learners=n_learners,
    )


def held_out(attempts: AttemptColumns, config: TrainConfig) -> np.ndarray:
    """Rows of the learners that are held out, by the same draw."""
    active, fraction = np.unique(attempts.learner), config.evaluation.test_fraction
    rng = np.random.default_rng(config.seed)
    return np.isin(attempts.learner, active[split_learners(len(active), (1 - fraction, fraction), rng)[1]])


def few(attempts: AttemptColumns, n_learners: int = 150) -> AttemptColumns:
    return attempts.take(attempts.learner < n_learners)


def flipped(attempts: AttemptColumns, rows: np.ndarray) -> AttemptColumns:
    passed = np.where(rows, 1 - attempts.passed, attempts.passed)
    return replace(attempts, passed=passed, score=passed)


def predicted(report, model: str) -> tuple[list[float], list[int]]:
    """The bins of predictions, which hold nothing of the outcomes."""
    bins = report.calibration[model]
    return bins.predicted.tolist(), bins.count.tolist()


def observed(report) -> list[float]:
    return report.calibration["skill_model"].observed.tolist()


def test_the_skill_model_beats_the_item_and_says_what_was_tested(attempts, catalog):
    report = judge_skills(attempts, catalog, CONFIG)
    assert report.n == {"attempts": 6000, "learners": 300, "items": N_ITEMS, "skills": N_SKILLS}
    assert set(report.models) == {"skill_model", "best_lr", "item_mean"}
    assert report.models["skill_model"]["auc"] > report.models["item_mean"]["auc"] + 0.03 > 0.6
    assert report.models["skill_model"]["ece"] < 0.03
    assert report.models["skill_model"]["fit_seconds"] > 0
    assert report.models["item_mean"]["fit_seconds"] is None


def test_what_is_known_from_elsewhere_is_judged_on_the_same_rows(attempts, catalog):
    """Who says what happened is right on every row, so rows and predictions belong together."""
    known = {"seer": np.where(attempts.passed == 1, 0.9, 0.1), "dice": np.full(len(attempts), 0.5)}
    alone, beside = (judge_skills(attempts, catalog, CONFIG, known=k) for k in (None, known))
    assert list(beside.models) == [*alone.models, "seer", "dice"]
    assert beside.models["seer"]["auc"] == beside.models["seer"]["accuracy"] == 1
    assert beside.models["seer"]["ece"] == pytest.approx(0.1)
    assert beside.models["dice"]["auc"] == 0.5
    assert beside.models["skill_model"]["auc"] == alone.models["skill_model"]["auc"]
    assert beside.n == alone.n


def test_shuffled_outcomes_teach_nothing(attempts, catalog):
    noise = np.random.default_rng(0).permutation(attempts.passed)
    report = judge_skills(replace(attempts, passed=noise, score=noise), catalog, CONFIG)
    for name, metrics in report.models.items():
        assert metrics["auc"] == pytest.approx(0.5, abs=0.02), name


def test_a_last_outcome_changes_no_prediction(attempts, catalog):
    """Each attempt is predicted from earlier ones: flip every tested learner's last, and all stay."""
    data = few(attempts)
    last = np.append(data.learner[1:] != data.learner[:-1], True)
    rows = last & held_out(data, CONFIG)
    assert rows.sum() == 30
    before, after = (judge_skills(d, catalog, CONFIG) for d in (data, flipped(data, rows)))
    for model in before.models:
        assert predicted(before, model) == predicted(after, model)
    assert observed(before) != observed(after)


def test_a_first_outcome_changes_the_predictions_after_it(attempts, catalog):
    """What makes the test above able to fail."""
    data = few(attempts)
    first = np.append(True, data.learner[1:] != data.learner[:-1])
    rows = first & held_out(data, CONFIG)
    before, after = (judge_skills(d, catalog, CONFIG) for d in (data, flipped(data, rows)))
    assert predicted(before, "skill_model") != predicted(after, "skill_model")
    assert predicted(before, "item_mean") == predicted(after, "item_mean")


def test_no_outcome_of_a_tested_learner_is_learned_from(attempts, catalog):
    """With one attempt each there is nothing earlier: flip all that is tested, and all predictions stay."""
    first = np.append(True, attempts.learner[1:] != attempts.learner[:-1])
    data = attempts.take(first | ~held_out(attempts, CONFIG))
    rows = held_out(data, CONFIG)
    assert rows.sum() == 300
    before, after = (judge_skills(d, catalog, CONFIG) for d in (data, flipped(data, rows)))
    for model in before.models:
        assert predicted(before, model) == predicted(after, model)
    assert after.models["skill_model"]["auc"] == pytest.approx(1 - before.models["skill_model"]["auc"])


def test_nobody_to_hold_out_is_no_report(attempts, catalog):
    assert judge_skills(few(attempts, 1), catalog, CONFIG) is None
    everybody = load_config(overrides=["evaluation.test_fraction=0.9"])
    assert judge_skills(few(attempts, 2), catalog, everybody) is None


def test_another_seed_tests_others(attempts, catalog):
    data = few(attempts)
    other = load_config(overrides=["seed=1"])
    assert (
        judge_skills(data, catalog, CONFIG).models["item_mean"]["auc"]
        != (judge_skills(data, catalog, other).models["item_mean"]["auc"])
    )
