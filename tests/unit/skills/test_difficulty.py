"""Item difficulty: estimated with care, named by its content."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.difficulty import DifficultyConfig, DifficultyTable, fit_difficulty, module_hours
from tests.unit.skills.streams import CATALOG, TABLE, a_memory, columns, simulated

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
    # Never attempted: the mean of its skills; without skills, its module, here of one attempt.
    assert table.item_difficulty[2] == pytest.approx(-logit((skill + overall) / 2))
    module = (1 + 20 * overall) / (1 + 20)
    assert table.item_difficulty[4] == pytest.approx(-logit((1 + 8 * module) / (1 + 8)))
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
    assert (table.item_score == 0.5).all()
    assert not table.item_count.any()


# Levels, modules, shares


def levelled(*levels):
    """One module of each level and two of none, each with two items of the skill s."""
    modules = [f"m{i}" for i in range(len(levels) + 2)]
    items = [f"{module}-{i}" for module in modules for i in range(2)]
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": modules,
                    "title": modules,
                    "level": pa.array([*levels, None, None], pa.string()),
                    "duration_minutes": pa.array([90.0, *[None] * (len(modules) - 1)], pa.float64()),
                    "skill_ids": [["s", "t"], *[["s"]] * (len(modules) - 1)],
                }
            ),
            "skills": pa.table({"skill_id": ["s", "t"], "name": ["S", "T"]}),
            "items": pa.table(
                {
                    "item_id": items,
                    "module_id": [item.partition("-")[0] for item in items],
                    "skill_ids": [["s"]] * len(items),
                }
            ),
        }
    )


def test_a_level_moves_the_prior_of_items_nobody_attempted():
    """Worked by hand: the first item of each module is answered, what its level adds falls on the second."""
    catalog = levelled("beginner", "advanced")
    answers = {0: 1.0, 2: 0.0, 4: 1.0, 6: 0.0}
    rows = [(i, item, passed, NAN) for item, passed in answers.items() for i in range(40)]
    attempts = columns(rows, n_learners=40, catalog=catalog)
    table = fit_difficulty(attempts, catalog, DifficultyConfig(level_prior_attempts=60.0))
    overall = (80 + 1) / (160 + 2)
    skill = (80 + 20 * overall) / (160 + 20)
    shift = {1: 40 * (1 - skill) / (40 + 60), 3: 40 * (0 - skill) / (40 + 60), 5: 0.0, 7: 0.0}
    for item, moved in shift.items():
        assert expit(-table.item_difficulty[item]) == pytest.approx(skill + moved), item
    prior = skill + shift[1]
    assert expit(-table.item_difficulty[0]) == pytest.approx((40 + 8 * prior) / (40 + 8))
    stubborn = fit_difficulty(attempts, catalog, DifficultyConfig(level_prior_attempts=1e9))
    assert expit(-stubborn.item_difficulty[1]) == pytest.approx(skill, abs=1e-6)


def test_a_level_leaves_a_declared_difficulty_no_further_than_it_may_go():
    """A shift never takes a prior out of .02 to .98."""
    catalog = levelled("beginner", "advanced")
    rows = [(0, item, float(item == 0), NAN) for item in (0, 2) for _ in range(5000)]
    attempts = columns(rows, n_learners=1, catalog=catalog)
    table = fit_difficulty(attempts, catalog, DifficultyConfig(level_prior_attempts=1e-6))
    assert (np.abs(expit(-table.item_difficulty[[1, 3]]) - 0.5) <= 0.48 + 1e-12).all()
    assert expit(-table.item_difficulty[1]) == pytest.approx(0.98)


def test_an_item_without_skills_leans_on_its_module():
    """q1 of module m1 is failed by all, q4 of m1 has no skills and no answer."""
    table = fitted([(i % 9, 1, 0.0, NAN) for i in range(200)] + [(i % 9, 0, 1.0, NAN) for i in range(200)])
    overall = (200 + 1) / (400 + 2)
    module = (0 + 20 * overall) / (200 + 20)
    assert expit(-table.item_difficulty[4]) == pytest.approx(module)


def test_scores_are_averaged_like_passes(attempts):
    halves = replace(attempts, score=0.5 * attempts.passed)
    table, whole = fit_difficulty(halves, CATALOG), fit_difficulty(attempts, CATALOG)
    np.testing.assert_allclose(whole.item_score, expit(-whole.item_difficulty))
    np.testing.assert_allclose(table.item_difficulty, whole.item_difficulty)
    # The priors count, so not exactly half.
    np.testing.assert_allclose(table.item_score, 0.5 * whole.item_score, atol=0.01)
    assert table.overall_score == pytest.approx((halves.score.sum() + 1) / (len(attempts) + 2))


def test_share_scales_counts_and_nothing_else(attempts):
    some, all_of_it = (fit_difficulty(attempts, CATALOG, share=share) for share in (0.8, 1.0))
    counts = np.bincount(attempts.item, minlength=len(CATALOG.item_ids))
    np.testing.assert_allclose(all_of_it.item_count, counts)
    np.testing.assert_allclose(some.item_count, counts / 0.8)
    np.testing.assert_array_equal(some.item_difficulty, all_of_it.item_difficulty)
    np.testing.assert_array_equal(some.skill_score, all_of_it.skill_score)
    assert some.id != all_of_it.id


def test_hours_of_a_module_are_shared_out_over_its_skills():
    """Ninety minutes for two skills, and an hour where nothing is said."""
    assert module_hours(levelled("beginner")).tolist() == [0.75, 1.0, 1.0]
    assert module_hours(CATALOG).tolist() == [1.0, 0.5, 1.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=20, n_attempts=600)


# The table


def test_pass_mark_is_that_of_the_attempts(attempts):
    assert fit_difficulty(replace(attempts, pass_mark=0.4), CATALOG).pass_mark == 0.4


def test_what_is_not_told_is_filled_in():
    np.testing.assert_allclose(TABLE.item_score, expit(-TABLE.item_difficulty))
    assert not TABLE.item_count.any()
    assert (TABLE.module_hours == 1.0).all()


def test_arrow_tables_and_back():
    strict = replace(TABLE, pass_mark=0.9)
    assert DifficultyTable.from_tables(strict.overall, strict.to_tables(), 0.9).id == strict.id
    remembering = replace(
        TABLE, memory=a_memory(np.random.default_rng(2))[0], item_count=np.arange(8.0), overall_score=0.7
    )
    tables = remembering.to_tables()
    assert DifficultyTable.from_tables(TABLE.overall, tables, overall_score=0.7).id == remembering.id
    again = DifficultyTable.from_tables(TABLE.overall, TABLE.to_tables())
    assert again.id == TABLE.id
    assert len(again.memory.item) == len(again.memory.skill) == 0
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
        {"overall_score": 0.6},
        {"item_score": np.full(len(TABLE.item_ids), 0.5)},
        {"item_count": np.ones(len(TABLE.item_ids))},
        {"skill_score": np.full(len(TABLE.skill_ids), 0.5)},
        {"module_hours": np.full(len(TABLE.module_ids), 2.0)},
        {"memory": a_memory(np.random.default_rng(2))[0]},
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
    for wrong in (
        {"item_prior_attempts": 0},
        {"skill_prior_attempts": -1},
        {"prior": 1},
        {"level_prior_attempts": 0},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            DifficultyConfig(**wrong)
