"""Item difficulty: estimated with care, named by its content."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.difficulty import (
    DifficultyConfig,
    DifficultyTable,
    fit_difficulty,
    out_of_fold_difficulty,
)
from tests.unit.skills.streams import CATALOG, TABLE, columns, simulated

NAN = float("nan")


def fitted(rows, **config):
    return fit_difficulty(columns(rows, n_learners=9), CATALOG, DifficultyConfig(**config))


def test_rates_are_shrunk_as_said():
    """Worked by hand: q0 passed once in two, of the skill s0 with prior 20 at the overall rate."""
    table = fitted([(0, 0, 1, NAN), (1, 0, 0, NAN), (1, 4, 1, NAN)])
    overall = (2 + 1) / (3 + 2)
    skill = (1 + 20 * overall) / (2 + 20)
    item = (1 + 8 * skill) / (2 + 8)
    assert table.overall == pytest.approx(-logit(overall))
    assert table.skill_difficulty[0] == pytest.approx(-logit(skill))
    assert table.item_difficulty[0] == pytest.approx(-logit(item))
    # Never attempted: the mean of its skills; without skills, overall.
    assert table.item_difficulty[2] == pytest.approx(-logit((skill + overall) / 2))
    assert table.item_difficulty[4] == pytest.approx(-logit((1 + 8 * overall) / (1 + 8)))
    assert table.skill_difficulty[3] == pytest.approx(-logit(overall))


def test_many_attempts_outweigh_the_prior_and_weak_priors_do_so_sooner():
    rows = [(i % 9, 0, float(i % 4 == 0), NAN) for i in range(4000)]
    assert expit(-fitted(rows).item_difficulty[0]) == pytest.approx(0.25, abs=0.01)
    few = rows[:8]
    weak, strong = (fitted(few, item_prior_attempts=p).item_difficulty[0] for p in (0.1, 1000))
    assert abs(expit(-weak) - 0.25) < abs(expit(-strong) - 0.25)


def test_declared_difficulty_is_the_prior_of_an_item():
    declared = Catalog.from_tables(
        {
            "skills": pa.table({"skill_id": ["s"], "name": ["S"]}),
            "items": pa.table(
                {"item_id": ["hard", "sure", "told"], "difficulty": pa.array([0.9, 0.0, None], pa.float64())}
            ),
        }
    )
    attempts = columns([(0, 0, 1, NAN)] * 3, n_learners=1, skills=[[0]] * 3, catalog=declared)
    table = fit_difficulty(attempts, declared)
    assert expit(-table.item_difficulty[0]) == pytest.approx((3 + 8 * 0.1) / (3 + 8))
    assert expit(-table.item_difficulty[1]) == pytest.approx(0.98)


def test_skills_of_an_item_are_those_of_the_catalogue():
    """Loading resolves them once for training and serving; what single attempts name changes nothing."""
    attempts = columns([(0, 0, 1, NAN), (0, 4, 1, NAN)], n_learners=1, skills=[[3], [2, 1]])
    table = fit_difficulty(attempts, CATALOG)
    assert table.item_skills[0].tolist() == [0]
    assert table.item_skills[4].tolist() == CATALOG.item_skills[4].tolist() == []


@pytest.mark.parametrize("passed", [0.0, 1.0])
def test_one_class_only_stays_finite(passed):
    table = fitted([(0, 0, passed, NAN)] * 50)
    assert np.isfinite(table.item_difficulty).all()
    assert np.isfinite(table.skill_difficulty).all()
    assert (table.overall > 0) == (passed == 0)


def test_no_attempt_at_all_is_even_odds():
    table = fitted([])
    assert table.overall == 0
    assert not table.item_difficulty.any()


# Out of fold


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=20, n_attempts=600)


@pytest.fixture(scope="module")
def fold():
    return np.arange(20) % 4


def out_of_fold(attempts, fold):
    return out_of_fold_difficulty(attempts, CATALOG, DifficultyConfig(), fold)


def test_own_answer_does_not_move_own_difficulty(attempts, fold):
    before = out_of_fold(attempts, fold)
    for row in (0, 250, 599):
        passed = attempts.passed.copy()
        passed[row] = 1 - passed[row]
        after = out_of_fold(replace(attempts, passed=passed), fold)
        assert after[row] == before[row]
        others = (attempts.item == attempts.item[row]) & (
            fold[attempts.learner] != fold[attempts.learner[row]]
        )
        assert (after[others] != before[others]).all()


def test_nothing_of_a_learner_moves_their_own_difficulty(attempts, fold):
    before = out_of_fold(attempts, fold)
    mine = attempts.learner == 3
    after = out_of_fold(replace(attempts, passed=np.where(mine, 1 - attempts.passed, attempts.passed)), fold)
    np.testing.assert_array_equal(after[mine], before[mine])
    # Nor whether they came at all, apart from their rows.
    kept = fold[attempts.learner] == fold[3]
    fewer = attempts.take(~mine | (np.arange(len(attempts)) == np.flatnonzero(mine)[0]))
    rest = fold[fewer.learner] == fold[3]
    by_item = dict(zip(attempts.item[kept], before[kept], strict=True))
    for item, got in zip(fewer.item[rest], out_of_fold(fewer, fold)[rest], strict=True):
        assert got == by_item[item]


def test_out_of_fold_is_the_table_of_the_others(attempts, fold):
    got = out_of_fold(attempts, fold)
    mine = fold[attempts.learner] == 2
    table = fit_difficulty(attempts.take(~mine), CATALOG)
    np.testing.assert_array_equal(got[mine], table.item_difficulty[attempts.item[mine]])


# The table


def test_difficulty_of_items_known_and_new():
    assert TABLE.difficulty_of("q1", ()) == TABLE.item_difficulty[1]
    assert TABLE.difficulty_of("new", ("s1", "s2", "new")) == pytest.approx(0.75)
    assert TABLE.difficulty_of("new", ("new",)) == TABLE.overall == 0.25


def test_pass_mark_is_that_of_the_attempts(attempts):
    assert fit_difficulty(replace(attempts, pass_mark=0.4), CATALOG).pass_mark == 0.4


def test_arrow_tables_and_back():
    strict = replace(TABLE, pass_mark=0.9)
    assert DifficultyTable.from_tables(strict.overall, strict.to_tables(), 0.9).id == strict.id
    again = DifficultyTable.from_tables(TABLE.overall, TABLE.to_tables())
    assert again.id == TABLE.id
    assert again.skills_of("new", (), "m1") == TABLE.skills_of("new", (), "m1") == ("s1", "s2")
    np.testing.assert_array_equal(again.item_difficulty, TABLE.item_difficulty)


@pytest.mark.parametrize(
    "change",
    [
        {"overall": 0.5},
        {"item_ids": tuple(f"x{i}" for i in range(len(TABLE.item_ids)))},
        {"item_difficulty": TABLE.item_difficulty + 1e-12},
        {"item_skills": Ragged.of([[]] * len(TABLE.item_ids))},
        {"skill_ids": ("s0", "s1", "s2", "other")},
        {"skill_difficulty": TABLE.skill_difficulty * 2},
        {"module_ids": ("m0", "m1", "m2", "m3", "other")},
        {"module_skills": Ragged.of([[0], [1, 2], [], [3], [1]])},
        {"pass_mark": 0.6},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_content_is_another_name(change):
    other = replace(TABLE, **change)
    assert other.id != TABLE.id
    assert len(other.id) == 16


def test_the_name_is_that_of_the_content():
    assert replace(TABLE, item_difficulty=TABLE.item_difficulty.copy()).id == TABLE.id


def test_config_refuses_what_it_cannot_use():
    for wrong in ({"item_prior_attempts": 0}, {"skill_prior_attempts": -1}, {"prior": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            DifficultyConfig(**wrong)
